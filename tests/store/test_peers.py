"""Remote actors, follows, hosts, blocks, and what others say to us."""

from dataclasses import replace
from datetime import timedelta

import pytest

from fedi_chapter.core.clock import SetClock
from fedi_chapter.domain.conversation import (
    Message,
    QuoteAuthorization,
    Reaction,
    Reply,
    ReplyState,
    Report,
)
from fedi_chapter.domain.follower import FollowState
from fedi_chapter.domain.moderation import Block
from fedi_chapter.domain.neighbour import NeighbourEvent, NeighbourPost
from fedi_chapter.domain.remote_actor import RemoteKey
from fedi_chapter.store import (
    blocks,
    followers,
    following,
    holdings,
    hosts,
    messages,
    neighbours,
    quotes,
    reactions,
    remote_actors,
    replies,
    reports,
)
from fedi_chapter.store.tx import Database, WriteTx
from tests.kit.builders import CHAPTER_ID, NOW, a_remote_actor, founded

pytestmark = pytest.mark.anyio

ANA = a_remote_actor("ana")
BEN = a_remote_actor("ben", "other.example", type="Group")
EVENT = "https://chapter.example/events/1"
HOUR = timedelta(hours=1)


def a_reply(number: int, **overrides: object) -> Reply:
    uri = f"{ANA.uri}/{number}"
    reply = Reply(uri, ANA.uri, EVENT, EVENT, "<p>Hi</p>", NOW + number * HOUR, uri)
    return replace(reply, **overrides)


async def test_an_actor_comes_back_with_its_keys(db: Database) -> None:
    await db.write(lambda tx: remote_actors.put(tx, ANA))
    stored = replace(ANA, fetched_at=NOW)
    assert await db.read(lambda tx: remote_actors.get(tx, ANA.uri)) == stored
    assert await db.read(lambda tx: remote_actors.by_key(tx, ANA.keys[0].id)) == stored
    assert await db.read(lambda tx: remote_actors.by_handle(tx, "ana@social.example")) == stored
    assert await db.read(lambda tx: remote_actors.by_key(tx, "no key")) is None
    assert await db.read(lambda tx: remote_actors.by_handle(tx, "no@body")) is None


async def test_an_actor_that_is_fetched_again_has_exactly_its_new_keys(db: Database) -> None:
    key = RemoteKey(f"{ANA.uri}#two", ANA.uri, "ed25519", b"\x01" * 32)
    await db.write(lambda tx: remote_actors.put(tx, ANA))
    await db.write(lambda tx: remote_actors.put(tx, replace(ANA, name="Ana B", keys=(key,))))
    assert await db.read(lambda tx: remote_actors.by_key(tx, ANA.keys[0].id)) is None
    found = await db.read(lambda tx: remote_actors.by_key(tx, key.id))
    assert found is not None
    assert (found.name, found.keys) == ("Ana B", (key,))


async def test_nobody_takes_over_the_key_of_another(db: Database) -> None:
    stolen = RemoteKey(ANA.keys[0].id, BEN.uri, "rsa", b"forged")
    await db.write(lambda tx: remote_actors.put(tx, ANA))
    await db.write(lambda tx: remote_actors.put(tx, replace(BEN, keys=(stolen,))))
    owner = await db.read(lambda tx: remote_actors.by_key(tx, ANA.keys[0].id))
    assert owner == replace(ANA, fetched_at=NOW)


async def test_an_actor_can_move_and_go(db: Database) -> None:
    def work(tx: WriteTx) -> None:
        remote_actors.put(tx, ANA)
        remote_actors.mark_moved(tx, ANA.uri, BEN.uri)
        remote_actors.mark_gone(tx, ANA.uri)

    await db.write(work)
    found = await db.read(lambda tx: remote_actors.get(tx, ANA.uri))
    assert found is not None
    assert (found.moved_to, found.gone_at) == (BEN.uri, NOW)
    assert await db.read(lambda tx: remote_actors.moved_at(tx, ANA.uri)) == NOW


