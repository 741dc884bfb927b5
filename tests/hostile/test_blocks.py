"""What a block takes along, and what can't get round it (OBJ-19): copies, boosts, the queue."""

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import ClassVar

import pytest

from fedi_chapter.core.errors import FormInvalid
from fedi_chapter.domain.post import Mention, PostId
from fedi_chapter.services.moderation import block, unblock
from fedi_chapter.services.posts import PostFields, create_post, delete_post, edit_post
from fedi_chapter.store import hosts, messages, neighbours, reactions, replies
from tests.kit.peers.mastodon import PUBLIC, Json, Member
from tests.kit.world import Chapter, World

pytestmark = pytest.mark.anyio


async def talked(world: World, host: str = "m.test") -> tuple[Chapter, Member, str]:
    """A chapter under whose post somebody it follows has replied, liked and written."""
    chapter = await world.chapter("a.test", replies="everyone")
    alice, post = world.mastodon(host).member("alice"), await chapter.post("Hello")
    await chapter.follow(alice.uri)
    await world.settle()
    await alice.write("a neighbour's post", chapter=chapter.uri)
    await alice.reply(post, "an answer")
    await alice.like(post)
    await alice.dm(chapter.uri, "a word in private")
    await world.settle()
    return chapter, alice, post


async def seen(chapter: Chapter, post: str) -> tuple[int, int, int]:
    """Return how many replies, likes and neighbours' posts are shown."""
    return await chapter.read(
        lambda tx: (
            len(replies.thread(tx, [post], 50)),
            reactions.counts(tx, [post])[0],
            len(neighbours.posts(tx, 50)),
        )
    )


@pytest.mark.parametrize(
    ("host", "target"),
    [
        ("m.test", "m.test"),
        ("m.test", "https://m.test/users/alice"),
        ("deep.under.m.test", "m.test"),
        ("deep.under.m.test", "under.m.test"),
    ],
)
async def test_what_the_blocked_said_is_seen_no_more(world: World, host: str, target: str) -> None:
    chapter, _, post = await talked(world, host)
    assert await seen(chapter, post) == (1, 1, 1)
    await chapter.write(lambda tx: block(tx, target, chapter.urls))
    assert await seen(chapter, post) == (0, 0, 0)
    page = await world.network.send("GET", post, {"Host": "a.test", "Accept": "text/html"})
    assert b"an answer" not in page.content
    answer = await world.network.send(
        "GET", f"{post}/replies?page=1", {"Host": "a.test", "Accept": "application/activity+json"}
    )
    assert b"users/alice" not in answer.content
    assert len(await chapter.read(messages.listing)) == 1  # organizers may need it


@pytest.mark.parametrize(
    "target", ["test", "est", "om.test", "m.tes", "https://m.test/users/alic", "m_test", "%"]
)
async def test_a_block_of_a_similar_name_hides_nothing_of_others(world: World, target: str) -> None:
    chapter, _, post = await talked(world, "room.example")
    with suppress(FormInvalid):  # some of these are no names at all: as good
        await chapter.write(lambda tx: block(tx, target, chapter.urls))
    assert await seen(chapter, post) == (1, 1, 1)


async def test_an_unblocked_actor_may_speak_again(world: World) -> None:
    chapter, alice, post = await talked(world)
    await chapter.write(lambda tx: block(tx, "m.test", chapter.urls))
    await chapter.write(lambda tx: unblock(tx, "m.test"))
    await alice.reply(post, "sorry")
    await world.settle()
    assert (await seen(chapter, post))[0] == 1


async def test_what_waited_when_the_block_came_has_no_effect(world: World) -> None:
    chapter, alice, post = await talked(world)
    await alice.reply(post, "one more thing")
    await chapter.write(lambda tx: block(tx, alice.uri, chapter.urls))
    await world.settle()
    assert (await seen(chapter, post))[0] == 0
    assert (await chapter.outcomes())[-1] == "ignored: blocked since it came"


@pytest.mark.parametrize("target", ["bad.test", "https://bad.test/users/mallory"])
async def test_a_boost_by_a_friend_does_not_carry_the_blocked_in(world: World, target: str) -> None:
    chapter, alice, post = await talked(world)
    mallory = world.mastodon("bad.test").member("mallory")
    spam = str(mallory.compose("spam", chapter=post)["id"]).removesuffix("/activity")
    await chapter.write(lambda tx: block(tx, target, chapter.urls))
    await alice.boost(spam, to=chapter.uri)
    await world.settle()
    assert (await seen(chapter, post))[2] == 1
    if target == "bad.test":
        assert world.network.fetched("bad.test") == []


