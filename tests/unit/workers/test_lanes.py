"""Posts that hang leave the fast lane to those that are answered."""

import asyncio

import pytest

from fedi_chapter.workers.lanes import Lanes
from tests.kit.leaping import anyio_backend  # noqa: F401 — a fixture

pytestmark = pytest.mark.anyio


async def _enters(lanes: Lanes, *, slow: bool = False, within: float = 0.2) -> bool:
    try:
        async with asyncio.timeout(within):
            await lanes.enter(slow=slow)
    except TimeoutError:
        return False
    return True


async def test_a_full_fast_lane_lets_nobody_in() -> None:
    lanes = Lanes(fast=1, slow=1, patience=60)
    await lanes.enter(slow=False)
    assert not await _enters(lanes, within=0.02)


async def test_a_post_that_takes_long_frees_its_place_in_the_fast_lane() -> None:
    lanes = Lanes(fast=1, slow=1, patience=0.01)
    await lanes.enter(slow=False)
    assert await _enters(lanes)


async def test_while_the_slow_lane_is_full_a_post_stays_where_it_is() -> None:
    lanes = Lanes(fast=1, slow=1, patience=0.01)
    first = await lanes.enter(slow=False)
    second = await lanes.enter(slow=False)
    assert not await _enters(lanes, within=0.05)
    first.leave()
    assert await _enters(lanes)
    second.leave()


async def test_hosts_known_as_slow_start_in_the_slow_lane() -> None:
    lanes = Lanes(fast=1, slow=1, patience=60)
    place = await lanes.enter(slow=True)
    assert await _enters(lanes)
    assert not await _enters(lanes, slow=True, within=0.02)
    place.leave()
    assert await _enters(lanes, slow=True)


async def test_a_place_that_was_left_in_time_never_moves() -> None:
    lanes = Lanes(fast=1, slow=1, patience=0.02)
    (await lanes.enter(slow=False)).leave()
    await asyncio.sleep(0.04)
    (await lanes.enter(slow=False)).leave()
    await lanes.enter(slow=False)
    assert not await _enters(lanes, within=0.005)
