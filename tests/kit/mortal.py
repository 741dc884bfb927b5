"""Processes of the kit that are ended with kill -9.

Used by the crash tests. What a process was in the middle of when it dies is for the next one to
find. Each is forked from one server of processes that has imported everything: a start of the
interpreter for each of hundreds would be all that such a test does.
"""

import asyncio
import multiprocessing
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tests.kit.sending_worker", "tests.kit.publishing_process"])
READY = "ready"

Main = Callable[..., None]


@dataclass(frozen=True)
class Mortal:
    """A process that may die at any moment, and our end of the line to it."""

    process: ForkServerProcess
    line: "Connection[str, str]"

    async def ask(self, wish: str) -> str | None:
        """Say something, and return the answer; None from one that died."""
        try:
            self.line.send(wish)
            return await asyncio.to_thread(self.line.recv)
        except (EOFError, OSError):
            return None

    def kill(self) -> None:
        """Send it a kill -9."""
        self.process.kill()

    async def end(self) -> None:
        """Wait until it is dead."""
        await asyncio.to_thread(self.process.join)


@asynccontextmanager
async def mortal(main: Main, *words: str) -> AsyncIterator[Mortal]:
    """Run `main` as a process until it says that it is ready; kill it at the end without a word."""
    ours, theirs = _CONTEXT.Pipe()
    process = _CONTEXT.Process(target=_live, args=(main, theirs, words))
    process.start()
    theirs.close()
    made = Mortal(process, ours)
    try:
        assert await asyncio.to_thread(ours.recv) == READY
        yield made
    finally:
        made.kill()
        await made.end()
        ours.close()
        process.close()


def _live(main: Main, line: "Connection[str, str]", words: tuple[str, ...]) -> None:
    sys.stdout = sys.stderr = open(os.devnull, "w")  # noqa: SIM115 - until it dies
    main(line, *words)
