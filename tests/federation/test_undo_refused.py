"""Some servers take an Undo only with the Follow inside, some only by its id."""

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fedi_chapter.services.following import withdraw_follow
from fedi_chapter.store import deliveries
from tests.kit.peers.mastodon import Json, Mastodon
from tests.kit.world import Chapter, World

pytestmark = pytest.mark.anyio


async def _unfollowed(
    world: World, status: int, *, refuses: str
) -> tuple[Chapter, Mastodon, list[Json]]:
    """Follow somebody, stop, and let their server answer `status` to some Undos."""
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    alice, undone = mastodon.member("alice"), []
    await chapter.follow(alice.uri)
    await world.settle()

    async def inbox(request: Request) -> Response:
        activity = await request.json()
        if activity["id"] not in {each["id"] for each in undone}:  # signed both ways when refused
            undone.append(activity)
        is_refused = refuses == "all" or isinstance(activity["object"], dict)
        return Response(status_code=status if is_refused else 202)

    world.network.hosts["m.test"] = Starlette(
        routes=[Route("/users/{name}/inbox", inbox, methods=["POST"])]
    )
    await chapter.write(lambda tx: withdraw_follow(tx, chapter.actor, alice.uri))
    await world.settle()
    return chapter, mastodon, undone


@pytest.mark.parametrize("status", [400, 422, 403])
async def test_an_undo_refused_for_the_follow_inside_is_said_again_by_id(
    world: World, status: int
) -> None:
    _, _, (first, second) = await _unfollowed(world, status, refuses="embedded")
    assert isinstance(first["object"], dict)
    assert second["type"] == "Undo"
    assert second["object"] == first["object"]["id"]
    assert second["actor"] == first["actor"]
    assert second["id"] != first["id"]


async def test_one_that_is_refused_by_id_too_is_given_up(world: World) -> None:
    chapter, _, undone = await _unfollowed(world, 400, refuses="all")
    assert [isinstance(each["object"], str) for each in undone] == [False, True]
    failed = await chapter.read(lambda tx: deliveries.status(tx))
    assert (failed.failed, failed.waiting) == (2, 0)


@pytest.mark.parametrize("status", [404, 410, 202, 500])
async def test_who_is_gone_or_took_it_or_may_take_it_later_is_told_once(
    world: World, status: int
) -> None:
    _, _, undone = await _unfollowed(world, status, refuses="all")
    assert len(undone) == 1
