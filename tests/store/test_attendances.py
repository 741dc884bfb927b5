"""What our actors said about events of others, on both databases."""

from dataclasses import replace
from datetime import timedelta

import pytest

from fedi_chapter.domain.attendance import Attendance, AttendanceState
from fedi_chapter.domain.neighbour import NeighbourEvent
from fedi_chapter.domain.rsvp import Answer
from fedi_chapter.store import attendances, holdings, neighbours, remote_actors
from fedi_chapter.store.tx import Database, WriteTx
from tests.kit.builders import CHAPTER_ID, INSTANCE_ID, NOW, a_remote_actor, founded

pytestmark = pytest.mark.anyio

HALL = a_remote_actor("hall", "events.example", type="Group")
DAY = timedelta(days=1)


def an_event(name: str, days: int) -> NeighbourEvent:
    uri = f"{HALL.uri}/{name}"
    mode, form = "external", "mailto:hall@events.example"
    return NeighbourEvent(
        uri, HALL.uri, name, NOW + days * DAY, uri, NOW, join_mode=mode, sign_up_url=form
    )


def said_of(event: NeighbourEvent, number: int) -> Attendance:
    return Attendance(
        CHAPTER_ID,
        event.uri,
        f"01932000-0000-7000-8000-0000000000{number:02d}",
        Answer.GOING,
        AttendanceState.ASKED,
        "Join",
        NOW,
    )


PAST, NEXT, LATER = an_event("past", -2), an_event("next", 1), an_event("later", 5)


def put_all(tx: WriteTx) -> None:
    remote_actors.put(tx, HALL)
    for number, event in enumerate((PAST, LATER, NEXT)):
        neighbours.put_event(tx, event)
        attendances.put(tx, said_of(event, number))


async def test_what_was_said_last_stands_for_what_was_said_before(db: Database) -> None:
    await founded(db)
    await db.write(put_all)
    first = said_of(NEXT, 2)
    second = replace(
        first,
        answer_id="01932000-0000-7000-8000-000000000055",
        status=Answer.NO,
        state=AttendanceState.WITHDRAWN,
        verb="Leave",
        said_at=NOW + DAY,
        answered_at=NOW + 2 * DAY,
    )
    assert await db.read(lambda tx: attendances.by_answer(tx, first.answer_id)) == first
    await db.write(lambda tx: attendances.put(tx, second))
    assert await db.read(lambda tx: attendances.get(tx, CHAPTER_ID, NEXT.uri)) == second
    assert await db.read(lambda tx: attendances.by_answer(tx, second.answer_id)) == second
    assert await db.read(lambda tx: attendances.by_answer(tx, first.answer_id)) is None
    assert await db.read(lambda tx: attendances.get(tx, INSTANCE_ID, NEXT.uri)) is None


async def test_the_next_events_come_first_and_the_past_ones_last(db: Database) -> None:
    await founded(db)
    await db.write(put_all)
    found = await db.read(lambda tx: attendances.listing(tx, CHAPTER_ID))
    assert [event for _, event in found] == [NEXT, LATER, PAST]
    assert [said.event_uri for said, _ in found] == [NEXT.uri, LATER.uri, PAST.uri]
    assert await db.read(lambda tx: attendances.listing(tx, INSTANCE_ID)) == []


async def test_a_deleted_event_is_known_while_we_said_that_we_come_and_goes_with_its_actor(
    db: Database,
) -> None:
    await founded(db)
    await db.write(put_all)
    no = replace(said_of(LATER, 1), status=Answer.NO)
    await db.write(lambda tx: attendances.put(tx, no))
    for event in (NEXT, LATER):
        await db.write(lambda tx, uri=event.uri: neighbours.remove(tx, uri, HALL.uri))  # type: ignore[misc]
    left = await db.read(lambda tx: attendances.listing(tx, CHAPTER_ID))
    assert [(event.uri, event.deleted_at is None) for _, event in left] == [
        (NEXT.uri, False),
        (PAST.uri, True),
    ]
    called_off = await db.read(lambda tx: attendances.called_off(tx, CHAPTER_ID))
    assert [event.uri for event in called_off] == [NEXT.uri]
    await db.write(lambda tx: holdings.erase(tx, HALL.uri))
    assert await db.read(lambda tx: attendances.listing(tx, CHAPTER_ID)) == []


async def test_a_changed_event_keeps_what_we_said_about_it(db: Database) -> None:
    await founded(db)
    await db.write(put_all)
    changed = replace(NEXT, cancelled=True, join_mode=None, sign_up_url=None)
    await db.write(lambda tx: neighbours.put_event(tx, changed))
    ((said, event), *_) = await db.read(lambda tx: attendances.listing(tx, CHAPTER_ID))
    assert (said, event) == (said_of(NEXT, 2), changed)


async def test_tags_and_picture_are_kept_and_go_when_the_event_is_deleted(db: Database) -> None:
    await founded(db)
    await db.write(put_all)
    alt = "A toaster"
    seen = replace(NEXT, tags=("b", "a"), picture_url=f"{HALL.uri}/p.jpg", picture_alt=alt)
    await db.write(lambda tx: neighbours.put_event(tx, seen))
    assert await db.read(lambda tx: neighbours.get_event(tx, NEXT.uri)) == seen
    assert seen in await db.read(lambda tx: neighbours.events(tx, 10))
    ((_, listed), *_) = await db.read(lambda tx: attendances.listing(tx, CHAPTER_ID))
    assert listed == seen
    await db.write(lambda tx: neighbours.remove(tx, NEXT.uri, HALL.uri))
    left = await db.read(lambda tx: neighbours.get_event(tx, NEXT.uri))
    assert left is not None
    assert (left.tags, left.picture_url, left.picture_alt) == ((), None, "")
