"""What strangers can make us fetch, and what is kept of it."""

import asyncio
from typing import Any

import httpx
import pytest

from fedi_chapter.core.errors import NotWelcome
from fedi_chapter.federation import discover, remote_actors
from fedi_chapter.net.fetch import Budget, Fetched
from fedi_chapter.net.pools import Cause
from fedi_chapter.services.moderation import allow
from fedi_chapter.store import following, neighbours
from fedi_chapter.store import remote_actors as stored_actors
from fedi_chapter.vocab.activities import PUBLIC
from tests.kit.network import NetworkFetcher
from tests.kit.patience import PATIENCE
from tests.kit.peers.mastodon import Member
from tests.kit.peers.signatures import signed_post
from tests.kit.world import Chapter, World

pytestmark = pytest.mark.anyio


async def is_known(chapter: Chapter, who: Member) -> bool:
    return await chapter.read(lambda tx: stored_actors.get(tx, who.uri)) is not None


async def test_the_id_of_something_unknown_by_a_stranger_is_not_fetched(world: World) -> None:
    chapter, alice = await world.chapter("a.test"), world.mastodon("m.test").member("alice")
    victim = world.mastodon("v.test").member("victim")
    status = victim.compose("Hello", chapter=chapter.uri)["object"]
    assert isinstance(status, dict)
    for kind in ("Create", "Update"):
        for uri in (status["id"], f"{alice.uri}/statuses/1"):
            activity = alice.activity(kind, uri, uri=f"{alice.uri}/{kind}/{uri[-9:]}", to=[PUBLIC])
            await alice.to_shared(chapter.uri, activity)
    await world.settle()
    assert world.network.fetched("v.test") == []
    assert world.network.fetched("m.test") == [alice.uri]
    assert {each.partition(":")[0] for each in await chapter.outcomes()} == {"ignored"}


async def test_a_follower_may_answer_by_reference(world: World) -> None:
    chapter, alice = await world.chapter("a.test", replies="followers"), None
    alice = world.mastodon("m.test").member("alice")
    await alice.follow(chapter.uri)
    post = await chapter.post("Hello")
    await world.settle()
    create = alice.compose("Hi", chapter=chapter.uri, in_reply_to=post)
    note = create["object"]
    assert isinstance(note, dict)
    await alice.to_shared(chapter.uri, {**create, "object": note["id"]})
    await world.settle()
    assert (await chapter.outcomes())[-1] == "reply shown"


async def test_what_a_stranger_says_of_a_move_has_nobody_asked(world: World) -> None:
    chapter, alice = await world.chapter("a.test"), world.mastodon("m.test").member("alice")
    target = world.mastodon("n.test").member("alice")
    target.also_known_as.append(alice.uri)
    await alice.move(target.uri, chapter=chapter.uri)
    await world.settle()
    assert world.network.fetched("n.test") == []


async def test_a_signed_reader_is_never_asked_for_a_key(world: World) -> None:
    chapter, alice = await world.chapter("a.test"), world.mastodon("m.test").member("alice")
    post = await chapter.post("Hello")
    headers = signed_post(alice.key, f"{alice.uri}#main-key", post, b"", world.clock.now())
    for uri in (post, post.replace("/posts/", "/events/"), chapter.uri, chapter.urls.base):
        await world.network.send("GET", uri, {**headers, "Accept": "application/activity+json"})
    assert world.network.fetched("m.test") == []
    assert not await is_known(chapter, alice)


@pytest.mark.parametrize("answer", [httpx.Response(500), httpx.Response(503), "away", "redirect"])
async def test_a_broken_address_that_somebody_names_shuts_no_healthy_server_off(
    world: World, answer: httpx.Response | str
) -> None:
    chapter, mallory = await world.chapter("a.test"), world.mastodon("evil.test").member("mallory")
    bob = world.mastodon("v.test").member("bob")
    broken = "https://v.test/broken"
    if answer == "redirect":
        world.network.instead[mallory.uri] = httpx.Response(302, headers={"Location": broken})
        answer, broken = httpx.Response(500), mallory.uri
    if answer == "away":
        world.network.down.add("v.test")
    elif isinstance(answer, httpx.Response):
        world.network.instead["https://v.test/broken"] = answer
    follow = mallory.activity("Follow", chapter.uri, uri=f"{mallory.uri}#f")
    for _ in range(3):
        inbox = chapter.urls.shared_inbox
        assert await mallory.send(inbox, follow, key_id=f"{broken}#main-key") == 503
    world.network.down.clear()
    assert await bob.follow(chapter.uri) == 202


async def test_what_failed_for_strangers_is_asked_for_again_when_a_visitor_wants_it(
    world: World,
) -> None:
    chapter, bob = await world.chapter("a.test"), world.mastodon("v.test").member("bob")
    world.network.instead[bob.uri] = httpx.Response(502)
    assert await bob.follow(chapter.uri) == 503
    world.network.instead.clear()
    assert await bob.follow(chapter.uri) == 503  # within half a minute: not asked again
    visitor = Budget(cause=Cause.VISITOR)
    assert (await remote_actors.refresh(chapter.deps, bob.uri, visitor)).uri == bob.uri


async def test_a_visitor_does_not_wait_for_what_a_stranger_waits_for(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    chapter, bob = await world.chapter("a.test"), world.mastodon("v.test").member("bob")
    real, never = NetworkFetcher.get, asyncio.Event()

    async def get(self: NetworkFetcher, url: str, *, budget: Budget, **options: Any) -> Fetched:
        if budget.cause is Cause.STRANGER:
            await never.wait()
        return await real(self, url, budget=budget, **options)

    monkeypatch.setattr(NetworkFetcher, "get", get)
    stranger = asyncio.create_task(remote_actors.refresh(chapter.deps, bob.uri, Budget()))
    async with asyncio.timeout(PATIENCE):
        found = await remote_actors.refresh(chapter.deps, bob.uri, Budget(cause=Cause.VISITOR))
    assert found.uri == bob.uri
    never.set()
    await stranger


async def test_a_chapter_with_a_list_meets_nobody_who_is_not_on_it(world: World) -> None:
    chapter = await world.chapter("a.test", federation="allowlist")
    group = world.mastodon("listed.test").member("group")
    stranger = world.mastodon("other.test").member("stranger")
    with pytest.raises(NotWelcome) as refused:
        await discover.resolve(chapter.deps, f"@{stranger.handle}")
    assert refused.value.cure
    assert await stranger.follow(chapter.uri) == 403
    await chapter.write(lambda tx: allow(tx, "listed.test"))
    await chapter.follow(group.uri)
    await world.settle()
    assert await chapter.read(lambda tx: following.is_followed(tx, group.uri))
    status = stranger.compose("Spam", chapter=chapter.uri)["object"]
    assert isinstance(status, dict)
    await group.boost(str(status["id"]), to=chapter.uri)
    await world.settle()
    assert all("/webfinger" in url for url in world.network.fetched("other.test"))
    assert not await is_known(chapter, stranger)
    assert await chapter.read(lambda tx: neighbours.posts(tx, 10)) == []
