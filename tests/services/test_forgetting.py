"""What a member's own calendar shows, and what is left of a person who wants to be forgotten."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Text, cast, func, select
from sqlalchemy.types import String

from fedi_chapter.core.clock import SetClock
from fedi_chapter.core.errors import Missing
from fedi_chapter.domain.event import Event, EventId, EventStatus, PlaceShown, RsvpMode
from fedi_chapter.domain.happening import FollowerRemoved, FollowWithdrawn, from_row
from fedi_chapter.domain.place import Place, Point
from fedi_chapter.domain.rsvp import RANKS, Answer, Route, RsvpStatus, Saying
from fedi_chapter.services import members, rsvps
from fedi_chapter.services.erasure import forget_person
from fedi_chapter.store import (
    calendar_feeds,
    event_secrets,
    events,
    exact_places,
    holdings,
    remote_actors,
    tallies,
)
from fedi_chapter.store.holdings import HOLDINGS, Fate
from fedi_chapter.store.tables import metadata, outbox
from fedi_chapter.store.tx import Database, ReadTx, WriteTx
from tests.conftest import NOW
from tests.kit.builders import EVENT_ID, a_remote_actor, an_event, founded
from tests.kit.traces import leave_traces

pytestmark = pytest.mark.anyio
ANA, BEN = a_remote_actor(), a_remote_actor("ben")
COUNTED = EventId("01932000-0000-7000-8000-0000000000e2")
PAST = EventId("01932000-0000-7000-8000-0000000000e3")
BACK_DOOR = Place("exact", "Back door of the library", "7 Alley", Point(44.9811, -93.2711))
DAY = timedelta(days=1)


async def an_open_event(db: Database, **facts: Any) -> Event:
    event = an_event(rsvp=RsvpMode.ON, **facts)

    def insert(tx: WriteTx) -> None:
        events.insert(tx, event)
        if event.counts_only:
            event_secrets.put(tx, event.id, b"a secret of the event")

    await db.write(insert)
    return event


@pytest.fixture
async def house(db: Database) -> Database:
    await founded(db)

    def meet(tx: WriteTx) -> None:
        for actor in (ANA, BEN):
            remote_actors.put(tx, actor)

    await db.write(meet)
    return db


def says(tx: WriteTx, event: Event, who: str, answer: Answer = Answer.GOING) -> rsvps.Response:
    saying = Saying(answer, Route.ACCOUNT, tx.now, RANKS[answer])
    return rsvps.respond(tx, event, members.party(who), saying)


async def calendar(db: Database, who: str = ANA.uri) -> list[Event]:
    turn = await db.read(lambda tx: calendar_feeds.turn(tx, who))
    assert turn is not None
    return await db.read(lambda tx: members.calendar_of(tx, who, turn))


# -- the calendar -----------------------------------------------------------------------------


async def test_the_calendar_has_what_one_said_yes_or_perhaps_to_and_nothing_else(
    house: Database, clock: SetClock
) -> None:
    event = await an_open_event(house, capacity=1)
    await house.write(lambda tx: calendar_feeds.renew(tx, ANA.uri))
    expected = {
        Answer.GOING: EventStatus.SCHEDULED,
        Answer.MAYBE: EventStatus.TENTATIVE,
        Answer.NO: None,
        Answer.NONE: None,
    }
    revisions = [-1]
    for answer, status in expected.items():
        clock.advance(timedelta(seconds=1))
        await house.write(lambda tx, answer=answer: says(tx, event, ANA.uri, answer))
        shown = await calendar(house)
        assert [each.status for each in shown] == ([status] if status else [])
        revisions += [each.revision for each in shown]
    assert revisions == sorted(set(revisions))  # each change is news to a calendar
    await house.write(lambda tx: says(tx, event, BEN.uri))
    clock.advance(timedelta(seconds=1))
    await house.write(lambda tx: says(tx, event, ANA.uri))  # on the waitlist
    assert [each.status for each in await calendar(house)] == [EventStatus.TENTATIVE]


async def test_a_cancelled_event_is_cancelled_in_every_calendar(house: Database) -> None:
    event = await an_open_event(house)
    await house.write(lambda tx: calendar_feeds.renew(tx, ANA.uri))
    await house.write(lambda tx: says(tx, event, ANA.uri, Answer.MAYBE))
    await house.write(lambda tx: events.change(tx, replace(event, status=EventStatus.CANCELLED)))
    assert [each.status for each in await calendar(house)] == [EventStatus.CANCELLED]


async def test_only_who_has_a_seat_reads_the_exact_place_and_only_for_a_while(
    house: Database, clock: SetClock
) -> None:
    event = await an_open_event(house, capacity=1, place_shown=PlaceShown.TO_GOING)

    def begin(tx: WriteTx) -> None:
        exact_places.put(tx, event.id, BACK_DOOR)
        for who in (ANA, BEN):
            calendar_feeds.renew(tx, who.uri)
            says(tx, event, who.uri)

    async def name(who: str) -> str:
        (shown,) = await calendar(house, who)
        assert shown.place is not None
        return shown.place.name

    await house.write(begin)
    assert await name(ANA.uri) == "Back door of the library"
    assert await name(BEN.uri) == "Town Library"
    clock.advance(event.over_at + DAY - NOW)
    assert await name(ANA.uri) == "Town Library"


async def test_another_address_ends_the_old_one(house: Database) -> None:
    await house.write(lambda tx: calendar_feeds.renew(tx, ANA.uri))
    old = await house.read(lambda tx: calendar_feeds.turn(tx, ANA.uri))
    assert old is not None
    assert await house.read(lambda tx: members.calendar_of(tx, ANA.uri, old)) == []
    await house.write(lambda tx: calendar_feeds.renew(tx, ANA.uri))
    for turn in (old, 0, old + 2):
        with pytest.raises(Missing):
            await house.read(lambda tx, turn=turn: members.calendar_of(tx, ANA.uri, turn))


async def test_answers_are_found_where_only_heads_are_counted_as_long_as_the_key_is_there(
    house: Database,
) -> None:
    event = await an_open_event(house, id=COUNTED, counts_only=True)
    await house.write(lambda tx: says(tx, event, ANA.uri))
    (found,) = await house.read(lambda tx: members.answers_of(tx, ANA.uri))
    assert (found[0].id, found[1].status) == (COUNTED, RsvpStatus.GOING)
    assert await house.read(lambda tx: members.answers_of(tx, BEN.uri)) == []
    await house.write(lambda tx: event_secrets.destroy(tx, COUNTED))
    assert await house.read(lambda tx: members.answers_of(tx, ANA.uri)) == []


# -- forgetting -------------------------------------------------------------------------------


async def test_somebody_who_is_forgotten_leaves_seats_and_counts_and_nothing_else(
    house: Database, clock: SetClock
) -> None:
    event = await an_open_event(house, capacity=1)
    counted = await an_open_event(house, id=COUNTED, counts_only=True, place=None)
    past = await an_open_event(
        house, id=PAST, place=None, starts_at=NOW + timedelta(hours=1), ends_at=None
    )

    def begin(tx: WriteTx) -> None:
        for who in (ANA, BEN):
            leave_traces(tx, who.uri)
            for each in (event, counted, past):
                says(tx, each, who.uri)

    await house.write(begin)
    clock.advance(timedelta(hours=5))  # one of them is over now
    everything = {holding.name for holding in HOLDINGS} - {"blocks"}
    assert set(await house.read(lambda tx: holdings.count(tx, ANA.uri))) == everything
    before = await house.read(lambda tx: holdings.count(tx, BEN.uri))

    await house.write(lambda tx: forget_person(tx, ANA.uri))

    left = await house.read(lambda tx: holdings.count(tx, ANA.uri))
    kept = {each.name for each in HOLDINGS if each.fate is not Fate.ERASED} - {"blocks"}
    assert set(left) == kept
    assert await house.read(lambda tx: members.answers_of(tx, ANA.uri)) == []

    def tally(tx: ReadTx, which: EventId) -> tuple[int, int]:
        found = tallies.get(tx, which)
        return found.going, found.waitlist

    assert await house.read(lambda tx: tally(tx, EVENT_ID)) == (1, 0)  # ben moved up
    assert await house.read(lambda tx: tally(tx, COUNTED)) == (1, 0)
    assert await house.read(lambda tx: tally(tx, PAST)) == (2, 0)  # what was, was
    after = await house.read(lambda tx: holdings.count(tx, BEN.uri))
    assert after == before | {"notices": before["notices"] + 1}  # told of the seat


async def happenings(db: Database) -> set[type]:
    def read(tx: ReadTx) -> set[type]:
        rows = tx.conn.execute(select(outbox.c.kind, outbox.c.fields))
        return {type(from_row(row.kind, row.fields)) for row in rows}

    return await db.read(read)


@pytest.mark.parametrize("is_gone", [False, True])
async def test_a_server_hears_that_the_follows_are_over_unless_the_account_is_gone(
    house: Database, is_gone: bool
) -> None:
    await house.write(lambda tx: leave_traces(tx, ANA.uri))
    await house.write(lambda tx: forget_person(tx, ANA.uri, is_gone=is_gone))
    told = {FollowerRemoved, FollowWithdrawn} & await happenings(house)
    assert told == (set() if is_gone else {FollowerRemoved, FollowWithdrawn})


async def test_forgetting_somebody_unknown_or_twice_changes_nothing(house: Database) -> None:
    def rows(tx: ReadTx) -> dict[str, int]:
        return {
            table.name: tx.conn.execute(select(func.count()).select_from(table)).scalar_one()
            for table in metadata.tables.values()
        }

    await house.write(lambda tx: leave_traces(tx, BEN.uri))
    before = await house.read(rows)
    for who in ("https://nowhere.example/users/x", "", "%", ANA.uri):
        await house.write(lambda tx, who=who: forget_person(tx, who))
    assert await house.read(rows) == before


async def test_no_erased_table_holds_the_name_of_the_forgotten_in_any_column(
    house: Database,
) -> None:
    event = await an_open_event(house, id=COUNTED, counts_only=True, place=None)
    await house.write(lambda tx: leave_traces(tx, ANA.uri))
    await house.write(lambda tx: says(tx, event, ANA.uri))
    await house.write(lambda tx: forget_person(tx, ANA.uri))
    fading = {str(each.column.table.name) for each in HOLDINGS if each.fate is not Fate.ERASED}

    def found(tx: ReadTx) -> list[str]:
        return [
            str(column)
            for table in metadata.tables.values()
            if table.name not in fading | {"outbox"}  # its news is on its way
            for column in table.columns
            if isinstance(column.type, String | Text)
            and tx.conn.execute(
                select(func.count()).where(cast(column, Text).contains(ANA.uri))
            ).scalar_one()
        ]

    assert await house.read(found) == []
