"""The one shape of a background loop: claim by lease, do, finish; what fails is retried or parked.

Called by the loop of each queue with that queue's store functions. It is one of the few
places that may catch everything: an error here is logged and the job put back or aside, so
that no poisoned job stops the others.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, Protocol, TypeVar

from fedi_chapter.core.errors import ChapterError, DatabaseAway
from fedi_chapter.core.log import because, get_logger
from fedi_chapter.deps import Deps
from fedi_chapter.store.tx import WriteTx
from fedi_chapter.workers.bell import Bell

log = get_logger(__name__)

POLL = 0.5
"""Seconds between two looks at an idle queue: how late we see what another process wrote."""
LONGEST_PAUSE = 5.0
"""Seconds between two tries while the database does not answer."""
TRIES_TO_PUT_BACK = 8
"""A failed job is kept in hand for so many tries of ours to write that down, half a minute."""
GRACE = 5.0
"""Seconds that running jobs get when the loop is stopped."""
FIRST_RETRY = timedelta(seconds=2)
LAST_RETRY = timedelta(hours=1)
INTERRUPTED = timedelta(seconds=15)
"""How long a job rests that the database failed: each try may ask other servers anew."""


class Leased(Protocol):
    """A job that a queue has leased to this loop."""

    @property
    def id(self) -> int | str:
        """The row's id."""
        ...

    @property
    def attempts(self) -> int:
        """How often it was leased, this time included."""
        ...


Job = TypeVar("Job", bound=Leased)


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue(Generic[Job]):
    """How one queue is worked. `do` finishes its job itself, in its own transaction."""

    name: str
    claim: Callable[[WriteTx, int], Sequence[Job]]
    """Lease at most that many due jobs."""
    do: Callable[[Job], Awaitable[None]]
    retry: Callable[[WriteTx, Any, datetime, str], None]
    """Put a job back until an instant, with the error."""
    give_back: Callable[[WriteTx, Any, datetime, str], None]
    """The same, as if it had not been leased this time."""
    park: Callable[[WriteTx, Any, str], None]
    """Put a job aside for good, with the error."""
    width: int = 1
    """How many jobs are done at the same time; 1 keeps their order."""
    most_attempts: int = 10


async def work(deps: Deps, queue: Queue[Job], *, stop: asyncio.Event, bell: Bell) -> None:
    """Work `queue` until `stop` is set; then give running jobs a few seconds."""
    running: dict[asyncio.Task[None], Job] = {}
    roomy = Bell()  # rung when half of the width is free

    def ended(task: asyncio.Task[None]) -> None:
        del running[task]
        if len(running) * 2 <= queue.width:
            roomy.ring()

    troubles = 0
    while not stop.is_set():
        free = queue.width - len(running)
        if free * 2 < queue.width:
            # Not for ever: a job that hangs must not keep us from hearing `stop`.
            await roomy.wait(POLL)
            continue
        try:
            jobs = await deps.db.write(lambda tx, free=free: queue.claim(tx, free))  # type: ignore[misc]
            troubles = 0
        except Exception as error:
            troubles += 1
            log.error("claim failed", queue=queue.name, troubles=troubles, **because(error))
            await bell.wait(_pause(troubles))
            continue
        for job in jobs:
            task = asyncio.create_task(_do(deps, queue, job))
            running[task] = job
            task.add_done_callback(ended)
        if len(jobs) < free:  # nothing more is due: what comes meanwhile is leased together
            await bell.wait(POLL)
    if running:
        await _wind_up(deps, queue, running)


async def _wind_up(deps: Deps, queue: Queue[Job], running: dict[asyncio.Task[None], Job]) -> None:
    """Let running jobs end; those that take too long are cancelled and put back at once."""
    _, late = await asyncio.wait(set(running), timeout=GRACE)
    unfinished = [running[task] for task in late]
    for task in late:
        task.cancel()
    await asyncio.gather(*late, return_exceptions=True)
    now = deps.clock.now()
    for job in unfinished:
        await deps.db.write(lambda tx, job=job: queue.retry(tx, job.id, now, "stopped"))  # type: ignore[misc]


async def _do(deps: Deps, queue: Queue[Job], job: Job) -> None:
    started = time.monotonic()
    try:
        if job.attempts > queue.most_attempts:  # it ends the process rather than fail
            raise RuntimeError("leased again and again, and never finished")
        await queue.do(job)
    except Exception as error:
        await _failed(deps, queue, job, error)
        return
    milliseconds = round((time.monotonic() - started) * 1000)
    log.debug("job done", queue=queue.name, job=job.id, ms=milliseconds)


async def _failed(deps: Deps, queue: Queue[Job], job: Job, error: Exception) -> None:
    text = f"{type(error).__name__}: {error}"[:500]
    hopeless = isinstance(error, ChapterError) and not error.retry
    now, pause = deps.clock.now(), pause_before(job.attempts, random.random())  # noqa: S311 - jitter
    if isinstance(error, DatabaseAway):  # no fault of the job: however often, it is not parked
        log.warning("job given back", queue=queue.name, job=job.id, **because(error))
        due = now + max(INTERRUPTED, pause)
        await _end(deps, queue, job, lambda tx: queue.give_back(tx, job.id, due, text))
    elif hopeless or job.attempts >= queue.most_attempts:
        log.error("job parked", queue=queue.name, job=job.id, exc_info=error)
        await _end(deps, queue, job, lambda tx: queue.park(tx, job.id, text))
    else:
        due = now + pause
        log.warning("job put back", queue=queue.name, job=job.id, error=text, due=str(due))
        await _end(deps, queue, job, lambda tx: queue.retry(tx, job.id, due, text))


async def _end(deps: Deps, queue: Queue[Job], job: Job, ending: Callable[[WriteTx], None]) -> None:
    """Write down what becomes of a failed job, as soon as the database takes it.

    Else its lease runs out, and it comes back by itself, only later.
    """
    for count in range(TRIES_TO_PUT_BACK):
        try:
            await deps.db.write(ending)
        except DatabaseAway:
            await asyncio.sleep(_pause(count))
        except Exception as error:
            log.error("job could not be put back", queue=queue.name, job=job.id, exc_info=error)
            return
        else:
            return
    log.error("job could not be put back", queue=queue.name, job=job.id)


def _pause(troubles: int) -> float:
    """Return the seconds to wait for a database that did not answer so often in a row."""
    return min(POLL * 2.0 ** min(troubles, 10), LONGEST_PAUSE)


def pause_before(attempt: int, chance: float) -> timedelta:
    """Return how long a job rests after its `attempt`-th failure; `chance` is in [0, 1)."""
    longest = min(FIRST_RETRY * (1 << min(attempt, 20)), LAST_RETRY)
    return FIRST_RETRY + (longest - FIRST_RETRY) * chance
