"""Whom the chapter follows: their answers, their posts and events, what they boost."""

from datetime import timedelta

import pytest

from fedi_chapter.cli.people import object_at
from fedi_chapter.core.clock import SetClock
from fedi_chapter.core.errors import BadDocument
from fedi_chapter.domain.audience import Visibility
from fedi_chapter.domain.event import EventId
from fedi_chapter.domain.follower import FollowState
from fedi_chapter.services.events import cancel_event, delete_event
from fedi_chapter.store import following, hosts, neighbours, remote_actors
from tests.kit.peers.mastodon import PUBLIC, Json, Member
from tests.kit.world import Chapter, World

pytestmark = pytest.mark.anyio


async def followed(world: World) -> tuple[Chapter, Member]:
    """A chapter, and a member of a Mastodon whom it follows."""
    chapter, alice = await world.chapter("a.test"), world.mastodon("m.test").member("alice")
    await chapter.follow(alice.uri)
    await world.settle()
    return chapter, alice


async def state_of(chapter: Chapter, uri: str) -> FollowState | None:
    found = await chapter.read(lambda tx: following.by_target(tx, chapter.actor.id, uri))
    return found.state if found else None


async def test_a_follow_of_ours_is_accepted_by_the_one_we_asked(world: World) -> None:
    chapter, alice = await followed(world)
    assert await state_of(chapter, alice.uri) is FollowState.ACCEPTED
    assert alice.server.types() == ["Follow"]


@pytest.mark.parametrize("shape", ["one", "among others", "id", "reject"])
async def test_an_answer_may_come_with_the_follow_in_a_list(world: World, shape: str) -> None:
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    alice = mastodon.member("alice")
    mastodon.accepts_follows = shape == "reject"  # the other of what is said below
    await chapter.follow(alice.uri)
    await world.settle()
    follow = mastodon.received[0].activity
    mine = {"id": f"{alice.uri}#1", "type": "Like", "object": alice.uri}
    things: dict[str, list[object]] = {
        "one": [follow],
        "among others": [mine, follow],
        "id": [follow["id"]],
        "reject": [follow],
    }
    kind = "Reject" if shape == "reject" else "Accept"
    answer = alice.activity(kind, things[shape], uri=f"{alice.uri}#answers/1")
    assert await alice.to_personal(chapter.uri, answer) == 202
    await world.settle()
    expected = FollowState.REJECTED if shape == "reject" else FollowState.ACCEPTED
    assert await state_of(chapter, alice.uri) is expected


async def test_a_later_reject_removes_us_as_a_follower(world: World) -> None:
    chapter, alice = await followed(world)
    follow_id = alice.server.received[0].activity["id"]
    reject = alice.activity("Reject", follow_id, uri=f"{alice.uri}#rejects/follows/1")
    await alice.to_personal(chapter.uri, reject)
    await world.settle()
    assert await state_of(chapter, alice.uri) is FollowState.REJECTED


async def test_nobody_else_can_answer_our_follow(world: World) -> None:
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    alice, mallory = mastodon.member("alice"), world.mastodon("evil.test").member("mallory")
    made = await chapter.follow(alice.uri)
    follow_id = chapter.urls.follow(made.id)
    forged = mallory.activity("Accept", follow_id, uri=f"{mallory.uri}#accept")
    await mallory.to_personal(chapter.uri, forged)
    await chapter.step()
    assert await state_of(chapter, alice.uri) is FollowState.PENDING
    assert "ignored: answers a follow we did not ask them for" in await chapter.outcomes()


async def test_an_accept_of_a_follow_we_never_sent_does_nothing(world: World) -> None:
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    alice = mastodon.member("alice")
    inner = {"type": "Follow", "actor": chapter.uri, "object": alice.uri}
    accept = alice.activity("Accept", inner, uri=f"{alice.uri}#accept")
    await alice.to_personal(chapter.uri, accept)
    await world.settle()
    assert await state_of(chapter, alice.uri) is None


async def test_posts_of_those_we_asked_but_who_have_not_accepted_are_not_kept(
    world: World,
) -> None:
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    alice = mastodon.member("alice")
    await chapter.follow(alice.uri)
    status = await alice.write("early", chapter=chapter.uri)
    await chapter.step()
    assert await chapter.read(lambda tx: neighbours.get_post(tx, status)) is None


