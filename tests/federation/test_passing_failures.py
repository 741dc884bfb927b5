"""Another server's document that can't be had at this moment: it is asked for again."""

from datetime import timedelta

import httpx
import pytest

from fedi_chapter.core.clock import SetClock
from fedi_chapter.store import messages, neighbours, remote_actors, replies
from tests.kit.peers.mastodon import Member
from tests.kit.world import Chapter, World

pytestmark = pytest.mark.anyio

ACTIVITY = {"Content-Type": "application/activity+json"}
PAGE = b"<!doctype html><title>One moment</title>"
PASSING = {
    "500": httpx.Response(500),
    "501": httpx.Response(501),
    "502": httpx.Response(502, content=PAGE),
    "504": httpx.Response(504),
    "507": httpx.Response(507),
    "520": httpx.Response(520, content=PAGE),
    "530": httpx.Response(530),
    "408": httpx.Response(408),
    "a page with 200": httpx.Response(200, content=PAGE, headers={"Content-Type": "text/html"}),
    "a page that calls itself an activity": httpx.Response(200, content=PAGE, headers=ACTIVITY),
    "half a document": httpx.Response(200, content=b'{"id": "https://m.te', headers=ACTIVITY),
    "nothing": httpx.Response(200, content=b"", headers=ACTIVITY),
    "204": httpx.Response(204),
    "202 of a shield": httpx.Response(202, content=PAGE),
    "a detour": httpx.Response(302, headers={"Location": "https://status.test/"}),
}
WHILE_ERASING = {"403": httpx.Response(403), "401": httpx.Response(401)}
"""Mastodon refuses to show an account that it is about to erase, and that is then gone."""


async def is_gone(chapter: Chapter, member: Member) -> bool:
    known = await chapter.read(lambda tx: remote_actors.get(tx, member.uri))
    return known is not None and known.gone_at is not None


@pytest.mark.parametrize("kind", PASSING | WHILE_ERASING)
async def test_the_deletion_of_an_account_waits_for_a_clear_answer(
    world: World, clock: SetClock, kind: str
) -> None:
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    alice = mastodon.member("alice")
    await alice.follow(chapter.uri)
    message = await alice.dm(chapter.uri, "A secret")
    await world.settle()
    world.network.instead[alice.uri] = (PASSING | WHILE_ERASING)[kind]
    assert await alice.delete_account(chapter=chapter.uri) == 202
    for hours in (0, 1, 23, 72):
        clock.advance(timedelta(hours=hours))
        await world.settle()
    assert await chapter.followers() == [alice.uri]
    world.network.instead.clear()
    clock.advance(timedelta(hours=6))
    await world.settle()
    assert await chapter.followers() == []
    assert await chapter.read(lambda tx: messages.get(tx, message)) is None
    assert await is_gone(chapter, alice)


async def test_an_account_that_a_cache_still_shows_is_asked_for_again(
    world: World, clock: SetClock
) -> None:
    chapter, alice = await world.chapter("a.test"), world.mastodon("m.test").member("alice")
    await alice.follow(chapter.uri)
    await world.settle()
    await alice.say_goodbye(chapter=chapter.uri)  # its document is still there
    await world.settle()
    assert not await is_gone(chapter, alice)
    alice.deleted = True
    clock.advance(timedelta(minutes=11))
    await world.settle()
    assert await is_gone(chapter, alice)


async def test_a_live_account_is_asked_for_twice_and_then_left_in_peace(
    world: World, clock: SetClock
) -> None:
    chapter, alice = await world.chapter("a.test"), world.mastodon("m.test").member("alice")
    await alice.follow(chapter.uri)
    await world.settle()
    before = len(world.network.fetched("m.test"))
    await alice.say_goodbye(chapter=chapter.uri)
    for _ in range(60):
        await world.settle()
        clock.advance(timedelta(minutes=1))
    assert len(world.network.fetched("m.test")) - before == 2
    assert (await chapter.outcomes())[-1].startswith("ignored: the account is alive")
    assert await chapter.followers() == [alice.uri]


async def test_a_forged_farewell_does_not_hide_the_real_one_that_follows(
    world: World, clock: SetClock
) -> None:
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    alice, mallory = mastodon.member("alice"), world.mastodon("evil.test").member("mallory")
    await alice.follow(chapter.uri)
    await world.settle()
    forged = alice.activity("Delete", alice.uri, uri=f"{alice.uri}#forged")
    await mallory.to_shared(chapter.uri, forged)
    await world.settle()
    await alice.delete_account(chapter=chapter.uri)
    for _ in range(3):
        await world.settle()
        clock.advance(timedelta(minutes=10))
    assert await is_gone(chapter, alice)


