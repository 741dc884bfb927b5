"""Those who flood the inbox: peers we know, strangers that delete themselves, one quiet host.

`python -m benchmarks.flood_senders`, started by `benchmarks.flood`. All that is sent is signed
beforehand, so that signing takes nothing from the chapter while the flood lasts.
"""

import asyncio
import itertools
import re
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from benchmarks.driver import ACTORS, Driver
from benchmarks.figures import percentile
from benchmarks.listening import length_in
from benchmarks.peers import PUBLIC, Peer
from benchmarks.programs import Handlers, helper

LINES = 64
"""Connections of a flood with a pace; each sends the next request after its last answer."""
SIGNERS = 2
FOLLOWS_EVERY = 2.0
"""Seconds between two follows of the quiet host."""
BUSY = frozenset({429, 503})
_FOLLOWED = re.compile(rb'/follows/(\d+)"')
Sent = tuple[str, bytes]
"""The host that sends it, and the whole request."""


@dataclass(slots=True)
class Tally:
    """What came of a flood, by host."""

    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    without_a_time: int = 0
    """Refusals that did not say when to come back."""

    def note(self, host: str, status: int, head: bytes, seconds: float) -> None:
        self.statuses[host, status] += 1
        self.seconds.append(seconds)
        if status in BUSY and b"\r\nretry-after: " not in head.lower():
            self.without_a_time += 1


class _Line(asyncio.Protocol):
    """A connection: one request, one answer, the next request."""

    def __init__(self) -> None:
        self._transport: Any = None
        self._read = b""
        self._answer: asyncio.Future[bytes] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._read += data
        end = self._read.find(b"\r\n\r\n")
        whole = end >= 0 and len(self._read) >= end + 4 + length_in(self._read[:end])
        if whole and self._answer is not None:
            self._answer.set_result(self._read[:end])
            self._read = b""

    def connection_lost(self, error: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error or ConnectionError("the server hung up"))

    async def ask(self, request: bytes) -> bytes:
        """Send one request and return the head of its answer."""
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answer

    def close(self) -> None:
        self._transport.close()


