"""The room all ways lead to: seats, the line, who is told, and what is kept of whom."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from fedi_chapter.core.clock import SetClock
from fedi_chapter.core.errors import Busy, Conflict
from fedi_chapter.domain.event import Event, EventStatus, RsvpMode
from fedi_chapter.domain.rsvp import (
    RANKS,
    Answer,
    Party,
    Rank,
    Refusal,
    Route,
    Rsvp,
    RsvpStatus,
    Saying,
    Verdict,
)
from fedi_chapter.services import approval
from fedi_chapter.services import rsvps as service
from fedi_chapter.services.rsvps import Response
from fedi_chapter.store import event_secrets, events, rsvps, tallies
from fedi_chapter.store.engine import open_database
from fedi_chapter.store.tables import notices, outbox
from fedi_chapter.store.tx import Database, ReadTx, WriteTx
from tests.conftest import NOW
from tests.kit.builders import an_event, founded
from tests.kit.databases import Databases
from tests.kit.ids import CountedIds

pytestmark = pytest.mark.anyio


async def an_open_event(db: Database, **overrides: Any) -> Event:
    await founded(db)
    event = an_event(rsvp=RsvpMode.ON, **overrides)

    def insert(tx: WriteTx) -> None:
        events.insert(tx, event)
        if event.counts_only:
            event_secrets.put(tx, event.id, b"a secret of the event")

    await db.write(insert)
    return event


def member(name: str) -> Party:
    uri = f"https://social.example/users/{name}"
    return Party(key=uri, actor_uri=uri)


async def says(
    db: Database, event: Event, name: str, answer: Answer = Answer.GOING, **more: Any
) -> Response:
    saying = replace(Saying(answer, Route.POLL, NOW, RANKS[answer]), **more)
    return await db.write(lambda tx: service.respond(tx, event, member(name), saying))


def later(minutes: int) -> dict[str, Any]:
    return {"at": NOW + timedelta(minutes=minutes)}


async def tally(db: Database, event: Event) -> tallies.Tally:
    return await db.read(lambda tx: tallies.get(tx, event.id))


async def told(db: Database) -> Counter[str]:
    def read(tx: ReadTx) -> Counter[str]:
        return Counter(tx.conn.execute(select(notices.c.kind)).scalars())

    return await db.read(read)


async def joins_answered(db: Database) -> list[tuple[str, str]]:
    def read(tx: ReadTx) -> list[tuple[str, str]]:
        rows = tx.conn.execute(
            select(outbox.c.fields).where(outbox.c.kind == "JoinAnswered").order_by(outbox.c.id)
        )
        return [(row.fields["join_id"], row.fields["answer"]) for row in rows]

    return await db.read(read)


async def test_five_hundred_at_once_for_the_last_seat_leave_exactly_one_of_them_going(
    db: Database,
) -> None:
    event = await an_open_event(db, capacity=1)

    async def insists(name: str) -> Response:
        while True:
            try:
                return await says(db, event, name)
            except Busy:  # so many at once on a slow machine: the inbox tries again, too
                await asyncio.sleep(0)

    answers = await asyncio.gather(*(insists(f"m{n}") for n in range(500)))
    states = Counter(answer.rsvp.status for answer in answers)
    assert states == {RsvpStatus.GOING: 1, RsvpStatus.WAITLIST: 499}
    counted = await tally(db, event)
    assert (counted.going, counted.going_heads, counted.waitlist) == (1, 1, 499)


async def test_a_freed_seat_goes_to_who_waits_longest(db: Database, clock: SetClock) -> None:
    event = await an_open_event(db, capacity=1)
    for name in ("ana", "ben", "cleo"):
        await says(db, event, name)
        clock.advance(timedelta(seconds=1))
    await says(db, event, "ana", Answer.NO, **later(1))
    ben = await db.read(lambda tx: rsvps.find(tx, event.id, member("ben").key))
    assert ben is not None
    assert ben.status is RsvpStatus.GOING
    assert await told(db) == {"going": 1, "waitlist": 2, "no": 1, "promoted": 1}


async def test_nobody_is_told_twice_however_often_a_vote_arrives(db: Database) -> None:
    event = await an_open_event(db)
    for _ in range(5):
        answer = await says(db, event, "ana")
    assert answer.verdict is Verdict.REPEATED
    assert await told(db) == {"going": 1}
    assert (await tally(db, event)).going == 1


async def test_guests_take_seats(db: Database) -> None:
    event = await an_open_event(db, capacity=4)
    assert (await says(db, event, "ana", guests=2)).rsvp.heads == 3
    assert (await says(db, event, "ben", guests=1)).rsvp.status is RsvpStatus.WAITLIST
    assert (await tally(db, event)).heads == 3


async def test_a_raised_capacity_lets_the_first_in_line_in(db: Database) -> None:
    event = await an_open_event(db, capacity=1)
    for name in ("ana", "ben", "cleo"):
        await says(db, event, name)
    larger = replace(event, capacity=2)
    await db.write(lambda tx: approval.resettle(tx, event, larger))
    counted = await tally(db, event)
    assert (counted.going, counted.waitlist) == (2, 1)


async def test_who_has_a_seat_keeps_it_when_the_capacity_is_lowered(db: Database) -> None:
    event = await an_open_event(db, capacity=3)
    for name in ("ana", "ben", "cleo"):
        await says(db, event, name)
    smaller = replace(event, capacity=1)
    await db.write(lambda tx: approval.resettle(tx, event, smaller))
    await says(db, smaller, "dora")
    await says(db, smaller, "ana", Answer.NO, **later(1))
    counted = await tally(db, event)
    assert (counted.going, counted.waitlist) == (2, 1)


async def test_an_organizer_says_yes_or_no_to_who_asks(db: Database) -> None:
    event = await an_open_event(db, approval=True, capacity=1)
    ana = (await says(db, event, "ana")).rsvp
    ben = (await says(db, event, "ben")).rsvp
    cleo = (await says(db, event, "cleo")).rsvp
    states = [
        (await db.write(lambda tx: approval.approve(tx, event, ana.id))).status,
        (await db.write(lambda tx: approval.approve(tx, event, ben.id))).status,
        (await db.write(lambda tx: approval.decline(tx, event, cleo.id))).status,
    ]
    assert states == [RsvpStatus.GOING, RsvpStatus.WAITLIST, RsvpStatus.NO]
    with pytest.raises(Conflict):
        await db.write(lambda tx: approval.approve(tx, event, ana.id))


@pytest.mark.parametrize(
    ("circumstances", "expected"),
    [
        ({}, "Accept"),
        ({"capacity": 1}, "Reject"),
        ({"approval": True}, None),
        ({"rsvp": RsvpMode.OFF}, "Ignore"),
        ({"starts_at": NOW - timedelta(hours=1), "ends_at": NOW}, "Reject"),
    ],
)
async def test_a_join_is_answered_as_its_software_expects(
    db: Database, circumstances: dict[str, Any], expected: str | None
) -> None:
    event = await an_open_event(db, **{k: v for k, v in circumstances.items() if k != "rsvp"})
    await says(db, event, "first")
    event = replace(event, **circumstances)
    join = {"route": Route.JOIN, "rank": Rank.JOIN, "activity_id": "https://mz.example/join/1"}
    await says(db, event, "ana", **join)
    answered = await joins_answered(db)
    assert answered == ([("https://mz.example/join/1", expected)] if expected else [])


async def test_a_join_under_a_new_id_is_answered_again(db: Database) -> None:
    event = await an_open_event(db)
    for number in (1, 2):
        join = {
            "route": Route.JOIN,
            "rank": Rank.JOIN,
            "activity_id": f"https://mz.example/{number}",
        }
        await says(db, event, "ana", **join)
    assert await joins_answered(db) == [
        ("https://mz.example/1", "Accept"),
        ("https://mz.example/2", "Accept"),
    ]


async def test_who_joined_and_says_no_elsewhere_is_shown_as_coming_nowhere(db: Database) -> None:
    event = await an_open_event(db)
    join = {"route": Route.JOIN, "rank": Rank.JOIN, "activity_id": "join-1"}
    await says(db, event, "joiner", **join)
    await says(db, event, "joiner", Answer.NO, route=Route.WEB, **later(5))
    assert await joins_answered(db) == [("join-1", "Accept"), ("join-1", "Reject")]


async def test_many_answers_within_a_window_are_one_new_total(db: Database) -> None:
    event = await an_open_event(db)
    for number in range(20):
        await says(db, event, f"m{number}")

    def waiting(tx: ReadTx) -> list[str]:
        return list(
            tx.conn.execute(
                select(outbox.c.kind).where(outbox.c.kind == "RsvpTallyChanged")
            ).scalars()
        )

    assert await db.read(waiting) == ["RsvpTallyChanged"]


async def test_an_event_that_only_counts_keeps_nothing_that_names_anybody(db: Database) -> None:
    event = await an_open_event(db, counts_only=True, capacity=1)
    await says(db, event, "ana", activity_id="https://social.example/users/ana#votes/1")
    again = await says(db, event, "ana", **later(1))
    assert again.verdict is Verdict.REPEATED
    full = await says(db, event, "ben")
    assert full.refusal is Refusal.FULL
    join = "https://social.example/users/ana#joins/2"
    words = {"guests": 3, "activity_id": join, "note": "It is me, ana"}
    refused = await says(db, event, "ana", route=Route.JOIN, **words, **later(2))
    assert refused.refusal is Refusal.PARTY_TOO_LARGE

    def kept(tx: ReadTx) -> str:
        return repr(rsvps.of_event(tx, event.id))

    assert "ana" not in await db.read(kept)
    await db.write(lambda tx: event_secrets.destroy(tx, event.id))
    with pytest.raises(Conflict):
        await says(db, event, "cleo")


async def test_no_yes_is_said_without_a_seat_where_nobody_can_stand_in_line(db: Database) -> None:
    event = await an_open_event(db, counts_only=True, capacity=1, approval=True)
    ana, ben = [(await says(db, event, name)).rsvp for name in ("ana", "ben")]
    await db.write(lambda tx: approval.approve(tx, event, ana.id))
    with pytest.raises(Conflict):
        await db.write(lambda tx: approval.approve(tx, event, ben.id))
    counted = await tally(db, event)
    assert (counted.going, counted.pending, counted.waitlist) == (1, 1, 0)


async def test_whoever_wants_to_be_forgotten_leaves_a_free_seat(db: Database) -> None:
    event = await an_open_event(db, capacity=1)
    ana = (await says(db, event, "ana")).rsvp
    await says(db, event, "ben")
    await db.write(lambda tx: service.forget(tx, event, ana))
    assert await db.read(lambda tx: rsvps.get(tx, ana.id)) is None
    counted = await tally(db, event)
    assert (counted.going, counted.waitlist) == (1, 0)


async def test_who_is_forgotten_twice_or_was_promoted_meanwhile_is_counted_out_once(
    db: Database,
) -> None:
    event = await an_open_event(db, capacity=1)
    await says(db, event, "ana")
    ben = (await says(db, event, "ben")).rsvp
    assert ben.status is RsvpStatus.WAITLIST
    await says(db, event, "ana", Answer.NO, **later(1))
    for _ in range(2):
        await db.write(lambda tx: service.forget(tx, event, ben))
    counted = await tally(db, event)
    assert (counted.going_heads, counted.waitlist, counted.no) == (0, 0, 1)


async def test_who_stood_in_line_for_the_lock_answers_the_event_as_it_is_by_then(
    db: Database,
) -> None:
    """On PostgreSQL an answer may wait behind others, and have read the event before a change."""
    event = await an_open_event(db, capacity=1)
    await says(db, event, "ana")
    larger = replace(event, capacity=2, revision=1)
    await db.write(lambda tx: events.change(tx, larger))
    assert (await says(db, event, "ben")).rsvp.status is RsvpStatus.GOING
    off = replace(larger, status=EventStatus.CANCELLED, revision=2)
    await db.write(lambda tx: events.change(tx, off))
    assert (await says(db, event, "cleo")).refusal is Refusal.CANCELLED


PEOPLE = ["ana", "ben", "cleo", "dora", "eli"]


class Room(RuleBasedStateMachine):
    """People answer, organizers change the terms; the seats and the counts stay right."""

    databases: Databases

    @initialize(capacity=st.integers(1, 5), approval=st.booleans())
    def open(self, capacity: int, approval: bool) -> None:
        self.loop = asyncio.new_event_loop()
        self.clock = SetClock(NOW)
        self.db = open_database(self.databases.sqlite(), clock=self.clock, ids=CountedIds())
        self.event = self.run(
            an_open_event(
                self.db, starts_at=NOW + timedelta(days=9), ends_at=None, approval=approval
            )
        )
        self.event = replace(self.event, capacity=capacity)
        self.most_taken = 0

    def run(self, work: Any) -> Any:
        return self.loop.run_until_complete(work)

    def everyone(self) -> list[Rsvp]:
        return self.run(self.db.read(lambda tx: rsvps.of_event(tx, self.event.id)))

    @rule(
        name=st.sampled_from(PEOPLE),
        answer=st.sampled_from(Answer),
        guests=st.integers(0, 3),
        route=st.sampled_from(Route),
    )
    def somebody_answers(self, name: str, answer: Answer, guests: int, route: Route) -> None:
        self.clock.advance(timedelta(seconds=1))
        more = {"guests": guests, "route": route, "at": self.clock.now()}
        self.run(says(self.db, self.event, name, answer, **more))

    @rule(nth=st.integers(0, 4), yes=st.booleans())
    def an_organizer_decides(self, nth: int, yes: bool) -> None:
        pending = [each for each in self.everyone() if each.status is RsvpStatus.PENDING]
        if pending:
            chosen = pending[nth % len(pending)]
            verb = approval.approve if yes else approval.decline
            self.run(self.db.write(lambda tx: verb(tx, self.event, chosen.id)))

    @rule(capacity=st.integers(1, 6))
    def the_capacity_changes(self, capacity: int) -> None:
        self.most_taken = self.run(tally(self.db, self.event)).heads
        old, self.event = self.event, replace(self.event, capacity=capacity)
        self.run(self.db.write(lambda tx: approval.resettle(tx, old, self.event)))

    @rule(nth=st.integers(0, 4))
    def somebody_is_forgotten(self, nth: int) -> None:
        people = self.everyone()
        if people:
            chosen = people[nth % len(people)]
            self.run(self.db.write(lambda tx: service.forget(tx, self.event, chosen)))

    @invariant()
    def the_seats_are_never_oversold(self) -> None:
        if hasattr(self, "db"):
            taken = sum(each.heads for each in self.everyone() if each.has_seat)
            assert taken <= max(self.event.capacity or 0, self.most_taken)

    @invariant()
    def the_tally_is_the_sum_of_the_people(self) -> None:
        if hasattr(self, "db"):
            counted, people = self.run(tally(self.db, self.event)), self.everyone()
            by_status = Counter(each.status for each in people)
            assert (counted.going, counted.maybe, counted.no, counted.pending) == (
                by_status[RsvpStatus.GOING],
                by_status[RsvpStatus.MAYBE],
                by_status[RsvpStatus.NO],
                by_status[RsvpStatus.PENDING],
            )
            assert counted.waitlist == by_status[RsvpStatus.WAITLIST]
            assert counted.heads == sum(each.heads for each in people if each.has_seat)

    @invariant()
    def nobody_waits_before_a_seat_she_fits_in(self) -> None:
        if hasattr(self, "db"):
            taken = self.run(tally(self.db, self.event)).heads
            line = [each for each in self.everyone() if each.status is RsvpStatus.WAITLIST]
            assert all(taken + each.heads > (self.event.capacity or 0) for each in line)

    def teardown(self) -> None:
        if hasattr(self, "db"):
            self.run(self.db.close())
            self.loop.close()


def test_whatever_happens_in_whatever_order_the_room_stays_in_order(databases: Databases) -> None:
    machine = type("RoomHere", (Room,), {"databases": databases})
    run_state_machine_as_test(
        machine, settings=settings(max_examples=15, stateful_step_count=25, deadline=None)
    )