async def test_a_boost_of_somebody_blocked_later_is_gone_too(world: World) -> None:
    chapter, alice, post = await talked(world)
    mallory = world.mastodon("bad.test").member("mallory")
    spam = str(mallory.compose("spam", chapter=post)["id"]).removesuffix("/activity")
    await alice.boost(spam, to=chapter.uri)
    await world.settle()
    assert (await seen(chapter, post))[2] == 2
    await chapter.write(lambda tx: block(tx, "bad.test", chapter.urls))
    assert (await seen(chapter, post))[2] == 1


async def test_who_was_blocked_gets_no_edit_but_the_deletion(world: World) -> None:
    chapter, alice, post = await talked(world)
    post_id, mastodon = PostId(post.rpartition("/")[2]), world.mastodons["m.test"]
    assert await alice.follow(chapter.uri) == 202
    await world.settle()
    named = PostFields(
        "Hello @alice@m.test", mentions=(Mention(alice.uri, alice.uri, "alice@m.test"),)
    )
    await chapter.write(lambda tx: edit_post(tx, post_id, named, chapter.urls))
    await world.settle()
    await chapter.write(lambda tx: block(tx, "m.test", chapter.urls))
    await world.settle()
    mastodon.received.clear()
    again = replace(named, text="Hello again @alice@m.test")
    await chapter.write(lambda tx: edit_post(tx, post_id, again, chapter.urls))
    await chapter.write(lambda tx: create_post(tx, chapter.actor, again, chapter.urls))
    await world.settle()
    assert mastodon.received == []
    await chapter.write(lambda tx: delete_post(tx, post_id))
    await world.settle()
    assert [each.activity["type"] for each in mastodon.received] == ["Delete"]


async def test_what_waited_for_a_server_when_it_was_blocked_stays_here(world: World) -> None:
    chapter, alice, _ = await talked(world)
    mastodon = world.mastodons["m.test"]
    assert await alice.follow(chapter.uri) == 202
    await world.settle()
    del world.network.hosts["m.test"]
    await chapter.post("said while you were away")
    await world.settle()
    await chapter.write(lambda tx: block(tx, "m.test", chapter.urls))
    world.network.hosts["m.test"] = mastodon.app
    mastodon.received.clear()
    world.clock.advance(timedelta(days=1))
    await world.settle()
    assert [each.activity["type"] for each in mastodon.received] == ["Reject", "Undo"]


async def test_an_edit_does_not_bring_a_hidden_reply_back(world: World) -> None:
    chapter, alice, post = await talked(world)
    status = await alice.reply(post, "rude")
    await world.settle()
    await chapter.write(lambda tx: block(tx, alice.uri, chapter.urls))
    await chapter.write(lambda tx: unblock(tx, alice.uri))
    note = {**alice.statuses[status], "updated": "2026-11-22T00:00:00Z", "content": "<p>ruder</p>"}
    update = alice.activity("Update", note, uri=f"{status}#up", to=[PUBLIC])
    assert await alice.to_shared(chapter.uri, update) == 202
    await world.settle()
    assert (await seen(chapter, post))[0] == 0


BLOCKED = "bad.test"


class Hidden(Member):
    """Somebody of an unblocked host whose document names other places."""

    def document(self) -> Json:
        return {**super().document(), **self.elsewhere}

    elsewhere: ClassVar[Json] = {}


def hidden(world: World, host: str, **elsewhere: object) -> Member:
    """Return somebody at `host` whose document says other things than where they live."""
    server = world.mastodon(host)
    crooked = type("Crooked", (Hidden,), {"elsewhere": elsewhere})
    made: Member = crooked(server, "mallory", server.key)
    server.members["mallory"] = made
    return made


