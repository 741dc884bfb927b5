"""What waits for whom we block: our news stays here, what we take back still goes out."""

from datetime import timedelta

import pytest

from fedi_chapter.domain.delivery import Claimed, DeliveryState, Outcome
from fedi_chapter.domain.moderation import Block
from fedi_chapter.store import activities, blocks, deliveries, remote_actors
from fedi_chapter.store.tx import Database, WriteTx
from tests.kit.builders import CHAPTER_ID, NOW, a_remote_actor, founded

pytestmark = pytest.mark.anyio

LEASE = timedelta(minutes=5)
EVERYBODY = (
    "https://bad.example/inbox",
    "https://bad.example:8443/inbox",
    "https://deep.under.bad.example/inbox",
    "https://notbad.example/inbox",
    "https://big.example/inbox",
    "https://big.example/users/troll/inbox",
)
WELCOME = {"https://notbad.example/inbox", "https://big.example/inbox"}


def queue(tx: WriteTx, kind: str) -> None:
    """Queue one activity about an object of its own for everybody."""
    uri = f"https://chapter.example/{kind}"
    activity = activities.put(
        tx, uri=uri, type=kind, actor_id=CHAPTER_ID, object_uri=uri, body=kind.encode(), digest="d"
    )
    for inbox in EVERYBODY:
        deliveries.to_inbox(tx, activity, inbox, inbox.split("/")[2])


def refuse(tx: WriteTx) -> None:
    """Block a server and somebody on another."""
    troll = a_remote_actor("troll", "big.example")
    remote_actors.put(tx, troll)
    blocks.put(tx, Block("bad.example", "host", NOW))
    blocks.put(tx, Block(troll.uri, "actor", NOW))
    deliveries.give_up_on_refused(tx)


async def claim(db: Database) -> list[Claimed]:
    return await db.write(lambda tx: deliveries.claim(tx, 100, LEASE, per_host=10))


def inboxes(claimed: list[Claimed], kind: str) -> set[str]:
    return {each.inbox for each in claimed if each.body == kind.encode()}


@pytest.mark.parametrize("kind", ["Create", "Update", "Announce", "Accept"])
async def test_what_waits_for_the_blocked_goes_out_no_more(db: Database, kind: str) -> None:
    await founded(db)
    await db.write(lambda tx: queue(tx, kind))
    await db.write(refuse)
    assert inboxes(await claim(db), kind) == WELCOME
    assert await db.write(deliveries.retry) == 0
    given_up = await db.read(lambda tx: deliveries.listing(tx, state=DeliveryState.FAILED))
    assert {each.inbox for each in given_up} == set(EVERYBODY) - WELCOME
    assert {each.error for each in given_up} == {"blocked here"}


@pytest.mark.parametrize("kind", ["Delete", "Undo", "Reject"])
async def test_what_is_taken_back_still_reaches_the_blocked(db: Database, kind: str) -> None:
    await founded(db)
    await db.write(lambda tx: queue(tx, kind))
    await db.write(refuse)
    seen: set[str] = set()
    while claimed := await claim(db):  # a server nobody has heard from gets one at a time
        seen |= inboxes(claimed, kind)
        done = [Outcome(each.id, each.host, DeliveryState.DONE, 1) for each in claimed]
        await db.write(lambda tx, done=done: deliveries.finish(tx, done))  # type: ignore[misc]
    assert seen == set(EVERYBODY)


async def test_a_try_under_way_is_the_last_one(db: Database) -> None:
    await founded(db)
    await db.write(lambda tx: queue(tx, "Create"))
    flying = await claim(db)
    await db.write(refuse)
    again = [
        Outcome(each.id, each.host, DeliveryState.WAITING, 1, due=NOW, error="timeout")
        for each in flying
    ]
    await db.write(lambda tx: deliveries.finish(tx, again))
    assert inboxes(await claim(db), "Create") == WELCOME


async def test_what_had_failed_before_is_not_taken_up_for_the_blocked(db: Database) -> None:
    await founded(db)
    await db.write(lambda tx: queue(tx, "Create"))
    failed = [
        Outcome(each.id, each.host, DeliveryState.FAILED, 9, error="timeout")
        for each in await claim(db)
    ]
    await db.write(lambda tx: deliveries.finish(tx, failed))
    await db.write(refuse)
    assert await db.write(deliveries.retry) == len(WELCOME)
