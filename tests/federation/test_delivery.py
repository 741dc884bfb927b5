"""What is queued arrives, in order, and nobody who fails holds the others up."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from fedi_chapter.core.clock import SetClock
from fedi_chapter.core.errors import Unreachable, UnsafeAddress
from fedi_chapter.domain.delivery import DeliveryState
from fedi_chapter.net.post import Posted
from fedi_chapter.store import deliveries, hosts
from fedi_chapter.store.tx import Database, ReadTx
from tests.kit.ids import CountedIds
from tests.kit.sending import (
    QUICK,
    Inboxes,
    Sender,
    found_sender,
    until,
    until_stored,
)

pytestmark = pytest.mark.anyio
NOTE = "https://chapter.test/posts/1"


@pytest.fixture
def inboxes() -> Inboxes:
    return Inboxes()


@pytest.fixture
async def sender(
    db: Database,
    tmp_path: Path,
    rsa_keys: tuple[RSAPrivateKey, RSAPrivateKey],
    clock: SetClock,
    ids: CountedIds,
    inboxes: Inboxes,
) -> Sender:
    return await found_sender(db, tmp_path, rsa_keys[0], clock=clock, ids=ids, poster=inboxes)


def _hosts(number: int, name: str = "host") -> list[str]:
    return [f"{name}-{each}.test" for each in range(number)]


def _inboxes(names: list[str]) -> list[str]:
    return [f"https://{name}/inbox" for name in names]


async def _ended(sender: Sender) -> None:
    """Wait until nothing waits or is on its way."""

    def check(tx: ReadTx) -> bool:
        status = deliveries.status(tx)
        return status.waiting + status.in_flight == 0

    await until_stored(sender.deps.db, check)


async def _recorded(sender: Sender, status: int | None, number: int = 1) -> None:
    """Wait until that many deliveries wait again after an answer."""

    def check(tx: ReadTx) -> bool:
        found = deliveries.listing(tx, state=DeliveryState.WAITING)
        return len([each for each in found if each.attempts and each.status == status]) >= number

    await until_stored(sender.deps.db, check)


async def test_every_inbox_gets_the_activity_once(sender: Sender, inboxes: Inboxes) -> None:
    await sender.followed_by(*_inboxes(_hosts(60)))
    uri = await sender.tell("Create", NOTE)
    async with sender.delivering():
        await _ended(sender)
    assert sorted(inboxes.taken) == sorted((host, uri) for host in _hosts(60))
    assert sender.deps.metrics.counts["delivery.done"] == 60


async def test_create_comes_before_update_before_delete_also_under_retries(
    sender: Sender, inboxes: Inboxes, clock: SetClock
) -> None:
    inboxes.answers["host-0.test"] = [Unreachable(), 503, 401, 401, 202]
    await sender.followed_by(*_inboxes(_hosts(2)))
    told = [await sender.tell(kind, NOTE) for kind in ("Create", "Update", "Delete")]
    # The clock leaps, but no lease may run out under it: that alone would deliver twice.
    async with sender.delivering(replace(QUICK, lease=timedelta(days=300))):
        while len(inboxes.taken) < 6:
            await asyncio.sleep(0.02)
            clock.advance(timedelta(minutes=20))
        await _ended(sender)
    for host in _hosts(2):
        assert [uri for name, uri in inboxes.taken if name == host] == told


async def test_a_failing_host_rests_as_a_whole(
    sender: Sender, inboxes: Inboxes, clock: SetClock
) -> None:
    inboxes.answers["dead.test"] = [Unreachable()]
    await sender.followed_by("https://dead.test/inbox")
    for number in range(20):
        await sender.tell("Create", f"{NOTE}{number}")
    async with sender.delivering():
        await _recorded(sender, None)
        tried = inboxes.count("dead.test")
        await sender.tell("Create", f"{NOTE}-new")
        await asyncio.sleep(0.7)
        assert inboxes.count("dead.test") == tried <= QUICK.per_host
        clock.advance(timedelta(minutes=2))
        await until(lambda: inboxes.count("dead.test") > tried)
    host = await sender.deps.db.read(lambda tx: hosts.get(tx, "dead.test"))
    assert host
    assert host.failing_since is not None


async def test_a_host_that_is_back_gets_everything(
    sender: Sender, inboxes: Inboxes, clock: SetClock
) -> None:
    inboxes.answers["dead.test"] = [Unreachable()]
    await sender.followed_by("https://dead.test/inbox")
    told = [await sender.tell("Create", f"{NOTE}{number}") for number in range(10)]
    async with sender.delivering():
        await _recorded(sender, None)
        clock.advance(timedelta(days=2))
        inboxes.answers["dead.test"] = [202]
        await _ended(sender)
    assert sorted(uri for _, uri in inboxes.taken) == sorted(told)


async def test_retry_after_lets_the_host_rest_that_long(
    sender: Sender, inboxes: Inboxes, clock: SetClock
) -> None:
    inboxes.answers["busy.test"] = [Posted(503, retry_after=36_000.0), 202]
    await sender.followed_by("https://busy.test/inbox")
    await sender.tell("Create", NOTE)
    async with sender.delivering():
        await _recorded(sender, 503)
        clock.advance(timedelta(hours=9))
        await asyncio.sleep(0.6)
        assert inboxes.count("busy.test") == 1
        clock.advance(timedelta(hours=2))
        await _ended(sender)
    assert inboxes.count("busy.test") == 2


@pytest.mark.parametrize("status", [403, 404, 410, 413])
async def test_a_refusal_for_good_is_not_repeated(
    sender: Sender, inboxes: Inboxes, status: int
) -> None:
    inboxes.answers["no.test"] = [status]
    await sender.followed_by("https://no.test/inbox")
    await sender.tell("Create", NOTE)
    async with sender.delivering():
        await _ended(sender)
    (failed,) = await sender.deps.db.read(
        lambda tx: deliveries.listing(tx, state=DeliveryState.FAILED)
    )
    assert failed.status == status
    assert inboxes.count("no.test") == 1


async def test_an_unsafe_address_is_given_up(sender: Sender, inboxes: Inboxes) -> None:
    class Guarding(Inboxes):
        async def post(self, *_: object, **__: object) -> Posted:
            raise UnsafeAddress("a private address")

    await sender.followed_by("https://inside.test/inbox")
    await sender.tell("Create", NOTE)
    object.__setattr__(sender.deps, "poster", Guarding())
    async with sender.delivering():
        await _ended(sender)
    (failed,) = await sender.deps.db.read(deliveries.listing)
    assert failed.error == "a private address"


async def test_the_other_scheme_is_tried_at_once_and_remembered(
    sender: Sender, inboxes: Inboxes
) -> None:
    inboxes.answers["new.test"] = [401, 202]
    await sender.followed_by("https://new.test/inbox")
    await sender.tell("Create", NOTE)
    async with sender.delivering():
        await _ended(sender)
        await sender.tell("Create", f"{NOTE}2")
        await _ended(sender)
    assert inboxes.schemes == ["cavage", "rfc9421", "rfc9421"]


async def test_a_host_that_no_longer_reads_rfc9421_gets_the_older_scheme(
    sender: Sender, inboxes: Inboxes
) -> None:
    inboxes.answers["gancio.test"] = [401, 202, 500, 202]
    await sender.followed_by("https://gancio.test/inbox")
    await sender.tell("Create", NOTE)
    async with sender.delivering():
        await _ended(sender)
        await sender.tell("Create", f"{NOTE}2")
        await _ended(sender)
    assert inboxes.schemes == ["cavage", "rfc9421", "rfc9421", "cavage"]
    host = await sender.deps.db.read(lambda tx: hosts.get(tx, "gancio.test"))
    assert host
    assert host.scheme == "cavage"


async def test_hosts_that_hang_do_not_hold_up_those_that_answer(
    sender: Sender, inboxes: Inboxes
) -> None:
    for host in _hosts(20, "hanging"):
        inboxes.answers[host] = [asyncio.Event()]
    await sender.followed_by(*_inboxes(_hosts(20, "hanging")), *_inboxes(_hosts(60)))
    await sender.tell("Create", NOTE)
    async with sender.delivering(replace(QUICK, fast=4, slow=64, patience=0.02)):
        await until(lambda: len(inboxes.taken) == 60)
    assert {host for host, _ in inboxes.taken} == set(_hosts(60))


async def test_stopping_gives_back_what_was_not_answered(sender: Sender, inboxes: Inboxes) -> None:
    inboxes.answers["hanging.test"] = [asyncio.Event()]
    await sender.followed_by("https://hanging.test/inbox", "https://quick.test/inbox")
    await sender.tell("Create", NOTE)
    async with sender.delivering():
        await until(lambda: len(inboxes.tried) == 2)
    status = await sender.deps.db.read(deliveries.status)
    assert (status.waiting, status.in_flight, status.failed) == (1, 0, 0)
    inboxes.answers.clear()
    async with sender.delivering():
        await _ended(sender)
    assert {host for host, _ in inboxes.taken} == {"hanging.test", "quick.test"}
