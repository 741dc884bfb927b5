"""The one shape of a loop: claim, do, and whatever fails is put back or aside."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedi_chapter.core.clock import SetClock
from fedi_chapter.core.errors import BadDocument, DatabaseAway, Unreachable
from fedi_chapter.deps import Deps
from fedi_chapter.store.tx import WriteTx
from fedi_chapter.workers.bell import Bell
from fedi_chapter.workers.loop import LAST_RETRY, Queue, pause_before, work
from tests.kit.patience import PATIENCE

pytestmark = pytest.mark.anyio


@dataclass(frozen=True)
class Job:
    id: int
    attempts: int = 1


@dataclass
class Desk:
    """A database that runs its units at once, and a queue kept in lists."""

    clock: SetClock
    jobs: list[Job] = field(default_factory=list)
    away: int = 0
    """How often the database still fails."""
    retried: list[tuple[int, datetime, str]] = field(default_factory=list)
    given_back: list[int] = field(default_factory=list)
    parked: list[tuple[int, str]] = field(default_factory=list)
    done: list[int] = field(default_factory=list)

    async def write(self, unit: Callable[[WriteTx], Any]) -> Any:
        if self.away:
            self.away -= 1
            raise DatabaseAway
        return unit(cast(WriteTx, None))

    def claim(self, _: WriteTx, limit: int) -> list[Job]:
        taken, self.jobs = self.jobs[:limit], self.jobs[limit:]
        return taken

    async def run(self, do: Callable[[Job], Awaitable[None]], width: int = 1) -> None:
        """Work until there is nothing left."""
        queue = Queue(
            name="desk",
            claim=self.claim,
            do=do,
            retry=lambda _, job, due, error: self.retried.append((job, due, error)),
            give_back=lambda _, job, due, error: self.given_back.append(job),
            park=lambda _, job, error: self.parked.append((job, error)),
            width=width,
            most_attempts=3,
        )
        stop, bell = asyncio.Event(), Bell()
        deps = cast(Deps, SimpleNamespace(db=self, clock=self.clock))
        running = asyncio.create_task(work(deps, queue, stop=stop, bell=bell))
        async with asyncio.timeout(PATIENCE):
            while self.jobs or self.away:  # noqa: ASYNC110 - the lists ring no bell
                await asyncio.sleep(0.005)
        stop.set()
        bell.ring()
        await running

    async def do(self, job: Job) -> None:
        self.done.append(job.id)


@pytest.fixture
def desk(clock: SetClock) -> Desk:
    return Desk(clock)


async def test_jobs_are_done_in_the_order_of_the_queue(desk: Desk) -> None:
    desk.jobs = [Job(number) for number in range(20)]
    await desk.run(desk.do)
    assert desk.done == list(range(20))


async def test_a_job_that_may_succeed_later_is_put_back(desk: Desk) -> None:
    async def fail(_: Job) -> None:
        raise Unreachable("no connection")

    desk.jobs = [Job(1)]
    await desk.run(fail)
    ((job, due, error),) = desk.retried
    assert job == 1
    assert due > desk.clock.now()
    assert error == "Unreachable: no connection"


async def test_a_job_that_can_never_succeed_is_set_aside_at_once(desk: Desk) -> None:
    async def fail(_: Job) -> None:
        raise BadDocument("no actor")

    desk.jobs = [Job(1)]
    await desk.run(fail)
    assert desk.parked == [(1, "BadDocument: no actor")]


async def test_a_bug_in_one_job_is_tried_again_and_then_set_aside(desk: Desk) -> None:
    async def fail(job: Job) -> None:
        if job.id != 3:
            raise ZeroDivisionError("bug")
        desk.done.append(job.id)

    desk.jobs = [Job(1, attempts=1), Job(2, attempts=3), Job(3)]
    await desk.run(fail)
    assert [job for job, *_ in desk.retried] == [1]
    assert [job for job, _ in desk.parked] == [2]
    assert desk.done == [3]


async def test_a_job_that_killed_its_process_again_and_again_is_not_done_once_more(
    desk: Desk,
) -> None:
    desk.jobs = [Job(1, attempts=4)]
    await desk.run(desk.do)
    assert desk.done == []
    assert [job for job, _ in desk.parked] == [1]


async def test_a_database_that_is_away_for_a_moment_stops_nothing(desk: Desk) -> None:
    desk.jobs, desk.away = [Job(1)], 1
    await desk.run(desk.do)
    assert desk.done == [1]


async def test_a_job_is_never_set_aside_because_the_database_was_away(desk: Desk) -> None:
    async def fail(_: Job) -> None:
        raise DatabaseAway("the disk is full")

    desk.jobs = [Job(1, attempts=1), Job(2, attempts=3)]
    await desk.run(fail)
    assert desk.given_back == [1, 2]
    assert desk.parked == []
    assert desk.retried == []


async def test_what_became_of_a_job_is_kept_until_the_database_takes_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fedi_chapter.workers.loop.POLL", 0.001)

    async def fail(_: Job) -> None:
        desk.away = 3
        raise Unreachable("no connection")

    desk.jobs = [Job(1)]
    await desk.run(fail)
    assert [job for job, *_ in desk.retried] == [1]


async def test_a_slow_job_does_not_hold_up_the_others_in_a_wide_queue(desk: Desk) -> None:
    free = asyncio.Event()

    async def do(job: Job) -> None:
        if job.id == 0:
            await free.wait()
        desk.done.append(job.id)
        if len(desk.done) == 9:
            free.set()

    desk.jobs = [Job(number) for number in range(10)]
    await desk.run(do, width=4)
    assert desk.done[-1] == 0


@pytest.mark.parametrize("width", [1, 2])
async def test_a_job_cut_off_at_the_end_is_put_back_at_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setattr("fedi_chapter.workers.loop.GRACE", 0.01)

    async def hang(_: Job) -> None:
        await asyncio.Event().wait()

    desk.jobs = [Job(7)]
    await desk.run(hang, width=width)
    assert desk.retried == [(7, desk.clock.now(), "stopped")]


@given(st.integers(min_value=1, max_value=1000), st.floats(0, 1, exclude_max=True))
def test_a_job_rests_longer_after_each_failure_but_never_over_an_hour(
    attempt: int, chance: float
) -> None:
    assert pause_before(attempt, chance) <= pause_before(attempt + 1, chance) <= LAST_RETRY
    assert pause_before(attempt, chance) >= timedelta(seconds=2)
