"""What strangers say to us is bounded, read by organizers, and goes by itself."""

from dataclasses import replace
from datetime import timedelta

import pytest

from fedi_chapter.core.clock import SetClock
from fedi_chapter.domain.conversation import Message, Reply, ReplyState
from fedi_chapter.domain.neighbour import NeighbourEvent, NeighbourPost
from fedi_chapter.domain.urls import Urls
from fedi_chapter.federation import intake
from fedi_chapter.services import retention
from fedi_chapter.store import messages, neighbours, remote_actors, replies
from fedi_chapter.store.tx import Database, ReadTx, WriteTx
from tests.kit.builders import a_remote_actor
from tests.kit.world import Chapter, World

pytestmark = pytest.mark.anyio

DAY = timedelta(days=1)
URLS = Urls(base="https://chapter.example", domain="chapter.example")


async def texts(chapter: Chapter) -> list[str]:
    return [each.html for each in await chapter.read(messages.listing)]


async def test_of_one_person_the_newest_private_messages_are_kept(
    world: World, monkeypatch: pytest.MonkeyPatch, clock: SetClock
) -> None:
    monkeypatch.setattr(messages, "MOST_OF_ONE", 2)
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    await mastodon.member("bob").dm(chapter.uri, "mine")
    for number in range(3):
        clock.advance(timedelta(minutes=1))
        await mastodon.member("alice").dm(chapter.uri, f"number {number}")
        await world.settle()
    assert await texts(chapter) == ["<p>number 2</p>", "<p>number 1</p>", "<p>mine</p>"]


async def test_of_one_host_whoever_says_most_makes_room(
    world: World, monkeypatch: pytest.MonkeyPatch, clock: SetClock
) -> None:
    monkeypatch.setattr(messages, "MOST_OF_HOST", 3)
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    for name, words in (("bob", "mine"), ("eve", "1"), ("eve", "2"), ("eve", "3"), ("eve", "4")):
        clock.advance(timedelta(minutes=1))
        await mastodon.member(name).dm(chapter.uri, words)
        await world.settle()
    await world.mastodon("far.test").member("cat").dm(chapter.uri, "from afar")
    await world.settle()
    assert set(await texts(chapter)) == {
        "<p>mine</p>",
        "<p>3</p>",
        "<p>4</p>",
        "<p>from afar</p>",
    }


async def test_a_message_that_was_understood_and_done_is_not_kept(world: World) -> None:
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    event, alice = await chapter.event("Picnic"), mastodon.member("alice")
    await alice.reply(event, "going", visibility="direct")
    await world.settle()
    assert (await chapter.outcomes())[-1] == "RSVP: going"
    assert await texts(chapter) == []
    await alice.reply(event, "going, but perhaps later, or not?", visibility="direct")
    await alice.reply(event, "May I bring my dog?", visibility="direct")
    await world.settle()
    assert "<p>May I bring my dog?</p>" in await texts(chapter)


async def test_an_unclear_answer_is_kept_for_an_organizer_to_read(world: World) -> None:
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    event, alice = await chapter.event("Picnic"), mastodon.member("alice")
    await alice.reply(event, "going if it is dry", visibility="direct")
    await world.settle()
    assert (await chapter.outcomes())[-1] == "asked what was meant"
    assert await texts(chapter) == ["<p>going if it is dry</p>"]


async def test_replies_that_wait_for_an_organizer_are_few_of_one_person_and_one_host(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    most = replace(intake.MOST, held_of_one=2, held_of_host=3)
    monkeypatch.setattr(intake, "MOST", most)
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    posts = [await chapter.post(f"Number {number}") for number in range(3)]
    for name in ("ana", "ben"):
        for post in posts:
            await mastodon.member(name).reply(post, "Hi")
        await world.settle()
    await world.mastodon("far.test").member("cat").reply(posts[0], "Hi")
    await world.settle()
    held = await chapter.read(replies.held)
    names = sorted(each.actor_uri.rpartition("/")[2] for each in held)
    assert names == ["ana", "ana", "ben", "cat"]


def _put(tx: WriteTx, *, uri: str, ours: str) -> None:
    remote_actors.put(tx, a_remote_actor(host="b.test"))
    for name in ReplyState:
        one = f"{uri}/{name}"
        replies.put(tx, Reply(one, uri, ours, ours, "<p>Hi</p>", tx.now, one, state=name))
    messages.put(tx, Message(f"{uri}/m", uri, "<p>psst</p>", tx.now))
    for number in range(3):
        one = f"{uri}/{number}"
        neighbours.put_post(tx, NeighbourPost(one, uri, "<p>x</p>", tx.now, one))
        neighbours.put_event(tx, NeighbourEvent(f"{one}/e", uri, "x", tx.now, one, tx.now))


def _left(tx: ReadTx, uri: str) -> dict[str, str]:
    kept = (replies.get(tx, f"{uri}/{state}") for state in ReplyState)
    return {str(each.state): each.html for each in kept if each}


async def test_what_strangers_said_goes_by_itself(
    db: Database, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "NEWS_KEPT", 1)
    uri, ours = "https://b.test/users/ana", "https://chapter.example/posts/1"
    await db.write(lambda tx: _put(tx, uri=uri, ours=ours))
    clock.advance(29 * DAY)
    await db.write(lambda tx: retention.sweep(tx, URLS))
    assert set(await db.read(lambda tx: _left(tx, uri))) == {"shown", "held", "hidden"}
    clock.advance(2 * DAY)
    await db.write(lambda tx: retention.sweep(tx, URLS))
    assert await db.read(lambda tx: _left(tx, uri)) == {"shown": "<p>Hi</p>", "hidden": ""}
    assert len(await db.read(messages.listing)) == 1
    clock.advance(60 * DAY)
    await db.write(lambda tx: retention.sweep(tx, URLS))
    assert await db.read(messages.listing) == []
    assert len(await db.read(lambda tx: neighbours.posts(tx, 9))) == 1
    assert await db.read(lambda tx: neighbours.get_event(tx, f"{uri}/0/e")) is None
