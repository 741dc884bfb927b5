"""Answers in plain words: what a reply or a message counts for, and what it never does."""

from collections import Counter
from datetime import timedelta

import pytest

from fedi_chapter.core.html import plain
from fedi_chapter.services import reminders
from fedi_chapter.store import followers, holdings, messages, replies
from tests.kit import dialects
from tests.kit.answering import Gathering, a_gathering
from tests.kit.peers.mastodon import Json, Member
from tests.kit.world import World

pytestmark = pytest.mark.anyio


async def say(
    gathering: Gathering, member: Member, words: str, *, to: str, public: bool = False
) -> Json:
    """Let somebody reply to something; return the Create."""
    create = member.compose(
        words,
        chapter=gathering.to.chapter,
        in_reply_to=to,
        visibility="public" if public else "direct",
    )
    assert await gathering.send(member, create) == 202
    return create


def status_of(create: Json) -> str:
    return str(create["id"]).removesuffix("/activity")


async def test_a_reply_with_two_guests_takes_three_seats_and_is_held_from_the_page(
    world: World,
) -> None:
    gathering = await a_gathering(world, capacity=5)
    ana = gathering.member()
    reply = await say(gathering, ana, "going +2", to=gathering.to.face, public=True)
    assert (await gathering.tally()).heads == 3
    held = await gathering.chapter.read(replies.held)
    assert [each.uri for each in held] == [status_of(reply)]
    (letter,) = gathering.letters()
    assert letter["inReplyTo"] == status_of(reply)


async def test_the_confirmation_is_in_the_language_of_the_reply(world: World) -> None:
    gathering = await a_gathering(world)
    ana = gathering.member()
    create = ana.compose("voy", chapter=gathering.to.chapter, in_reply_to=gathering.to.face)
    note = create["object"]
    assert isinstance(note, dict)
    note["contentMap"] = {"es": note["content"]}
    await gathering.send(ana, create)
    assert await gathering.status() == "going"
    (letter,) = gathering.letters()
    assert list(letter["contentMap"]) == ["es"]  # type: ignore[call-overload]


@pytest.mark.parametrize("public", [True, False])
async def test_whoever_changes_their_mind_says_so(world: World, *, public: bool) -> None:
    gathering = await a_gathering(world)
    ana = gathering.member()
    said = [("going", "going"), ("can't make it", "no"), ("maybe", "maybe"), ("undo", "none")]
    for words, status in said:
        world.clock.advance(timedelta(minutes=1))
        await say(gathering, ana, words, to=gathering.to.event, public=public)
        assert await gathering.status() == status


async def test_a_word_within_the_talk_of_others_is_no_answer(world: World) -> None:
    gathering = await a_gathering(world)
    ana, ben = gathering.member(), gathering.member("ben")
    question = await say(gathering, ben, "Who brings cake?", to=gathering.to.face, public=True)
    await say(gathering, ana, "going", to=status_of(question), public=True)
    post = await gathering.chapter.post("We won")
    await say(gathering, ana, "going", to=post, public=True)
    assert (await gathering.tally()).voters == 0
    assert await gathering.notices() == Counter()


async def test_an_answer_to_our_own_message_is_about_its_event(world: World) -> None:
    gathering = await a_gathering(world)
    ana = gathering.member()
    await gathering.send(ana, dialects.mastodon_vote(ana, gathering.to))
    (letter,) = gathering.letters()
    world.clock.advance(timedelta(minutes=5))
    await say(gathering, ana, "sorry, can't make it", to=str(letter["id"]))
    assert await gathering.status() == "no"


async def test_an_answer_to_the_reminder_is_about_its_event(world: World) -> None:
    gathering = await a_gathering(world)
    ana = gathering.member()
    await gathering.send(ana, dialects.mastodon_vote(ana, gathering.to))
    world.clock.advance(timedelta(days=1, minutes=30))
    await gathering.chapter.write(reminders.put_due)
    await world.settle()
    _, reminder = gathering.letters()
    await say(gathering, ana, "can't make it", to=str(reminder["id"]))
    assert await gathering.status() == "no"


async def test_a_message_that_names_two_events_answers_neither(world: World) -> None:
    gathering = await a_gathering(world)
    ana, other = gathering.member(), await gathering.chapter.event("Assembly")
    mention = dialects.private_mention(ana, gathering.to, f'going <a href="{other}">{other}</a>')
    await gathering.send(ana, mention)
    assert (await gathering.tally()).voters == 0


async def test_more_guests_than_anybody_may_bring_are_refused_and_told(world: World) -> None:
    gathering = await a_gathering(world)
    ana = gathering.member()
    await say(gathering, ana, "going +40", to=gathering.to.face)
    assert await gathering.status() is None
    assert await gathering.notices() == Counter(["refused"])


async def test_who_is_not_understood_is_asked_once(world: World) -> None:
    gathering = await a_gathering(world)
    ana = gathering.member()
    unclear = "going to be out of town"
    for _ in range(3):
        await say(gathering, ana, unclear, to=gathering.to.face)
    assert await gathering.status() is None
    assert await gathering.notices() == Counter(["unsure"])
    ben = gathering.member("ben")
    await say(gathering, ben, unclear, to=gathering.to.face, public=True)
    assert await gathering.notices() == Counter(["unsure", "unsure"])


async def test_who_has_answered_is_not_asked_because_of_a_public_remark(world: World) -> None:
    gathering = await a_gathering(world)
    ana = gathering.member()
    await gathering.send(ana, dialects.mastodon_vote(ana, gathering.to))
    unclear = "going to be great"
    await say(gathering, ana, unclear, to=gathering.to.face, public=True)
    assert await gathering.notices() == Counter(["going"])