@pytest.mark.parametrize(  # OBJ-19
    ("host", "blocked"), [("good.test", BLOCKED), (BLOCKED, "good.test")]
)
@pytest.mark.parametrize(
    "place",
    ["https://{}/inbox", "https://{}./inbox", "https://{}:8443/inbox", "https://in.{}/inbox"],
)
async def test_an_inbox_at_a_blocked_host_hides_behind_no_other_name(
    world: World, host: str, blocked: str, place: str
) -> None:
    chapter = await world.chapter("a.test")
    await chapter.write(lambda tx: block(tx, BLOCKED, chapter.urls))
    world.mastodon(blocked)
    mallory = hidden(world, host, inbox=place.format(blocked))
    assert await mallory.follow(chapter.uri) == (403 if host == BLOCKED else 401)
    await chapter.post("Hello")
    await world.settle()
    assert await chapter.followers() == []
    assert [each.url for each in world.network.sent if BLOCKED in each.url] == []


@pytest.mark.parametrize(  # OBJ-19
    "place",
    ["https://{}/inbox", "https://{}./inbox", "https://{}:8443/inbox", "https://in.{}/inbox"],
)
async def test_a_shared_inbox_at_a_blocked_host_is_never_used(world: World, place: str) -> None:
    chapter = await world.chapter("a.test")
    await chapter.write(lambda tx: block(tx, BLOCKED, chapter.urls))
    world.mastodon(BLOCKED)
    mallory = hidden(world, "good.test", endpoints={"sharedInbox": place.format(BLOCKED)})
    assert await mallory.follow(chapter.uri) == 202
    await world.settle()
    await chapter.post("Hello")
    await world.settle()
    assert await chapter.followers() == [mallory.uri]
    assert [each.url for each in world.network.sent if BLOCKED in each.url] == []


@pytest.mark.parametrize(  # OBJ-18, OBJ-19
    "name",
    [
        *("bad.test", "BAD.test", "bad.test.", "bad.test:443", "bad.test:8443", "bad.test.:8443"),
        *("sub.bad.test", "sub.bad.test.", "SUB.BAD.TEST:8443"),
    ],
)
async def test_no_spelling_of_a_blocked_host_is_let_in(world: World, name: str) -> None:
    chapter = await world.chapter("a.test")
    post = await chapter.post("Hello")
    await chapter.write(lambda tx: block(tx, BLOCKED, chapter.urls))
    assert await world.mastodon(name).member("mallory").like(post) == 403
    assert [each for each in world.network.sent if "bad" in each.url.lower()] == []


@pytest.mark.parametrize(
    "spelled", ["bücher.test", "BÜCHER.test", "xn--bcher-kva.test", "ｂücher。test"]
)
async def test_a_name_with_umlauts_is_blocked_however_it_is_written(
    world: World, spelled: str
) -> None:
    chapter = await world.chapter("a.test")
    post = await chapter.post("Hello")
    await chapter.write(lambda tx: block(tx, spelled, chapter.urls))
    for host in ("xn--bcher-kva.test", "XN--BCHER-KVA.test", "in.xn--bcher-kva.test."):
        assert await world.mastodon(host).member("mallory").like(post) == 403


async def test_a_blocked_actor_comes_back_by_no_redirect_of_another_host(world: World) -> None:
    chapter = await world.chapter("a.test")
    await chapter.write(lambda tx: block(tx, BLOCKED, chapter.urls))
    true = world.mastodon(BLOCKED).member("mallory")
    mask = hidden(world, "good.test", id=true.uri, inbox=f"{true.uri}/inbox")
    assert await mask.follow(chapter.uri) == 401
    await world.settle()
    assert await chapter.followers() == []
    assert world.network.fetched(BLOCKED) == []


@pytest.mark.parametrize("about", ["m.test", "https://m.test/users/alice"])
async def test_a_server_that_heeds_no_late_reject_ends_a_blocked_follow_all_the_same(
    world: World, about: str
) -> None:
    """GoToSocial takes a Reject for waiting follows only; a Block ends one it had accepted."""
    chapter, server = await world.chapter("a.test"), world.mastodon("m.test")
    server.software = "gotosocial"
    alice = server.member("alice")
    await alice.follow(chapter.uri)
    await world.settle()
    await chapter.write(lambda tx: hosts.learned(tx, "m.test", "gotosocial", "0.20", False))
    server.received.clear()
    await chapter.write(lambda tx: block(tx, about, chapter.urls))
    await world.settle()
    told = [each.activity for each in server.received]
    assert [each["type"] for each in told] == ["Reject", "Block", "Undo"]
    assert told[1]["object"] == alice.uri
    assert told[2]["object"]["id"] == told[1]["id"]  # nothing stays in force there
