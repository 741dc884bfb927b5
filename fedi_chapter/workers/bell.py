"""What wakes an idle loop before its next look at the database.

Rung by the supervisor when the data changed, waited for by `workers.loop` and the delivery
loop. It carries no message: the queue in the database says what there is to do.
"""

import asyncio
import contextlib


class Bell:
    """A bell for one loop. A ring while nobody waits is heard by the next wait."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """Wake the loop that waits, or the next one that would."""
        self._rung.set()

    async def wait(self, seconds: float) -> None:
        """Return when rung, at the latest after `seconds`."""
        await pause(self._rung, seconds)
        self._rung.clear()


async def pause(unless: asyncio.Event, seconds: float) -> None:
    """Wait for `seconds`, or until the event is set."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await unless.wait()
