"""A crowd at the inbox's door (ABU-05, R-15) waits in line, is bounded, and keeps no one out."""

import asyncio
import socket
from contextlib import AsyncExitStack

import pytest
import uvloop

from fedi_chapter.cli.serve import EARS, all_ears
from fedi_chapter.core.errors import Busy
from fedi_chapter.federation import inbox as door
from fedi_chapter.federation.inbox import INSIDE, InboxDoor
from fedi_chapter.federation.turnstile import Turnstile
from tests.kit.peers.signatures import signed_post
from tests.kit.world import World

CROWD = 50
TURN = 4


async def turns_until(done: asyncio.Event) -> int:
    turns = 0
    while not done.is_set():
        await asyncio.sleep(0)
        turns += 1
    return turns


@pytest.mark.anyio
async def test_a_turn_of_the_loop_lets_only_so_many_in() -> None:
    turnstile, inside = Turnstile(TURN), list[int]()

    async def come(number: int) -> None:
        await turnstile.go_through()
        inside.append(number)

    crowd = [asyncio.create_task(come(number)) for number in range(CROWD)]
    before, most, turns = 0, 0, 0
    while len(inside) < CROWD:
        await asyncio.sleep(0)
        most, before, turns = max(most, len(inside) - before), len(inside), turns + 1
    await asyncio.gather(*crowd)
    assert inside == list(range(CROWD))
    assert most == TURN
    assert turns >= CROWD // TURN


@pytest.mark.anyio
async def test_one_who_gives_up_takes_nobodys_turn() -> None:
    turnstile, through = Turnstile(1), list[int]()

    async def come(number: int) -> None:
        await turnstile.go_through()
        through.append(number)

    crowd = [asyncio.create_task(come(number)) for number in range(20)]
    await asyncio.sleep(0)
    for task in crowd[1:19]:
        task.cancel()
    await asyncio.gather(*crowd, return_exceptions=True)
    assert through == [0, 19]
    assert await turnstile.go_through() == 0.0  # nobody is left in line


@pytest.mark.anyio
async def test_large_bodies_at_the_door_are_bounded_and_keep_no_small_one_out(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "LARGE", 500)
    monkeypatch.setattr(door, "MOST_BYTES", 5_000)
    deps = (await world.chapter("a.test")).deps
    at_door = InboxDoor(deps)
    async with AsyncExitStack() as inside:
        for _ in range(5):
            await inside.enter_async_context(at_door.visit(1_000))
        with pytest.raises(Busy):
            await inside.enter_async_context(at_door.visit(501))
        await inside.enter_async_context(at_door.visit(500))  # small: they come in all the same
        # Who is still sending makes no crowd: else a few slow ones would slow down the workers.
        assert deps.metrics.levels[INSIDE] == 0
    async with at_door.visit(5_000):
        pass


@pytest.mark.anyio
async def test_who_waited_too_long_is_told_when_to_come_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    chapter, alice = await world.chapter("a.test"), world.mastodon("m.test").member("alice")
    monkeypatch.setattr(door, "LONGEST_LINE", -1.0)
    url, body = chapter.urls.shared_inbox, b"{}"
    headers = signed_post(alice.key, f"{alice.uri}#main-key", url, body, world.clock.now())
    answer = await world.network.send("POST", url, headers, body)
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    assert world.network.fetched("m.test") == []


def test_a_visitor_behind_a_crowd_of_connections_is_heard_after_a_few_turns() -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(_turns_for_a_crowd()) <= 2 * CROWD // EARS + 4


async def _turns_for_a_crowd() -> int:
    loop, came, everyone = asyncio.get_running_loop(), list[object](), asyncio.Event()

    class Heard(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            came.append(transport)
            if len(came) == CROWD:
                everyone.set()

    listener = socket.create_server(("127.0.0.1", 0), backlog=CROWD)
    listener.setblocking(False)
    crowd = [socket.create_connection(listener.getsockname()) for _ in range(CROWD)]
    ears = all_ears(listener)
    servers = [await loop.create_server(Heard, sock=ear) for ear in ears]
    turns = await turns_until(everyone)
    for closed in (*servers, *came, *crowd, *ears):
        closed.close()  # type: ignore[attr-defined]
    return turns
