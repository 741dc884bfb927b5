"""Followers who are gone without a Delete: inbox and actor both answer 410."""

from datetime import timedelta

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fedi_chapter.federation import departures
from fedi_chapter.federation.departures import ASKED_AGAIN
from fedi_chapter.store import followers, remote_actors
from tests.kit.world import Chapter, World

pytestmark = pytest.mark.anyio


async def _follower(world: World, *, inbox: int, actor: int) -> tuple[Chapter, str]:
    """Let somebody follow whose server then answers so, and publish something."""
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    alice = mastodon.member("alice")
    await alice.follow(chapter.uri)
    await world.settle()

    async def answer(request: Request) -> Response:
        return Response(status_code=inbox if request.method == "POST" else actor)

    world.network.hosts["m.test"] = Starlette(
        routes=[Route("/{path:path}", answer, methods=["GET", "POST"])]
    )
    await chapter.post("Hello")
    await world.settle()
    return chapter, alice.uri


async def test_who_is_gone_follows_no_longer_and_is_told_nothing_more(world: World) -> None:
    chapter, uri = await _follower(world, inbox=410, actor=410)
    await departures.forget_departed(chapter.deps)
    assert await chapter.followers() == []
    known = await chapter.read(lambda tx: remote_actors.get(tx, uri))
    assert known is None or known.gone_at is not None
    sent = len(world.network.sent)
    await chapter.post("Hello again")
    await world.settle()
    assert len(world.network.sent) == sent


@pytest.mark.parametrize(
    ("inbox", "actor"), [(410, 200), (410, 404), (410, 500), (404, 410), (202, 410), (500, 410)]
)
async def test_who_is_not_gone_for_sure_stays(world: World, inbox: int, actor: int) -> None:
    chapter, uri = await _follower(world, inbox=inbox, actor=actor)
    await departures.forget_departed(chapter.deps)
    assert await chapter.followers() == [uri]


async def test_who_is_alive_is_asked_once_a_day(world: World) -> None:
    chapter, uri = await _follower(world, inbox=410, actor=404)

    def asked() -> int:
        return world.network.fetched("m.test").count(uri)

    before = asked()
    for wait in (timedelta(0), timedelta(hours=1), ASKED_AGAIN):
        world.clock.advance(wait)
        await departures.forget_departed(chapter.deps)
    assert asked() - before == 2


async def test_one_who_is_gone_takes_nobody_of_the_same_server_along(world: World) -> None:
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    alice, ben = mastodon.member("alice"), mastodon.member("ben")
    for member in (alice, ben):
        await member.follow(chapter.uri)
    await world.settle()
    whole = world.network.hosts["m.test"]

    async def gone(_: Request) -> Response:
        return Response(status_code=410)

    world.network.hosts["m.test"] = Starlette(
        routes=[Route("/inbox", gone, methods=["POST"]), Route("/{path:path}", whole)]
    )
    await chapter.post("Hello")
    await world.settle()
    alice.deleted = True
    await departures.forget_departed(chapter.deps)
    assert await chapter.read(lambda tx: followers.is_follower(tx, ben.uri))
    assert not await chapter.read(lambda tx: followers.is_follower(tx, alice.uri))
