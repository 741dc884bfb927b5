"""The two inner queues: what came in, and what happened here."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from fedi_chapter.core.clock import SetClock
from fedi_chapter.domain.happening import EventChanged, EventPublished
from fedi_chapter.domain.inbox import InboxJob, Incoming
from fedi_chapter.store import dropped, inbox, outbox
from fedi_chapter.store.tx import Database
from tests.kit.builders import NOW

pytestmark = pytest.mark.anyio

LEASE = timedelta(minutes=5)
MINUTE = timedelta(minutes=1)


def incoming(number: int, body: bytes = b"{}", *, at: datetime = NOW) -> Incoming:
    """Return the like of one of several people."""
    uri = f"https://a.example/{number}"
    return Incoming(f"{uri}/like", uri, "Like", body, signed_at=at)


async def claim(db: Database, limit: int = 10) -> list[InboxJob]:
    return await db.write(lambda tx: inbox.claim(tx, limit, LEASE))


async def test_what_was_signed_at_one_time_is_stored_once_and_counted(db: Database) -> None:
    one, two = incoming(1), incoming(2)
    for said in ([one, two, one], [two, incoming(3)], []):
        await db.write(lambda tx, said=said: inbox.put_many(tx, said))  # type: ignore[misc]
    assert (await db.read(dropped.counts))[dropped.REPLAY] == 2
    jobs = await claim(db)
    assert [job.actor_uri[-1] for job in jobs] == ["1", "2", "3"]
    assert [(job.body, job.is_repeat) for job in jobs] == [(b"{}", False)] * 3


async def test_an_id_comes_again_with_other_words_or_signed_anew(db: Database) -> None:
    said = [incoming(1), incoming(1, b"other words"), incoming(1, at=NOW + MINUTE)]
    await db.write(lambda tx: inbox.put_many(tx, said))
    found = []
    while jobs := await claim(db):
        found += [(job.body, job.signed_at, job.is_repeat) for job in jobs]
        await db.write(lambda tx, jobs=jobs: inbox.finish(tx, jobs[0].id, "done"))
    assert found == [
        (b"{}", NOW, False),
        (b"other words", NOW, False),
        (b"{}", NOW + MINUTE, True),
    ]


async def test_what_nobody_proved_uses_up_nothing_of_what_is_proved(db: Database) -> None:
    proved = incoming(1)
    hint = replace(proved, proved=False)
    await db.write(lambda tx: inbox.put_many(tx, [hint, proved, hint]))
    assert (await db.read(dropped.counts))[dropped.REPLAY] == 1
    assert [job.proved for job in await claim(db)] == [False, True]


async def test_an_actor_has_one_activity_in_hand_whoever_asks(
    db: Database, clock: SetClock
) -> None:
    said = [incoming(1, b"first"), incoming(2), incoming(1, b"second"), incoming(1, b"third")]
    await db.write(lambda tx: inbox.put_many(tx, said))
    first, other = await claim(db)
    assert (first.body, other.body) == (b"first", b"{}")
    assert await claim(db) == []
    assert await db.write(lambda tx: inbox.finish(tx, first.id, "done"))
    assert not await db.write(lambda tx: inbox.finish(tx, other.id, "done"))
    (second,) = await claim(db)
    await db.write(lambda tx: inbox.retry(tx, second.id, NOW + MINUTE, "their server is down"))
    assert await claim(db) == []
    clock.advance(MINUTE)
    (again,) = await claim(db)
    await db.write(lambda tx: inbox.park(tx, again.id, "a riddle"))
    assert [job.body for job in await claim(db)] == [b"third"]


async def test_what_waits_for_a_third_server_does_not_hold_up_its_actor(db: Database) -> None:
    await db.write(lambda tx: inbox.put_many(tx, [incoming(1, b"boost"), incoming(1, b"like")]))
    (boost,) = await claim(db)
    due = NOW + MINUTE
    await db.write(lambda tx: inbox.give_back(tx, boost.id, due, "slow", stands_aside=True))
    assert [job.body for job in await claim(db)] == [b"like"]


async def test_who_sends_much_stands_behind_others_of_the_same_host(db: Database) -> None:
    def of(name: str, seconds: int) -> Incoming:
        uri = f"https://a.example/{name}"
        place = NOW + timedelta(seconds=seconds)
        return Incoming(f"{uri}/{seconds}", uri, "Like", b"{}", "a.example", place=place)

    crowd = [of("flood", number) for number in range(1000)]
    await db.write(lambda tx: inbox.put_many(tx, [*crowd, of("ana", 1), of("ben", 1)]))
    jobs = await db.write(lambda tx: inbox.claim(tx, 10, LEASE, per_host=2))
    assert [job.actor_uri[-3:] for job in jobs] == ["ood", "ana"]
    jobs = await db.write(lambda tx: inbox.claim(tx, 10, LEASE, per_host=2))
    assert [job.actor_uri[-3:] for job in jobs] == ["ben"]


async def test_a_whole_volley_is_stored_at_once_and_byte_for_byte(db: Database) -> None:
    body = '{"content": "\\u00e4 ä 🐟 \\" \\\\"}'.encode()
    volley = [replace(incoming(number, body), host="a.example") for number in range(500)]
    await db.write(lambda tx: inbox.put_many(tx, volley))
    jobs = await db.write(lambda tx: inbox.claim(tx, 1_000, LEASE))
    assert [job.activity_id for job in jobs] == [each.activity_id for each in volley]
    assert [job.actor_uri for job in jobs] == [each.actor_uri for each in volley]
    assert {(job.body, job.host, job.attempts) for job in jobs} == {(body, "a.example", 1)}
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
