"""What a worker could not do because the database was away counts as never tried."""

from datetime import timedelta

import pytest

from fedi_chapter.core.clock import SetClock
from fedi_chapter.domain.happening import EventPublished
from fedi_chapter.domain.inbox import Incoming
from fedi_chapter.store import inbox, outbox
from fedi_chapter.store.tx import Database, WriteTx
from tests.kit.builders import NOW

pytestmark = pytest.mark.anyio

LEASE = timedelta(minutes=5)
SOON = NOW + timedelta(seconds=2)


async def test_a_job_given_back_is_due_soon_and_was_never_tried(
    db: Database, clock: SetClock
) -> None:
    def fill(tx: WriteTx) -> None:
        inbox.put_many(tx, [Incoming("https://a.example/1", "a", "Like", b"{}", "a.example")])
        outbox.put(tx, EventPublished("1"))

    def claimed(tx: WriteTx) -> list[int]:
        (come,) = inbox.claim(tx, 9, LEASE)
        (told,) = outbox.claim(tx, 9, LEASE)
        inbox.give_back(tx, come.id, SOON, "away")
        outbox.give_back(tx, told.id, SOON, "away")
        return [come.attempts, told.attempts]

    await db.write(fill)
    assert await db.write(claimed) == [1, 1]
    assert await db.write(lambda tx: inbox.claim(tx, 9, LEASE)) == []
    clock.advance(SOON - NOW)
    assert await db.write(claimed) == [1, 1]
