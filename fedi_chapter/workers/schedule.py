"""What is done by the clock: old rows are swept out, other servers are asked what they run.

A start after a long silence is told to the others first.

Run by the supervisor. Expired leases need nothing: a queue takes them up by itself.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from fedi_chapter.core.log import get_logger
from fedi_chapter.deps import Deps
from fedi_chapter.federation import discover
from fedi_chapter.services import comeback, retention
from fedi_chapter.workers.bell import Bell

log = get_logger(__name__)

TICK = 5.0
"""Seconds between two looks at the clock."""


@dataclass(slots=True)
class Task:
    """Something to do every so often; for the first time a while after the start."""

    name: str
    every: timedelta
    do: Callable[[Deps], Awaitable[None]]


TASKS = (
    Task("sweep", timedelta(hours=1), lambda deps: _sweep(deps)),
    Task("learn hosts", timedelta(minutes=10), discover.learn_followers_hosts),
)


async def run(deps: Deps, stop: asyncio.Event, bell: Bell) -> None:
    """Do what is due until `stop` is set; a task that fails is done again at its next turn."""
    await deps.db.write(comeback.announce)
    await deps.db.write(lambda tx: discover.apply_wishes(tx, deps.settings))
    due = {task.name: deps.clock.now() + task.every for task in TASKS}
    while not stop.is_set():
        for task in TASKS:
            if deps.clock.now() >= due[task.name]:
                due[task.name] = deps.clock.now() + task.every
                await _do(deps, task)
        await bell.wait(TICK)


async def _do(deps: Deps, task: Task) -> None:
    try:
        await task.do(deps)
    except Exception:
        log.exception("scheduled task failed", task=task.name)


async def _sweep(deps: Deps) -> None:
    swept = await deps.db.write(lambda tx: retention.sweep(tx, deps.urls))
    log.info("swept", **swept)
