"""Inboxes that hear from real processes, and a chapter that they follow.

Used by the tests of crashes and faults. A receiver keeps what a correct one would: each activity
once, and of each thing what was said of it last.
"""

import asyncio
import json
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from fedi_chapter.core.clock import SystemClock
from fedi_chapter.core.ids import RandomIds
from fedi_chapter.store.engine import open_database
from tests.kit.sending import Inboxes, Sender, found_sender


class Receivers:
    """Inboxes behind real sockets; an activity id counts once, as at a correct receiver."""

    def __init__(self) -> None:
        self.told: dict[str, dict[str, str]] = defaultdict(dict)
        """By inbox: ids of activities in the order they first came, and their types."""
        self.shown: dict[str, dict[str, str | None]] = defaultdict(dict)
        """By inbox: what its people read under the id of a thing; None once it was deleted."""
        self.again: Counter[tuple[str, str]] = Counter()
        """How often an inbox got an activity that it had before."""
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    @asynccontextmanager
    async def at_a_port(self) -> AsyncIterator[str]:
        """Listen at a port of its own; return the address."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                lines = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if line)
                if head.startswith("POST"):
                    body = await reader.readexactly(int(lines["content-length"]))
                    self._take(f"{lines['host']}{head.split()[1]}", json.loads(body))
                    await self.may_answer.wait()
                    writer.write(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")
                else:  # what software this is: no fediverse server that we know
                    writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()  # the worker was killed

    def _take(self, inbox: str, activity: dict[str, object]) -> None:
        uri, thing = str(activity["id"]), activity["object"]
        if uri in self.told[inbox]:
            self.again[inbox, uri] += 1
            return
        self.told[inbox][uri] = str(activity["type"])
        if activity["type"] == "Delete":
            gone = thing["id"] if isinstance(thing, dict) else thing
            self.shown[inbox][str(gone)] = None
        elif isinstance(thing, dict):
            self.shown[inbox][str(thing["id"])] = str(thing.get("content"))

    @property
    def number_told(self) -> int:
        """How many activities came, each counted once for an inbox."""
        return sum(len(told) for told in self.told.values())

    @asynccontextmanager
    async def following(
        self, url: str, data: Path, key: RSAPrivateKey, *, hosts: int, inboxes: int
    ) -> AsyncIterator[tuple[Sender, list[str]]]:
        """Follow a new chapter at so many hosts; return it with the inboxes as they are told."""
        clock, ids = SystemClock(), RandomIds()
        db = open_database(url, clock=clock, ids=ids)
        async with AsyncExitStack() as stack:
            stack.push_async_callback(db.close)
            bases = [await stack.enter_async_context(self.at_a_port()) for _ in range(hosts)]
            sender = await found_sender(db, data, key, clock=clock, ids=ids, poster=Inboxes())
            named = [f"{base}/{number}" for base in bases for number in range(inboxes)]
            await sender.followed_by(*named)
            yield sender, [inbox.removeprefix("http://") for inbox in named]
