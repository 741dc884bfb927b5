"""A server that was away for long says so to those who may have stopped sending to it."""

import asyncio
from datetime import timedelta

import pytest

from fedi_chapter.services import comeback
from fedi_chapter.store import outbox
from fedi_chapter.workers import schedule
from fedi_chapter.workers.bell import Bell
from tests.kit.world import World

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(("days", "told"), [(6, []), (8, ["Update"])])
async def test_after_a_week_of_silence_followers_and_followed_hear_from_us(
    world: World, days: int, told: list[str]
) -> None:
    chapter = await world.chapter("a.test")
    follower, followed = world.mastodon("m.test"), world.mastodon("n.test")
    await follower.member("alice").follow(chapter.uri)
    await chapter.follow(followed.member("bob").uri)
    await world.settle()
    follower.received.clear()
    followed.received.clear()
    world.clock.advance(timedelta(days=days))
    for _ in range(2):
        await chapter.write(comeback.announce)
        await world.settle()
    assert (follower.types(), followed.types()) == (told, told)


async def test_who_never_met_anybody_has_nobody_to_tell(world: World) -> None:
    chapter = await world.chapter("a.test")
    world.clock.advance(timedelta(days=100))
    assert not await chapter.write(comeback.announce)


async def test_the_silence_is_noticed_when_a_process_starts(world: World) -> None:
    chapter = await world.chapter("a.test")
    await world.mastodon("m.test").member("alice").follow(chapter.uri)
    await world.settle()
    world.clock.advance(timedelta(days=8))
    stopped = asyncio.Event()
    stopped.set()
    await schedule.run(chapter.deps, stopped, Bell())
    assert await chapter.read(outbox.waiting) == 2
