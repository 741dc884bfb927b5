"""The inboxes of the fan-out, in a process of their own: they answer 202 and note the time.

`python -m benchmarks.sink`, started by `benchmarks.fanout`. A hanging host takes the request
and stays silent; a refusing one has its port taken and listens to nobody.
"""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.certificates import make_contexts
from benchmarks.listening import TAKEN, addresses, bound, listen
from benchmarks.programs import Handlers, free_port, helper

NETWORK = 1


class Sink:
    """What arrived where, and when."""

    def __init__(self, hanging: Sequence[str]) -> None:
        self._hanging = frozenset(hanging)
        self._arrivals: list[tuple[float, str, bytes]] = []

    def answer(self, address: str, line: bytes, _: bytes) -> bytes | None:
        if address in self._hanging:
            return None
        self._arrivals.append((time.monotonic(), address, line))
        return TAKEN

    async def reset(self) -> None:
        self._arrivals.clear()

    async def count(self) -> int:
        return len(self._arrivals)

    async def report(self) -> dict[str, Any]:
        times = [at for at, _, _ in self._arrivals]
        return {
            "arrived": len(times),
            "different": len({(address, line) for _, address, line in self._arrivals}),
            "first": times[0] if times else 0.0,
            "last": times[-1] if times else 0.0,
        }


async def start(hosts: int, dead: bool, tls_folder: str | None) -> Handlers:
    """Listen; with `dead`, every tenth host hangs and every tenth refuses."""
    where, port = addresses(NETWORK, hosts), free_port()
    hanging = where[3::10] if dead else []
    refusing = where[7::10] if dead else []
    for address in refusing:
        _REFUSING.append(bound(address, port))
    sink = Sink(hanging)
    live = [address for address in where if address not in set(refusing)]
    contexts = make_contexts(Path(tls_folder), live) if tls_folder else []
    await listen(live, sink.answer, port=port, tls=contexts)

    async def places() -> dict[str, Any]:
        scheme = "https" if tls_folder else "http"
        return {
            "origins": [f"{scheme}://{address}:{port}" for address in where],
            "live": len(where) - len(hanging) - len(refusing),
        }

    return {"places": places, "reset": sink.reset, "count": sink.count, "report": sink.report}


_REFUSING: list[Any] = []
"""Held as long as the process lives."""

if __name__ == "__main__":
    helper(start)