async def test_a_public_post_of_somebody_we_follow_is_kept_and_edited(
    world: World, clock: SetClock
) -> None:
    chapter, alice = await followed(world)
    status = await alice.write("News", chapter=chapter.uri)
    quiet = await alice.write("psst", chapter=chapter.uri, visibility="unlisted")
    await world.settle()
    clock.advance(timedelta(minutes=1))
    await alice.edit(status, "Better news", chapter=chapter.uri)
    await world.settle()
    (post,) = await chapter.read(lambda tx: neighbours.posts(tx, 10))
    assert (post.uri, post.html) == (status, "<p>Better news</p>")
    assert post.uri != quiet
    await alice.delete(status, chapter=chapter.uri)
    await world.settle()
    assert await chapter.read(lambda tx: neighbours.posts(tx, 10)) == []


async def test_a_public_mention_by_a_stranger_outside_any_thread_is_ignored(world: World) -> None:
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    await mastodon.member("bob").write("hey @chapter", chapter=chapter.uri)
    await world.settle()
    assert await chapter.outcomes() == ["ignored: neither to us nor from somebody we follow"]


async def test_two_chapters_follow_each_other_and_share_an_event(
    world: World, clock: SetClock
) -> None:
    a, b = await world.chapter("a.test"), await world.chapter("b.test")
    await b.write(lambda tx: hosts.learned(tx, "a.test", "fedi-chapter", "0.1", True))
    await a.follow(b.uri)
    await world.settle()
    assert await b.followers() == [a.uri]
    event = await b.event("Assembly")
    await world.settle()
    (kept,) = await a.read(lambda tx: neighbours.events(tx, 10))
    assert (kept.uri, kept.name, kept.actor_uri) == (event, "Assembly", b.uri)
    event_id = EventId(event.rpartition("/")[2])
    clock.advance(timedelta(minutes=1))
    await b.write(lambda tx: cancel_event(tx, event_id))
    await world.settle()
    (kept,) = await a.read(lambda tx: neighbours.events(tx, 10))
    assert kept.cancelled
    await b.write(lambda tx: delete_event(tx, event_id))
    await world.settle()
    assert await a.read(lambda tx: neighbours.events(tx, 10)) == []


async def test_a_boost_of_somebody_we_follow_is_fetched_from_its_origin(world: World) -> None:
    chapter, alice = await followed(world)
    b = await world.chapter("b.test")
    event, post = await b.event("Assembly"), await b.post("Come all")
    for thing in (event, post):
        await alice.boost(thing, to=chapter.uri)
    await world.settle()
    (kept,) = await chapter.read(lambda tx: neighbours.events(tx, 10))
    assert (kept.uri, kept.actor_uri) == (event, b.uri)
    (shown,) = await chapter.read(lambda tx: neighbours.posts(tx, 10))
    assert (shown.uri, shown.actor_uri) == (post, b.uri)


async def test_a_boost_of_something_not_public_is_dropped(world: World) -> None:
    chapter, alice = await followed(world)
    bob = world.mastodon("o.test").member("bob")
    secret = str(bob.compose("secret", chapter=alice.uri, visibility="direct")["id"])
    await alice.boost(secret.removesuffix("/activity"), to=chapter.uri)
    b = await world.chapter("b.test")
    await alice.boost(await b.post("for friends", Visibility.FOLLOWERS), to=chapter.uri)
    await world.settle()
    assert await chapter.read(lambda tx: neighbours.posts(tx, 10)) == []


async def test_a_wrapped_activity_is_never_executed(world: World) -> None:
    chapter, alice = await followed(world)
    post, bob = await chapter.post("ours"), world.mastodon("o.test").member("bob")
    forged = bob.compose("forged", chapter=chapter.uri, in_reply_to=post)
    bob.statuses.clear()
    boost = alice.activity("Announce", forged, uri=f"{alice.uri}/boosts/1", to=[PUBLIC])
    await alice.to_shared(chapter.uri, boost)
    await world.settle()
    assert await chapter.read(lambda tx: neighbours.posts(tx, 10)) == []
    assert (await chapter.outcomes())[-1].startswith("ignored: ")


async def test_a_boost_by_a_stranger_causes_no_fetch(world: World) -> None:
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    b = await world.chapter("b.test")
    post = await b.post("Hello")
    await mastodon.member("alice").boost(post, to=chapter.uri)
    await world.settle()
    assert post not in world.network.fetched("b.test")


async def test_a_create_by_reference_is_fetched_and_kept(world: World) -> None:
    chapter, alice = await followed(world)
    create = alice.compose("by reference", chapter=chapter.uri)
    note = create["object"]
    assert isinstance(note, dict)
    create["object"] = note["id"]
    await alice.to_shared(chapter.uri, create)
    await world.settle()
    (post,) = await chapter.read(lambda tx: neighbours.posts(tx, 10))
    assert post.html == "<p>by reference</p>"


