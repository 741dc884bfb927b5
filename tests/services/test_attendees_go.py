"""Who came is forgotten some days after an event; how many came is not."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from fedi_chapter.core.clock import SetClock
from fedi_chapter.domain.event import Event, EventId, RsvpMode
from fedi_chapter.domain.place import Place
from fedi_chapter.domain.recurrence import Frequency, Rule
from fedi_chapter.domain.rsvp import RANKS, Answer, Party, Route, Saying
from fedi_chapter.domain.series import Series, SeriesId
from fedi_chapter.services import retention, rsvps
from fedi_chapter.store import event_secrets, events, exact_places, series, tables, tallies
from fedi_chapter.store.tx import Database, ReadTx, WriteTx
from tests.conftest import NOW
from tests.kit.builders import EVENT_ID, an_event, founded

pytestmark = pytest.mark.anyio

MONTH = timedelta(days=30)
OTHER = EventId("01932000-0000-7000-8000-0000000000ee")
KEPT_APART = Place("exact", "Rose Cottage", "7 Hidden Lane")
NAMED = (
    *(tables.rsvps, tables.notices, tables.event_secrets),
    *(tables.exact_places, tables.private_links),
)


async def answered(db: Database, event: Event, people: int) -> None:
    """Let some people come to an event."""

    def work(tx: WriteTx) -> None:
        events.insert(tx, event)
        exact_places.put(tx, event.id, KEPT_APART, "https://meet.example/room")
        if event.counts_only:
            event_secrets.put(tx, event.id, b"a secret")
        for number in range(people):
            uri = f"https://social.example/users/m{number}"
            saying = Saying(Answer.GOING, Route.POLL, NOW, RANKS[Answer.GOING])
            rsvps.respond(tx, event, Party(uri, uri), saying)

    await db.write(work)


def rows(tx: ReadTx) -> dict[str, int]:
    return {
        table.name: tx.conn.execute(select(func.count()).select_from(table)).scalar_one()
        for table in NAMED
    }


async def forget(db: Database, after: timedelta = MONTH) -> int:
    return await db.write(lambda tx: retention.forget_attendees(tx, after))


@pytest.mark.parametrize("counts_only", [False, True])
async def test_everybody_is_forgotten_and_the_numbers_stay(
    db: Database, clock: SetClock, counts_only: bool
) -> None:
    await founded(db)
    event = an_event(rsvp=RsvpMode.ON, counts_only=counts_only)
    await answered(db, event, 3)
    clock.advance(event.over_at + MONTH - NOW)
    assert await forget(db) == 0
    clock.advance(timedelta(seconds=1))
    assert await forget(db) > 0
    assert set((await db.read(rows)).values()) == {0}
    assert (await db.read(lambda tx: tallies.get(tx, event.id))).going == 3
    assert await forget(db) == 0


async def test_who_comes_to_what_is_ahead_stays(db: Database, clock: SetClock) -> None:
    await founded(db)
    past = an_event(rsvp=RsvpMode.ON)
    ahead = replace(past, id=OTHER, starts_at=NOW + timedelta(days=90), ends_at=None)
    for event in (past, ahead):
        await answered(db, event, 2)
    clock.advance(timedelta(days=60))
    await forget(db)
    kept = select(tables.rsvps.c.event_id)
    found = await db.read(lambda tx: set(tx.conn.execute(kept).scalars()))
    assert found == {OTHER}
    assert await db.read(lambda tx: exact_places.get(tx, EVENT_ID)) is None
    assert await db.read(lambda tx: exact_places.get(tx, OTHER)) is not None


async def test_the_exact_place_of_a_series_stays_while_it_goes_on(
    db: Database, clock: SetClock
) -> None:
    await founded(db)
    template = an_event(published_at=None)

    def begin(tx: WriteTx) -> None:
        events.insert(tx, template)
        begins = template.starts_at.replace(tzinfo=None)
        rule = Rule(Frequency.WEEKLY)
        made = Series(
            SeriesId("s"), template.actor_id, template.id, rule, template.timezone, begins, tx.now
        )
        series.insert(tx, made)
        events.change(tx, replace(template, series_id=made.id))
        exact_places.put(tx, template.id, KEPT_APART)

    await db.write(begin)
    clock.advance(timedelta(days=400))
    assert await forget(db) == 0
    assert await db.read(lambda tx: exact_places.get(tx, template.id)) is not None


async def test_of_a_deleted_event_nobody_is_known_for_longer(db: Database, clock: SetClock) -> None:
    await founded(db)
    event = an_event(rsvp=RsvpMode.ON, starts_at=NOW + timedelta(days=300), ends_at=None)
    await answered(db, event, 1)
    await db.write(lambda tx: events.change(tx, replace(event, deleted_at=tx.now)))
    clock.advance(MONTH + timedelta(seconds=1))
    assert await forget(db) > 0
    assert (await db.read(rows))["rsvps"] == 0


async def test_a_large_event_is_forgotten_in_several_steps(
    db: Database, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "MOST_ATTENDEES", 2)
    await founded(db)
    event = an_event(rsvp=RsvpMode.ON)
    await answered(db, event, 5)
    clock.advance(event.over_at + MONTH + timedelta(seconds=1) - NOW)
    left: list[Any] = []
    while await forget(db):
        left.append((await db.read(rows))["rsvps"])
    assert left == [3, 1, 0]


async def test_nothing_is_kept_at_all_where_that_is_the_setting(
    db: Database, clock: SetClock
) -> None:
    await founded(db)
    event = an_event(rsvp=RsvpMode.ON)
    await answered(db, event, 1)
    clock.advance(event.over_at + timedelta(seconds=1) - NOW)
    assert await forget(db, timedelta(0)) > 0
