"""Accounts that change, move or go away."""

from datetime import timedelta

import pytest

from fedi_chapter.core.clock import SetClock
from fedi_chapter.domain.event import RsvpMode
from fedi_chapter.domain.remote_actor import RemoteActor
from fedi_chapter.domain.rsvp import RANKS, Answer, Party, Route, Saying
from fedi_chapter.services import rsvps
from fedi_chapter.store import events, reactions, remote_actors, replies, tallies
from fedi_chapter.store import rsvps as stored_rsvps
from fedi_chapter.store.tx import WriteTx
from tests.kit.builders import an_event
from tests.kit.peers.mastodon import Json, Member
from tests.kit.world import Chapter, World

pytestmark = pytest.mark.anyio


async def known(chapter: Chapter, uri: str) -> RemoteActor:
    found = await chapter.read(lambda tx: remote_actors.get(tx, uri))
    assert found
    return found


async def test_a_deleted_account_takes_its_words_and_its_follow_along(world: World) -> None:
    chapter, mastodon = await world.chapter("a.test", replies="everyone"), world.mastodon("m.test")
    post, alice = await chapter.post("Hello"), mastodon.member("alice")
    await alice.follow(chapter.uri)
    status = await alice.reply(post, "Hi")
    await alice.like(post)
    await world.settle()
    assert await alice.delete_account(chapter=chapter.uri) == 202
    await world.settle()
    assert await chapter.followers() == []
    assert await chapter.read(lambda tx: replies.get(tx, status)) is None
    assert await chapter.read(lambda tx: reactions.counts(tx, [post])) == (0, 0)
    assert (await known(chapter, alice.uri)).gone_at is not None


async def test_a_deleted_account_gives_its_seat_back(world: World) -> None:
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    alice = mastodon.member("alice")
    await alice.follow(chapter.uri)
    await world.settle()
    event = an_event(actor_id=chapter.actor.id, rsvp=RsvpMode.ON, capacity=1, place=None)

    def answer(tx: WriteTx, who: str) -> None:
        saying = Saying(Answer.GOING, Route.POLL, tx.now, RANKS[Answer.GOING])
        rsvps.respond(tx, event, Party(key=who, actor_uri=who), saying)

    def begin(tx: WriteTx) -> None:
        events.insert(tx, event)
        answer(tx, alice.uri)
        answer(tx, "https://m.test/users/bob")

    await chapter.write(begin)
    await alice.delete_account(chapter=chapter.uri)
    await world.settle()
    tally = await chapter.read(lambda tx: tallies.get(tx, event.id))
    assert (tally.going, tally.waitlist) == (1, 0)
    assert await chapter.read(lambda tx: stored_rsvps.of_actor(tx, alice.uri)) == []


async def test_a_delete_of_a_live_account_removes_nobody(world: World) -> None:
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    alice = mastodon.member("alice")
    await alice.follow(chapter.uri)
    await world.settle()
    await alice.say_goodbye(chapter=chapter.uri)
    await world.settle()
    assert await chapter.followers() == [alice.uri]


async def test_the_farewell_of_somebody_we_never_met_costs_nothing(world: World) -> None:
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    assert await mastodon.member("stranger").delete_account(chapter=chapter.uri) == 202
    assert world.network.fetched("m.test") == []
    assert await chapter.outcomes() == []


async def test_a_changed_profile_is_taken_over(world: World) -> None:
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    alice = mastodon.member("alice")
    await alice.follow(chapter.uri)
    await world.settle()
    await alice.update_profile("Alice of Atlanta", chapter=chapter.uri)
    await world.settle()
    assert (await known(chapter, alice.uri)).name == "Alice of Atlanta"


async def test_a_profile_older_than_a_day_is_fetched_again_when_it_is_used(
    world: World, clock: SetClock
) -> None:
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    post, alice = await chapter.post("Hello"), mastodon.member("alice")
    await alice.like(post)
    await world.settle()
    alice.display_name = "Renamed"
    clock.advance(timedelta(hours=25))
    await alice.boost(post)
    await world.settle()
    assert (await known(chapter, alice.uri)).name == "Renamed"


async def test_a_move_is_written_down_when_the_new_account_says_so_too(world: World) -> None:
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    alice, alice2 = mastodon.member("alice"), world.mastodon("n.test").member("alice2")
    await alice.follow(chapter.uri)
    await world.settle()
    await alice.move(alice2.uri, chapter=chapter.uri)
    await world.settle()
    assert (await known(chapter, alice.uri)).moved_to is None
    alice2.also_known_as.append(alice.uri)
    await alice.move(alice2.uri, chapter=chapter.uri)
    await world.settle()
    assert (await known(chapter, alice.uri)).moved_to == alice2.uri
    assert await chapter.followers() == [alice.uri]


class Claimer(Member):
    """Somebody whose profile names a new home that knows nothing of it."""

    def document(self) -> Json:
        return {**super().document(), "movedTo": "https://n.test/users/victim"}


async def test_what_a_profile_alone_says_about_a_move_is_not_believed(
    world: World, clock: SetClock
) -> None:
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    claimer = Claimer(mastodon, "claimer", mastodon.key)
    mastodon.members["claimer"] = claimer
    await claimer.follow(chapter.uri)
    await world.settle()
    assert (await known(chapter, claimer.uri)).moved_to is None
    home = world.mastodon("n.test").member("home")
    home.also_known_as.append(claimer.uri)
    await claimer.move(home.uri, chapter=chapter.uri)
    await world.settle()
    clock.advance(timedelta(hours=25))
    await claimer.like(await chapter.post("Hello"))
    await world.settle()
    assert (await known(chapter, claimer.uri)).moved_to == home.uri


async def test_an_account_moves_at_most_once_a_week(world: World, clock: SetClock) -> None:
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    alice = mastodon.member("alice")
    targets = [world.mastodon(host).member("alice") for host in ("n.test", "o.test")]
    for target in targets:
        target.also_known_as.append(alice.uri)
    await alice.like(await chapter.post("Hello"))
    for target in targets:
        await alice.move(target.uri, chapter=chapter.uri)
        await world.settle()
    assert (await known(chapter, alice.uri)).moved_to == targets[0].uri
    clock.advance(timedelta(days=8))
    await alice.move(targets[1].uri, chapter=chapter.uri)
    await world.settle()
    assert (await known(chapter, alice.uri)).moved_to == targets[1].uri
