"""Several processes write one SQLite file at the same time, and nobody hears of a lock."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from time import monotonic

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from sqlalchemy import select

from fedi_chapter.store import deliveries, inbox, outbox, tables
from fedi_chapter.store.tx import ReadTx
from tests.kit.databases import Databases
from tests.kit.mortal import Mortal, mortal
from tests.kit.publishing_process import publishing
from tests.kit.receivers import Receivers
from tests.kit.sending import until_stored
from tests.kit.served import Peer, program, visiting

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
HOSTS, INBOXES, TURNS = 4, 5, 25


def _nothing_waits(tx: ReadTx) -> bool:
    status = deliveries.status(tx)
    return inbox.waiting(tx) == outbox.waiting(tx) == status.waiting == status.in_flight == 0


def _likes(tx: ReadTx) -> set[str]:
    return set(tx.conn.execute(select(tables.inbox.c.activity_id)).scalars())


async def _each_in(seconds: list[float], number: int, do: Callable[[int], Awaitable[None]]) -> None:
    """Do something so many times, one after the other, and note how long each took."""
    for turn in range(number):
        began = monotonic()
        await do(turn)
        seconds.append(monotonic() - began)


async def _publish(organizer: Mortal, turn: int) -> None:
    assert await organizer.ask(f"create Tea-{turn}") is not None


async def _like(peer: Peer, client: httpx.AsyncClient, turn: int) -> None:
    answer = await peer.likes(client, turn)
    assert answer.status_code == 202, answer.text


@pytest.mark.parametrize("halves", [("web", "worker"), ("run", "worker")])
async def test_four_processes_write_one_file_and_everyone_is_served(
    databases: Databases,
    tmp_path: Path,
    rsa_keys: tuple[RSAPrivateKey, RSAPrivateKey],
    halves: tuple[str, str],
) -> None:
    """Two serve the chapter, two publish; others write to the inbox. Nobody is told twice."""
    url, peer, receivers = databases.sqlite(), Peer(rsa_keys[1]), Receivers()
    seconds, process = list[float](), (publishing, url, str(tmp_path))
    async with receivers.following(url, tmp_path, rsa_keys[0], hosts=HOSTS, inboxes=INBOXES) as (
        sender,
        inboxes,
    ):
        await sender.deps.db.write(peer.known)
        async with (
            program(halves[0], url, tmp_path) as served,
            program(halves[1], url, tmp_path) as second,
            visiting(served) as client,
            mortal(*process) as ada,
            mortal(*process) as ben,
        ):
            await asyncio.gather(
                _each_in(seconds, TURNS, lambda turn: _publish(ada, turn)),
                _each_in(seconds, TURNS, lambda turn: _publish(ben, turn)),
                _each_in(seconds, TURNS, lambda turn: _like(peer, client, turn)),
            )
            await until_stored(sender.deps.db, _nothing_waits)
            for half in (served, second):
                await half.stop()
                assert not half.said("lock")
        assert await sender.deps.db.read(_likes) == {peer.like(turn) for turn in range(TURNS)}
    assert [len(receivers.told[each]) for each in inboxes] == [2 * TURNS] * len(inboxes)
    assert not receivers.again
    seconds.sort()
    late = seconds[int(len(seconds) * 0.99)]
    sys.stdout.write(f"{len(seconds)} writes, p99 {late:.2f} s, the last {seconds[-1]:.2f} s\n")
