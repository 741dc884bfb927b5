"""What is done by the clock is done when it is due, whatever happened to it before."""

import asyncio
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from fedi_chapter.core.clock import SetClock
from fedi_chapter.deps import Deps
from fedi_chapter.workers import schedule
from fedi_chapter.workers.bell import Bell
from fedi_chapter.workers.schedule import Task
from tests.kit.patience import PATIENCE

pytestmark = pytest.mark.anyio


async def test_a_task_is_done_each_time_it_is_due_also_after_it_failed(
    clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[timedelta] = []
    begun, stop = clock.now(), asyncio.Event()

    async def task(deps: Deps) -> None:
        done.append(deps.clock.now() - begun)
        if len(done) == 3:
            stop.set()
        raise ZeroDivisionError

    class Ticking(Bell):
        async def wait(self, seconds: float) -> None:
            clock.advance(timedelta(minutes=20))

    async def write(_: Any) -> None:
        """There are no wishes in the settings to note."""

    async def nothing(work: object) -> tuple[()]:
        return ()

    monkeypatch.setattr(schedule, "TASKS", (Task("hourly", timedelta(hours=1), task),))
    deps = cast(Deps, SimpleNamespace(clock=clock, db=SimpleNamespace(read=nothing, write=write)))
    async with asyncio.timeout(PATIENCE):
        await schedule.run(deps, stop, Ticking())
    assert done == [timedelta(hours=hours) for hours in (1, 2, 3)]
