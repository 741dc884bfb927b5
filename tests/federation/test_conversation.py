"""What people say under events and posts: replies, messages, reactions, reports, quotes."""

import json
from datetime import timedelta

import pytest

from fedi_chapter.core.clock import SetClock
from fedi_chapter.domain.audience import Visibility
from fedi_chapter.domain.conversation import ReplyState
from fedi_chapter.store import messages, quotes, reactions, replies, reports, tombstones
from tests.kit.peers.mastodon import PUBLIC
from tests.kit.world import World

pytestmark = pytest.mark.anyio


async def test_a_followers_reply_to_an_event_shows_at_once(world: World) -> None:
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    event, alice = await chapter.event("Picnic"), mastodon.member("alice")
    await alice.follow(chapter.uri)
    await world.settle()
    status = await alice.reply(event, "I will be there")
    await world.settle()
    (reply,) = await chapter.read(lambda tx: replies.thread(tx, [event], 10))
    assert (reply.uri, reply.root, reply.html) == (status, event, "<p>I will be there</p>")
    assert reply.state is ReplyState.SHOWN


async def test_a_strangers_reply_is_held_and_does_not_show(world: World) -> None:
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    post = await chapter.post("Hello")
    await mastodon.member("bob").reply(post, "Buy now")
    await world.settle()
    assert await chapter.read(lambda tx: replies.thread(tx, [post], 10)) == []
    (held,) = await chapter.read(replies.held)
    assert held.html == "<p>Buy now</p>"
    assert (await chapter.outcomes())[-1].startswith("held:")


@pytest.mark.parametrize(("policy", "state"), [("everyone", "shown"), ("nobody", "held")])
async def test_the_policy_for_replies_is_the_organizers(
    world: World, policy: str, state: str
) -> None:
    chapter, mastodon = await world.chapter("a.test", replies=policy), world.mastodon("m.test")
    status = await mastodon.member("bob").reply(await chapter.post("Hello"), "Hi")
    await world.settle()
    reply = await chapter.read(lambda tx: replies.get(tx, status))
    assert reply
    assert reply.state == state


async def test_a_reply_to_a_reply_stays_in_the_thread(world: World) -> None:
    chapter, mastodon = await world.chapter("a.test", replies="everyone"), world.mastodon("m.test")
    face = chapter.urls.face((await chapter.event("Picnic")).rpartition("/")[2])
    first = await mastodon.member("alice").reply(face, "Where?")
    second = await mastodon.member("bob").write("There", chapter=chapter.uri, in_reply_to=first)
    await world.settle()
    found = await chapter.read(lambda tx: replies.thread(tx, [face], 10))
    assert {reply.uri for reply in found} == {first, second}


async def test_a_private_message_to_the_shared_inbox_never_becomes_a_reply(world: World) -> None:
    chapter, mastodon = await world.chapter("a.test", replies="everyone"), world.mastodon("m.test")
    post, alice = await chapter.post("Hello"), mastodon.member("alice")
    secret = await alice.dm(chapter.uri, "between us")
    answer = await alice.reply(post, "also between us", visibility="direct")
    followers_only = await alice.reply(post, "not for all", visibility="followers")
    await world.settle()
    kept = await chapter.read(messages.listing)
    assert {message.uri for message in kept} == {secret, answer, followers_only}
    assert await chapter.read(lambda tx: replies.thread(tx, [post], 10)) == []


async def test_an_edit_can_not_make_a_private_message_public(world: World) -> None:
    chapter, mastodon = await world.chapter("a.test", replies="everyone"), world.mastodon("m.test")
    post, alice = await chapter.post("Hello"), mastodon.member("alice")
    status = await alice.reply(post, "between us", visibility="direct")
    await world.settle()
    alice.statuses[status]["to"] = [PUBLIC]
    await alice.edit(status, "for all", chapter=chapter.uri)
    await world.settle()
    assert await chapter.read(lambda tx: replies.get(tx, status)) is None


async def test_an_edit_changes_the_reply_and_an_older_one_does_not(
    world: World, clock: SetClock
) -> None:
    chapter, mastodon = await world.chapter("a.test", replies="everyone"), world.mastodon("m.test")
    alice = mastodon.member("alice")
    status = await alice.reply(await chapter.post("Hello"), "one")
    await world.settle()
    clock.advance(timedelta(minutes=10))
    await alice.edit(status, "two", chapter=chapter.uri)
    await world.settle()
    clock.advance(timedelta(minutes=-5))
    await alice.edit(status, "in between", chapter=chapter.uri)
    await world.settle()
    reply = await chapter.read(lambda tx: replies.get(tx, status))
    assert reply
    assert reply.html == "<p>two</p>"


async def test_an_edit_that_comes_before_its_post_wins(world: World, clock: SetClock) -> None:
    chapter, mastodon = await world.chapter("a.test", replies="everyone"), world.mastodon("m.test")
    post, alice = await chapter.post("Hello"), mastodon.member("alice")
    create = alice.compose("old", chapter=chapter.uri, in_reply_to=post)
    status = str(create["id"]).removesuffix("/activity")
    late = json.dumps(create).encode()
    clock.advance(timedelta(minutes=1))
    await alice.edit(status, "new", chapter=chapter.uri)
    await world.settle()
    assert await alice.send_raw(chapter.urls.shared_inbox, late) == 202
    await world.settle()
    reply = await chapter.read(lambda tx: replies.get(tx, status))
    assert reply
    assert reply.html == "<p>new</p>"


