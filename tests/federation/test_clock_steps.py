"""A clock that is put right while we send: nothing is lost, and nobody is flooded."""

import asyncio
import json
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from fedi_chapter.core.clock import SetClock
from fedi_chapter.store import deliveries
from fedi_chapter.store.tx import Database, ReadTx
from tests.kit.ids import CountedIds
from tests.kit.peers.signatures import signed_post
from tests.kit.sending import Inboxes, Sender, found_sender, until, until_stored
from tests.kit.world import World

pytestmark = pytest.mark.anyio

NOTE, OTHER = "https://chapter.test/posts/1", "https://chapter.test/posts/2"
HOSTS = [f"host-{number}.test" for number in range(20)]
HANGING = HOSTS[:5]
STEP = timedelta(hours=2)


@pytest.fixture
def hang() -> asyncio.Event:
    """Set when the servers that hang are to answer."""
    return asyncio.Event()


@pytest.fixture
def inboxes(hang: asyncio.Event) -> Inboxes:
    return Inboxes({host: [hang] for host in HANGING})


@pytest.fixture
async def sender(
    db: Database,
    tmp_path: Path,
    rsa_keys: tuple[RSAPrivateKey, RSAPrivateKey],
    clock: SetClock,
    ids: CountedIds,
    inboxes: Inboxes,
) -> Sender:
    made = await found_sender(db, tmp_path, rsa_keys[0], clock=clock, ids=ids, poster=inboxes)
    await made.followed_by(*(f"https://{host}/inbox" for host in HOSTS))
    return made


def is_over(tx: ReadTx) -> bool:
    status = deliveries.status(tx)
    return status.waiting == status.in_flight == 0


def tries(inboxes: Inboxes, about: str) -> Counter[str]:
    """Return how often each host was tried with what is about an object."""
    return Counter(host for host, uri in inboxes.tried if uri.startswith(about))


async def test_a_clock_put_back_during_a_lease_repeats_nothing(
    sender: Sender, inboxes: Inboxes, hang: asyncio.Event, clock: SetClock
) -> None:
    await sender.tell("Create", NOTE)
    async with sender.delivering():
        await until(lambda: len(tries(inboxes, NOTE)) == len(HOSTS))
        clock.advance(-STEP)
        await sender.tell("Create", OTHER)
        hang.set()
        await until_stored(sender.deps.db, is_over)
    assert tries(inboxes, NOTE) == tries(inboxes, OTHER) == dict.fromkeys(HOSTS, 1)


async def test_what_was_queued_by_a_clock_two_hours_ahead_can_be_sent_at_once(
    sender: Sender, inboxes: Inboxes, hang: asyncio.Event, clock: SetClock
) -> None:
    hang.set()
    await sender.tell("Create", NOTE)
    clock.advance(-STEP)
    await sender.tell("Update", NOTE)  # due before the Create, and yet not sent before it
    await sender.tell("Create", OTHER)
    async with sender.delivering():
        await until(lambda: len(tries(inboxes, OTHER)) == len(HOSTS))
        assert tries(inboxes, NOTE) == {}
        await sender.deps.db.write(deliveries.retry)
        await until_stored(sender.deps.db, is_over)
    for host in HOSTS:
        told = [uri for at, uri in inboxes.taken if at == host and uri.startswith(NOTE)]
        assert told == [f"{NOTE}#create", f"{NOTE}#update"]


async def test_a_clock_put_ahead_during_a_lease_repeats_at_most_what_was_under_way(
    sender: Sender, inboxes: Inboxes, hang: asyncio.Event, clock: SetClock
) -> None:
    await sender.tell("Create", NOTE)
    async with sender.delivering():
        await until(lambda: len(inboxes.taken) == len(HOSTS) - len(HANGING))
        clock.advance(STEP)
        await until(lambda: all(tries(inboxes, NOTE)[host] == 2 for host in HANGING))
        await asyncio.sleep(0.3)  # a storm would show by now
        hang.set()
        await until_stored(sender.deps.db, is_over)
    once = dict.fromkeys(HOSTS, 1)
    assert tries(inboxes, NOTE) == once | dict.fromkeys(HANGING, 2)
    assert len(set(inboxes.taken)) == len(HOSTS)


@pytest.mark.parametrize("step", [STEP, -STEP])
async def test_a_clock_that_is_wrong_takes_nothing_in_until_it_is_put_right(
    world: World, clock: SetClock, step: timedelta
) -> None:
    """401, which others send again later: what they said is late and not lost."""
    chapter = await world.chapter("chapter.test")
    alice = world.mastodon("social.test").member("alice")
    follow = alice.activity("Follow", chapter.uri, uri=f"{alice.uri}#follow")
    body, inbox = json.dumps(follow).encode(), chapter.urls.shared_inbox
    headers = signed_post(alice.key, f"{alice.uri}#main-key", inbox, body, clock.now())
    clock.advance(step)
    assert (await world.network.send("POST", inbox, headers, body)).status_code == 401
    clock.advance(-step)
    assert (await world.network.send("POST", inbox, headers, body)).status_code == 202
    await world.settle()
    assert await chapter.followers() == [alice.uri]
