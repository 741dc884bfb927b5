"""The delivery queue: who gets what, in which order, how many at a time."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from fedi_chapter.core.clock import SetClock
from fedi_chapter.domain.delivery import Claimed, DeliveryState, Outcome
from fedi_chapter.domain.follower import FollowState
from fedi_chapter.domain.moderation import Block
from fedi_chapter.store import (
    activities,
    blocks,
    deliveries,
    followers,
    hosts,
    remote_actors,
    tables,
)
from fedi_chapter.store.tx import Database, WriteTx
from tests.kit.builders import CHAPTER_ID, NOW, a_remote_actor, founded

pytestmark = pytest.mark.anyio

LEASE = timedelta(minutes=5)
MINUTE = timedelta(minutes=1)
EVENT = "https://chapter.example/events/1"
FACE = EVENT + "/face"


def an_activity(
    tx: WriteTx,
    uri: str,
    *,
    object_uri: str = EVENT,
    key_id: str | None = None,
    kind: str = "Create",
) -> int:
    return activities.put(
        tx,
        uri=uri,
        type=kind,
        actor_id=CHAPTER_ID,
        object_uri=object_uri,
        body=uri.encode(),
        digest="digest",
        key_id=key_id,
    )


def follow(tx: WriteTx, *names: str, host: str = "social.example", **overrides: object) -> None:
    for name in names:
        actor = a_remote_actor(name, host, **overrides)
        remote_actors.put(tx, actor)
        followers.put(tx, CHAPTER_ID, actor.uri, f"{actor.uri}#f", FollowState.ACCEPTED)


def send(tx: WriteTx, uri: str, *to: str, **options: str) -> None:
    """Queue an activity for the inboxes of hosts: `a` or `a/other` for another inbox of it."""
    activity = an_activity(tx, uri, **options)
    for host in to:
        deliveries.to_inbox(tx, activity, f"https://{host}/inbox", host.partition("/")[0])


def ended(claimed: Claimed, **overrides: object) -> Outcome:
    done = Outcome(
        claimed.id, claimed.host, DeliveryState.DONE, claimed.attempts + 1, host_answered=True
    )
    return replace(done, **overrides)


def taken(claimed: list[Claimed]) -> list[tuple[str, str]]:
    return sorted((each.host, each.body.decode()) for each in claimed)


async def claim(db: Database, limit: int = 100, per_host: int = 10) -> list[Claimed]:
    return await db.write(lambda tx: deliveries.claim(tx, limit, LEASE, per_host=per_host))


async def prepared(db: Database, work: Callable[[WriteTx], object], *, proved: bool = True) -> None:
    """Found the chapter and do `work`; all hosts it names have answered before, if `proved`."""
    await founded(db)
    await db.write(work)
    if proved:
        await db.write(
            lambda tx: tx.conn.execute(tables.hosts.update().values(last_success_at=NOW))
        )


async def test_followers_behind_one_shared_inbox_get_one_delivery(db: Database) -> None:
    def work(tx: WriteTx) -> None:
        follow(tx, "ana", "ben", "cem")
        follow(tx, "dan", "eve", host="small.example", shared_inbox=None)
        deliveries.to_followers(tx, an_activity(tx, "create"), CHAPTER_ID)

    await prepared(db, work)
    claimed = await claim(db)
    assert sorted(each.inbox for each in claimed) == [
        "https://small.example/users/dan/inbox",
        "https://small.example/users/eve/inbox",
        "https://social.example/inbox",
    ]
    first = claimed[0]
    assert (first.actor_id, first.body, first.digest) == (CHAPTER_ID, b"create", "digest")
    assert (first.attempts, first.first_due, first.scheme) == (0, NOW, "cavage")


async def test_whoever_has_not_been_accepted_or_is_gone_gets_nothing(db: Database) -> None:
    def work(tx: WriteTx) -> None:
        follow(tx, "ana", host="gone.example")
        remote_actors.mark_gone(tx, "https://gone.example/users/ana")
        waits = a_remote_actor("ben", "waits.example")
        remote_actors.put(tx, waits)
        followers.put(tx, CHAPTER_ID, waits.uri, "f", FollowState.PENDING)
        deliveries.to_followers(tx, an_activity(tx, "create"), CHAPTER_ID)

    await prepared(db, work)
    assert await claim(db) == []


async def test_publishing_the_same_activity_twice_delivers_it_once(db: Database) -> None:
    def work(tx: WriteTx) -> None:
        follow(tx, "ana")
        for _ in range(2):
            deliveries.to_followers(tx, an_activity(tx, "create"), CHAPTER_ID)
            send(tx, "create", "social.example")

    await prepared(db, work)
    assert taken(await claim(db)) == [("social.example", "create")]


async def test_event_servers_get_the_event_and_the_others_its_face(db: Database) -> None:
    def work(tx: WriteTx) -> None:
        follow(tx, "ana", host="mastodon.example")
        follow(tx, "ben", host="mobilizon.example")
        hosts.learned(tx, "mobilizon.example", "mobilizon", "5", takes_events=True)
        event, face = an_activity(tx, "event"), an_activity(tx, "face", object_uri=FACE)
        deliveries.to_followers(tx, event, CHAPTER_ID, takes_events=True, counterpart=FACE)
        deliveries.to_followers(tx, face, CHAPTER_ID, takes_events=False, counterpart=EVENT)

    await prepared(db, work)
    assert taken(await claim(db)) == [("mastodon.example", "face"), ("mobilizon.example", "event")]


async def test_a_host_stays_with_the_form_it_was_sent_first(db: Database) -> None:
    def first(tx: WriteTx) -> None:
        follow(tx, "ana", host="unknown.example")
        face = an_activity(tx, "face", object_uri=FACE)
        deliveries.to_followers(tx, face, CHAPTER_ID, takes_events=False, counterpart=EVENT)

    def later(tx: WriteTx) -> None:
        hosts.learned(tx, "unknown.example", "mobilizon", "5", takes_events=True)
        event = an_activity(tx, "event-update")
        face = an_activity(tx, "face-update", object_uri=FACE)
        deliveries.to_followers(tx, event, CHAPTER_ID, takes_events=True, counterpart=FACE)
        deliveries.to_followers(tx, face, CHAPTER_ID, takes_events=False, counterpart=EVENT)

    await prepared(db, first)
    await db.write(lambda tx: deliveries.finish(tx, [ended(deliveries_of(tx)[0])]))
    await db.write(later)
    assert taken(await claim(db)) == [("unknown.example", "face-update")]


async def test_what_was_taken_back_from_a_host_was_never_there(db: Database) -> None:
    def first(tx: WriteTx) -> None:
        follow(tx, "ana", host="late.example")
        follow(tx, "ben", host="other.example")
        face = an_activity(tx, "face", object_uri=FACE)
        deliveries.to_followers(tx, face, CHAPTER_ID, takes_events=False, counterpart=EVENT)
        gone = an_activity(tx, "gone", object_uri=FACE, kind="Delete")
        (inbox,) = deliveries.inboxes_by_object(tx, "late.example")[FACE]
        deliveries.to_inbox(tx, gone, inbox, "late.example")
        deliveries.finish(tx, [ended(each) for each in deliveries_of(tx)])
        deliveries.finish(tx, [ended(each) for each in deliveries_of(tx)])
        assert FACE not in deliveries.inboxes_by_object(tx, "late.example")

    def later(tx: WriteTx) -> None:
        hosts.learned(tx, "late.example", "mobilizon", "5", takes_events=True)
        event = an_activity(tx, "event-update")
        face = an_activity(tx, "face-update", object_uri=FACE)
        deliveries.to_followers(tx, event, CHAPTER_ID, takes_events=True, counterpart=FACE)
        deliveries.to_followers(tx, face, CHAPTER_ID, takes_events=False, counterpart=EVENT)
        deliveries.to_past_recipients(tx, face, FACE)

    await prepared(db, first)
    await db.write(later)
    assert sorted(taken(await claim(db))) == [
        ("late.example", "event-update"),
        ("other.example", "face-update"),
    ]


async def test_only_hosts_that_never_said_what_they_run_are_unlearned(db: Database) -> None:
    def work(tx: WriteTx) -> None:
        follow(tx, "ana", host="never.example")
        follow(tx, "ben", host="m.example")
        follow(tx, "cy", host="sends-events.example")
        hosts.learned(tx, "m.example", "mastodon", "5", takes_events=False)
        hosts.set_form(tx, "sends-events.example", takes_events=True)
        deliveries.to_unlearned(tx, an_activity(tx, "deleted", kind="Delete"), CHAPTER_ID)

    await prepared(db, work)
    assert taken(await claim(db)) == [("never.example", "deleted")]


def deliveries_of(tx: WriteTx) -> list[Claimed]:
    return deliveries.claim(tx, 100, LEASE, per_host=10)


async def test_a_delete_goes_to_everyone_who_was_ever_told(db: Database) -> None:
    def work(tx: WriteTx) -> None:
        send(tx, "create", "a.example", "b.example")
        deliveries.finish(tx, [ended(each) for each in deliveries_of(tx)])
        delete = an_activity(tx, "delete")
        deliveries.to_past_recipients(tx, delete, EVENT, refused_too=True)
        deliveries.to_past_recipients(tx, delete, EVENT, refused_too=True)

    await prepared(db, work)
    assert taken(await claim(db)) == [("a.example", "delete"), ("b.example", "delete")]


async def test_news_goes_to_nobody_we_refuse_and_a_retraction_to_everyone(db: Database) -> None:
    hosts_told = ["bad.example", "bad.example:8443", "deep.under.bad.example", "notbad.example"]

    def work(tx: WriteTx) -> None:
        follow(tx, "troll", host="big.example")
        send(tx, "create", *hosts_told)
        send(tx, "create", "big.example", "big.example/users/troll")
        deliveries.finish(tx, [ended(each) for each in deliveries_of(tx)])
        blocks.put(tx, Block("bad.example", "host", NOW))
        blocks.put(tx, Block("https://big.example/users/troll", "actor", NOW))
        update, delete = an_activity(tx, "update"), an_activity(tx, "delete")
        deliveries.to_past_recipients(tx, update, EVENT, refused_too=False)
        deliveries.to_past_recipients(tx, delete, EVENT, refused_too=True)

    await prepared(db, work)
    told = await everything(db)
    updated = sorted(each.inbox for each in told if each.body == b"update")
    assert updated == ["https://big.example/inbox", "https://notbad.example/inbox"]
    assert len([each for each in told if each.body == b"delete"]) == len(hosts_told) + 2


async def everything(db: Database) -> list[Claimed]:
    """Deliver whatever waits, turn after turn, and return it all."""
    told: list[Claimed] = []
    while claimed := await claim(db):
        told += claimed
        done = [ended(each) for each in claimed]
        await db.write(lambda tx, done=done: deliveries.finish(tx, done))  # type: ignore[misc]
    return told


async def test_an_update_waits_for_the_create_of_the_same_object(db: Database) -> None:
    def work(tx: WriteTx) -> None:
        send(tx, "create", "a.example", "b.example")
        send(tx, "update", "a.example", "b.example")
        send(tx, "other", "a.example", object_uri="https://chapter.example/posts/1")

    await prepared(db, work)
    first = await claim(db)
    assert taken(first) == [
        ("a.example", "create"),
        ("a.example", "other"),
        ("b.example", "create"),
    ]
    assert await claim(db) == []
    at_a = next(each for each in first if taken([each]) == [("a.example", "create")])
    await db.write(lambda tx: deliveries.finish(tx, [ended(at_a)]))
    assert taken(await claim(db)) == [("a.example", "update")]


async def test_an_update_waits_while_the_create_is_to_be_tried_again(db: Database) -> None:
    def work(tx: WriteTx) -> None:
        send(tx, "create", "a.example")
        send(tx, "update", "a.example")

    await prepared(db, work)
    (create,) = await claim(db)
    again = ended(create, state=DeliveryState.WAITING, due=NOW + MINUTE)
    await db.write(lambda tx: deliveries.finish(tx, [again]))
    assert await claim(db) == []


async def test_two_inboxes_of_one_host_get_one_activity_side_by_side(db: Database) -> None:
    await prepared(db, lambda tx: send(tx, "create", "a.example/one", "a.example/two"))
    assert len(await claim(db)) == 2


async def test_nothing_overtakes_the_news_of_a_new_key(db: Database) -> None:
    def work(tx: WriteTx) -> None:
        send(tx, "before", "a.example", object_uri="1")
        send(tx, "new-key", "a.example", object_uri="2", key_id="https://c.example/chapter#old")
        send(tx, "after", "a.example", "b.example", object_uri="3")

    await prepared(db, work)
    first = await claim(db)
    assert taken(first) == [
        ("a.example", "before"),
        ("a.example", "new-key"),
        ("b.example", "after"),
    ]
    assert {each.key_id for each in first} == {None, "https://c.example/chapter#old"}
    await db.write(lambda tx: deliveries.finish(tx, [ended(each) for each in first]))
    assert taken(await claim(db)) == [("a.example", "after")]


async def test_a_host_has_only_so_many_on_their_way_over_all_claims(db: Database) -> None:
    def work(tx: WriteTx) -> None:
        for number in range(5):
            send(tx, f"n{number}", "a.example", "b.example", object_uri=str(number))

    await prepared(db, work)
    first = await claim(db, per_host=2)
    assert taken(first) == [
        ("a.example", "n0"),
        ("a.example", "n1"),
        ("b.example", "n0"),
        ("b.example", "n1"),
    ]
    assert await claim(db, per_host=2) == []
    await db.write(lambda tx: deliveries.finish(tx, [ended(first[0])]))
    assert taken(await claim(db, per_host=2)) == [(first[0].host, "n2")]


async def test_a_claim_takes_no_more_than_asked_and_the_longest_due_first(
    db: Database, clock: SetClock
) -> None:
    await prepared(db, lambda tx: send(tx, "first", "z.example", object_uri="1"))
    clock.advance(MINUTE)
    await db.write(lambda tx: send(tx, "second", "a.example", object_uri="2"))
    assert taken(await claim(db, limit=1)) == [("z.example", "first")]


async def test_a_worker_that_dies_gives_its_deliveries_back(db: Database, clock: SetClock) -> None:
    await prepared(db, lambda tx: send(tx, "create", "a.example"))
    (lost,) = await claim(db)
    assert await db.read(deliveries.next_due) == NOW + LEASE
    clock.advance(LEASE)
    assert [each.id for each in await claim(db)] == [lost.id]


async def test_what_a_late_worker_says_about_a_finished_delivery_is_ignored(db: Database) -> None:
    await prepared(db, lambda tx: send(tx, "create", "a.example"))
    (claimed,) = await claim(db)
    await db.write(lambda tx: deliveries.finish(tx, [ended(claimed)]))
    late = ended(claimed, state=DeliveryState.WAITING, due=NOW)
    await db.write(lambda tx: deliveries.finish(tx, [late]))
    assert await claim(db) == []


async def test_released_deliveries_are_due_at_once(db: Database) -> None:
    await prepared(db, lambda tx: send(tx, "create", "a.example"))
    claimed = await claim(db)
    await db.write(lambda tx: deliveries.release(tx, [each.id for each in claimed]))
    assert [each.id for each in await claim(db)] == [each.id for each in claimed]


async def test_a_resting_host_is_left_alone_as_a_whole(db: Database, clock: SetClock) -> None:
    def work(tx: WriteTx) -> None:
        send(tx, "one", "a.example", object_uri="1")
        send(tx, "two", "a.example", "b.example", object_uri="2")

    await prepared(db, work)
    claimed = await claim(db, per_host=1)
    failed = next(each for each in claimed if each.host == "a.example")
    rest = NOW + 10 * MINUTE
    outcome = ended(
        failed,
        state=DeliveryState.WAITING,
        due=NOW + MINUTE,
        error="timed out",
        host_answered=False,
        rest_until=rest,
    )
    await db.write(lambda tx: deliveries.finish(tx, [outcome]))
    clock.advance(4 * MINUTE)
    assert await claim(db) == []
    await db.write(lambda tx: send(tx, "three", "a.example", object_uri="3"))
    assert await claim(db) == []
    host = await db.read(lambda tx: hosts.get(tx, "a.example"))
    assert host is not None
    assert (host.failures, host.failing_since, host.rest_until) == (1, NOW, rest)
    clock.advance(6 * MINUTE)
    claimed = [each for each in await claim(db) if each.host == "a.example"]
    assert taken(claimed) == [("a.example", "one")]  # one knock is enough to know
    assert await claim(db) == []


async def test_the_first_answer_of_a_failing_host_wakes_all_that_waits_for_it(
    db: Database, clock: SetClock
) -> None:
    def work(tx: WriteTx) -> None:
        for number in range(4):
            send(tx, f"n{number}", "a.example", object_uri=str(number))

    await prepared(db, work)
    first, second = await claim(db, per_host=2)
    rest = NOW + 10 * MINUTE
    down = [
        ended(each, state=DeliveryState.WAITING, due=NOW + 60 * MINUTE, host_answered=False,
              rest_until=rest)
        for each in (first, second)
    ]  # fmt: skip
    await db.write(lambda tx: deliveries.finish(tx, down))
    clock.advance(10 * MINUTE)
    (probe,) = await claim(db, per_host=1)
    await db.write(lambda tx: deliveries.finish(tx, [ended(probe, scheme="rfc9421")]))
    claimed = await claim(db)
    assert len(claimed) == 3
    assert {each.scheme for each in claimed} == {"rfc9421"}
    host = await db.read(lambda tx: hosts.get(tx, "a.example"))
    assert host is not None
    assert (host.failures, host.rest_until, host.failing_since) == (0, None, None)
    assert host.last_success_at == clock.now()


async def test_a_live_hosts_answer_leaves_the_pause_of_a_refused_delivery_alone(
    db: Database,
) -> None:
    def work(tx: WriteTx) -> None:
        send(tx, "one", "a.example", object_uri="1")
        send(tx, "two", "a.example", object_uri="2")

    await prepared(db, work)
    one, two = await claim(db)
    pause = ended(one, state=DeliveryState.WAITING, due=NOW + 60 * MINUTE, status=500)
    await db.write(lambda tx: deliveries.finish(tx, [pause]))
    await db.write(lambda tx: deliveries.finish(tx, [ended(two)]))
    assert await claim(db) == []


async def test_an_operator_sees_the_queue_and_can_try_again(db: Database, clock: SetClock) -> None:
    await prepared(db, lambda tx: send(tx, "create", "a.example", "b.example", "c.example"))
    claimed = {each.host: each for each in await claim(db, limit=2)}
    outcomes = [
        ended(claimed["a.example"], state=DeliveryState.FAILED, status=403, error="refused"),
        ended(claimed["b.example"], state=DeliveryState.WAITING, due=NOW + MINUTE,
              host_answered=False, rest_until=NOW + MINUTE, error="timed out"),
    ]  # fmt: skip
    await db.write(lambda tx: deliveries.finish(tx, outcomes))
    clock.advance(MINUTE / 2)
    status = await db.read(deliveries.status)
    assert (status.waiting, status.in_flight, status.failed) == (2, 0, 1)
    assert (status.resting_hosts, status.oldest_seconds) == (1, 30.0)
    rows = await db.read(deliveries.listing)
    assert [(row.host, row.state, row.error) for row in rows] == [
        ("a.example", "failed", "refused"),
        ("b.example", "waiting", "timed out"),
        ("c.example", "waiting", None),
    ]
    failed = await db.read(
        lambda tx: deliveries.listing(tx, host="a.example", state=DeliveryState.FAILED, limit=9)
    )
    assert [(row.activity, row.status, row.attempts) for row in failed] == [("create", 403, 1)]
    assert await db.write(lambda tx: deliveries.retry(tx, host="a.example")) == 1
    assert await db.write(lambda tx: deliveries.retry(tx)) == 1
    assert len(await claim(db)) == 3


@pytest.mark.parametrize(
    ("failed", "later", "again"),
    [
        ("Create", "Delete", 0),
        ("Follow", "Undo", 0),
        ("Accept", "Reject", 0),
        ("Update", "Update", 0),
        ("Create", "Update", 1),
        ("Announce", "Update", 1),
    ],
)
async def test_what_was_overtaken_is_not_told_when_failed_deliveries_are_tried_again(
    db: Database, failed: str, later: str, again: int
) -> None:
    await prepared(db, lambda tx: send(tx, "first", "a.example", kind=failed))
    refused = [ended(each, state=DeliveryState.FAILED) for each in await claim(db)]
    await db.write(lambda tx: deliveries.finish(tx, refused))
    await db.write(lambda tx: send(tx, "second", "a.example", kind=later))
    arrived = [ended(each) for each in await claim(db)]
    await db.write(lambda tx: deliveries.finish(tx, arrived))
    assert await db.write(deliveries.retry) == again
    assert taken(await claim(db)) == [("a.example", "first")] * again


async def test_a_deletion_that_failed_as_well_is_tried_again_after_what_it_deletes(
    db: Database,
) -> None:
    await prepared(db, lambda tx: send(tx, "create", "a.example"))
    for _ in range(2):
        refused = [ended(each, state=DeliveryState.FAILED) for each in await claim(db)]
        await db.write(lambda tx, refused=refused: deliveries.finish(tx, refused))  # type: ignore[misc]
        await db.write(lambda tx: send(tx, "delete", "a.example", kind="Delete"))
    assert await db.write(deliveries.retry) == 2
    assert taken(await claim(db)) == [("a.example", "create")]


async def test_an_empty_queue_has_nothing_due(db: Database) -> None:
    await founded(db)
    assert await db.read(deliveries.next_due) is None
    status = await db.read(deliveries.status)
    assert (status.waiting, status.oldest_seconds) == (0, 0.0)


async def test_a_host_that_never_answered_is_tried_by_one_delivery(db: Database) -> None:
    def work(tx: WriteTx) -> None:
        send(tx, "create", "new.example", "new.example/other", "new.example/third")

    await prepared(db, work, proved=False)
    (first,) = await claim(db)
    assert await claim(db) == []
    await db.write(lambda tx: deliveries.finish(tx, [ended(first)]))
    assert len(await claim(db)) == 2
