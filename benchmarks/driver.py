"""The other side of the inbox benchmark: peers who answer questions and send signed activities.

`python -m benchmarks.driver`, started by `benchmarks.inbox`.
"""

import asyncio
import time
from collections.abc import Sequence
from typing import Any

from benchmarks.figures import percentile
from benchmarks.listening import TAKEN, addresses, listen
from benchmarks.load import Shot, fire
from benchmarks.peers import Peer
from benchmarks.programs import Handlers, helper

NETWORK = 2
ACTORS = 50
AT_ONCE = 32
PATIENCE = 60.0


class Driver:
    """Peers on loopback, and the volleys they send."""

    def __init__(self, port: int, actor: str, post: str) -> None:
        self._port, self._chapter, self._post = port, actor, post
        self._shared_inbox = f"http://127.0.0.1:{port}/inbox"
        self._peers: dict[str, Peer] = {}
        self._listening_on = 0
        self._accepts, self._wanted = 0, 0
        self._last_accept = 0.0
        self._enough = asyncio.Event()

    async def meet(self, count: int) -> list[Peer]:
        """Let that many people move in, each on a server of their own."""
        known = len(self._peers)
        where = addresses(NETWORK, known + count)[known:]
        self._listening_on = await listen(where, self._answer, port=self._listening_on)
        for address in where:
            self._peers[address] = Peer(f"http://{address}:{self._listening_on}")
        return [self._peers[address] for address in where]

    def _answer(self, address: str, line: bytes, body: bytes) -> bytes | None:
        if line.startswith(b"GET"):
            return self._peers[address].document()
        if b'"Accept"' in body:
            self._accepts += 1
            self._last_accept = time.monotonic()
            if self._accepts >= self._wanted:
                self._enough.set()
        return TAKEN

    async def cold(self, count: int) -> dict[str, Any]:
        """Let people nobody has met follow; return when the last Accept has arrived."""
        peers = await self.meet(count)
        requests = [peer.signed(peer.follow(self._chapter), self._shared_inbox) for peer in peers]
        before = self._accepts
        self._wanted = before + count
        self._enough.clear()
        shot = await self._fire(requests)
        async with asyncio.timeout(PATIENCE):
            await self._enough.wait()
        return {
            "statuses": dict(shot.statuses),
            "accepts": self._accepts - before,
            "seconds": self._last_accept - shot.began,
        }

    async def load(self, count: int) -> dict[str, Any]:
        """Let those we know write: of twenty, nine replies, nine posts, two follows."""
        peers = list(self._peers.values())[:ACTORS]
        shot = await self._fire([self._something(peers[n % ACTORS], n) for n in range(count)])
        return {
            "statuses": dict(shot.statuses),
            "began": shot.began,
            "rate": shot.rate,
            "p50": percentile(shot.seconds, 50) * 1000,
            "p99": percentile(shot.seconds, 99) * 1000,
        }

    def _something(self, peer: Peer, number: int) -> bytes:
        # By rounds: each peer writes one kind after the other.
        kind = (number // ACTORS + number) % 20
        if kind >= 18:
            activity = peer.follow(self._chapter)
        else:
            activity = peer.note(self._chapter, self._post if kind < 9 else None)
        return peer.signed(activity, self._shared_inbox)

    async def _fire(self, requests: Sequence[bytes]) -> Shot:
        waiting = iter(requests)
        return await fire(self._port, lambda: next(waiting, None), at_once=AT_ONCE)


async def start(port: int, actor: str, post: str) -> Handlers:
    """Offer the volleys; the chapter listens on `port`."""
    driver = Driver(port, actor, post)
    return {"cold": driver.cold, "load": driver.load}


if __name__ == "__main__":
    helper(start)
