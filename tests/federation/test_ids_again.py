"""Activity ids that come again, as those of Mobilizon, Friendica, Misskey and GoToSocial do.

An exact replay has no second effect; a new wish of its owner under an old id has.
"""

import json
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from fedi_chapter.store import dropped, following, neighbours, reactions, remote_actors, replies
from tests.kit.answering import a_gathering
from tests.kit.peers.event_host import an_event, open_hall
from tests.kit.peers.mastodon import PUBLIC, Json, Member
from tests.kit.peers.signatures import signed_post
from tests.kit.world import Chapter, World

pytestmark = pytest.mark.anyio

MINUTE = timedelta(minutes=1)


@pytest.fixture
async def chapter(world: World) -> Chapter:
    return await world.chapter("a.test")


@pytest.fixture
def alice(world: World) -> Member:
    return world.mastodon("m.test").member("alice")


@pytest.fixture
def say(world: World, chapter: Chapter, alice: Member) -> Callable[[Json], Awaitable[None]]:
    """Send an activity of Alice's, a minute after the one before, and let it be processed."""

    async def send(activity: Json) -> None:
        world.clock.advance(MINUTE)
        assert await alice.send(chapter.urls.shared_inbox, activity) == 202
        await world.settle()

    return send


Say = Callable[[Json], Awaitable[None]]


async def test_who_follows_and_leaves_again_and_again_with_the_same_bytes(
    chapter: Chapter, alice: Member, say: Say
) -> None:
    follow = alice.activity("Follow", chapter.uri, uri=f"{alice.uri}/follows/1")
    undo = alice.activity("Undo", follow, uri=f"{alice.uri}/follows/1/undo")
    for _ in range(3):
        await say(follow)
        assert await chapter.followers() == [alice.uri]
        await say(undo)
        assert await chapter.followers() == []


async def test_an_undo_with_one_id_for_ever_undoes_each_new_follow(
    chapter: Chapter, alice: Member, say: Say
) -> None:
    named = alice.activity("Follow", chapter.uri, uri=f"{alice.uri}/follows/chapter")
    undo = alice.activity("Undo", named, uri=f"{alice.uri}/follows/chapter/undo")
    for number in range(3):
        await say(alice.activity("Follow", chapter.uri, uri=f"{alice.uri}/follows/{number}"))
        assert await chapter.followers() == [alice.uri]
        await say(undo)
        assert await chapter.followers() == []


@pytest.mark.parametrize(("kind", "place"), [("Like", 0), ("Announce", 1)])
async def test_a_reaction_is_given_and_taken_back_again_with_the_same_bytes(
    chapter: Chapter, alice: Member, say: Say, kind: str, place: int
) -> None:
    post = await chapter.post("Hello")
    reaction = alice.activity(kind, post, uri=f"{alice.uri}/reactions/1", to=[PUBLIC])
    undo = alice.activity("Undo", reaction, uri=f"{alice.uri}/reactions/1/undo")
    for _ in range(2):
        for activity, number in ((reaction, 1), (undo, 0)):
            await say(activity)
            found = await chapter.read(lambda tx: reactions.counts(tx, [post]))
            assert found[place] == number


async def test_a_like_under_a_new_id_is_taken_back_by_that_id(
    chapter: Chapter, alice: Member, say: Say
) -> None:
    post = await chapter.post("Hello")
    for number in (1, 2):
        await say(alice.activity("Like", post, uri=f"{alice.uri}/likes/{number}"))
    await say(alice.activity("Undo", f"{alice.uri}/likes/2", uri=f"{alice.uri}/undo/1"))
    assert await chapter.read(lambda tx: reactions.counts(tx, [post])) == (0, 0)


async def test_a_second_vote_under_a_known_id_counts(world: World) -> None:
    made = await a_gathering(world)
    ana = made.member()
    for option, stands in ((0, "going"), (2, "no"), (0, "going"), (2, "no")):
        note = {
            "id": f"{ana.uri}#votes/0",
            "type": "Note",
            "name": made.to.poll[option],
            "attributedTo": ana.uri,
            "inReplyTo": made.to.face,
            "to": made.chapter.uri,
        }
        vote = ana.activity("Create", note, uri=f"{ana.uri}/activity#vote0/x", to=made.chapter.uri)
        vote["published"] = "2026-11-01T10:00:00Z"
        world.clock.advance(MINUTE)
        assert await made.send(ana, vote) == 202
        assert await made.status() == stands


@pytest.mark.parametrize("ways", [("Join", "Leave"), ("Accept", "Reject")])
async def test_who_comes_and_comes_not_and_comes_with_the_same_bytes(
    world: World, ways: tuple[str, str]
) -> None:
    made = await a_gathering(world)
    ana = made.member()
    for way, stands in (*zip(ways, ("going", "no"), strict=True),) * 2:
        world.clock.advance(MINUTE)
        answer = ana.activity(way, made.to.event, uri=f"{ana.uri}/{way}")
        assert await made.send(ana, answer) == 202
        assert await made.status() == stands


async def test_a_join_taken_back_and_said_anew_under_its_id_counts(world: World) -> None:
    made = await a_gathering(world)
    ana = made.member()
    join = ana.activity("Join", made.to.event, uri=f"{ana.uri}/join")
    undo = ana.activity("Undo", join, uri=f"{ana.uri}/undo")
    for activity, stands in ((join, "going"), (undo, "no")) * 2:
        world.clock.advance(MINUTE)
        assert await made.send(ana, activity) == 202
        assert await made.status() == stands