async def test_a_forged_farewell_does_not_hide_a_real_one_that_others_pass_on(
    world: World, clock: SetClock
) -> None:
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    alice, other = mastodon.member("alice"), world.mastodon("other.test").member("other")
    await alice.follow(chapter.uri)
    await world.settle()
    await other.to_shared(chapter.uri, alice.activity("Delete", alice.uri, uri=f"{alice.uri}#1"))
    await world.settle()
    alice.deleted = True
    await other.to_shared(chapter.uri, alice.activity("Delete", alice.uri, uri=f"{alice.uri}#2"))
    for _ in range(3):
        await world.settle()
        clock.advance(timedelta(minutes=6))
    assert await is_gone(chapter, alice)


async def test_the_deletion_by_a_server_that_never_answers_again_is_believed_after_a_month(
    world: World, clock: SetClock
) -> None:
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    alice = mastodon.member("alice")
    await alice.follow(chapter.uri)
    await world.settle()
    await alice.delete_account(chapter=chapter.uri)
    world.network.down.add("m.test")
    for _ in range(29):
        await world.settle()
        clock.advance(timedelta(days=1))
    assert await chapter.followers() == [alice.uri]
    clock.advance(timedelta(days=1, hours=1))
    await world.settle()
    assert await chapter.followers() == []


async def test_a_farewell_that_is_not_signed_by_the_account_needs_a_clear_answer_for_ever(
    world: World, clock: SetClock
) -> None:
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    alice, mallory = mastodon.member("alice"), world.mastodon("evil.test").member("mallory")
    await alice.follow(chapter.uri)
    await world.settle()
    world.network.down.add("m.test")
    forged = alice.activity("Delete", alice.uri, uri=f"{alice.uri}#forged")
    await mallory.to_shared(chapter.uri, forged)
    for _ in range(40):
        await world.settle()
        clock.advance(timedelta(days=1))
    assert await chapter.followers() == [alice.uri]


@pytest.mark.parametrize("kind", PASSING)
async def test_a_post_passed_on_by_another_waits_for_its_origin(
    world: World, clock: SetClock, kind: str
) -> None:
    chapter, group = await world.chapter("a.test"), world.mastodon("g.test").member("group")
    author = world.mastodon("m.test").member("author")
    await chapter.follow(group.uri)
    await world.settle()
    status = str(author.compose("News", chapter=chapter.uri)["object"]["id"])  # type: ignore[index]
    world.network.instead[status] = PASSING[kind]
    await group.boost(status, to=chapter.uri)
    await world.settle()
    assert await chapter.read(lambda tx: neighbours.get_post(tx, status)) is None
    world.network.instead.clear()
    clock.advance(timedelta(minutes=1))
    await world.settle()
    assert await chapter.read(lambda tx: neighbours.get_post(tx, status)) is not None


async def test_a_page_that_never_becomes_a_document_is_given_up_after_a_day(
    world: World, clock: SetClock
) -> None:
    chapter, group = await world.chapter("a.test"), world.mastodon("g.test").member("group")
    await chapter.follow(group.uri)
    await world.settle()
    world.mastodon("m.test")
    page = "https://m.test/page"
    world.network.instead[page] = PASSING["a page with 200"]
    await group.boost(page, to=chapter.uri)
    for _ in range(30):
        await world.settle()
        clock.advance(timedelta(hours=1))
    assert (await chapter.outcomes())[-1].startswith("ignored: the origin gave nothing")
    assert len(world.network.fetched("m.test")) < 20


@pytest.mark.parametrize("kind", PASSING)
async def test_who_can_not_be_asked_for_a_key_is_told_to_come_again(
    world: World, clock: SetClock, kind: str
) -> None:
    chapter, alice = await world.chapter("a.test"), world.mastodon("m.test").member("alice")
    world.network.instead[alice.uri] = PASSING[kind]
    assert await alice.follow(chapter.uri) == 503
    world.network.instead.clear()
    clock.advance(timedelta(seconds=31))
    assert await alice.follow(chapter.uri) == 202


async def test_a_hiccup_when_a_group_tells_of_a_deletion_does_not_keep_the_post(
    world: World, clock: SetClock
) -> None:
    chapter, mastodon = await world.chapter("a.test", replies="everyone"), world.mastodon("m.test")
    alice, passer = mastodon.member("alice"), world.mastodon("p.test").member("passer")
    status = await alice.reply(await chapter.post("Hello"), "Hi")
    await world.settle()
    del alice.statuses[status]
    world.network.instead[status] = httpx.Response(500)
    tombstone = {"id": status, "type": "Tombstone"}
    delete = alice.activity("Delete", tombstone, uri=f"{status}#delete")
    await passer.to_shared(chapter.uri, delete)
    await world.settle()
    assert await chapter.read(lambda tx: replies.get(tx, status)) is not None
    world.network.instead.clear()
    clock.advance(timedelta(minutes=1))
    await world.settle()
    assert await chapter.read(lambda tx: replies.get(tx, status)) is None
