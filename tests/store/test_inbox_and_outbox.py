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


async def _put(db: Database, *said: Incoming) -> None:
    await db.write(lambda tx: inbox.put_many(tx, said))


async def test_an_actor_is_in_one_hand_whoever_asks(db: Database, clock: SetClock) -> None:
    await _put(db, incoming(1, b"first"), incoming(2), incoming(1, b"second"))
    first, other, second = await claim(db)
    assert [first.body, other.body, second.body] == [b"first", b"{}", b"second"]
    await _put(db, incoming(1, b"third"))
    assert await claim(db) == []
    assert await db.write(lambda tx: inbox.finish(tx, first.id, "done"))
    assert await claim(db) == []
    assert not await db.write(lambda tx: inbox.finish(tx, other.id, "done"))
    assert await db.write(lambda tx: inbox.finish(tx, second.id, "done"))
    (third,) = await claim(db)
    assert third.body == b"third"


async def test_what_is_put_back_holds_up_what_its_actor_said_later(
    db: Database, clock: SetClock
) -> None:
    await _put(db, incoming(1, b"first"), incoming(1, b"second"))
    first, second = await claim(db)
    due = NOW + MINUTE
    await db.write(lambda tx: inbox.retry(tx, first.id, due, "their server is down"))
    await db.write(lambda tx: inbox.release(tx, second))
    await _put(db, incoming(1, b"third"), incoming(2))
    assert [job.actor_uri for job in await claim(db)] == [incoming(2).actor_uri]
    clock.advance(MINUTE)
    (again,) = await claim(db)
    assert (again.body, again.attempts) == (b"first", 2)
    await db.write(lambda tx: inbox.park(tx, again.id, "a riddle"))
    assert [(job.body, job.attempts) for job in await claim(db)] == [(b"second", 1), (b"third", 1)]


async def test_what_ends_its_worker_again_and_again_spends_no_tries_of_what_follows(
    db: Database, clock: SetClock
) -> None:
    await _put(db, *(incoming(1, body) for body in (b"poison", b"second", b"third")))
    for _ in range(5):
        poison = (await claim(db))[0]
        clock.advance(LEASE)
    assert (poison.body, poison.attempts) == (b"poison", 5)
    await db.write(lambda tx: inbox.park(tx, poison.id, "it ends its worker"))
    (second,) = await claim(db)
    assert (second.body, second.attempts) == (b"second", 2)
    await db.write(lambda tx: inbox.finish(tx, second.id, "done"))
    assert [(job.body, job.attempts) for job in await claim(db)] == [(b"third", 2)]


async def test_only_a_lease_of_ones_own_is_given_back(db: Database, clock: SetClock) -> None:
    await _put(db, incoming(1))
    (ours,) = await claim(db)
    clock.advance(LEASE)
    (theirs,) = await claim(db)
    await db.write(lambda tx: inbox.release(tx, ours))
    assert await claim(db) == []
    await db.write(lambda tx: inbox.release(tx, theirs))
    assert [job.attempts for job in await claim(db)] == [2]


async def test_a_long_backlog_of_a_server_that_was_away_goes_on(
    db: Database, clock: SetClock
) -> None:
    """However much its actors said before and meanwhile, and nobody else there waits for them."""
    await _put(db, *(incoming(number % 3, b"%d" % number) for number in range(300)))
    for job in await claim(db, 3):
        await db.write(lambda tx, job=job: inbox.give_back(tx, job.id, NOW + 9 * MINUTE, "away"))  # type: ignore[misc]
    for minute in range(8):
        clock.advance(MINUTE)
        more = range(minute * 50, minute * 50 + 50)
        await _put(db, *(incoming(1, b"more %d" % number) for number in more))
    await _put(db, incoming(4))
    assert [job.actor_uri[-1] for job in await claim(db, 5)] == ["4"]
    clock.advance(MINUTE)
    said: dict[str, list[bytes]] = {"0": [], "1": [], "2": []}
    while jobs := await claim(db, 5):
        for job in jobs:
            said[job.actor_uri[-1]].append(job.body)
        await db.write(lambda tx, jobs=jobs: [inbox.finish(tx, job.id, "") for job in jobs])  # type: ignore[misc]
    before = {name: [b"%d" % number for number in range(int(name), 300, 3)] for name in said}
    meanwhile = [b"more %d" % number for number in range(400)]
    assert said == before | {"1": before["1"] + meanwhile}


async def test_what_waits_for_a_third_server_does_not_hold_up_its_actor(
    db: Database, clock: SetClock
) -> None:
    await _put(db, incoming(1, b"boost"), incoming(1, b"like"))
    boost, like = await claim(db)
    due = NOW + MINUTE
    await db.write(lambda tx: inbox.give_back(tx, boost.id, due, "slow", stands_aside=True))
    await db.write(lambda tx: inbox.finish(tx, like.id, "done"))
    await _put(db, incoming(1, b"post"))
    (post,) = await claim(db)
    await _put(db, incoming(1, b"edit"))
    clock.advance(MINUTE)
    assert [job.body for job in await claim(db)] == [b"boost"]
    await db.write(lambda tx: inbox.finish(tx, post.id, "done"))
    assert [job.body for job in await claim(db)] == [b"edit"]


async def test_who_sends_much_stands_behind_others_of_the_same_host(
    db: Database, clock: SetClock
) -> None:
    def of(name: str, number: int = 0) -> Incoming:
        uri = f"https://a.example/{name}"
        return Incoming(f"{uri}/{number}", uri, "Like", b"{}", "a.example")

    await _put(db, *(of("flood", number) for number in range(1000)))
    clock.advance(timedelta(seconds=1))
    await _put(db, of("ana"), of("ben"))
    taken = []
    for _ in range(3):
        jobs = await db.write(lambda tx: inbox.claim(tx, 10, LEASE, per_host=1))
        taken += [job.actor_uri.rpartition("/")[2] for job in jobs]
    assert taken == ["flood", "ana", "ben"]


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
