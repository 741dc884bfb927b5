"""Members of a Mastodon, relays and their follows of a chapter."""

from dataclasses import dataclass
from datetime import timedelta

import pytest

from fedi_chapter.core.clock import SetClock
from fedi_chapter.domain.chapter import ActorKind
from fedi_chapter.domain.follower import FollowState
from fedi_chapter.domain.happening import ServerFollowed
from fedi_chapter.store import followers, hosts, local_actors, outbox
from fedi_chapter.vocab.activities import PUBLIC
from tests.kit.peers.mastodon import Json, Member
from tests.kit.world import World

pytestmark = pytest.mark.anyio


async def test_a_follow_is_accepted_with_the_follow_as_it_came(world: World) -> None:
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    alice = mastodon.member("alice")
    assert await alice.follow(chapter.uri) == 202
    assert mastodon.received == []  # not inside the request: Takahe would miss it
    await world.settle()
    assert await chapter.followers() == [alice.uri]
    (answer,) = mastodon.received
    assert answer.inbox == "/users/alice/inbox"
    assert answer.activity["type"] == "Accept"
    assert answer.activity["actor"] == chapter.uri
    follow = {key: value for key, value in alice.follows[chapter.uri].items() if key != "@context"}
    assert answer.activity["object"] == follow


async def test_a_strangers_follow_costs_one_question_to_their_server(world: World) -> None:
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    alice = mastodon.member("alice")
    await alice.follow(chapter.uri)
    await world.settle()
    assert mastodon.types() == ["Accept"]
    assert world.network.fetched("m.test") == [alice.uri]  # and not what it runs: that can wait


async def test_a_repeated_follow_is_accepted_under_its_new_id(world: World) -> None:
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    alice = mastodon.member("alice")
    await alice.follow(chapter.uri)
    await world.settle()
    await alice.follow(chapter.uri)
    await world.settle()
    assert mastodon.types() == ["Accept", "Accept"]
    follower = await chapter.read(lambda tx: followers.get(tx, chapter.actor.id, alice.uri))
    assert follower
    assert follower.follow_activity == alice.follows[chapter.uri]["id"]


async def test_the_same_follow_twice_is_processed_once(world: World) -> None:
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    alice = mastodon.member("alice")
    await alice.follow(chapter.uri)
    await alice.to_shared(chapter.uri, alice.follows[chapter.uri])
    await world.settle()
    assert mastodon.types() == ["Accept"]


async def test_an_old_follow_replayed_after_the_unfollow_has_no_effect(world: World) -> None:
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    alice = mastodon.member("alice")
    await alice.follow(chapter.uri)
    await world.settle()
    await alice.unfollow(chapter.uri)
    await world.settle()
    assert await alice.to_personal(chapter.uri, alice.follows[chapter.uri]) == 202
    await world.settle()
    assert await chapter.followers() == []


async def test_an_unfollow_with_an_unknown_follow_id_still_counts(world: World) -> None:
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    alice = mastodon.member("alice")
    await alice.follow(chapter.uri)
    await world.settle()
    alice.follows[chapter.uri]["id"] = "https://m.test/another"
    await alice.unfollow(chapter.uri)
    await world.settle()
    assert await chapter.followers() == []


async def test_an_unfollow_given_only_by_the_follows_id_counts(world: World) -> None:
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    alice = mastodon.member("alice")
    await alice.follow(chapter.uri)
    await world.settle()
    follow_id = alice.follows[chapter.uri]["id"]
    await alice.to_personal(chapter.uri, alice.activity("Undo", follow_id, uri=f"{alice.uri}#undo"))
    await world.settle()
    assert await chapter.followers() == []


@pytest.mark.parametrize(
    "target",
    ["https://a.test/chapter/followers", "https://a.test/groups/nobody", "https://x.test/"],
)
async def test_a_follow_of_nobody_here_is_ignored(world: World, target: str) -> None:
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    alice = mastodon.member("alice")
    follow = alice.activity("Follow", target, uri="https://m.test/1")
    assert await alice.send(chapter.urls.shared_inbox, follow) == 202
    await world.settle()
    assert await chapter.outcomes() == ["ignored: follows nobody here"]
    assert mastodon.received == []