async def test_a_follower_who_asks_again_stays_one_follower(db: Database, clock: SetClock) -> None:
    await founded(db)
    await db.write(lambda tx: remote_actors.put(tx, ANA))
    assert await db.read(followers.any_at_all) is False
    await db.write(lambda tx: followers.put(tx, CHAPTER_ID, ANA.uri, "f1", FollowState.PENDING))
    assert await db.read(lambda tx: followers.count(tx, CHAPTER_ID)) == 0
    assert len(await db.read(lambda tx: followers.pending(tx, CHAPTER_ID))) == 1
    clock.advance(HOUR)
    await db.write(lambda tx: followers.put(tx, CHAPTER_ID, ANA.uri, "f2", FollowState.ACCEPTED))
    found = await db.read(lambda tx: followers.get(tx, CHAPTER_ID, ANA.uri))
    assert found is not None
    assert (found.follow_activity, found.since, found.handle) == ("f2", NOW, "ana@social.example")
    assert await db.read(lambda tx: followers.listing(tx, CHAPTER_ID)) == [found]
    assert await db.read(lambda tx: followers.of_host(tx, CHAPTER_ID, ANA.host)) == [found]
    assert await db.read(followers.any_at_all) is True
    assert await db.write(lambda tx: followers.remove(tx, CHAPTER_ID, ANA.uri)) is True
    assert await db.write(lambda tx: followers.remove(tx, CHAPTER_ID, ANA.uri)) is False


async def test_who_was_let_in_does_not_wait_again(db: Database) -> None:
    await founded(db)

    def work(tx: WriteTx) -> None:
        remote_actors.put(tx, ANA)
        for state in (FollowState.PENDING, FollowState.ACCEPTED, FollowState.PENDING):
            followers.put(tx, CHAPTER_ID, ANA.uri, "f", state)

    await db.write(work)
    found = await db.read(lambda tx: followers.get(tx, CHAPTER_ID, ANA.uri))
    assert found is not None
    assert found.state is FollowState.ACCEPTED


async def test_only_groups_among_the_followers_are_named(db: Database) -> None:
    await founded(db)

    def work(tx: WriteTx) -> None:
        for actor in (ANA, BEN):
            remote_actors.put(tx, actor)
            followers.put(tx, CHAPTER_ID, actor.uri, "f", FollowState.ACCEPTED)

    await db.write(work)
    named = await db.read(
        lambda tx: followers.listing_of_types(tx, CHAPTER_ID, {"Group"}, limit=9, offset=0)
    )
    assert named == [BEN.uri]
    assert len(await db.read(lambda tx: followers.listing(tx, CHAPTER_ID, limit=1, offset=1))) == 1


async def test_a_follow_of_ours_counts_when_it_was_accepted(db: Database) -> None:
    await founded(db)
    await db.write(lambda tx: remote_actors.put(tx, BEN))
    asked = await db.write(
        lambda tx: following.insert(tx, CHAPTER_ID, BEN.uri, FollowState.PENDING)
    )
    assert asked.handle == BEN.handle
    assert await db.read(lambda tx: following.is_followed(tx, BEN.uri)) is False
    await db.write(lambda tx: following.answer(tx, asked.id, FollowState.ACCEPTED))
    accepted = replace(asked, state=FollowState.ACCEPTED)
    assert await db.read(lambda tx: following.get(tx, asked.id)) == accepted
    assert await db.read(lambda tx: following.by_target(tx, CHAPTER_ID, BEN.uri)) == accepted
    assert await db.read(lambda tx: following.listing(tx, CHAPTER_ID)) == [accepted]
    assert await db.read(lambda tx: following.is_followed(tx, BEN.uri)) is True
    assert await db.read(lambda tx: following.count(tx, CHAPTER_ID)) == 1
    uris = await db.read(lambda tx: following.accepted_uris(tx, CHAPTER_ID, limit=9))
    assert uris == [BEN.uri]
    await db.write(lambda tx: following.remove(tx, asked.id))
    assert await db.read(lambda tx: following.count(tx, CHAPTER_ID)) == 0


async def test_a_host_is_asked_again_after_a_week(db: Database, clock: SetClock) -> None:
    assert await db.read(lambda tx: hosts.ask_due(tx, "a.example")) is True
    await db.write(lambda tx: hosts.allow(tx, "a.example"))
    await db.write(lambda tx: hosts.learned(tx, "a.example", "gancio", "1.2", takes_events=True))
    assert await db.read(lambda tx: hosts.ask_due(tx, "a.example")) is False
    assert await db.read(lambda tx: hosts.is_allowed(tx, "a.example")) is True
    known = await db.read(lambda tx: hosts.get(tx, "a.example"))
    assert known is not None
    assert (known.software, known.takes_events, known.scheme) == ("gancio", True, "cavage")
    clock.advance(timedelta(days=8))
    assert await db.read(lambda tx: hosts.ask_due(tx, "a.example")) is True


