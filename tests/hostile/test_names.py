"""Who is called what, and what strangers' headers can't do (OBJ-13, OBJ-16, OBJ-17, ABU-06)."""

import json
from datetime import timedelta

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from fedi_chapter.core.errors import UnknownHandle
from fedi_chapter.federation import remote_actors
from fedi_chapter.federation.discover import resolve
from fedi_chapter.net.fetch import Budget
from fedi_chapter.store import remote_actors as stored
from tests.kit.peers.mastodon import Json, Mastodon, Member
from tests.kit.peers.signatures import signed_post
from tests.kit.world import Chapter, World

pytestmark = pytest.mark.anyio


def split(world: World) -> Mastodon:
    """A server at social.corp.test whose members are called @name@corp.test."""
    server = world.mastodon("social.corp.test")

    async def finger(request: Request) -> Response:
        name = request.query_params["resource"].removeprefix("acct:").partition("@")[0]
        link = {
            "rel": "self",
            "type": "application/activity+json",
            "href": server.member(name).uri,
        }
        document = {"subject": f"acct:{name}@corp.test", "links": [link]}
        return JSONResponse(document, media_type="application/jrd+json")

    route = Route("/.well-known/webfinger", finger)
    world.network.hosts["corp.test"] = Starlette(routes=[route])
    world.network.hosts["social.corp.test"] = Starlette(routes=[route, Mount("/", server.app)])
    return server


async def handle_of(chapter: Chapter, uri: str) -> str:
    actor = await chapter.read(lambda tx: stored.get(tx, uri))
    assert actor
    return actor.handle


async def test_a_verified_handle_stays_when_the_profile_is_fetched_or_sent_again(  # OBJ-17
    world: World,
) -> None:
    chapter, ana = await world.chapter("a.test"), split(world).member("ana")
    assert (await resolve(chapter.deps, "@ana@corp.test")).handle == "ana@corp.test"
    await remote_actors.refresh(chapter.deps, ana.uri, Budget())
    assert await handle_of(chapter, ana.uri) == "ana@corp.test"
    await ana.update_profile("Ana B.", chapter=chapter.uri)
    world.clock.advance(timedelta(days=2))
    await ana.like(await chapter.post("Hello"))
    await world.settle()
    assert await handle_of(chapter, ana.uri) == "ana@corp.test"


async def test_a_handle_both_domains_no_longer_agree_on_is_given_up(world: World) -> None:
    chapter, ana = await world.chapter("a.test"), split(world).member("ana")
    await resolve(chapter.deps, "@ana@corp.test")
    world.network.hosts["social.corp.test"] = ana.server.app  # type: ignore[attr-defined]
    found = await resolve(chapter.deps, "@ana@social.corp.test")
    assert found.handle == "ana@social.corp.test"
    assert await handle_of(chapter, ana.uri) == "ana@social.corp.test"


async def test_a_renamed_actor_does_not_keep_its_verified_handle(world: World) -> None:
    chapter, ana = await world.chapter("a.test"), split(world).member("ana")
    await resolve(chapter.deps, "@ana@corp.test")
    renamed = {**ana.document(), "preferredUsername": "mayor"}
    update = ana.activity("Update", renamed, uri=f"{ana.uri}#up")
    assert await ana.to_shared(chapter.uri, update) == 202
    await world.settle()
    assert await handle_of(chapter, ana.uri) == "mayor@social.corp.test"


async def test_a_stranger_can_not_take_a_verified_handle(world: World) -> None:  # OBJ-17, ABU-06
    chapter, ana = await world.chapter("a.test"), split(world).member("ana")
    await resolve(chapter.deps, "@ana@corp.test")
    mallory = world.mastodon("evil.test").member("ana")

    async def finger(_: Request) -> Response:
        link = {"rel": "self", "type": "application/activity+json", "href": mallory.uri}
        return JSONResponse({"subject": "acct:ana@corp.test", "links": [link]})

    world.network.hosts["evil.test"] = Starlette(
        routes=[Route("/.well-known/webfinger", finger), Mount("/", mallory.server.app)]  # type: ignore[attr-defined]
    )
    with pytest.raises(UnknownHandle):
        await resolve(chapter.deps, "@ana@evil.test")
    await mallory.like(await chapter.post("Hello"))
    await world.settle()
    assert await handle_of(chapter, mallory.uri) == "ana@evil.test"
    assert await handle_of(chapter, ana.uri) == "ana@corp.test"


@pytest.mark.parametrize(  # OBJ-17, HTML-04
    "name", ["ana@corp.test", "a/b", "../ana", "a\u202eb", "a b", "", "<b>", "a%40b", "ana\u200b"]
)
async def test_a_name_that_can_not_stand_in_a_handle_is_refused(world: World, name: str) -> None:
    chapter, evil = await world.chapter("a.test"), world.mastodon("evil.test")

    class Crooked(Member):
        def document(self) -> Json:
            return {**super().document(), "preferredUsername": name}

    mallory = Crooked(evil, "mallory", evil.key)
    evil.members["mallory"] = mallory
    assert await mallory.follow(chapter.uri) == 401
    assert await chapter.followers() == []


SYNC = (
    'collectionId="https://a.test/chapter/followers",'
    'url="https://evil.test/followers_synchronization",digest="' + "0" * 64 + '"'
)


@pytest.mark.parametrize(  # OBJ-16
    "sync",
    [
        SYNC,
        SYNC.replace("evil.test", "m.test").replace("a.test/chapter", "m.test/users/alice"),
        SYNC.replace("https://evil.test", "http://169.254.169.254"),
        "garbage",
    ],
)
async def test_a_list_of_followers_in_a_header_is_not_looked_at(world: World, sync: str) -> None:
    chapter, alice = await world.chapter("a.test"), world.mastodon("m.test").member("alice")
    await alice.follow(chapter.uri)
    await world.settle()
    world.network.sent.clear()
    like = alice.activity("Like", await chapter.post("Hello"), uri=f"{alice.uri}#likes/1")
    body, url = json.dumps(like).encode(), chapter.urls.shared_inbox
    headers = signed_post(alice.key, f"{alice.uri}#main-key", url, body, world.clock.now())
    headers["Collection-Synchronization"] = sync
    assert (await world.network.send("POST", url, headers, body)).status_code == 202
    await world.settle()
    assert await chapter.followers() == [alice.uri]
    asked = {each.url for each in world.network.sent if each.method == "GET"}
    assert asked <= {chapter.uri}  # by the peer, to read whom it answers


@pytest.mark.parametrize(  # OBJ-13
    "target",
    ["/chapter/followers", "/inbox", "/groups/nobody", "/groups/a%00b", "/events", "/chapter#x"],
)
async def test_what_is_no_actor_can_not_be_followed(world: World, target: str) -> None:
    chapter, alice = await world.chapter("a.test"), world.mastodon("m.test").member("alice")
    follow = alice.activity("Follow", chapter.urls.base + target, uri=f"{alice.uri}#follow/1")
    assert await alice.send(chapter.urls.shared_inbox, follow) in {202, 400}
    await world.settle()
    assert await chapter.followers() == []
    assert alice.server.received == []