async def test_an_event_whose_create_and_updates_have_one_id_moves_and_is_cancelled(
    world: World, chapter: Chapter
) -> None:
    hall = open_hall(world.mastodon("mz.test"))
    await chapter.follow(hall.uri)
    await world.settle()
    uri = f"{hall.uri}/events/1"
    for kind, name, status in (
        ("Create", "Repair café", "CONFIRMED"),
        ("Update", "Repair café, moved", "CONFIRMED"),
        ("Update", "Repair café, moved", "CANCELLED"),
        ("Update", "Repair café", "CONFIRMED"),
    ):
        event = an_event(uri, hall.uri, name=name, status=status)
        activity = hall.activity(kind, event, uri=f"{uri}/activity", to=[PUBLIC])
        world.clock.advance(MINUTE)
        assert await hall.send(chapter.urls.shared_inbox, activity) == 202
        await world.settle()
        (kept,) = await chapter.read(lambda tx: neighbours.events(tx, 10))
        assert (kept.name, kept.cancelled) == (name, status == "CANCELLED")


async def test_a_reply_is_edited_again_under_one_id(
    world: World, chapter: Chapter, alice: Member
) -> None:
    status = await alice.reply(await chapter.post("Hello"), "maybe")
    await world.settle()
    for text in ("going", "can't make it", "maybe"):
        world.clock.advance(MINUTE)
        note = alice.statuses[status]
        note |= {"content": text, "updated": f"{world.clock.now():%Y-%m-%dT%H:%M:%SZ}"}
        update = alice.activity("Update", note, uri=f"{status}/Update", to=note["to"])
        assert await alice.send(chapter.urls.shared_inbox, update) == 202
        await world.settle()
        reply = await chapter.read(lambda tx: replies.get(tx, status))
        assert reply
        assert reply.html == text


async def test_a_profile_changes_and_changes_back_with_the_same_bytes(
    chapter: Chapter, alice: Member, say: Say
) -> None:
    await say(alice.activity("Follow", chapter.uri, uri=f"{alice.uri}/follows/1"))
    for name in ("Alice", "Alicia", "Alice"):
        profile = alice.document() | {"name": name}
        await say(alice.activity("Update", profile, uri=f"{alice.uri}#update", to=[PUBLIC]))
        known = await chapter.read(lambda tx: remote_actors.get(tx, alice.uri))
        assert known
        assert known.name == name


async def test_an_account_moves_again_under_the_id_of_its_first_move(
    world: World, chapter: Chapter, alice: Member, say: Say
) -> None:
    await alice.like(await chapter.post("Hello"))
    for name in ("alice2", "alice3"):
        target = world.mastodon("n.test").member(name)
        target.also_known_as = [alice.uri]
        move = alice.activity("Move", alice.uri, uri=f"{alice.uri}#move", target=target.uri)
        await say(move)
        known = await chapter.read(lambda tx: remote_actors.get(tx, alice.uri))
        assert known
        assert known.moved_to == target.uri
        world.clock.advance(timedelta(days=8))


async def test_a_follow_refused_and_accepted_under_one_id(
    world: World, chapter: Chapter, alice: Member, say: Say
) -> None:
    made = await chapter.follow(alice.uri)
    await world.settle()
    asked = {"id": chapter.urls.follow(made.id), "type": "Follow", "actor": chapter.uri}
    for kind, state in (("Reject", "rejected"), ("Accept", "accepted"), ("Reject", "rejected")):
        thing = asked | {"object": alice.uri}
        await say(alice.activity(kind, thing, uri=f"{alice.uri}#answer"))
        found = await chapter.read(lambda tx: following.get(tx, made.id))
        assert found
        assert found.state == state


async def test_an_id_used_by_somebody_else_on_the_host_is_still_free(
    world: World, chapter: Chapter, alice: Member, say: Say
) -> None:
    post, shared = await chapter.post("Hello"), f"{alice.server.base}/likes/1"
    mallory = alice.server.member("mallory")
    like = mallory.activity("Like", post, uri=shared)
    assert await mallory.send(chapter.urls.shared_inbox, like) == 202
    await say(alice.activity("Like", post, uri=shared))
    assert await chapter.read(lambda tx: reactions.counts(tx, [post])) == (2, 0)


async def test_a_replay_is_dropped_counted_and_undoes_nothing(
    world: World, chapter: Chapter, alice: Member
) -> None:
    """A request that somebody recorded comes again after its owner has changed their mind."""
    inbox = chapter.urls.shared_inbox
    follow = alice.activity("Follow", chapter.uri, uri=f"{alice.uri}/follows/1")
    body = json.dumps(follow).encode()
    headers = signed_post(alice.key, f"{alice.uri}#main-key", inbox, body, world.clock.now())
    await world.network.send("POST", inbox, headers, body)
    await world.settle()
    world.clock.advance(MINUTE)
    await alice.send(inbox, alice.activity("Undo", follow, uri=f"{alice.uri}/undo/1"))
    await world.settle()
    for _ in range(2):
        world.clock.advance(MINUTE)
        answer = await world.network.send("POST", inbox, headers, body)
        assert answer.status_code == 202
        await world.settle()
    assert await chapter.followers() == []
    assert alice.server.types() == ["Accept"]
    assert await chapter.read(dropped.counts) == {"replay": 2, "stranger": 0}


async def test_what_comes_to_two_inboxes_at_once_has_one_effect(
    chapter: Chapter, alice: Member, world: World
) -> None:
    follow = alice.activity("Follow", chapter.uri, uri=f"{alice.uri}/follows/1")
    for inbox in (chapter.urls.shared_inbox, f"{chapter.uri}/inbox"):
        assert await alice.send(inbox, follow) == 202
    await world.settle()
    assert alice.server.types() == ["Accept"]
