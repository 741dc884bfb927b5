"""`demo`: two chapters and a fediverse member on this machine, and what travels between them."""

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from fedi_chapter.cli.demo_world import World, control, free_ports, interrupted
from fedi_chapter.cli.frame import Setup, Verb, note, own_name, pass_setup
from fedi_chapter.core.errors import ChapterError, Conflict, Unreachable
from fedi_chapter.core.html import plain
from fedi_chapter.core.text import one_line, visible
from fedi_chapter.deps import Deps
from fedi_chapter.opening import open_deps
from fedi_chapter.settings import load
from fedi_chapter.store import neighbours
from fedi_chapter.store.tx import ReadTx

PORTS = (8001, 8002, 8003)
PATIENCE = 60.0
"""Seconds until something that should have arrived is given up."""
GLANCE = 0.3
CHAPTERS = {
    "atlanta": ("Atlanta Neighbours", "Atlanta", "33.749", "-84.388"),
    "athens": ("Athens Neighbours", "Athens, Georgia", "33.951", "-83.357"),
}
POST = "Our garden is open again! Come and plant with us. #garden"
EVENT = "Spring planting day"


@click.command(cls=Verb)
@click.option("--once", is_flag=True, help="End when the story is told, not at Ctrl-C.")
@pass_setup
def demo(setup: Setup, *, once: bool) -> None:
    """Run two chapters and a member on this machine.

    They have sample events and talk to each other until Ctrl-C.
    """
    with contextlib.ExitStack() as stack:
        folder = setup.data or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.mkdir(parents=True, exist_ok=True)
        if any((folder / name).exists() for name in CHAPTERS):
            raise Conflict(
                f"there is a demo in {folder} already", cure="remove it, or leave out --data"
            )
        with contextlib.suppress(asyncio.CancelledError, KeyboardInterrupt):
            asyncio.run(_demo(World(folder), once=once))
        note("stopped; everything that was started has ended")


async def _demo(world: World, *, once: bool) -> None:
    task = asyncio.current_task()
    assert task is not None  # noqa: S101 — a coroutine run by asyncio has a task
    with interrupted(task):
        try:
            await _tell(world, once=once)
        finally:
            await world.stop()


async def _tell(world: World, *, once: bool) -> None:
    ports = free_ports(*PORTS)
    for name, port in zip(CHAPTERS, ports, strict=False):
        await _begin(world, name, port)
    member = f"http://127.0.0.1:{ports[2]}" if await _member(world, ports[2]) else None
    settings = load(world.folder / "athens").model_copy(
        update={"danger_allow_private_network": True, "base_url": None, "database_url": None}
    )
    async with open_deps(settings) as athens:
        await _follows(world, athens, ports[0], member)
        await _publications(world, athens, member)
        _say("Open these, and write something yourself:")
        for name, port in zip(CHAPTERS, ports, strict=False):
            _say(f"  http://127.0.0.1:{port}/   {CHAPTERS[name][0]}")
        _say("  FEDI_CHAPTER_DANGER_ALLOW_PRIVATE_NETWORK=1 \\")
        _say(f'  {own_name()} post create "Hello" --data {world.folder / "atlanta"}')
        if once:
            return
        _say("What arrives at the member is shown here. Ctrl-C ends the demo.")
        await _watch(athens, member)


async def _begin(world: World, name: str, port: int) -> None:
    title, place, lat, lon = CHAPTERS[name]
    note(f"starting {title} …")
    words = (
        *("--domain", "127.0.0.1", "--base-url", f"http://127.0.0.1:{port}"),
        *("--handle", name, "--name", title, "--place", place),
        *("--lat", lat, "--lon", lon, "--timezone", "America/New_York"),
    )
    founded = await world.command(name, "init", *words)
    await world.serve(name, port)
    _say(f"{title} answers at {founded['base_url']}/ as {founded['handle']}")


async def _member(world: World, port: int) -> bool:
    missing = [program for program in ("node", "npm") if shutil.which(program) is None]
    if missing:
        _say(f"The fediverse member is left out: {' and '.join(missing)} not installed here.")
        return False
    note("starting a fediverse member on Fedify …")
    try:
        await world.member(port)
    except (ChapterError, TimeoutError, OSError) as error:
        _say(f"The fediverse member is left out: {error}")
        return False
    _say(f"A member on Fedify answers at http://127.0.0.1:{port}/ as @me@127.0.0.1:{port}")
    return True