async def test_a_deleted_reply_goes_and_does_not_come_back(world: World) -> None:
    chapter, mastodon = await world.chapter("a.test", replies="everyone"), world.mastodon("m.test")
    alice = mastodon.member("alice")
    status = await alice.reply(await chapter.post("Hello"), "oops")
    await world.settle()
    note = alice.statuses[status]
    await alice.delete(status, chapter=chapter.uri)
    await world.settle()
    assert await chapter.read(lambda tx: replies.get(tx, status)) is None
    again = alice.activity("Create", note, uri=f"{status}/again", to=[PUBLIC])
    await alice.to_shared(chapter.uri, again)
    await world.settle()
    assert await chapter.read(lambda tx: replies.get(tx, status)) is None
    assert (await chapter.outcomes())[-1] == "ignored: deleted before"


async def test_a_delete_that_comes_before_its_post_keeps_it_out(world: World) -> None:
    chapter, mastodon = await world.chapter("a.test", replies="everyone"), world.mastodon("m.test")
    post, alice = await chapter.post("Hello"), mastodon.member("alice")
    early = f"{alice.uri}/statuses/1"
    await alice.like(post)
    await alice.delete(early, chapter=chapter.uri)
    await world.settle()
    assert await chapter.read(lambda tx: tombstones.has(tx, early))


async def test_likes_and_boosts_are_counted_once_and_taken_back(world: World) -> None:
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    event, alice = await chapter.event("Picnic"), mastodon.member("alice")
    for _ in range(2):
        await alice.like(event)
        await alice.boost(event)
    await world.settle()
    assert await chapter.read(lambda tx: reactions.counts(tx, [event])) == (1, 1)
    await alice.unlike(event)
    await alice.unboost(event)
    await world.settle()
    assert await chapter.read(lambda tx: reactions.counts(tx, [event])) == (0, 0)


async def test_a_boost_of_our_create_counts_for_the_event(world: World) -> None:
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    event = await chapter.event("Picnic")
    await mastodon.member("alice").boost(f"{event}#create")
    await world.settle()
    assert await chapter.read(lambda tx: reactions.counts(tx, [event])) == (0, 1)


async def test_what_is_not_out_can_not_be_liked(world: World) -> None:
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    local = await chapter.post("only here", Visibility.LOCAL)
    await mastodon.member("alice").like(local)
    await world.settle()
    assert await chapter.outcomes() == ["ignored: a like of nothing that is here"]


async def test_a_vote_is_no_reply(world: World) -> None:
    chapter, mastodon = await world.chapter("a.test", replies="everyone"), world.mastodon("m.test")
    post = await chapter.post("Hello")
    await mastodon.member("alice").vote(post, "Coming")
    await world.settle()
    assert await chapter.read(lambda tx: replies.thread(tx, [post], 10)) == []


async def test_a_report_is_kept_once_for_each_server_and_set_of_things(world: World) -> None:
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    event, alice = await chapter.event("Picnic"), mastodon.member("alice")
    for comment in ("spam", "spam!!"):
        assert await alice.report([chapter.uri, event, "https://x.test/1"], comment) == 202
    await world.settle()
    (report,) = await chapter.read(reports.listing)
    assert set(report.objects) == {chapter.uri, event}
    assert (report.comment, report.reporter) == ("spam", "https://m.test/actor")


async def test_a_public_post_may_be_quoted_and_the_consent_is_told(world: World) -> None:
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    event, alice = await chapter.event("Picnic"), mastodon.member("alice")
    await alice.quote(event)
    await world.settle()
    (answer,) = mastodon.received
    result = str(answer.activity["result"])
    given = await chapter.read(lambda tx: quotes.get(tx, result.rpartition("/")[2]))
    assert given
    assert (answer.activity["type"], given.target_uri) == ("Accept", event)


async def test_what_is_for_followers_may_not_be_quoted(world: World) -> None:
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    post = await chapter.post("for friends", Visibility.FOLLOWERS)
    await mastodon.member("alice").quote(post)
    await world.settle()
    assert mastodon.received == []


@pytest.mark.parametrize("kind", ["Dislike", "Arrive", "Invite"])
async def test_what_we_have_no_use_for_is_taken_and_ignored(world: World, kind: str) -> None:
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    event, alice = await chapter.event("Picnic"), mastodon.member("alice")
    await world.settle()
    activity = alice.activity(kind, event, uri=f"https://m.test/{kind}")
    assert await alice.to_personal(event, activity) == 202
    await world.settle()
    (outcome,) = await chapter.outcomes()
    assert outcome.startswith("ignored: ")


async def test_a_pin_without_an_id_is_taken(world: World) -> None:
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    assert await mastodon.member("alice").pin("https://m.test/1", chapter=chapter.uri) == 202
    await world.settle()
    assert (await chapter.outcomes())[0].startswith("ignored: ")


async def test_an_older_edit_of_a_private_message_changes_nothing(
    world: World, clock: SetClock
) -> None:
    chapter, alice = await world.chapter("a.test"), world.mastodon("m.test").member("alice")
    status = await alice.dm(chapter.uri, "At six?")
    await world.settle()
    clock.advance(timedelta(minutes=1))
    older = alice.statuses[status] | {"content": "At seven?", "updated": stamp(clock)}
    clock.advance(timedelta(minutes=1))
    newer = alice.statuses[status] | {"content": "At eight?", "updated": stamp(clock)}
    for number, note in enumerate((newer, older)):
        update = alice.activity("Update", note, uri=f"{status}#update/{number}", to=[chapter.uri])
        await alice.send(chapter.urls.shared_inbox, update)
        await world.settle()
    message = await chapter.read(lambda tx: messages.get(tx, status))
    assert message
    assert message.html == "At eight?"


def stamp(clock: SetClock) -> str:
    return f"{clock.now():%Y-%m-%dT%H:%M:%SZ}"
