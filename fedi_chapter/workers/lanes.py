"""Two lanes for posts: a fast one for servers that answer, a slow one for those that hang.

Used by the delivery loop. A post that is not answered in time leaves its place in the fast
lane to the next one; it is not cut off, it only stops holding others up.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(slots=True)
class Place:
    """A post's place in a lane, until `leave` is called."""

    free: Callable[[], None]
    timer: asyncio.TimerHandle | None = None

    def leave(self) -> None:
        """Give the place to the next post."""
        if self.timer is not None:
            self.timer.cancel()
        self.free()


class Lanes:
    """So many places in each lane; after `patience` seconds a post changes to the slow one.

    The slow lane has as many places again for those that changed to it: else posts to hosts
    known as slow could keep all places of the fast lane taken.
    """

    def __init__(self, *, fast: int, slow: int, patience: float) -> None:
        self._fast, self._slow = asyncio.Semaphore(fast), asyncio.Semaphore(slow)
        self._places_for_moved, self._patience = slow, patience

    async def enter(self, *, slow: bool) -> Place:
        """Wait for a place in a lane and take it."""
        if slow:
            await self._slow.acquire()
            return Place(self._slow.release)
        await self._fast.acquire()
        place = Place(self._fast.release)
        self._watch(place)
        return place

    def _watch(self, place: Place) -> None:
        loop = asyncio.get_running_loop()
        place.timer = loop.call_later(self._patience, self._move, place)

    def _move(self, place: Place) -> None:
        """Change to the slow lane; while that is full, stay and try again later."""
        if self._places_for_moved == 0:
            self._watch(place)
            return
        self._places_for_moved -= 1
        place.free()
        place.free = self._free_moved

    def _free_moved(self) -> None:
        self._places_for_moved += 1
