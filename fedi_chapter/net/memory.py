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


@dataclass(slots=True)
class FetchMemory:
    """Shared flights and waiting times, by name of what is fetched."""

    _flights: dict[str, "asyncio.Task[Any]"] = field(default_factory=dict)
    _closed_until: dict[str, datetime] = field(default_factory=dict)

    def is_closed(self, name: str, now: datetime) -> bool:
        """Tell whether `name` must not be fetched yet."""
        until = self._closed_until.get(name)
        return until is not None and now < until

    def close(self, name: str, now: datetime, length: timedelta) -> None:
        """Leave `name` alone for `length`; the oldest entries are forgotten when there are many."""
        self._closed_until.pop(name, None)
        self._closed_until[name] = now + length
        if len(self._closed_until) > MOST_REMEMBERED:
            del self._closed_until[next(iter(self._closed_until))]

    async def once(self, name: str, fetch: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run `fetch`, or wait for the one that is under way under the same `name`."""
        flight: asyncio.Task[T] | None = self._flights.get(name)
        if flight is None:
            flight = asyncio.create_task(fetch())
            self._flights[name] = flight
            flight.add_done_callback(lambda _: self._flights.pop(name, None))
        return await asyncio.shield(flight)