class Senders(Driver):
    """The flood of many hosts, of one, of farewells, and the quiet one beside it."""

    def __init__(self, port: int, actor: str, post: str, aside: int) -> None:
        super().__init__(port, actor, post)
        self._aside = aside
        self._ready: deque[Sent] = deque()
        self._quiet: Peer | None = None
        self._asked_at: dict[int, float] = {}
        self._waited: list[float] = []

    def _answer(self, address: str, line: bytes, body: bytes) -> bytes | None:
        found = _FOLLOWED.search(body) if b'"Accept"' in body else None
        if found and int(found[1]) in self._asked_at:
            self._waited.append(time.monotonic() - self._asked_at.pop(int(found[1])))
        return super()._answer(address, line, body)

    async def introduce(self) -> None:
        """Let the fifty, and the quiet one, become known."""
        await self.cold(ACTORS + 1)
        self._quiet = list(self._peers.values())[ACTORS]

    async def sign(self, kind: str, count: int) -> None:
        """Sign so many requests of a kind, and keep them for the next flood."""
        peers = list(self._peers.values())[:ACTORS]
        make = {
            "crowd": lambda number: self._of(peers[number % ACTORS], number),
            "one": lambda number: self._of(peers[0], number * ACTORS),
            "half by one": lambda number: self._of(
                peers[0 if number % 2 else -(number % ACTORS)], number
            ),
            "farewells": self._farewell,
        }[kind]
        with ThreadPoolExecutor(SIGNERS) as signers:
            self._ready = deque(
                await asyncio.to_thread(lambda: list(signers.map(make, range(count))))
            )

    def _of(self, peer: Peer, number: int) -> Sent:
        return peer.base, self._something(peer, number)

    def _farewell(self, number: int) -> Sent:
        peer = Peer(f"http://127.9.0.1:{self._listening_on}", f"gone{number}-{time.monotonic_ns()}")
        delete = {
            "@context": "https://www.w3.org/ns/activitystreams",
            "id": f"{peer.uri}#delete",
            "type": "Delete",
            "actor": peer.uri,
            "object": peer.uri,
            "to": [PUBLIC],
        }
        return peer.base, peer.signed(delete, self._shared_inbox)

    async def paced(self, rate: float, seconds: float) -> dict[str, Any]:
        """Send so many in a second, whatever is answered."""
        began = time.monotonic()
        times = (began + number / rate for number in itertools.count())
        return await self._flood(seconds, LINES, self._port, times, again=False)

    async def siege(self, seconds: float, at_once: int, *, aside: bool = False) -> dict[str, Any]:
        """Send as fast as we are answered; who is told to come back does so at once.

        `aside`: at another program on this machine, which says no to everything.
        """
        port = self._aside if aside else self._port
        return await self._flood(seconds, at_once, port, itertools.repeat(0.0), again=True)

    async def _flood(
        self, seconds: float, lines: int, port: int, times: Iterator[float], *, again: bool
    ) -> dict[str, Any]:
        tally, began = Tally(), time.monotonic()
        stop = began + seconds
        loop = asyncio.get_running_loop()
        self._asked_at.clear()
        self._waited.clear()

        async def send() -> None:
            _, line = await loop.create_connection(_Line, "127.0.0.1", port)
            while (due := next(times)) < stop and (asked := time.monotonic()) < stop:
                if due > asked:
                    await asyncio.sleep(due - asked)
                    asked = time.monotonic()
                if not self._ready:
                    break
                host, request = sent = self._ready.popleft()
                head = await line.ask(request)
                status = int(head[9:12])
                tally.note(host, status, head, time.monotonic() - asked)
                if again and status != 202:
                    self._ready.append(sent)
            line.close()

        async with asyncio.TaskGroup() as group:
            following = group.create_task(self._follow_now_and_then(stop, aside=port != self._port))
            for _ in range(lines):
                group.create_task(send())
        del following
        return self._report(tally, time.monotonic() - began)

    async def _follow_now_and_then(self, stop: float, *, aside: bool) -> None:
        """Let the quiet host follow; the flood is not to keep its Accepts from it."""
        peer = self._quiet
        if peer is None or aside:
            return
        _, line = await asyncio.get_running_loop().create_connection(_Line, "127.0.0.1", self._port)
        while time.monotonic() < stop:
            follow = peer.follow(self._chapter)
            number = int(str(follow["id"]).rpartition("/")[2])
            self._asked_at[number] = time.monotonic()
            if b" 202 " not in (await line.ask(peer.signed(follow, self._shared_inbox)))[:20]:
                del self._asked_at[number]
            await asyncio.sleep(FOLLOWS_EVERY)
        line.close()

    def _report(self, tally: Tally, seconds: float) -> dict[str, Any]:
        loud = next(iter(self._peers.values())).base

        def many(taken: Callable[[str, int], bool]) -> int:
            return sum(n for key, n in tally.statuses.items() if taken(*key))

        return {
            "asked": many(lambda _, __: True) / seconds,
            "taken": many(lambda _, status: status == 202) / seconds,
            "refused": many(lambda _, status: status in BUSY) / seconds,
            "others taken": many(lambda host, status: host != loud and status == 202),
            "loud taken": many(lambda host, status: host == loud and status == 202),
            "else": many(lambda _, status: status != 202 and status not in BUSY),
            "without a time": tally.without_a_time,
            "p99": percentile(tally.seconds, 99) * 1000,
            "left": len(self._ready),
        }

    async def waited(self) -> dict[str, Any]:
        """Tell how long the quiet host waited for its Accepts, and how many are outstanding."""
        return {"seconds": self._waited, "missing": len(self._asked_at)}


async def start(port: int, actor: str, post: str, aside: int) -> Handlers:
    """Offer the floods; the chapter listens on `port`, the other program on `aside`."""
    senders = Senders(port, actor, post, aside)
    return {
        "introduce": senders.introduce,
        "sign": senders.sign,
        "paced": senders.paced,
        "siege": senders.siege,
        "waited": senders.waited,
    }


if __name__ == "__main__":
    helper(start)
