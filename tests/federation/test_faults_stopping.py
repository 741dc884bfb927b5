"""SIGTERM in the middle of a fan-out: the end comes soon, and the next start goes on from there."""

import asyncio
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from sqlalchemy import func, select

from fedi_chapter.domain.event import RsvpMode
from fedi_chapter.services.event_fields import EventFields
from fedi_chapter.services.events import create_event
from fedi_chapter.store import deliveries, outbox, tables
from fedi_chapter.store.tx import ReadTx
from tests.kit.receivers import Receivers
from tests.kit.sending import Sender, until, until_stored
from tests.kit.served import HOST, program

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
EVENTS, HOSTS, INBOXES = 20, 5, 6
PROMISED = 10.0
"""Seconds until a process that was asked to stop is gone."""
LEASE = 60.0


async def _publish(sender: Sender) -> None:
    for number in range(EVENTS):
        fields = EventFields(
            name=f"Tea {number}", start="2099-05-01T19:00", timezone="UTC", rsvp=RsvpMode.OFF
        )
        await sender.deps.db.write(
            lambda tx, new=fields: create_event(tx, sender.actor, new, sender.deps.urls)  # type: ignore[misc]
        )


def _leased(tx: ReadTx) -> int:
    """Return how much somebody still has in hand, in the queue of what happened or goes out."""
    held = (
        select(func.count())
        .select_from(tables.outbox)
        .where(tables.outbox.c.lease_until.is_not(None))
    )
    return int(tx.conn.execute(held).scalar_one()) + deliveries.status(tx).in_flight


def _done(tx: ReadTx) -> int:
    table = tables.deliveries
    done = select(func.count()).select_from(table).where(table.c.state == "done")
    return int(tx.conn.execute(done).scalar_one())


def _all_told(tx: ReadTx) -> bool:
    status = deliveries.status(tx)
    return outbox.waiting(tx) == status.waiting == status.in_flight == 0


@pytest.mark.parametrize("verb", ["worker", "run"])
async def test_a_worker_asked_to_stop_leaves_nothing_half_done(
    database_url: str, tmp_path: Path, rsa_keys: tuple[RSAPrivateKey, RSAPrivateKey], verb: str
) -> None:
    receivers, everything = Receivers(), EVENTS * HOSTS * INBOXES
    async with receivers.following(
        database_url, tmp_path, rsa_keys[0], hosts=HOSTS, inboxes=INBOXES
    ) as (sender, inboxes):
        db = sender.deps.db
        await _publish(sender)
        async with program(verb, database_url, tmp_path) as first:
            await until(lambda: receivers.number_told > 10)
            assert await first.stop() <= PROMISED
        assert receivers.number_told < everything  # else it was not in the middle
        assert await db.read(_leased) == 0
        assert await db.read(_done) == receivers.number_told
        async with program(verb, database_url, tmp_path) as second:
            await until_stored(db, _all_told, seconds=LEASE - 10)
            await second.stop()
    assert receivers.number_told == everything == sum(len(receivers.told[each]) for each in inboxes)
    assert not receivers.again


async def test_neither_silent_servers_nor_open_requests_hold_up_the_end(
    database_url: str, tmp_path: Path, rsa_keys: tuple[RSAPrivateKey, RSAPrivateKey]
) -> None:
    """What a server took without an answer comes again, under the same id; nothing else does."""
    receivers = Receivers()
    receivers.may_answer.clear()
    async with receivers.following(
        database_url, tmp_path, rsa_keys[0], hosts=HOSTS, inboxes=INBOXES
    ) as (sender, _):
        await _publish(sender)
        async with program("run", database_url, tmp_path) as served:
            await until(lambda: receivers.number_told == HOSTS)
            _, writer = await asyncio.open_connection("127.0.0.1", served.port)
            writer.write(
                f"POST /inbox HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 9\r\n\r\n".encode()
            )
            await writer.drain()
            assert await served.stop() <= PROMISED
            writer.close()
        assert await sender.deps.db.read(_leased) == 0
        receivers.may_answer.set()
        async with program("run", database_url, tmp_path) as served:
            await until_stored(sender.deps.db, _all_told, seconds=LEASE - 10)
            await served.stop()
    assert receivers.number_told == EVENTS * HOSTS * INBOXES
    assert receivers.again.total() <= HOSTS
