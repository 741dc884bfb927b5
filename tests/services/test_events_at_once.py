"""Two organizers at one event in the same moment: what one decides the other does not undo."""

import asyncio

import pytest

from fedi_chapter.core.errors import ChapterError
from fedi_chapter.domain.event import Event, EventId
from fedi_chapter.domain.happening import EventPublished
from fedi_chapter.services import events as subject
from fedi_chapter.services.chapters import found
from fedi_chapter.services.event_fields import EventFields
from fedi_chapter.store import events
from fedi_chapter.store.tx import Database, WriteTx
from tests.services.conftest import FOUNDING, KEYS, URLS, House

pytestmark = pytest.mark.anyio
FIELDS = EventFields(name="Spring canvass", start="2026-12-19T10:00")


@pytest.fixture
async def house(db: Database) -> House:
    """A chapter on each kind of database: on one of them two writers are at work at once."""
    chapter, _ = await db.write(lambda tx: found(tx, FOUNDING, KEYS, KEYS))
    house = House(db, chapter)
    # Both find their connection open: else the first would be done before the other has one.
    await asyncio.gather(*(house.do(lambda tx: events.listing(tx, chapter.id)) for _ in range(2)))
    return house


async def create(house: House, *, draft: bool = False) -> EventId:
    made = await house.do(
        lambda tx: subject.create_event(tx, house.chapter, FIELDS, house.urls, draft=draft)
    )
    return made.id


async def stored(house: House, event_id: EventId) -> Event:
    found = await house.see(lambda tx: events.get(tx, event_id))
    assert found
    return found


async def test_more_seats_do_not_bring_back_what_is_called_off_just_now(house: House) -> None:
    event_id = await create(house)

    def add_seats(tx: WriteTx) -> Event:
        return subject.edit_event(tx, event_id, EventFields(capacity=40), URLS)

    await asyncio.gather(
        house.do(lambda tx: subject.cancel_event(tx, event_id, "Storm")), house.do(add_seats)
    )
    after = await stored(house, event_id)
    assert (after.is_cancelled, after.capacity, after.revision) == (True, 40, 2)


async def test_a_change_does_not_bring_back_what_is_deleted_just_now(house: House) -> None:
    event_id = await create(house)

    def rename(tx: WriteTx) -> Event:
        return subject.edit_event(tx, event_id, EventFields(name="Autumn canvass"), URLS)

    await asyncio.gather(
        house.do(lambda tx: subject.delete_event(tx, event_id, anyway=True)),
        house.do(rename),
        return_exceptions=True,
    )
    assert (await stored(house, event_id)).deleted_at


async def test_a_draft_that_two_publish_at_once_is_announced_once(house: House) -> None:
    event_id = await create(house, draft=True)

    async def publish() -> bool:
        try:
            await house.do(lambda tx: subject.publish_event(tx, event_id))
        except ChapterError:
            return False
        return True

    assert sorted(await asyncio.gather(publish(), publish())) == [False, True]
    assert await house.happenings() == [EventPublished(event_id)]
