"""The line in front of the inbox's door: so many are let through in each turn of the event loop.

Used by `federation.inbox`. Pages are answered on the same loop, in a handful of its turns; were
all who crowd at the door dealt with in one turn, every page would wait for all of them several
times over (ABU-05). Whom it lets through, and what happens then, is not decided here.
"""

import asyncio
from collections import deque


class Turnstile:
    """Lets `many` through in one turn of the loop; the others wait in line."""

    def __init__(self, many: int) -> None:
        self._many = self._left = many
        self._line: deque[asyncio.Future[None]] = deque()
        self._is_turning = False

    async def go_through(self) -> float:
        """Wait for a turn; return the seconds that took."""
        loop = asyncio.get_running_loop()
        if not self._is_turning:
            self._is_turning = True
            loop.call_soon(self._turn)
        if self._left > 0 and not self._line:
            self._left -= 1
            return 0.0
        began, turn = loop.time(), loop.create_future()
        self._line.append(turn)
        await turn
        return loop.time() - began

    def _turn(self) -> None:
        """Let the next ones through; stand still once nobody comes."""
        self._left = self._many
        while self._line and self._left > 0:
            turn = self._line.popleft()
            if not turn.done():  # one that gave up takes nobody's turn
                self._left -= 1
                turn.set_result(None)
        self._is_turning = self._left < self._many
        if self._is_turning:
            asyncio.get_running_loop().call_soon(self._turn)
