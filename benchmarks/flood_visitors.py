"""Those who read while others flood: pages asked at a steady pace, each on a new connection.

`python -m benchmarks.flood_visitors`, started by `benchmarks.flood`. A page is late from the
instant it was due: who is kept waiting does not keep the next one from asking.
"""

import asyncio
import itertools
import time
from collections import Counter
from typing import Any

from benchmarks.programs import Handlers, helper

PATIENCE = 30.0


async def _seconds(port: int, path: str, cookie: str, due: float) -> tuple[int, float]:
    """Ask for a page; return the status and the seconds from when it was due."""
    async with asyncio.timeout(PATIENCE):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: text/html\r\n"
        cookies = f"Cookie: {cookie}\r\n" if cookie else ""
        writer.write(f"{head}{cookies}Connection: close\r\n\r\n".encode())
        answer = await reader.read(-1)
        writer.close()
    return int(answer[9:12]), time.monotonic() - due


async def visit(
    port: int, paths: list[str], cookie: str, rate: float, seconds: float
) -> dict[str, Any]:
    """Ask for the pages in turns, `rate` in a second; return statuses and seconds of each."""
    began, visits = time.monotonic(), list[asyncio.Task[tuple[int, float]]]()
    for number, path in zip(range(int(rate * seconds)), itertools.cycle(paths), strict=False):
        due = began + number / rate
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        visits.append(asyncio.create_task(_seconds(port, path, cookie, due)))
    answers = await asyncio.gather(*visits)
    return {
        "statuses": dict(Counter(status for status, _ in answers)),
        "seconds": [seconds for _, seconds in answers],
    }


async def start() -> Handlers:
    """Offer the visits."""
    return {"visit": visit}


if __name__ == "__main__":
    helper(start)
