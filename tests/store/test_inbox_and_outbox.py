"""The two inner queues: what came in, and what happened here."""

from datetime import timedelta

import pytest

from fedi_chapter.core.clock import SetClock
from fedi_chapter.domain.happening import EventChanged, EventPublished
from fedi_chapter.domain.inbox import Incoming
from fedi_chapter.store import inbox, outbox
from fedi_chapter.store.tx import Database
from tests.kit.builders import NOW

pytestmark = pytest.mark.anyio

LEASE = timedelta(minutes=5)
MINUTE = timedelta(minutes=1)


def incoming(number: int, body: bytes = b"{}") -> Incoming:
    return Incoming(f"https://a.example/{number}", "https://a.example/ana", "Like", body)


async def test_an_activity_that_comes_twice_is_stored_once(db: Database) -> None:
    await db.write(lambda tx: inbox.put_many(tx, [incoming(1), incoming(2), incoming(1, b"again")]))
    await db.write(lambda tx: inbox.put_many(tx, [incoming(2), incoming(3)]))
    await db.write(lambda tx: inbox.put_many(tx, []))
    jobs = await db.write(lambda tx: inbox.claim(tx, 10, LEASE))
    assert [job.activity_id[-1] for job in jobs] == ["1", "2", "3"]
    assert [job.body for job in jobs] == [b"{}"] * 3


async def test_a_whole_volley_is_stored_at_once_and_byte_for_byte(db: Database) -> None:
    body = '{"content": "\\u00e4 ä 🐟 \\" \\\\"}'.encode()
    volley = [
        Incoming(f"https://a.example/{number}", "https://a.example/ana", "Like", body, "a.example")
        for number in range(500)
    ]
    await db.write(lambda tx: inbox.put_many(tx, volley))
    jobs = await db.write(lambda tx: inbox.claim(tx, 1_000, LEASE))
    assert [job.activity_id for job in jobs] == [each.activity_id for each in volley]
    assert {(job.body, job.actor_uri, job.host, job.attempts) for job in jobs} == {
        (body, "https://a.example/ana", "a.example", 1)
    }
    assert await db.read(lambda tx: inbox.room(tx, "a.example", 501)) == 1


async def test_a_claimed_activity_comes_back_when_its_worker_dies(
    db: Database, clock: SetClock
) -> None:
    await db.write(lambda tx: inbox.put_many(tx, [incoming(1)]))
    (job,) = await db.write(lambda tx: inbox.claim(tx, 10, LEASE))
    assert job.attempts == 1
    assert await db.write(lambda tx: inbox.claim(tx, 10, LEASE)) == []
    clock.advance(LEASE)
    (again,) = await db.write(lambda tx: inbox.claim(tx, 10, LEASE))
    assert (again.id, again.attempts) == (job.id, 2)


async def test_a_processed_activity_loses_its_body_and_is_never_taken_again(
    db: Database, clock: SetClock
) -> None:
    await db.write(lambda tx: inbox.put_many(tx, [incoming(1)]))
    (job,) = await db.write(lambda tx: inbox.claim(tx, 10, LEASE))
    await db.write(lambda tx: inbox.finish(tx, job.id, "done"))
    await db.write(lambda tx: inbox.put_many(tx, [incoming(1)]))
    clock.advance(LEASE)
    assert await db.write(lambda tx: inbox.claim(tx, 10, LEASE)) == []
    assert await db.read(inbox.waiting) == 0


async def test_an_activity_can_be_tried_later_or_set_aside(db: Database, clock: SetClock) -> None:
    await db.write(lambda tx: inbox.put_many(tx, [incoming(1), incoming(2)]))
    one, two = await db.write(lambda tx: inbox.claim(tx, 10, LEASE))
    await db.write(lambda tx: inbox.retry(tx, one.id, NOW + MINUTE, "unreachable"))
    await db.write(lambda tx: inbox.park(tx, two.id, "a riddle"))
    assert await db.read(inbox.waiting) == 1
    clock.advance(MINUTE)
    assert [job.id for job in await db.write(lambda tx: inbox.claim(tx, 10, LEASE))] == [one.id]


async def test_old_activities_are_purged_but_not_waiting_ones(
    db: Database, clock: SetClock
) -> None:
    await db.write(lambda tx: inbox.put_many(tx, [incoming(1), incoming(2)]))
    one, _ = await db.write(lambda tx: inbox.claim(tx, 10, LEASE))
    await db.write(lambda tx: inbox.finish(tx, one.id, "done"))
    assert await db.write(lambda tx: inbox.purge(tx, NOW)) == 0
    assert await db.write(lambda tx: inbox.purge(tx, NOW + MINUTE)) == 1
    assert await db.read(inbox.waiting) == 1


async def test_happenings_are_told_in_order_and_forgotten(db: Database) -> None:
    await db.write(lambda tx: outbox.put(tx, EventPublished("1")))
    await db.write(lambda tx: outbox.put(tx, EventChanged("1")))
    jobs = await db.write(lambda tx: outbox.claim(tx, 10, LEASE))
    assert [job.happening for job in jobs] == [EventPublished("1"), EventChanged("1")]
    assert await db.write(lambda tx: outbox.claim(tx, 10, LEASE)) == []
    await db.write(lambda tx: [outbox.finish(tx, job.id) for job in jobs])
    assert await db.read(outbox.waiting) == 0


async def test_happenings_with_one_key_are_told_once_at_the_earlier_time(
    db: Database, clock: SetClock
) -> None:
    for minutes in (5, 2, 9):
        due = NOW + minutes * MINUTE
        await db.write(lambda tx, due=due: outbox.put(tx, EventChanged("1"), due=due, coalesce="1"))
    assert await db.read(outbox.waiting) == 1
    clock.advance(2 * MINUTE)
    assert len(await db.write(lambda tx: outbox.claim(tx, 10, LEASE))) == 1


async def test_what_happens_while_a_happening_is_told_is_told_again(db: Database) -> None:
    await db.write(lambda tx: outbox.put(tx, EventChanged("1"), coalesce="1"))
    (first,) = await db.write(lambda tx: outbox.claim(tx, 10, LEASE))
    await db.write(lambda tx: outbox.put(tx, EventChanged("1"), coalesce="1"))
    await db.write(lambda tx: outbox.finish(tx, first.id))
    assert len(await db.write(lambda tx: outbox.claim(tx, 10, LEASE))) == 1


async def test_a_happening_can_be_tried_later_or_set_aside(db: Database, clock: SetClock) -> None:
    await db.write(lambda tx: [outbox.put(tx, EventPublished(name)) for name in "ab"])
    one, two = await db.write(lambda tx: outbox.claim(tx, 10, LEASE))
    await db.write(lambda tx: outbox.retry(tx, one.id, NOW + MINUTE, "busy"))
    await db.write(lambda tx: outbox.park(tx, two.id, "no such event"))
    clock.advance(LEASE)
    (again,) = await db.write(lambda tx: outbox.claim(tx, 10, LEASE))
    assert (again.happening, again.attempts) == (EventPublished("a"), 2)
