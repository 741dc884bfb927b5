"""An event people said yes to is not deleted behind their backs."""

from datetime import timedelta

import pytest

from fedi_chapter.core.clock import SetClock
from fedi_chapter.core.errors import Conflict
from fedi_chapter.domain.event import Event, RsvpMode
from fedi_chapter.domain.rsvp import Answer
from fedi_chapter.services.attendees import ByHand, write_down
from fedi_chapter.services.events import cancel_event, delete_event
from fedi_chapter.store import events
from fedi_chapter.store.tx import Database
from tests.conftest import NOW
from tests.kit.builders import an_event, founded

pytestmark = pytest.mark.anyio


async def answered(db: Database, answer: Answer) -> Event:
    await founded(db)
    event = an_event(rsvp=RsvpMode.ON, starts_at=NOW + timedelta(days=9), ends_at=None)
    await db.write(lambda tx: events.insert(tx, event))
    await db.write(lambda tx: write_down(tx, event, ByHand("Ana", answer)))
    return event


async def is_deleted(db: Database, event: Event) -> bool:
    found = await db.read(lambda tx: events.get(tx, event.id))
    return found is not None and found.deleted_at is not None


async def test_it_is_cancelled_first_so_that_they_hear_of_it(db: Database) -> None:
    event = await answered(db, Answer.GOING)
    with pytest.raises(Conflict) as refused:
        await db.write(lambda tx: delete_event(tx, event.id))
    assert "cancel" in (refused.value.cure or "")
    assert not await is_deleted(db, event)
    await db.write(lambda tx: cancel_event(tx, event.id))
    await db.write(lambda tx: delete_event(tx, event.id))
    assert await is_deleted(db, event)


async def test_or_it_is_deleted_anyway_on_purpose(db: Database) -> None:
    event = await answered(db, Answer.GOING)
    await db.write(lambda tx: delete_event(tx, event.id, anyway=True))
    assert await is_deleted(db, event)


async def test_once_it_is_over_nobody_waits_for_it(db: Database, clock: SetClock) -> None:
    event = await answered(db, Answer.GOING)
    clock.advance(event.over_at - NOW)
    await db.write(lambda tx: delete_event(tx, event.id))
    assert await is_deleted(db, event)


async def test_nobody_who_said_yes_nobody_to_tell(db: Database) -> None:
    event = await answered(db, Answer.NO)
    await db.write(lambda tx: delete_event(tx, event.id))
    assert await is_deleted(db, event)
