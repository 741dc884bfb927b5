"""What our followers, relays and others are told when something happens here."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from fedi_chapter.core.errors import Busy
from fedi_chapter.domain.audience import Visibility
from fedi_chapter.domain.conversation import QuoteAuthorization
from fedi_chapter.domain.event import EventId
from fedi_chapter.domain.happening import EventChanged, QuoteRevoked, ServerFollowed
from fedi_chapter.domain.post import Mention, PostId
from fedi_chapter.federation import remote_actors, signing
from fedi_chapter.federation.publish import publish
from fedi_chapter.net.fetch import Budget
from fedi_chapter.services.boosts import boost, unboost
from fedi_chapter.services.chapters import NewKey, ProfileFields, edit_profile, rotate_key
from fedi_chapter.services.event_fields import EventFields
from fedi_chapter.services.events import cancel_event, delete_event, edit_event
from fedi_chapter.services.following import withdraw_follow
from fedi_chapter.services.posts import PostFields, create_post, delete_post, edit_post
from fedi_chapter.sig.keys import public_pem
from fedi_chapter.store import hosts, outbox, quotes, tables
from fedi_chapter.vocab.activities import PUBLIC
from tests.kit.peers.mastodon import Json, Mastodon, Member
from tests.kit.world import LEASE, Chapter, World

pytestmark = pytest.mark.anyio


async def _following(chapter: Chapter, world: World, *members: Member) -> None:
    """Let members follow the chapter, and forget what they were answered."""
    for member in members:
        assert await member.follow(chapter.uri) == 202
    await world.settle()
    for mastodon in world.mastodons.values():
        mastodon.received.clear()


async def _takes_events(chapter: Chapter, host: str, software: str = "mobilizon") -> None:
    await chapter.write(lambda tx: hosts.learned(tx, host, software, "5", True))


def _told(mastodon: Mastodon) -> list[tuple[object, object]]:
    """Return type of activity and of object (or the object's id) of all that came in."""
    return [(each.activity["type"], _kind(each.activity["object"])) for each in mastodon.received]


def _kind(thing: object) -> object:
    return thing.get("type") if isinstance(thing, dict) else thing


def _thing(mastodon: Mastodon, index: int = -1) -> Json:
    thing = mastodon.received[index].activity["object"]
    assert isinstance(thing, dict)
    return thing


def _id(uri: str) -> EventId:
    return EventId(uri.rpartition("/")[2])


async def _deliveries(chapter: Chapter) -> int:
    count = select(func.count()).select_from(tables.deliveries)
    return await chapter.read(lambda tx: tx.conn.execute(count).scalar_one())


async def test_a_server_that_takes_events_gets_the_event_and_others_its_face(world: World) -> None:
    chapter = await world.chapter("a.test")
    mobilizon, mastodon = world.mastodon("mobilizon.test"), world.mastodon("m.test")
    await _following(chapter, world, mobilizon.member("zoe"), mastodon.member("alice"))
    await _takes_events(chapter, "mobilizon.test")
    event = await chapter.event("Tea for all")
    await world.settle()
    assert _told(mobilizon) == [("Create", "Event")]
    assert _thing(mobilizon)["id"] == event
    assert _told(mastodon) == [("Create", "Question")]
    assert _thing(mastodon)["id"] == f"{event}/face"


async def test_who_got_which_stays_when_a_server_changes_its_software(world: World) -> None:
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    await _following(chapter, world, mastodon.member("alice"))
    event = await chapter.event("Tea for all")
    await world.settle()
    await _takes_events(chapter, "m.test")
    await chapter.write(
        lambda tx: edit_event(tx, _id(event), EventFields(name="Cake"), chapter.urls)
    )
    await world.settle()
    assert _told(mastodon) == [("Create", "Question"), ("Update", "Question")]


async def test_hosts_never_asked_are_asked_before_an_event_is_told(world: World) -> None:
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    await _following(chapter, world, mastodon.member("alice"))
    await chapter.event("Tea for all")
    await world.settle()
    host = await chapter.read(lambda tx: hosts.get(tx, "m.test"))
    assert host
    assert host.software == "mastodon"
    asked = len(world.network.fetched("m.test"))
    await chapter.event("Tea again")
    await world.settle()
    assert not [url for url in world.network.fetched("m.test")[asked:] if "nodeinfo" in url]


async def test_many_followers_of_one_server_are_told_once(world: World) -> None:
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    await _following(chapter, world, *(mastodon.member(name) for name in ("ann", "bob", "cy")))
    await chapter.post("Hello")
    await world.settle()
    assert [each.inbox for each in mastodon.received] == ["/inbox"]


async def test_an_edit_is_told_whole_with_its_revision_in_the_id(world: World) -> None:
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    await _following(chapter, world, mastodon.member("alice"))
    event = await chapter.event("Tea for all")
    await world.settle()
    world.clock.advance(timedelta(minutes=1))
    await chapter.write(lambda tx: cancel_event(tx, _id(event), "Rain"))
    await world.settle()
    told = mastodon.received[-1].activity
    assert told["id"] == f"{event}/face#update-1"
    note = _thing(mastodon)
    assert "CANCELLED" in str(note["content"])
    assert "interactionPolicy" in note
    assert note["updated"] > note["published"]  # type: ignore[operator]


async def test_a_deletion_reaches_even_those_who_no_longer_follow(world: World) -> None:
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    alice = mastodon.member("alice")
    await _following(chapter, world, alice)
    event = await chapter.event("Tea for all")
    await world.settle()
    await alice.unfollow(chapter.uri)
    await chapter.write(lambda tx: delete_event(tx, _id(event)))
    await world.settle()
    assert _told(mastodon) == [("Create", "Question"), ("Delete", "Tombstone")]
    assert _thing(mastodon)["id"] == f"{event}/face"
    assert _thing(mastodon)["formerType"] == "Question"


@pytest.mark.parametrize(
    ("visibility", "told"),
    [
        (Visibility.PUBLIC, ["Create", "Update", "Delete"]),
        (Visibility.UNLISTED, ["Create", "Update", "Delete"]),
        (Visibility.FOLLOWERS, ["Create", "Delete"]),
    ],
)
async def test_who_no_longer_follows_hears_of_edits_only_where_anybody_may_read(
    world: World, visibility: Visibility, told: list[str]
) -> None:
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    alice = mastodon.member("alice")
    await _following(chapter, world, alice)
    event = _id(await chapter.event("Tea for all", visibility))
    post = PostId((await chapter.post("Hello", visibility)).rpartition("/")[2])
    await world.settle()
    await alice.unfollow(chapter.uri)
    await world.settle()
    edits = EventFields(name="Cake"), PostFields(text="Hi")
    await chapter.write(lambda tx: edit_event(tx, event, edits[0], chapter.urls))
    await chapter.write(lambda tx: edit_post(tx, post, edits[1], chapter.urls))
    await world.settle()
    await chapter.write(lambda tx: delete_event(tx, event))
    await chapter.write(lambda tx: delete_post(tx, post))
    await world.settle()
    for thing in (chapter.urls.face(event), chapter.urls.post(post)):
        assert [
            each.activity["type"]
            for each in mastodon.received
            if each.activity["object"]["id"] == thing  # type: ignore[index, call-overload]
        ] == told


async def test_an_event_deleted_before_it_was_told_is_never_told(world: World) -> None:
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    await _following(chapter, world, mastodon.member("alice"))
    event = await chapter.event("Tea for all")
    await chapter.write(lambda tx: delete_event(tx, _id(event)))
    await world.settle()
    assert ("Create", "Question") not in _told(mastodon)


async def test_a_change_waits_for_the_publication_it_is_about(world: World) -> None:
    chapter = await world.chapter("a.test")
    event = await chapter.event("Tea for all")
    (first,) = await chapter.write(lambda tx: outbox.claim(tx, 1, LEASE))
    await chapter.write(lambda tx: outbox.put(tx, EventChanged(_id(event))))
    (second,) = await chapter.write(lambda tx: outbox.claim(tx, 1, LEASE))
    with pytest.raises(Busy):
        await publish(chapter.deps, second)
    await publish(chapter.deps, first)
    await publish(chapter.deps, second)
    assert await chapter.read(outbox.waiting) == 1  # its poll's last totals, when it closes


@pytest.mark.parametrize(
    ("visibility", "to", "cc"),
    [
        (Visibility.PUBLIC, [PUBLIC], ["followers"]),
        (Visibility.UNLISTED, ["followers"], [PUBLIC]),
        (Visibility.FOLLOWERS, ["followers"], []),
    ],
)
async def test_a_post_is_addressed_as_far_as_it_may_travel(
    world: World, visibility: Visibility, to: list[str], cc: list[str]
) -> None:
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    await _following(chapter, world, mastodon.member("alice"))
    await chapter.post("Hello", visibility)
    await world.settle()
    (told,) = mastodon.received
    ours = {"followers": chapter.urls.followers(chapter.actor)}
    assert told.activity["to"] == [ours.get(each, each) for each in to]
    assert told.activity["cc"] == [ours.get(each, each) for each in cc]


async def test_what_is_local_leaves_no_delivery_behind(world: World) -> None:
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    await _following(chapter, world, mastodon.member("alice"))
    before = await _deliveries(chapter)
    post = await chapter.post("Among us", Visibility.LOCAL)
    event = await chapter.event("Among us", Visibility.LOCAL)
    await chapter.write(lambda tx: delete_event(tx, _id(event)))
    await chapter.write(lambda tx: delete_post(tx, PostId(post.rpartition("/")[2])))
    await world.settle()
    assert await _deliveries(chapter) == before
    assert mastodon.received == []


async def test_an_edited_and_a_deleted_post_are_told_in_order(world: World) -> None:
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    await _following(chapter, world, mastodon.member("alice"))
    post = PostId((await chapter.post("Hello")).rpartition("/")[2])
    await world.settle()
    await chapter.write(lambda tx: edit_post(tx, post, PostFields(text="Hi"), chapter.urls))
    await chapter.write(lambda tx: delete_post(tx, post))
    await world.settle()
    assert _told(mastodon) == [("Create", "Note"), ("Delete", "Tombstone")]


async def test_an_actor_who_does_not_follow_is_told_when_answered(world: World) -> None:
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    alice, stranger = mastodon.member("alice"), world.mastodon("other.test").member("bob")
    await _following(chapter, world, alice)
    post = await chapter.post("Hello")
    reply = await stranger.reply(post, "Who are you?")
    await world.settle()

    fields = PostFields(text="Neighbours", in_reply_to=reply)
    await chapter.write(lambda tx: create_post(tx, chapter.actor, fields, chapter.urls))
    await world.settle()
    assert _told(world.mastodons["other.test"]) == [("Create", "Note")]


async def test_who_is_mentioned_is_told_and_addressed_without_following(world: World) -> None:
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    stranger = mastodon.member("bob")
    found = await remote_actors.actor(chapter.deps, stranger.uri, budget=Budget())
    named = Mention(found.uri, found.url, found.handle)
    for visibility in (Visibility.PUBLIC, Visibility.UNLISTED, Visibility.FOLLOWERS):
        fields = PostFields(text="Hi @bob@m.test", mentions=(named,), visibility=visibility)
        await chapter.write(lambda tx, it=fields: create_post(tx, chapter.actor, it, chapter.urls))
    await world.settle()
    assert _told(mastodon) == [("Create", "Note")] * 3
    for each in mastodon.received:
        assert stranger.uri in each.activity["cc"]  # type: ignore[operator]
        (tag,) = _thing(mastodon)["tag"]  # type: ignore[misc]
        assert tag == {"type": "Mention", "name": "@bob@m.test", "href": stranger.uri}


async def test_an_edited_profile_is_told_to_followers(world: World) -> None:
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    await _following(chapter, world, mastodon.member("alice"))
    await chapter.write(
        lambda tx: edit_profile(tx, chapter.actor, ProfileFields(name="New name"), chapter.urls)
    )
    await world.settle()
    assert _told(mastodon) == [("Update", "Group")]
    assert _thing(mastodon)["name"] == "New name"
    assert mastodon.received[0].activity["to"] == [PUBLIC]


async def test_a_relay_is_told_of_a_public_event_by_id_only(world: World) -> None:
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("relay.test")
    relay = chapter.urls.instance_actor
    await _following(chapter, world)
    await mastodon.member("relay").follow(relay)
    await world.settle()
    mastodon.received.clear()
    event = await chapter.event("Tea for all")
    await chapter.event("Not for lists", Visibility.UNLISTED)
    await world.settle()
    (told,) = mastodon.received
    assert told.signer == relay
    assert told.activity["id"] == f"{event}/announces/instance"
    assert told.activity["type"] == "Announce"
    assert told.activity["object"] == event
    assert told.activity["to"] == [PUBLIC]


@pytest.mark.parametrize("software", ["gancio", "wordpress"])
async def test_gancio_and_wordpress_get_the_event_from_the_instance_actor(
    world: World, software: str
) -> None:
    chapter, gancio = await world.chapter("a.test"), world.mastodon("gancio.test")
    await gancio.member("events").follow(chapter.urls.instance_actor)
    await world.settle()
    gancio.received.clear()
    await _takes_events(chapter, "gancio.test", software)
    event = await chapter.event("Tea for all")
    await world.settle()
    await chapter.write(lambda tx: cancel_event(tx, _id(event)))
    await world.settle()
    await chapter.write(lambda tx: delete_event(tx, _id(event)))
    await world.settle()
    assert _told(gancio) == [("Create", "Event"), ("Update", "Event"), ("Delete", "Tombstone")]
    assert {each.signer for each in gancio.received} == {chapter.urls.instance_actor}
    assert _thing(gancio, 0)["attributedTo"] == chapter.uri


async def test_who_got_an_event_from_the_instance_actor_hears_of_its_end_after_leaving(
    world: World,
) -> None:
    chapter, gancio = await world.chapter("a.test"), world.mastodon("gancio.test")
    member = gancio.member("events")
    await member.follow(chapter.urls.instance_actor)
    await world.settle()
    await _takes_events(chapter, "gancio.test", "gancio")
    event = await chapter.event("Tea for all")
    await world.settle()
    await member.unfollow(chapter.urls.instance_actor)
    await world.settle()
    gancio.received.clear()
    await chapter.write(lambda tx: delete_event(tx, _id(event)))
    await world.settle()
    assert _told(gancio) == [("Delete", "Tombstone")]


async def test_a_new_server_follower_is_told_of_upcoming_public_events_once(world: World) -> None:
    chapter, mobilizon = await world.chapter("a.test"), world.mastodon("mobilizon.test")
    event = await chapter.event("Tea for all")
    cancelled = await chapter.event("Off")
    await chapter.event("Not for lists", Visibility.UNLISTED)
    await chapter.write(lambda tx: cancel_event(tx, _id(cancelled)))
    await world.settle()
    relay = mobilizon.member("relay")
    await _following(chapter, world, relay)
    for _ in range(2):
        followed = ServerFollowed(chapter.actor.id, relay.uri)
        await chapter.write(lambda tx, followed=followed: outbox.put(tx, followed))
        await world.settle()
    assert _told(mobilizon) == [("Announce", event)]


async def test_a_boost_goes_to_followers_and_its_author_and_can_be_taken_back(
    world: World,
) -> None:
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    author = world.mastodon("author.test").member("bob")
    await _following(chapter, world, mastodon.member("alice"))
    await remote_actors.actor(chapter.deps, author.uri, budget=Budget())
    status = f"{author.uri}/statuses/1"
    await chapter.write(lambda tx: boost(tx, chapter.actor, status, author.uri))
    await world.settle()
    await chapter.write(lambda tx: unboost(tx, chapter.actor, status))
    await world.settle()
    for server in world.mastodons.values():
        assert _told(server) == [("Announce", status), ("Undo", "Announce")]
    told = mastodon.received[0].activity
    assert told["to"] == [PUBLIC]
    assert told["cc"] == [chapter.urls.followers(chapter.actor), author.uri]


async def test_a_boost_taken_back_before_it_was_told_is_never_told(world: World) -> None:
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    await _following(chapter, world, mastodon.member("alice"))
    status = "https://author.test/users/bob/statuses/1"
    await chapter.write(
        lambda tx: boost(tx, chapter.actor, status, "https://author.test/users/bob")
    )
    await chapter.write(lambda tx: unboost(tx, chapter.actor, status))
    await world.settle()
    assert _told(mastodon) == []


async def test_a_withdrawn_follow_embeds_the_follow(world: World) -> None:
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    alice = mastodon.member("alice")
    follow = await chapter.follow(alice.uri)
    await world.settle()
    await chapter.write(lambda tx: withdraw_follow(tx, chapter.actor, alice.uri))
    await world.settle()
    asked, undone = (each.activity for each in mastodon.received)
    assert asked["id"] == chapter.urls.follow(follow.id)
    assert asked["object"] == alice.uri
    assert undone["id"] == f"{asked['id']}#undo"
    assert undone["object"] == {key: value for key, value in asked.items() if key != "@context"}


async def test_a_revoked_quote_is_told_to_its_author(world: World) -> None:
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    alice = mastodon.member("alice")
    await remote_actors.actor(chapter.deps, alice.uri, budget=Budget())
    given = QuoteAuthorization("q1", f"{alice.uri}/1", chapter.uri, alice.uri, world.clock.now())
    await chapter.write(lambda tx: quotes.put(tx, given))
    await chapter.write(lambda tx: quotes.revoke(tx, "q1"))
    await chapter.write(lambda tx: outbox.put(tx, QuoteRevoked("q1")))
    await world.settle()
    assert _told(mastodon) == [("Delete", "Tombstone")]
    assert _thing(mastodon)["id"] == chapter.urls.quote("q1")


@pytest.mark.parametrize("thing", ["post", "event", "face"])
async def test_consent_to_a_quote_goes_with_what_was_quoted(world: World, thing: str) -> None:
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    alice = mastodon.member("alice")
    post, event = await chapter.post("Hello"), await chapter.event("Tea for all")
    target = {"post": post, "event": event, "face": f"{event}/face"}[thing]
    await world.settle()
    await alice.quote(target)
    await world.settle()
    consent = str(mastodon.received[-1].activity["result"])
    assert (await world.network.send("GET", consent, {})).status_code == 200
    mastodon.received.clear()
    if thing == "post":
        await chapter.write(lambda tx: delete_post(tx, PostId(post.rpartition("/")[2])))
    else:
        await chapter.write(lambda tx: delete_event(tx, _id(event)))
    await world.settle()
    withdrawn = [each.activity["object"]["id"] for each in mastodon.received]  # type: ignore[index, call-overload]
    assert consent in withdrawn
    assert (await world.network.send("GET", consent, {})).status_code == 404


async def test_the_news_of_a_new_key_is_signed_with_the_old_one(world: World) -> None:
    chapter = await world.chapter("a.test")
    ring = chapter.deps.keys
    new = NewKey("rsa", ring.seal(world.their_key), public_pem(world.their_key))
    await chapter.write(lambda tx: rotate_key(tx, chapter.actor, new, chapter.urls))
    (job,) = await chapter.write(lambda tx: outbox.claim(tx, 1, LEASE))
    await publish(chapter.deps, job)
    columns = select(tables.activities.c.key_id, tables.activities.c.body)
    (row,) = await chapter.read(lambda tx: tx.conn.execute(columns).all())
    assert row.key_id == f"{chapter.uri}#main-key"
    key = json.loads(row.body)["object"]["publicKey"]
    assert key["id"] == f"{chapter.uri}#main-key-2"
    assert key["publicKeyPem"] == public_pem(world.their_key)
    old = await signing.key_by_id(chapter.deps, row.key_id)
    current = await signing.current_key(chapter.deps, chapter.actor.id)
    assert (old.id, current.id) == (row.key_id, key["id"])