async def test_what_a_busy_origin_can_not_give_now_is_asked_for_later(
    world: World, clock: SetClock
) -> None:
    chapter, alice = await followed(world)
    b = await world.chapter("b.test")
    post = await b.post("Come all")
    world.network.down.add("b.test")
    await alice.boost(post, to=chapter.uri)
    await world.settle()
    world.network.down.clear()
    clock.advance(timedelta(minutes=6))
    await world.settle()
    (shown,) = await chapter.read(lambda tx: neighbours.posts(tx, 10))
    assert shown.uri == post


class Group(Member):
    """A group of a Mobilizon, in whose name members publish."""

    def document(self) -> Json:
        return {**super().document(), "type": "Group"}


async def test_an_event_a_member_publishes_for_a_group_we_follow_is_kept_as_the_groups(
    world: World,
) -> None:
    chapter, mobilizon = await world.chapter("a.test"), world.mastodon("mz.test")
    mobilizon.members["group"] = Group(mobilizon, "group", mobilizon.key)
    group, bob = mobilizon.member("group"), mobilizon.member("bob")
    await chapter.follow(group.uri)
    await world.settle()
    uri = f"{bob.uri}/statuses/77"
    event: Json = {
        "id": uri,
        "type": "Event",
        "name": "Repair café",
        "startTime": "2026-12-01T18:00:00Z",
        "attributedTo": group.uri,
        "actor": bob.uri,
        "to": [PUBLIC],
        "cc": [],
    }
    bob.statuses[uri] = event
    create = bob.activity("Create", event, uri=f"{uri}/activity", to=[PUBLIC])
    await bob.to_shared(chapter.uri, create)
    await world.settle()
    (kept,) = await chapter.read(lambda tx: neighbours.events(tx, 10))
    assert (kept.name, kept.actor_uri) == ("Repair café", group.uri)


async def test_an_origin_that_never_answers_is_given_up(world: World, clock: SetClock) -> None:
    chapter, alice = await followed(world)
    b = await world.chapter("b.test")
    post = await b.post("Come all")
    world.network.down.add("b.test")
    await alice.boost(post, to=chapter.uri)
    for _ in range(6):
        await world.settle()
        clock.advance(timedelta(hours=7))
    assert len([url for url in world.network.fetched("b.test") if url == post]) == 5
    assert (await chapter.outcomes())[-1].startswith("no connection to b.test")


async def test_the_address_of_a_boost_stands_for_what_was_boosted(world: World) -> None:
    chapter, alice = await followed(world)
    neighbour = await world.chapter("b.test")
    for boosted in (await neighbour.post("Come all"), await chapter.post("Our own")):
        uri = f"{alice.uri}/statuses/78"
        alice.statuses[uri] = alice.activity("Announce", boosted, uri=uri, to=[PUBLIC])
        assert (await object_at(chapter.deps, uri)).uri == boosted


async def test_a_boost_of_a_boost_is_nothing_to_boost(world: World) -> None:
    chapter, alice = await followed(world)
    first, second = (f"{alice.uri}/statuses/{number}" for number in (78, 79))
    alice.statuses[first] = alice.activity("Announce", chapter.uri, uri=first, to=[PUBLIC])
    alice.statuses[second] = alice.activity("Announce", first, uri=second, to=[PUBLIC])
    with pytest.raises(BadDocument):
        await object_at(chapter.deps, second)


async def test_an_event_told_three_times_over_is_one_event(world: World) -> None:
    chapter, mobilizon = await world.chapter("a.test"), world.mastodon("mz.test")
    mobilizon.members["group"] = Group(mobilizon, "group", mobilizon.key)
    group, relay = mobilizon.member("group"), mobilizon.member("relay")
    for each in (group, relay):
        await chapter.follow(each.uri)
    await world.settle()
    uri = f"{group.uri}/statuses/77"
    event: Json = {
        "id": uri,
        "type": "Event",
        "name": "Repair café",
        "startTime": "2026-12-01T18:00:00Z",
        "attributedTo": group.uri,
        "to": [PUBLIC],
        "cc": [],
    }
    group.statuses[uri] = event
    create = group.activity("Create", event, uri=f"{uri}/activity", to=[PUBLIC])
    await group.to_shared(chapter.uri, create)
    for each in (group, relay):
        await each.boost(uri, to=chapter.uri)
    await world.settle()
    assert [each.uri for each in await chapter.read(lambda tx: neighbours.events(tx, 10))] == [uri]


