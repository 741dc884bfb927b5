"""Reading what is large without keeping everybody else waiting (R-22).

Used wherever a document of another server is read. A megabyte of JSON made to be slow keeps the
processor for some tenths of a second; in a thread it keeps it from nobody for long.
"""

import asyncio
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
LARGE = 64 << 10
"""Bytes; what is smaller is read sooner than a thread has woken up."""


async def read_aside(read: Callable[[bytes], T], body: bytes) -> T:
    """Return what `read` makes of `body`; a large one is read beside the event loop."""
    return read(body) if len(body) < LARGE else await asyncio.to_thread(read, body)
