"""The door: who came, whatever the greeters' phones say, how often, and in which order."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fedi_chapter.core.clock import SetClock
from fedi_chapter.core.errors import Conflict, FormInvalid, Missing
from fedi_chapter.domain.door import Entry, EntryKind, arrival
from fedi_chapter.domain.event import Event, RsvpMode
from fedi_chapter.domain.notice import NoticeKind
from fedi_chapter.domain.rsvp import (
    RANKS,
    Answer,
    Party,
    Route,
    Rsvp,
    RsvpId,
    RsvpStatus,
    Saying,
)
from fedi_chapter.services import door as service
from fedi_chapter.services import retention
from fedi_chapter.services import rsvps as room
from fedi_chapter.services.notices import tell_all
from fedi_chapter.store import door, event_secrets, events, rsvps, tallies
from fedi_chapter.store.engine import open_database
from fedi_chapter.store.pages.event_desk import event_desk, hosted
from fedi_chapter.store.tx import Database, WriteTx
from tests.conftest import NOW
from tests.kit.builders import EVENT_ID, an_event, founded
from tests.kit.databases import Databases
from tests.kit.ids import CountedIds

DONE_AND_UNDONE = (EntryKind.CAME, EntryKind.UNDONE)
pytestmark = pytest.mark.anyio
_numbers = count(1)


async def an_open_event(db: Database, **overrides: Any) -> Event:
    await founded(db)
    event = an_event(rsvp=RsvpMode.ON, **overrides)

    def insert(tx: WriteTx) -> None:
        events.insert(tx, event)
        if event.counts_only:
            event_secrets.put(tx, event.id, b"a secret of the event")

    await db.write(insert)
    return event


async def answered(
    db: Database, event: Event, name: str, answer: Answer = Answer.GOING, guests: int = 0
) -> Rsvp:
    uri = f"https://social.example/users/{name}"
    saying = Saying(answer, Route.POLL, NOW, RANKS[answer], guests)
    response = await db.write(lambda tx: room.respond(tx, event, Party(uri, uri), saying))
    return response.rsvp


def an_entry(kind: EntryKind, rsvp_id: str = "", *, minute: float = 0, **more: Any) -> Entry:
    made = f"01932000-0000-7000-8000-{next(_numbers):012d}"
    at = NOW - timedelta(hours=1) + timedelta(minutes=minute)
    entry = Entry(made, EVENT_ID, RsvpId(rsvp_id or made), kind, at, "phone 1")
    return replace(entry, **more)


async def record(db: Database, event: Event, entry: Entry, name: str = "") -> Rsvp:
    return await db.write(lambda tx: service.record(tx, event, entry, name=name))


async def tally(db: Database, event: Event) -> tallies.Tally:
    return await db.read(lambda tx: tallies.get(tx, event.id))


# -- one greeter -----------------------------------------------------------------------------


async def test_who_is_checked_in_has_come_with_the_guests_announced(db: Database) -> None:
    event = await an_open_event(db, capacity=10)
    ana = await answered(db, event, "ana", guests=2)
    came = await record(db, event, an_entry(EntryKind.CAME, ana.id, minute=5))
    assert (came.status, came.guests) == (RsvpStatus.ATTENDED, 2)
    assert came.checked_in_at == NOW - timedelta(minutes=55)
    counted = await tally(db, event)
    assert (counted.going, counted.attended, counted.heads) == (0, 1, 3)


async def test_the_greeter_counts_the_guests_who_really_came(db: Database) -> None:
    event = await an_open_event(db)
    ana = await answered(db, event, "ana", guests=2)
    entry = an_entry(EntryKind.CAME, ana.id, guests=1)
    assert (await record(db, event, entry)).heads == 2
    undone = await record(db, event, an_entry(EntryKind.UNDONE, ana.id, minute=1))
    assert (undone.status, undone.guests, undone.checked_in_at) == (RsvpStatus.GOING, 2, None)


@pytest.mark.parametrize("answer", [Answer.GOING, Answer.MAYBE, Answer.NO])
async def test_an_undone_check_in_leaves_the_answer_as_it_was(db: Database, answer: Answer) -> None:
    event = await an_open_event(db)
    ana = await answered(db, event, "ana", answer)
    before = await tally(db, event)
    await record(db, event, an_entry(EntryKind.CAME, ana.id))
    back = await record(db, event, an_entry(EntryKind.UNDONE, ana.id, minute=1))
    assert back.status is ana.status
    assert await tally(db, event) == before
    again = await record(db, event, an_entry(EntryKind.CAME, ana.id, minute=2))
    assert again.status is RsvpStatus.ATTENDED


@pytest.mark.parametrize("kinds", [DONE_AND_UNDONE[:1], DONE_AND_UNDONE])
async def test_a_check_in_keeps_nobody_from_hearing_of_an_earlier_change(
    db: Database, clock: SetClock, kinds: tuple[EntryKind, ...]
) -> None:
    event = await an_open_event(db)
    ana = await answered(db, event, "ana")
    clock.advance(timedelta(minutes=1))
    moved_at = clock.now()
    for kind in kinds:
        clock.advance(timedelta(minutes=1))
        await record(db, event, an_entry(kind, ana.id, at=clock.now()))

    def tell(tx: WriteTx) -> int:
        return tell_all(tx, event, NoticeKind.CHANGED, "moved", answered_by=moved_at)

    assert await db.write(tell) == 1


async def test_an_entry_sent_often_is_one(db: Database) -> None:
    event = await an_open_event(db)
    entry = an_entry(EntryKind.WALK_IN, guests=3)
    for _ in range(3):
        came = await record(db, event, entry, "Cleo")
    assert (came.name, came.route, came.heads) == ("Cleo", Route.DOOR, 4)
    counted = await tally(db, event)
    assert (counted.attended, counted.attended_heads) == (1, 4)


async def test_a_walk_in_may_exceed_the_seats_and_moves_nobody(db: Database) -> None:
    event = await an_open_event(db, capacity=1)
    await answered(db, event, "ana")
    await answered(db, event, "ben")
    walk_in = an_entry(EntryKind.WALK_IN, guests=1)
    await record(db, event, walk_in, "Cleo")
    counted = await tally(db, event)
    assert (counted.heads, counted.going, counted.waitlist) == (3, 1, 1)
    await record(db, event, an_entry(EntryKind.UNDONE, walk_in.id, minute=1))
    counted = await tally(db, event)
    assert (counted.heads, counted.attended, counted.waitlist) == (1, 0, 1)


async def test_a_walk_in_taken_back_is_on_no_list(db: Database) -> None:
    event = await an_open_event(db)
    walk_in = an_entry(EntryKind.WALK_IN)
    await record(db, event, walk_in, "Cleo")
    await record(db, event, an_entry(EntryKind.UNDONE, walk_in.id, minute=1))
    assert await db.read(lambda tx: rsvps.of_event(tx, event.id)) == []


async def test_where_heads_are_only_counted_a_walk_in_has_no_name(db: Database) -> None:
    event = await an_open_event(db, counts_only=True)
    came = await record(db, event, an_entry(EntryKind.WALK_IN), "Cleo")
    assert came.name is None
    assert "door:" not in came.key
    assert (await tally(db, event)).attended == 1


async def test_a_phone_whose_clock_is_ahead_writes_no_future(db: Database) -> None:
    event = await an_open_event(db)
    ana = await answered(db, event, "ana")
    came = await record(db, event, an_entry(EntryKind.CAME, ana.id, minute=9999))
    assert came.checked_in_at == NOW


@pytest.mark.parametrize(
    ("entry", "name", "error"),
    [
        (an_entry(EntryKind.CAME, "01932000-0000-7000-8000-00000000dead"), "", Missing),
        (an_entry(EntryKind.WALK_IN), " \u202e\n", FormInvalid),
        (an_entry(EntryKind.WALK_IN, guests=10), "Cleo", FormInvalid),
        (an_entry(EntryKind.WALK_IN, guests=-1), "Cleo", FormInvalid),
        (an_entry(EntryKind.WALK_IN, "01932000-0000-7000-8000-00000000beef"), "Cleo", FormInvalid),
    ],
)
async def test_what_can_not_be_is_not_written_down(
    db: Database, entry: Entry, name: str, error: type[Exception]
) -> None:
    event = await an_open_event(db)
    with pytest.raises(error):
        await record(db, event, entry, name)
    assert not await db.read(lambda tx: door.is_known(tx, entry.id))
    assert (await tally(db, event)).attended == 0


async def test_nobody_comes_in_by_an_answer_to_another_event(db: Database) -> None:
    event = await an_open_event(db)
    ana = await answered(db, event, "ana")
    other = replace(event, id="01932000-0000-7000-8000-0000000000e9")
    await db.write(lambda tx: events.insert(tx, other))
    entry = an_entry(EntryKind.CAME, ana.id, event_id=other.id)
    with pytest.raises(Missing):
        await record(db, other, entry)
    still = await db.read(lambda tx: rsvps.get(tx, ana.id))
    assert still is not None
    assert still.status is RsvpStatus.GOING


async def test_nobody_comes_to_a_cancelled_event(db: Database) -> None:
    event = await an_open_event(db)
    ana = await answered(db, event, "ana")
    with pytest.raises(Conflict):
        await record(db, replace(event, published_at=None), an_entry(EntryKind.CAME, ana.id))


async def test_the_organizers_pages_count_what_the_door_wrote(db: Database) -> None:
    event = await an_open_event(db, capacity=1)
    ana = await answered(db, event, "ana")
    first, second = (an_entry(kind, ana.id, minute=n) for n, kind in enumerate(DONE_AND_UNDONE))
    for entry in (first, second, walk_in := an_entry(EntryKind.WALK_IN, guests=1)):
        await record(db, event, entry, "Cleo")
    desk = await db.read(lambda tx: event_desk(tx, event))
    assert desk.numbers == {"going": {"poll": 1}, "attended": {"door": 1}}
    assert desk.over == 2
    last = await db.read(lambda tx: door.last(tx, event.id))
    assert last == {ana.id: second.at, walk_in.id: walk_in.at}
    coming, past = await db.read(lambda tx: hosted(tx, event.actor_id))
    assert [each.tally.heads for each in coming] == [3]
    assert past == []


# -- after the event -------------------------------------------------------------------------


async def test_who_never_came_is_a_no_show_some_hours_after_the_end(
    db: Database, clock: SetClock
) -> None:
    event = await an_open_event(db)
    people = {name: await answered(db, event, name) for name in ("ana", "ben")}
    await answered(db, event, "cleo", Answer.MAYBE)
    await record(db, event, an_entry(EntryKind.CAME, people["ana"].id))
    clock.advance(event.over_at + timedelta(hours=5) - NOW)
    assert await db.write(service.mark_no_shows) == 0
    clock.advance(timedelta(hours=2))
    assert await db.write(service.mark_no_shows) == 1
    assert await db.write(service.mark_no_shows) == 0
    counted = await tally(db, event)
    assert (counted.attended, counted.no_show, counted.maybe, counted.going) == (1, 1, 1, 0)


async def test_a_phone_that_tells_late_corrects_a_no_show(db: Database, clock: SetClock) -> None:
    event = await an_open_event(db)
    ana, ben = [await answered(db, event, name) for name in ("ana", "ben")]
    await record(db, event, an_entry(EntryKind.CAME, ana.id))
    clock.advance(event.over_at + timedelta(hours=7) - NOW)
    await db.write(service.mark_no_shows)
    assert (await record(db, event, an_entry(EntryKind.CAME, ben.id))).status == "attended"
    undone = await record(db, event, an_entry(EntryKind.UNDONE, ben.id, minute=1))
    assert undone.status is RsvpStatus.GOING
    assert (await tally(db, event)).no_show == 0
    assert await db.write(service.mark_no_shows) == 1


async def test_where_nobody_stood_at_the_door_nobody_is_called_a_no_show(
    db: Database, clock: SetClock
) -> None:
    event = await an_open_event(db)
    await answered(db, event, "ana")
    clock.advance(event.over_at + timedelta(hours=7) - NOW)
    assert await db.write(service.mark_no_shows) == 0


async def test_the_greeters_book_is_swept_out_a_month_later(db: Database, clock: SetClock) -> None:
    event = await an_open_event(db)
    ana = await answered(db, event, "ana")
    entry = an_entry(EntryKind.CAME, ana.id)
    await record(db, event, entry)
    clock.advance(event.over_at + retention.NOTICES + timedelta(minutes=1) - NOW)
    assert await db.write(lambda tx: door.purge(tx, tx.now - retention.NOTICES)) == 1
    assert not await db.read(lambda tx: door.is_known(tx, entry.id))
    assert (await tally(db, event)).attended == 1


# -- three phones ----------------------------------------------------------------------------


async def test_a_hundred_and_twenty_people_and_three_phones_at_once(db: Database) -> None:
    event = await an_open_event(db)
    people = [await answered(db, event, f"m{number}") for number in range(40)]
    phones = [
        [
            an_entry(EntryKind.CAME, each.id, minute=n, device=f"phone {phone}")
            for n, each in enumerate(people)
        ]
        for phone in range(3)
    ]
    await asyncio.gather(*(record(db, event, entry) for phone in phones for entry in phone))
    counted = await tally(db, event)
    assert (counted.attended, counted.attended_heads, counted.going) == (40, 40, 0)


def test_two_greeters_see_the_same_person_and_the_earlier_counts() -> None:
    later, earlier = (an_entry(EntryKind.CAME, "one", minute=n) for n in (9, 3))
    assert arrival([later, earlier]) == earlier
    assert arrival([earlier, an_entry(EntryKind.UNDONE, "one", minute=4), later]) == later
    assert arrival([earlier, an_entry(EntryKind.UNDONE, "one", minute=10), later]) is None
    assert arrival([]) is None


STEPS = st.tuples(
    st.sampled_from(["ana", "ben", "walk-in"]),
    st.sampled_from([EntryKind.CAME, EntryKind.UNDONE]),
    st.integers(0, 6),
    st.sampled_from([None, 0, 2]),
)


@settings(max_examples=20)
@given(
    queues=st.lists(st.lists(STEPS, max_size=5), min_size=3, max_size=3),
    orders=st.lists(st.randoms(use_true_random=False), min_size=2, max_size=2),
)
def test_any_interleaving_of_three_queues_ends_the_same_and_counts_nobody_twice(
    databases: Databases, queues: list[list[Any]], orders: list[Any]
) -> None:
    walk_in = an_entry(EntryKind.WALK_IN, guests=1)
    written = [
        [_step(walk_in, phone, *step) for step in queue] for phone, queue in enumerate(queues)
    ]
    ends = [asyncio.run(_play(databases, walk_in, written, order)) for order in orders]
    assert ends[0] == ends[1]


def _step(walk_in: Entry, phone: int, who: str, kind: EntryKind, minute: int, guests: Any) -> Entry:
    rsvp_id = walk_in.id if who == "walk-in" else who
    return an_entry(kind, rsvp_id, minute=minute, guests=guests, device=f"phone {phone}")


async def _play(
    databases: Databases, walk_in: Entry, queues: list[list[Entry]], order: Any
) -> list[Any]:
    db = open_database(databases.sqlite(), clock=SetClock(NOW), ids=CountedIds())
    try:
        event = await an_open_event(db, capacity=2)
        people = {name: await answered(db, event, name) for name in ("ana", "ben")}
        await record(db, event, walk_in, "Cleo")
        left = [list(queue) for queue in queues]
        while any(left):
            queue = order.choice([each for each in left if each])
            entry = queue.pop(0)
            if entry.rsvp_id in people:
                entry = replace(entry, rsvp_id=people[entry.rsvp_id].id)
            for _ in range(order.randint(1, 2)):  # an answer that got lost: sent again
                await record(db, event, entry)
        counted = await tally(db, event)
        everyone = await db.read(lambda tx: rsvps.of_event(tx, event.id))
        came = [each for each in everyone if each.status is RsvpStatus.ATTENDED]
        assert counted.attended == len(came)
        assert counted.heads == sum(each.heads for each in everyone if each.has_seat)
        states = [(each.key, each.status, each.guests, each.checked_in_at) for each in came]
        return [*sorted(states), counted.going, counted.attended_heads]
    finally:
        await db.close()
