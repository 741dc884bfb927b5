"""A load generator as thin as it can be: kept connections, one request at a time on each.

`fire` is called by the inbox driver; `python -m benchmarks.load` is the same in a process of
its own, for the read benchmark.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from benchmarks.listening import length_in
from benchmarks.programs import Handlers, helper

Next = Callable[[], bytes | None]
"""The next request to send, or None when it is over."""


@dataclass(slots=True)
class Shot:
    """What came of a volley."""

    began: float
    ended: float = 0.0
    statuses: Counter[int] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return len(self.seconds) / (self.ended - self.began)


class _Gun(asyncio.Protocol):
    """One connection: sends the next request when the answer to the last one is whole."""

    def __init__(self, shot: Shot, next_request: Next) -> None:
        self._shot, self._next = shot, next_request
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._transport: Any = None
        self._read, self._sent = b"", 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._send()

    def data_received(self, data: bytes) -> None:
        self._read += data
        end = self._read.find(b"\r\n\r\n")
        if end < 0 or len(self._read) < end + 4 + length_in(self._read[:end]):
            return
        self._shot.ended = time.monotonic()
        self._shot.seconds.append(self._shot.ended - self._sent)
        self._shot.statuses[int(self._read[9:12])] += 1
        self._read = b""
        self._send()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.over.done():
            self.over.set_exception(error or ConnectionError("the server hung up"))

    def _send(self) -> None:
        request = self._next()
        if request is None:
            self.over.set_result(None)
            self._transport.close()
            return
        self._sent = time.monotonic()
        self._transport.write(request)


async def fire(port: int, next_request: Next, *, at_once: int) -> Shot:
    """Send until `next_request` has no more, on `at_once` connections."""
    loop, shot = asyncio.get_running_loop(), Shot(time.monotonic())
    guns = [
        (await loop.create_connection(lambda: _Gun(shot, next_request), "127.0.0.1", port))[1]
        for _ in range(at_once)
    ]
    await asyncio.gather(*(gun.over for gun in guns))
    return shot


async def start() -> Handlers:
    """Offer the volley that asks one thing again and again for some seconds."""

    async def volley(port: int, request: str, seconds: float, at_once: int) -> dict[str, Any]:
        stop, asked = time.monotonic() + seconds, request.encode()
        shot = await fire(port, lambda: asked if time.monotonic() < stop else None, at_once=at_once)
        statuses = dict(shot.statuses)
        return {"rate": shot.rate, "count": len(shot.seconds), "statuses": statuses}

    return {"volley": volley}


if __name__ == "__main__":
    helper(start)
