"""How much of what people reply is kept, and as what."""

from dataclasses import replace
from datetime import timedelta

import pytest

from fedi_chapter.core.clock import SetClock
from fedi_chapter.federation import intake
from fedi_chapter.store import replies
from tests.kit.world import World

pytestmark = pytest.mark.anyio


async def test_of_one_person_twenty_replies_are_kept_under_one_thing(world: World) -> None:
    chapter, mastodon = await world.chapter("a.test", replies="everyone"), world.mastodon("m.test")
    post, other = await chapter.post("Hello"), await chapter.post("Another")
    alice, bob = mastodon.member("alice"), mastodon.member("bob")
    for number in range(22):
        await alice.reply(post, f"number {number}")
    await bob.reply(post, "one of mine")
    await alice.reply(other, "somewhere else")
    await world.settle()
    assert await chapter.read(lambda tx: replies.count(tx, [post])) == 21
    assert await chapter.read(lambda tx: replies.count(tx, [other])) == 1


async def test_under_one_thing_only_so_many_replies_are_kept(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "MOST", replace(intake.MOST, in_thread=3))
    chapter, mastodon = await world.chapter("a.test", replies="everyone"), world.mastodon("m.test")
    post = await chapter.post("Hello")
    for name in ("ana", "ben", "cho", "dee"):
        await mastodon.member(name).reply(post, "Hi")
    await world.settle()
    assert await chapter.read(lambda tx: replies.count(tx, [post])) == 3


async def test_an_edit_is_taken_where_no_further_reply_would_be(
    world: World, clock: SetClock
) -> None:
    chapter, mastodon = await world.chapter("a.test", replies="everyone"), world.mastodon("m.test")
    post, alice = await chapter.post("Hello"), mastodon.member("alice")
    first = await alice.reply(post, "first")
    for number in range(21):
        await alice.reply(post, f"number {number}")
    await world.settle()
    clock.advance(timedelta(minutes=1))
    await alice.edit(first, "changed", chapter=chapter.uri)
    await world.settle()
    reply = await chapter.read(lambda tx: replies.get(tx, first))
    assert reply
    assert reply.html == "<p>changed</p>"


async def test_who_has_said_enough_under_an_event_can_still_say_whether_they_come(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "MOST", replace(intake.MOST, of_one=1))
    chapter, mastodon = await world.chapter("a.test", replies="everyone"), world.mastodon("m.test")
    event, alice = await chapter.event("Picnic"), mastodon.member("alice")
    await alice.reply(event, "What a day for it")
    await alice.reply(event, "going")
    await world.settle()
    assert (await chapter.outcomes())[-1] == "RSVP: going"
    assert await chapter.read(lambda tx: replies.count(tx, [event])) == 1


async def test_one_person_may_quote_one_thing_twenty_times(world: World) -> None:
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    post, alice = await chapter.post("Hello"), mastodon.member("alice")
    for _ in range(21):
        await alice.quote(post)
    await mastodon.member("bob").quote(post)
    await world.settle()
    outcomes = await chapter.outcomes()
    assert outcomes.count("quote allowed") == 21
    assert outcomes[-2].startswith("ignored: ")
