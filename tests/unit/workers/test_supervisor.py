"""All loops run, a broken one comes back, and whoever changes the data wakes them."""

import asyncio
from types import SimpleNamespace
from typing import cast

import pytest

from fedi_chapter.deps import Deps
from fedi_chapter.workers import supervisor
from fedi_chapter.workers.bell import Bell
from tests.kit.patience import PATIENCE

pytestmark = pytest.mark.anyio


class Data:
    """A database of which only the version counts."""

    def __init__(self) -> None:
        self.number = 0

    def version(self) -> int:
        return self.number


async def test_a_loop_that_breaks_is_started_again_and_the_others_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(supervisor, "PAUSE", 0.01)
    stop, started = asyncio.Event(), list[str]()

    async def broken(_: Deps, stop: asyncio.Event, bell: Bell) -> None:
        started.append("broken")
        if started.count("broken") == 3:
            stop.set()
        raise ZeroDivisionError

    async def sound(_: Deps, stop: asyncio.Event, bell: Bell) -> None:
        started.append("sound")
        await stop.wait()

    deps = cast(Deps, SimpleNamespace(db=Data()))
    async with asyncio.timeout(PATIENCE):
        await supervisor.run(deps, stop=stop, loops={"broken": broken, "sound": sound})
    assert started.count("broken") == 3
    assert started.count("sound") == 1


async def test_a_change_of_the_data_wakes_every_loop_long_before_its_next_look() -> None:
    data, stop, woken = Data(), asyncio.Event(), list[int]()

    async def loop(_: Deps, stop: asyncio.Event, bell: Bell) -> None:
        await bell.wait(60)  # the first look at the data rings once
        data.number += 1
        await bell.wait(60)
        woken.append(data.number)
        stop.set()

    deps = cast(Deps, SimpleNamespace(db=data))
    async with asyncio.timeout(PATIENCE):
        await supervisor.run(deps, stop=stop, loops={"one": loop})
    assert woken == [1]


async def test_a_database_that_can_not_be_asked_for_a_moment_ends_no_loop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(supervisor, "PAUSE", 0.01)
    stop, began = asyncio.Event(), list[int]()

    class Away(Data):
        def version(self) -> int:
            self.number += 1
            if self.number < 3:
                raise OSError("disk I/O error")
            return self.number

    async def loop(_: Deps, stop: asyncio.Event, bell: Bell) -> None:
        began.append(1)
        await bell.wait(60)  # rung by the first look that succeeds
        stop.set()

    deps = cast(Deps, SimpleNamespace(db=Away()))
    async with asyncio.timeout(PATIENCE):
        await supervisor.run(deps, stop=stop, loops={"one": loop})
    assert began == [1]


async def test_a_ring_while_nobody_waits_is_heard_by_the_next_wait() -> None:
    bell = Bell()
    bell.ring()
    async with asyncio.timeout(PATIENCE):
        await bell.wait(60)


async def test_a_bell_that_is_not_rung_lets_go_after_a_while() -> None:
    async with asyncio.timeout(PATIENCE):
        await Bell().wait(0.01)