async def test_a_blocked_domain_blocks_what_is_under_it(db: Database) -> None:
    host, person = Block("bad.example", "host", NOW), Block(ANA.uri, "actor", NOW)

    def work(tx: WriteTx) -> None:
        for block in (host, person, host):
            blocks.put(tx, block)

    await db.write(work)
    assert await db.read(blocks.listing) == [host, person]
    find = blocks.find
    assert await db.read(lambda tx: find(tx, actor_uri=None, host="x.bad.example:8443")) == host
    deep = f"{'x.' * 20}bad.example"
    assert await db.read(lambda tx: find(tx, actor_uri=ANA.uri, host=deep)) == host
    assert await db.read(lambda tx: find(tx, actor_uri=ANA.uri, host=ANA.host)) == person
    assert await db.read(lambda tx: find(tx, actor_uri=BEN.uri, host="notbad.example")) is None
    assert await db.write(lambda tx: blocks.remove(tx, "bad.example")) is True
    assert await db.write(lambda tx: blocks.remove(tx, "bad.example")) is False


async def test_the_blocked_are_found_among_many_names(db: Database) -> None:
    named = ["bad.example", 'https://odd.example/"\\ä', ANA.uri]
    strangers = [f"https://h{number}.example/users/a" for number in range(2_000)]

    def work(tx: WriteTx) -> frozenset[str]:
        for target in named:
            blocks.put(tx, Block(target, "host", NOW))
        return blocks.among(tx, {*strangers, *named[:2]})  # seen in the transaction that blocks

    assert await db.write(work) == set(named[:2])
    assert await db.read(lambda tx: blocks.among(tx, strangers)) == frozenset()
    assert await db.read(lambda tx: blocks.among(tx, ())) == frozenset()


async def test_a_thread_shows_what_is_not_held_or_hidden(db: Database) -> None:
    shown, held = a_reply(2), a_reply(1, state=ReplyState.HELD)

    def work(tx: WriteTx) -> None:
        for reply in (shown, held, a_reply(3, state=ReplyState.HIDDEN), a_reply(4, root="other")):
            replies.put(tx, reply)

    await db.write(work)
    assert await db.read(lambda tx: replies.thread(tx, [EVENT], 9)) == [shown]
    assert await db.read(lambda tx: replies.count(tx, [EVENT, "other"])) == 2
    assert await db.read(lambda tx: replies.uris(tx, [EVENT, "other"], 9, 1)) == [a_reply(4).uri]
    assert await db.read(replies.held) == [held]
    assert await db.read(lambda tx: replies.root_of(tx, shown.uri)) == EVENT
    await db.write(lambda tx: replies.set_state(tx, held.uri, ReplyState.SHOWN))
    await db.write(lambda tx: replies.put(tx, replace(shown, html="edited")))
    await db.write(lambda tx: replies.remove(tx, a_reply(4).uri))
    thread = await db.read(lambda tx: replies.thread(tx, [EVENT, "other"], 9))
    assert [each.html for each in thread] == ["<p>Hi</p>", "edited"]


async def test_an_edit_that_comes_while_a_reply_is_hidden_does_not_show_it(db: Database) -> None:
    shown = a_reply(2)

    def work(tx: WriteTx) -> None:
        replies.put(tx, shown)
        replies.set_state(tx, shown.uri, ReplyState.HIDDEN)
        replies.put(tx, replace(shown, html="edited"))  # read before it was hidden

    await db.write(work)
    assert await db.read(lambda tx: replies.thread(tx, [EVENT], 9)) == []


async def test_a_person_is_counted_once_over_an_event_and_its_face(db: Database) -> None:
    def put(tx: WriteTx) -> list[bool]:
        like = Reaction("like", ANA.uri, EVENT, "l1", NOW)
        face = replace(like, object_uri=EVENT + "/face", activity_id="l2")
        boost = replace(like, kind="boost", activity_id="b1")
        return [reactions.put(tx, each) for each in (like, like, face, boost)]

    assert await db.write(put) == [True, False, True, True]
    uris = [EVENT, EVENT + "/face"]
    assert await db.read(lambda tx: reactions.counts(tx, uris)) == (1, 1)
    assert await db.write(lambda tx: reactions.remove(tx, "boost", ANA.uri, EVENT)) is True
    assert await db.write(lambda tx: reactions.remove_by_activity(tx, BEN.uri, "l1")) is False
    assert await db.write(lambda tx: reactions.remove_by_activity(tx, ANA.uri, "l1")) is True
    assert await db.read(lambda tx: reactions.counts(tx, uris)) == (1, 0)


