"""An event loop without waiting: its clock leaps to the next timer when there is nothing to do.

For tests of what waits, where nothing comes from a socket or a thread: seconds pass at once, in
their order, whatever the machine's pace. A module asks for it with

    anyio_backend = leaping.anyio_backend
"""

import asyncio
from typing import Any

import pytest


class LeapingLoop(asyncio.SelectorEventLoop):
    """Its time stands still while there is work, and passes at once while there is none."""

    _now = 0.0

    def time(self) -> float:
        """Return the seconds that have passed in the tests' time."""
        return self._now

    def _run_once(self) -> None:
        timers: list[asyncio.TimerHandle] = self._scheduled  # type: ignore[attr-defined]
        due = [each.when() for each in timers if not each.cancelled()]
        if due and not self._ready:  # type: ignore[attr-defined]
            self._now = max(self._now, min(due))
        super()._run_once()  # type: ignore[misc]


@pytest.fixture(scope="module")
def anyio_backend() -> tuple[str, dict[str, Any]]:
    return "asyncio", {"loop_factory": LeapingLoop}