async def _follows(world: World, athens: Deps, port: int, member: str | None) -> None:
    target = f"@atlanta@127.0.0.1:{port}"
    answer = await world.command("athens", "follow", target, "--wait", "30")
    _say(f"Athens follows Atlanta: {answer['state']}")
    if member is None:
        return
    # Fedify looks handles up over https only, which a demo without certificates has not.
    await control(athens, member, "follow", target=f"http://127.0.0.1:{port}/chapter")
    origin = member

    async def accepted() -> bool:
        return "accepted" in (await control(athens, origin, "following")).values()

    await _until(accepted, "Atlanta's answer to the member")
    _say("The member follows Atlanta: accepted")


async def _publications(world: World, athens: Deps, member: str | None) -> None:
    start = (datetime.now(UTC) + timedelta(days=10)).strftime("%Y-%m-%dT10:00")
    post = await world.command("atlanta", "post", "create", POST)
    _say(f"Atlanta wrote a post: {post['url']}")
    event = await world.command(
        *("atlanta", "event", "create", "--name", EVENT, "--start", start),
        *("--place", "Community garden", "--description", "Spades are there. #garden"),
    )
    _say(f"Atlanta published an event: {event['url']}")

    async def at_athens() -> bool:
        return await athens.db.read(_both_arrived)

    await _until(at_athens, "the post and the event at Athens")
    _say("Both arrived at Athens.")
    if member is None:
        return
    origin = member
    wanted = {post["id"], event["face"]}

    async def at_member() -> bool:
        timeline = await control(athens, origin, "timeline")
        return wanted <= {each["id"] for each in timeline}

    await _until(at_member, "the post and the event at the member")
    _say("Both arrived at the member, on software this project did not write:")
    for each in await control(athens, member, "timeline"):
        _show(each)
    await _vote(world, athens, member, event)


async def _vote(world: World, athens: Deps, member: str, event: Mapping[str, Any]) -> None:
    await control(athens, member, "vote", question=event["face"], option=event["poll"][0])
    _say(f"The member voted “{event['poll'][0]}”, as in any app that shows polls.")

    async def counted() -> bool:
        return bool(await world.command("atlanta", "event", "rsvps", event["id"]))

    async def confirmed() -> bool:
        timeline = await control(athens, member, "timeline")
        return any(event["name"] in each["content"] for each in timeline if each["type"] == "Note")

    await _until(counted, "the vote at Atlanta")
    await _until(confirmed, "Atlanta's answer to the vote")
    _say("Atlanta counts it, and has told the member by a direct message.")


def _both_arrived(tx: ReadTx) -> bool:
    return bool(neighbours.posts(tx, 1)) and bool(neighbours.events(tx, 1))


async def _watch(deps: Deps, member: str | None) -> None:
    seen: set[tuple[str, str | None]] | None = None
    while True:
        timeline = await control(deps, member, "timeline") if member else []
        now = {(each["id"], each.get("updated")) for each in timeline}
        for each in timeline:
            if seen is not None and (each["id"], each.get("updated")) not in seen:
                _show(each)
        seen = now
        await asyncio.sleep(1)


async def _until(arrived: Callable[[], Awaitable[bool]], what: str) -> None:
    try:
        async with asyncio.timeout(PATIENCE):
            while not await arrived():  # noqa: ASYNC110 — it happens in another process
                await asyncio.sleep(GLANCE)
    except TimeoutError as error:
        raise Unreachable(
            f"{what} did not arrive in {PATIENCE:.0f} seconds",
            cure="see the .log files in the demo's folder (keep it with --data)",
        ) from error


def _show(each: dict[str, str | None]) -> None:
    words = one_line(each.get("name") or plain(each.get("content") or ""), 70)
    _say(f"  {each['type']}: {words}  {each.get('url') or each['id']}")


def _say(line: str) -> None:
    stamped = f"{datetime.now(UTC):%H:%M:%S}  {line}" if not line.startswith(" ") else line
    click.echo(visible(stamped))