async def test_nobody_is_asked_about_what_is_over(world: World) -> None:
    gathering = await a_gathering(world)
    ana = gathering.member()
    world.clock.advance(timedelta(days=3))
    await say(gathering, ana, "going to be out of town", to=gathering.to.face)
    assert await gathering.notices() == Counter()


async def test_a_plain_remark_is_only_a_remark(world: World) -> None:
    gathering = await a_gathering(world)
    ana = gathering.member()
    await say(gathering, ana, "Is there parking? I am going by car.", to=gathering.to.face)
    assert await gathering.status() is None
    assert await gathering.notices() == Counter()
    assert await gathering.last_outcome() == "message kept"


async def test_reminders_are_muted_and_wanted_again(world: World) -> None:
    gathering = await a_gathering(world)
    ana = gathering.member()
    await say(gathering, ana, "mute", to=gathering.to.event)
    assert await gathering.rsvp() is None
    await gathering.send(ana, dialects.mastodon_vote(ana, gathering.to))
    for words, muted in (("mute", True), ("remind me", False), ("no reminders", True)):
        await say(gathering, ana, words, to=gathering.to.event)
        kept = await gathering.rsvp()
        assert kept is not None
        assert (kept.muted, kept.status) == (muted, "going")


# -- edits and deletions -------------------------------------------------------------------


@pytest.mark.parametrize("visibility", ["public", "direct"])
async def test_an_edit_is_read_again(world: World, visibility: str) -> None:
    gathering = await a_gathering(world)
    ana = gathering.member()
    status = await ana.reply(gathering.to.face, "going", visibility=visibility)
    await world.settle()
    for text, known in (("going +1", "going"), ("sorry, not going", "no"), ("going", "going")):
        world.clock.advance(timedelta(minutes=1))
        await ana.edit(status, text, chapter=gathering.to.chapter)
        await world.settle()
        assert await gathering.status() == known


async def test_a_mended_spelling_says_nothing_new(world: World) -> None:
    gathering = await a_gathering(world)
    ana = gathering.member()
    status = await ana.reply(gathering.to.face, "going")
    await world.settle()
    world.clock.advance(timedelta(minutes=1))
    await say(gathering, ana, "can't make it", to=gathering.to.event)
    world.clock.advance(timedelta(minutes=1))
    await ana.edit(status, "Going!", chapter=gathering.to.chapter)
    await world.settle()
    assert await gathering.status() == "no"


async def test_a_deleted_reply_keeps_its_seat(world: World) -> None:
    gathering = await a_gathering(world)
    ana = gathering.member()
    status = await ana.reply(gathering.to.face, "going")
    await world.settle()
    await ana.delete(status, chapter=gathering.to.chapter)
    await world.settle()
    assert await gathering.status() == "going"


# -- forgetting ----------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["event", "message", "nowhere"])
async def test_whoever_asks_is_forgotten_and_told_so(world: World, where: str) -> None:
    gathering = await a_gathering(world, capacity=1)
    ana, ben = gathering.member(), gathering.member("ben")
    await ana.follow(gathering.to.chapter)
    for member in (ana, ben):
        world.clock.advance(timedelta(seconds=1))
        await gathering.send(member, dialects.mastodon_vote(member, gathering.to))
    await say(gathering, ana, "I bring cake for all of you", to=gathering.to.face, public=True)
    (letter,) = gathering.letters()
    place = {"event": gathering.to.event, "message": str(letter["id"])}.get(where)
    create = ana.compose(
        "forget me", chapter=gathering.to.chapter, in_reply_to=place, visibility="direct"
    )
    await gathering.send(ana, create)
    assert await gathering.rsvp() is None
    assert await gathering.status("ben") == "going"
    held = await gathering.chapter.read(lambda tx: holdings.count(tx, ana.uri))
    assert held.keys() <= {"profile", "keys", "inbox"}
    assert not await gathering.chapter.read(lambda tx: followers.is_follower(tx, ana.uri))
    assert await gathering.chapter.read(messages.listing) == []
    _, farewell = gathering.letters()
    text = plain(str(farewell["content"]))
    assert "erased" in text
    assert "other servers" in text


async def test_a_stranger_without_any_trace_may_ask_to_be_forgotten(world: World) -> None:
    chapter, server = await world.chapter("a.test"), world.mastodon("m.test")
    await server.member("ana").dm(chapter.uri, "forget me")
    await world.settle()
    assert await chapter.outcomes() == ["forgotten as asked"]
    assert server.types() == []


async def test_forgetting_is_no_word_for_the_talk_of_others(world: World) -> None:
    gathering = await a_gathering(world)
    ana, ben = gathering.member(), gathering.member("ben")
    await gathering.send(ana, dialects.mastodon_vote(ana, gathering.to))
    remark = await say(gathering, ben, "Nice weather", to=gathering.to.face, public=True)
    await say(gathering, ana, "forget me", to=status_of(remark), public=True)
    assert await gathering.status() == "going"


async def test_a_deleted_account_gives_its_seat_back(world: World) -> None:
    gathering = await a_gathering(world, capacity=1)
    for name in ("ana", "ben"):
        world.clock.advance(timedelta(seconds=1))
        member = gathering.member(name)
        await gathering.send(member, dialects.mastodon_vote(member, gathering.to))
    await gathering.member().delete_account(chapter=gathering.to.chapter)
    await world.settle()
    assert await gathering.rsvp() is None
    assert await gathering.status("ben") == "going"