async def test_a_host_reports_the_same_things_once(db: Database) -> None:
    report = Report("r1", "https://a.example/actor", ("x", "y"), "spam", NOW)
    again = replace(report, id="r2", reporter="https://a.example/other", objects=("y", "x"))
    other = replace(report, id="r3", reporter="https://b.example/actor")
    kept = await db.write(lambda tx: [reports.put(tx, each) for each in (report, again, other)])
    assert kept == [True, False, True]
    assert await db.read(reports.listing) == [report, other]


async def test_a_consent_to_quote_can_be_revoked(db: Database) -> None:
    given = QuoteAuthorization("q1", f"{ANA.uri}/1", EVENT, ANA.uri, NOW)
    await db.write(lambda tx: quotes.put(tx, given))
    assert await db.read(lambda tx: quotes.get(tx, "q1")) == given
    assert await db.read(lambda tx: quotes.by_quote(tx, given.quote_uri, given.actor_uri)) == given
    await db.write(lambda tx: quotes.revoke(tx, "q1"))
    assert await db.read(lambda tx: quotes.get(tx, "q1")) is None


async def test_a_private_message_can_be_read_and_removed(db: Database) -> None:
    message = Message(f"{ANA.uri}/9", ANA.uri, "<p>psst</p>", NOW)
    await db.write(lambda tx: messages.put(tx, message))
    assert await db.read(messages.listing) == [message]
    assert await db.read(lambda tx: messages.get(tx, message.uri)) == message
    await db.write(lambda tx: messages.remove(tx, message.uri))
    assert await db.read(messages.listing) == []


async def test_the_neighbourhood_shows_what_is_still_to_come(db: Database) -> None:
    def an_event(name: str, hours: int, *, ends: int | None = None) -> NeighbourEvent:
        starts = NOW + hours * HOUR
        until = None if ends is None else NOW + ends * HOUR
        return NeighbourEvent(name, BEN.uri, name, starts, name, NOW, ends_at=until)

    post = NeighbourPost("p1", BEN.uri, "<p>hello</p>", NOW, "p1")

    def work(tx: WriteTx) -> None:
        remote_actors.put(tx, BEN)
        for each in (
            an_event("open and over", -3),
            an_event("open and on", -1),
            an_event("over", -9, ends=-1),
            an_event("long", -9, ends=1),
            an_event("next", 5),
        ):
            neighbours.put_event(tx, each)
        neighbours.put_post(tx, post)

    await db.write(work)
    soon = await db.read(lambda tx: neighbours.events(tx, 9))
    assert [each.name for each in soon] == ["long", "open and on", "next"]
    assert await db.read(lambda tx: neighbours.posts(tx, 9)) == [post]
    assert await db.read(lambda tx: neighbours.get_post(tx, "p1")) == post
    assert await db.read(lambda tx: neighbours.get_event(tx, "next")) == an_event("next", 5)
    await db.write(lambda tx: neighbours.remove(tx, "p1", ANA.uri))
    assert await db.read(lambda tx: neighbours.get_post(tx, "p1")) == post
    await db.write(lambda tx: neighbours.remove(tx, "p1", BEN.uri))
    assert await db.read(lambda tx: neighbours.get_post(tx, "p1")) is None


async def test_an_actor_that_was_deleted_leaves_no_traces(db: Database) -> None:
    await founded(db)

    def work(tx: WriteTx) -> None:
        remote_actors.put(tx, ANA)
        followers.put(tx, CHAPTER_ID, ANA.uri, "f", FollowState.ACCEPTED)
        following.insert(tx, CHAPTER_ID, ANA.uri, FollowState.ACCEPTED)
        replies.put(tx, a_reply(1))
        messages.put(tx, Message("m", ANA.uri, "x", NOW))
        reactions.put(tx, Reaction("like", ANA.uri, EVENT, None, NOW))
        neighbours.put_post(tx, NeighbourPost("p1", ANA.uri, "x", NOW, "p1"))
        holdings.erase(tx, ANA.uri)

    await db.write(work)
    assert await db.read(lambda tx: followers.get(tx, CHAPTER_ID, ANA.uri)) is None
    assert await db.read(lambda tx: following.listing(tx, CHAPTER_ID)) == []
    assert await db.read(lambda tx: replies.get(tx, a_reply(1).uri)) is None
    assert await db.read(messages.listing) == []
    assert await db.read(lambda tx: reactions.counts(tx, [EVENT])) == (0, 0)
    assert await db.read(lambda tx: neighbours.posts(tx, 9)) == []
    assert await db.read(lambda tx: remote_actors.get(tx, ANA.uri)) is not None
