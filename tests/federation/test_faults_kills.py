"""kill -9 of whoever publishes and of whoever delivers, again and again, at any moment.

A short plan by default. The long one, 200 kills while 50 events go to 1,000 inboxes, takes a
quarter of an hour for each database; `-rP` shows what came of it:

    KILLS=200 EVENTS=50 HOSTS=100 .venv/bin/python -m pytest -v -rP -o faulthandler_timeout=3600 \
        tests/federation/test_faults_kills.py
"""

import asyncio
import os
import random
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from sqlite3 import connect

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from sqlalchemy import select

from fedi_chapter.domain.event import EventId
from fedi_chapter.store import deliveries, outbox, tables
from fedi_chapter.store.engine import parse, sqlite_file
from fedi_chapter.store.tx import ReadTx
from fedi_chapter.workers.delivery import Pace
from tests.kit.mortal import Mortal, mortal
from tests.kit.publishing_process import publishing
from tests.kit.receivers import Receivers
from tests.kit.sending import Sender, until_stored
from tests.kit.sending_worker import sending

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
KILLS = int(os.environ.get("KILLS", "12"))
EVENTS = int(os.environ.get("EVENTS", "6"))
HOSTS, INBOXES_OF_HOST = int(os.environ.get("HOSTS", "10")), 10


@dataclass
class Kills:
    """How many processes were killed, of those that are to be."""

    planned: int
    chance: random.Random
    done: int = 0

    @property
    def are_over(self) -> bool:
        return self.done >= self.planned


@dataclass
class Organizer:
    """Has events to publish, rename and delete, and asks again when no answer came."""

    number: int
    kills: Kills
    ids: dict[int, str] = field(default_factory=dict)
    renamed: set[int] = field(default_factory=set)
    deleted: set[int] = field(default_factory=set)

    def wishes(self) -> "list[tuple[str, int]]":
        """Every event is published; each third is renamed later, each sixth deleted then."""
        made = [("create", event) for event in range(self.number)]
        moved = [("rename", event) for event in range(0, self.number, 3)]
        return made + moved + [("delete", event) for event in range(0, self.number, 6)]

    async def work(self, *process: str) -> None:
        """Have every wish fulfilled, spread over the kills, by processes that are killed."""
        wishes = self.wishes()
        total, left = len(wishes), list(wishes)
        while left or not self.kills.are_over:
            async with mortal(publishing, *process) as running:
                killed = self._kill_soon(running)
                while left and self.kills.done >= (total - len(left)) * self.kills.planned // total:
                    if not await self._fulfil(running, *left[0]):
                        break
                    left.pop(0)
                if killed:
                    await running.end()
                    self.kills.done += 1

    def _kill_soon(self, running: Mortal) -> bool:
        if self.kills.are_over:
            return False
        pause = self.kills.chance.uniform(0, 0.1)
        asyncio.get_running_loop().call_later(pause, running.kill)
        return True

    async def _fulfil(self, running: Mortal, wish: str, event: int) -> bool:
        """Ask for one thing; tell whether it was answered, which is after its commit."""
        words = {
            "create": f"create Tea-{event}",
            "rename": f"rename {self.ids.get(event)} Cake-{event}",
            "delete": f"delete {self.ids.get(event)}",
        }
        answer = await running.ask(words[wish])
        if answer is None:
            return False
        self.ids[event] = answer
        if wish != "create":
            (self.renamed if wish == "rename" else self.deleted).add(event)
        return True


async def _kill_workers(kills: Kills, *process: str) -> None:
    while not kills.are_over:
        async with mortal(sending, *process):
            await asyncio.sleep(kills.chance.uniform(0.02, 1.0))
        kills.done += 1


def _all_told(tx: ReadTx) -> bool:
    status = deliveries.status(tx)
    return outbox.waiting(tx) == status.waiting == status.in_flight == 0


def _in_the_database(tx: ReadTx) -> dict[str, str | None]:
    """Return the name of every event, None for those that were deleted."""
    table = tables.events
    rows = tx.conn.execute(select(table.c.id, table.c.name, table.c.deleted_at))
    return {row.id: None if row.deleted_at else row.name for row in rows}


async def test_nothing_is_lost_whoever_is_killed_at_any_moment(
    database_url: str, tmp_path: Path, rsa_keys: tuple[RSAPrivateKey, RSAPrivateKey]
) -> None:
    """What was answered is done, what is in the database is told, and twice only what flew."""
    receivers, kills, began = Receivers(), Kills(KILLS, random.Random(7)), time.monotonic()
    organizer, process = Organizer(EVENTS, kills), (database_url, str(tmp_path))
    async with receivers.following(
        database_url, tmp_path, rsa_keys[0], hosts=HOSTS, inboxes=INBOXES_OF_HOST
    ) as (sender, inboxes):
        async with asyncio.TaskGroup() as group:
            group.create_task(_kill_workers(kills, *process))
            group.create_task(organizer.work(*process))
        async with mortal(sending, *process):
            await until_stored(sender.deps.db, _all_told, seconds=60 + EVENTS * len(inboxes) / 20)
        failed = (await sender.deps.db.read(deliveries.status)).failed
        names = await sender.deps.db.read(_in_the_database)
    lost = _without_the_final_state(receivers, inboxes, names, sender)
    twice, in_flight = receivers.again.total(), min(Pace().batch, Pace().per_host * HOSTS)
    took = round(time.monotonic() - began)
    sys.stdout.write(
        f"{kills.done} kills, {len(names)} events to {len(inboxes)} inboxes, "
        f"{receivers.number_told} told, {len(lost)} lost, {twice} "
        f"twice (at most {max(receivers.again.values(), default=0) + 1} times one), {took} s\n"
    )
    _check_what_was_answered(organizer, names)
    assert (failed, lost) == (0, [])
    assert twice <= in_flight * kills.done
    _check_integrity(database_url)


def _without_the_final_state(
    receivers: Receivers, inboxes: Sequence[str], names: dict[str, str | None], sender: Sender
) -> list[str]:
    """Return what is otherwise at an inbox than in the database."""
    wrong = []
    for event, name in names.items():
        face = sender.deps.urls.face(EventId(event))
        for inbox in inboxes:
            read = receivers.shown[inbox].get(face, "nothing")
            is_right = read is None if name is None else name in unescape(read or "")
            if not is_right:
                wrong.append(f"{inbox}: {name}, but reads {read}")
    return wrong


def _check_what_was_answered(organizer: Organizer, names: dict[str, str | None]) -> None:
    for event, uri in organizer.ids.items():
        kept = f"Cake-{event}" if event in organizer.renamed else f"Tea-{event}"
        assert names[uri] == (None if event in organizer.deleted else kept)
    assert len(organizer.ids) == EVENTS


def _check_integrity(database_url: str) -> None:
    if database_url.startswith("sqlite"):
        with closing(connect(sqlite_file(parse(database_url)))) as conn:
            assert conn.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
