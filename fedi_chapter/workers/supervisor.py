"""Starts every background loop of a process, starts one again that broke, stops them all.

Called by `app` and the command line. A loop that breaks is a bug and is logged as one; the
others go on, and the broken one is back after a pause.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

from fedi_chapter.core.log import because, get_logger
from fedi_chapter.deps import Deps
from fedi_chapter.workers import delivery, fanout, inbox, notices, schedule
from fedi_chapter.workers.bell import Bell, pause

log = get_logger(__name__)

Loop = Callable[[Deps, asyncio.Event, Bell], Awaitable[None]]

LOOPS: Mapping[str, Loop] = {
    "inbox": inbox.run,
    "outbox": fanout.run,
    "messages": notices.run_messages,
    "mail": notices.run_mail,
    "deliveries": delivery.run,
    "schedule": schedule.run,
}
PAUSE = 1.0
"""Seconds before a broken loop starts again."""
WATCH = 0.05
"""Seconds between two looks whether the data changed."""


async def run(deps: Deps, *, stop: asyncio.Event, loops: Mapping[str, Loop] | None = None) -> None:
    """Run all loops until `stop` is set; return when they have wound up."""
    running = LOOPS if loops is None else loops
    bells = [Bell() for _ in running]

    async def watch(deps: Deps, stop: asyncio.Event, _: Bell) -> None:
        await _watch(deps, stop, bells)

    async with asyncio.TaskGroup() as group:
        for (name, loop), bell in zip(running.items(), bells, strict=True):
            group.create_task(_keep_running(deps, name, loop, stop, bell), name=name)
        group.create_task(_keep_running(deps, "watch", watch, stop, Bell()), name="watch")


async def _keep_running(deps: Deps, name: str, loop: Loop, stop: asyncio.Event, bell: Bell) -> None:
    while not stop.is_set():
        try:
            await loop(deps, stop, bell)
        except Exception as error:
            log.error("loop broke", loop=name, **because(error))
            await pause(stop, PAUSE)


async def _watch(deps: Deps, stop: asyncio.Event, bells: Sequence[Bell]) -> None:
    """Wake the loops when anybody, this process or another, has changed the data."""
    seen = None
    try:
        while not stop.is_set():
            version = deps.db.version()
            if version != seen:
                seen = version
                _ring(bells)
            await pause(stop, WATCH)
    finally:
        _ring(bells)  # to hear of `stop`, or to look for themselves while nobody watches


def _ring(bells: Sequence[Bell]) -> None:
    for bell in bells:
        bell.ring()