async def test_in_hold_mode_a_new_follower_waits_for_an_organizer(world: World) -> None:
    chapter = await world.chapter("a.test", federation="hold")
    mastodon = world.mastodon("m.test")
    await mastodon.member("alice").follow(chapter.uri)
    await world.settle()
    assert await chapter.followers() == []
    assert mastodon.received == []
    (waiting,) = await chapter.read(lambda tx: followers.pending(tx, chapter.actor.id))
    assert waiting.state is FollowState.PENDING
    await chapter.write(lambda tx: hosts.allow(tx, "m.test"))
    await mastodon.member("bob").follow(chapter.uri)
    await world.settle()
    assert mastodon.types() == ["Accept"]


async def test_a_member_who_blocks_the_chapter_no_longer_follows_it(world: World) -> None:
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    alice = mastodon.member("alice")
    await alice.follow(chapter.uri)
    await chapter.follow(alice.uri)
    await world.settle()
    await alice.block(chapter.uri)
    await world.settle()
    assert await chapter.followers() == []
    assert (await chapter.outcomes())[-1] == "parted"


@dataclass
class Relay(Member):
    """The actor of a whole server, such as Mobilizon's."""

    def document(self) -> Json:
        return {**super().document(), "type": "Application"}


async def test_a_relay_may_follow_the_instance_and_is_told_of_events_a_minute_later(
    world: World, clock: SetClock
) -> None:
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("mz.test")
    relay = Relay(mastodon, "relay", mastodon.key)
    mastodon.members["relay"] = relay
    follow = relay.activity("Follow", "https://a.test/actor", uri="https://mz.test/#follow/1")
    assert await relay.send("https://a.test/actor/inbox", follow) == 202
    await chapter.step()
    assert mastodon.types() == ["Accept"]
    server = await chapter.read(local_actors.instance_actor)
    assert server is not None
    assert server.kind is ActorKind.INSTANCE
    clock.advance(timedelta(seconds=59))
    assert await chapter.write(lambda tx: outbox.claim(tx, 9, timedelta(0))) == []
    clock.advance(timedelta(seconds=1))
    (job,) = await chapter.write(lambda tx: outbox.claim(tx, 9, timedelta(0)))
    assert job.happening == ServerFollowed(server.id, relay.uri)


@pytest.mark.parametrize(
    "number", ["/activities/7", "#follows/7", "/federation/m/https://m.test/federation/u/x#follow"]
)
@pytest.mark.parametrize("path", ["/chapter", "/actor"])
@pytest.mark.parametrize("embedded", [False, True])
async def test_a_follow_is_accepted_in_every_shape_it_is_written_in(
    world: World, number: str, path: str, embedded: bool
) -> None:
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    alice, followed = mastodon.member("alice"), f"{chapter.urls.base}{path}"
    thing: object = {"id": followed, "type": "Group", "name": None} if embedded else followed
    follow = alice.activity("Follow", thing, uri=f"{mastodon.base}{number}")
    assert await alice.to_shared(chapter.uri, follow) == 202
    await world.settle()
    (answer,) = mastodon.received
    assert answer.signer == followed
    assert (answer.activity["type"], answer.activity["to"]) == ("Accept", [alice.uri])
    inner = answer.activity["object"]
    assert isinstance(inner, dict)
    assert (inner["id"], inner["object"]) == (follow["id"], thing)


@pytest.mark.parametrize("public", ["as:Public", "Public", PUBLIC, [PUBLIC]])
async def test_a_relays_follow_of_public_is_a_follow_of_the_whole_server(
    world: World, public: object
) -> None:
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("relay.test")
    relay = Relay(mastodon, "relay", mastodon.key)
    mastodon.members["relay"] = relay
    follow = relay.activity("Follow", public, uri="https://relay.test/activities/1")
    assert await relay.send(chapter.urls.shared_inbox, follow) == 202
    await chapter.step()
    await chapter.step()
    (answer,) = mastodon.received
    assert (answer.activity["type"], answer.activity["actor"]) == ("Accept", "https://a.test/actor")
    inner = answer.activity["object"]
    assert isinstance(inner, dict)
    assert (inner["id"], inner["object"]) == (follow["id"], public)
    assert await chapter.read(lambda tx: followers.is_follower(tx, relay.uri))
    undo = relay.activity("Undo", follow, uri="https://relay.test/activities/2")
    assert await relay.send(chapter.urls.shared_inbox, undo) == 202
    await chapter.step()
    assert not await chapter.read(lambda tx: followers.is_follower(tx, relay.uri))
