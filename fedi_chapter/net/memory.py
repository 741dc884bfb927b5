"""What a process remembers of its fetches: those under way, and those not to be repeated yet.

Called by `federation.remote_actors`. A lost memory only costs a fetch, so it lives in the
process and is bounded; what must survive lives in the database.
"""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

T = TypeVar("T")

MOST_REMEMBERED = 10_000
SHORTEST_REST, LONGEST_REST = timedelta(seconds=30), timedelta(minutes=10)
"""How long what failed is left alone: twice as long after each failure, until it succeeds."""


@dataclass(slots=True)
class FetchMemory:
    """Shared flights and waiting times, by name of what is fetched."""

    _flights: dict[str, "asyncio.Task[Any]"] = field(default_factory=dict)
    _closed_until: dict[str, tuple[datetime, str]] = field(default_factory=dict)
    _rests: dict[str, timedelta] = field(default_factory=dict)

    def is_closed(self, name: str, now: datetime) -> bool:
        """Tell whether `name` must not be fetched yet."""
        return self.why_closed(name, now) is not None

    def why_closed(self, name: str, now: datetime) -> str | None:
        """Return why `name` must not be fetched yet; None when it may be."""
        until, why = self._closed_until.get(name, (now, ""))
        return why if now < until else None

    def close(self, name: str, now: datetime, length: timedelta, why: str = "") -> None:
        """Leave `name` alone for `length`; the oldest entries are forgotten when there are many."""
        _put(self._closed_until, name, (now + length, why))

    def failed(self, name: str, now: datetime) -> None:
        """Leave `name` alone for half a minute, or twice as long as after its last failure."""
        if self.is_closed(name, now):
            return  # others were on their way when it failed: that counts once
        before = self._rests.get(name, SHORTEST_REST / 2)
        _put(self._rests, name, min(before * 2, LONGEST_REST))
        self.close(name, now, self._rests[name])

    def succeeded(self, name: str) -> None:
        """Forget that `name` failed."""
        self._rests.pop(name, None)
        self._closed_until.pop(name, None)

    async def once(self, name: str, fetch: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run `fetch`, or wait for the one that is under way under the same `name`."""
        flight: asyncio.Task[T] | None = self._flights.get(name)
        if flight is None:
            flight = asyncio.create_task(fetch())
            self._flights[name] = flight
            flight.add_done_callback(lambda _: self._flights.pop(name, None))
        return await asyncio.shield(flight)


def _put(kept: dict[str, T], name: str, value: T) -> None:
    """Keep `value` as the newest; the oldest goes when there are too many."""
    kept.pop(name, None)
    kept[name] = value
    if len(kept) > MOST_REMEMBERED:
        del kept[next(iter(kept))]