async def test_a_neighbours_warned_post_of_a_picture_and_a_poll_are_kept_as_they_are(
    world: World,
) -> None:
    chapter, alice = await followed(world)
    picture = {
        "type": "Document",
        "mediaType": "image/png",
        "url": "https://m.test/1.png",
        "name": "A crab",
    }
    photo = alice.compose("x", chapter=chapter.uri)["object"] | {
        "content": "",
        "contentMap": {"en": ""},
        "attachment": [picture],
        "summary": "Crabs",
    }
    poll = alice.compose("When?", chapter=chapter.uri)["object"] | {
        "type": "Question",
        "oneOf": [{"type": "Note", "name": "Saturday"}, {"type": "Note", "name": "Sunday"}],
    }
    for note in (photo, poll):
        create = alice.activity("Create", note, uri=f"{note['id']}/activity", to=[PUBLIC])
        await alice.to_shared(chapter.uri, create)
    await world.settle()
    kept = {each.uri: each for each in await chapter.read(lambda tx: neighbours.posts(tx, 9))}
    assert (kept[photo["id"]].warning, kept[photo["id"]].excerpt) == ("Crabs", "🖼 A crab")
    assert kept[poll["id"]].excerpt == "When? ○ Saturday ○ Sunday"


async def test_a_film_of_peertube_is_kept_that_names_a_channel_beside_who_made_it(
    world: World,
) -> None:
    chapter, alice = await followed(world)
    uri, channel = f"{alice.uri}/statuses/1", "https://m.test/video-channels/mend"
    makers = [{"type": "Person", "id": alice.uri}, {"type": "Group", "id": channel}]
    film = {
        "id": uri,
        "type": "Video",
        "name": "How to mend a bicycle",
        "content": None,
        "attributedTo": makers,
        "url": [
            {"type": "Link", "mediaType": "video/mp4", "href": "https://m.test/1.mp4"},
            {"type": "Link", "mediaType": "text/html", "href": "https://m.test/w/1"},
        ],
        "to": [PUBLIC],
        "cc": [f"{alice.uri}/followers"],
    }
    alice.statuses[uri] = film
    create = alice.activity("Create", film, uri=f"{uri}/activity", to=[PUBLIC])
    assert await alice.to_shared(chapter.uri, create) == 202
    await world.settle()
    (kept,) = await chapter.read(lambda tx: neighbours.posts(tx, 9))
    assert (kept.actor_uri, kept.title) == (alice.uri, "How to mend a bicycle")
    assert kept.url == "https://m.test/w/1"


async def test_a_warning_and_choices_written_as_html_are_shown_as_they_are_meant(
    world: World,
) -> None:
    chapter, alice = await followed(world)
    poll = alice.compose("Who?", chapter=chapter.uri)["object"] | {
        "type": "Question",
        "summary": "Tom &amp; Jerry, <em>again</em>",
        "oneOf": [{"type": "Note", "name": "Tom &lt;3"}, {"type": "Note", "name": "1 < 2"}],
    }
    create = alice.activity("Create", poll, uri=f"{poll['id']}/activity", to=[PUBLIC])
    await alice.to_shared(chapter.uri, create)
    await world.settle()
    (kept,) = await chapter.read(lambda tx: neighbours.posts(tx, 9))
    assert (kept.warning, kept.excerpt) == ("Tom & Jerry, again", "Who? ○ Tom <3 ○ 1 < 2")


async def test_what_nobody_can_see_is_no_name_and_no_title(world: World) -> None:
    chapter, alice = await followed(world)
    await alice.update_profile("\u200b\u3164", chapter=chapter.uri)
    note = alice.compose("Hi", chapter=chapter.uri)["object"]
    assert isinstance(note, dict)
    note["name"] = "\u2800"
    create = alice.activity("Create", note, uri=f"{note['id']}/activity", to=[PUBLIC])
    await alice.to_shared(chapter.uri, create)
    start = {"type": "Event", "name": "\u200d", "startTime": "2031-01-01T18:00:00Z"}
    for number, summary in enumerate(("\u200b", "<p>Choir</p>")):
        uri = f"{alice.uri}/events/{number}"
        event = {**note, **start, "id": uri, "url": uri, "summary": summary}
        create = alice.activity("Create", event, uri=f"{event['id']}/create", to=[PUBLIC])
        await alice.to_shared(chapter.uri, create)
    await world.settle()
    author = await chapter.read(lambda tx: remote_actors.get(tx, alice.uri))
    (post,) = await chapter.read(lambda tx: neighbours.posts(tx, 9))
    (kept,) = await chapter.read(lambda tx: neighbours.events(tx, 9))
    assert author is not None
    assert (author.name, post.title, kept.name) == ("alice", None, "Choir")
