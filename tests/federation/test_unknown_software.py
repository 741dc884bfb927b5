"""Servers whose software is not known yet: asked in time, and nailed to no form of an event."""

from datetime import timedelta

import pytest

from fedi_chapter.domain.audience import Visibility
from fedi_chapter.domain.event import EventId
from fedi_chapter.federation import learning
from fedi_chapter.services.event_fields import EventFields
from fedi_chapter.services.events import cancel_event, delete_event, edit_event
from fedi_chapter.store import hosts
from tests.kit.peers.mastodon import PUBLIC, Json, Mastodon, Member
from tests.kit.world import Chapter, World

pytestmark = pytest.mark.anyio

SILENT = ""
"""A server without NodeInfo: what it answers names no software."""
EVENTS = "everycal"


def _id(uri: str) -> EventId:
    return EventId(uri.rpartition("/")[2])


def _told(server: Mastodon) -> list[tuple[object, object]]:
    """Return type and object's id of what a server was told about events."""
    return [
        (each.activity["type"], thing["id"])
        for each in server.received
        if isinstance(thing := each.activity["object"], dict) and "/events/" in str(thing["id"])
    ]


async def _follower(chapter: Chapter, world: World, host: str, software: str) -> Member:
    server = world.mastodon(host)
    server.software = software
    member = server.member("zoe")
    assert await member.follow(chapter.uri) == 202
    return member


async def _edit(chapter: Chapter, event: str, name: str) -> None:
    fields = EventFields(name=name)
    await chapter.write(lambda tx: edit_event(tx, _id(event), fields, chapter.urls))


async def _software(chapter: Chapter, host: str) -> str | None:
    known = await chapter.read(lambda tx: hosts.get(tx, host))
    return known.software if known else None


def _their_event(member: Member) -> Json:
    return {
        "id": f"{member.uri}/events/1",
        "type": "Event",
        "attributedTo": member.uri,
        "name": "Choir",
        "startTime": "2031-01-01T18:00:00Z",
        "to": ["https://www.w3.org/ns/activitystreams#Public"],
        "cc": [f"{member.uri}/followers"],
    }


@pytest.mark.parametrize("software", ["everycal", "mobilizon", "gancio", "friendica", "wordpress"])
async def test_an_edit_right_after_the_follow_of_an_event_server_is_one_of_the_event(
    world: World, software: str
) -> None:
    chapter = await world.chapter("a.test")
    event = await chapter.event("Tea")
    await world.settle()
    await _follower(chapter, world, "e.test", software)
    await world.settle()
    await _edit(chapter, event, "Cake")
    await world.settle()
    await chapter.write(lambda tx: cancel_event(tx, _id(event), "Rain"))
    await world.settle()
    await chapter.write(lambda tx: delete_event(tx, _id(event)))
    await world.settle()
    told = _told(world.mastodons["e.test"])
    assert told == [("Update", event), ("Update", event), ("Delete", event)]


async def test_a_new_follower_s_server_is_asked_by_the_clock_and_not_again(world: World) -> None:
    chapter = await world.chapter("a.test")
    await _follower(chapter, world, "e.test", EVENTS)
    await world.settle()
    assert await _software(chapter, "e.test") is None
    await learning.learn_followers_hosts(chapter.deps)
    assert await _software(chapter, "e.test") == EVENTS
    asked = len(world.network.fetched("e.test"))
    world.clock.advance(timedelta(days=6))
    await learning.learn_followers_hosts(chapter.deps)
    assert len(world.network.fetched("e.test")) == asked


async def test_a_failed_question_is_asked_again_in_minutes_then_more_seldom(world: World) -> None:
    chapter = await world.chapter("a.test")
    await _follower(chapter, world, "e.test", SILENT)
    await world.settle()
    asked_after = []
    for minutes in range(60):
        before = len(world.network.fetched("e.test"))
        await learning.learn_followers_hosts(chapter.deps)
        if len(world.network.fetched("e.test")) > before:
            asked_after.append(minutes)
        world.clock.advance(timedelta(minutes=1))
    assert asked_after == [0, 5, 15, 35]


async def test_one_that_fails_after_years_is_asked_again_in_minutes_and_keeps_its_form(
    world: World,
) -> None:
    chapter = await world.chapter("a.test")
    await _follower(chapter, world, "e.test", EVENTS)
    await world.settle()
    await learning.learn_followers_hosts(chapter.deps)
    world.clock.advance(timedelta(days=8))
    world.mastodons["e.test"].software = SILENT
    await learning.learn_followers_hosts(chapter.deps)
    known = await chapter.read(lambda tx: hosts.get(tx, "e.test"))
    assert known
    assert (known.software, known.takes_events) == (EVENTS, True)
    world.clock.advance(timedelta(minutes=5))
    world.mastodons["e.test"].software = "mobilizon"
    await learning.learn_followers_hosts(chapter.deps)
    assert await _software(chapter, "e.test") == "mobilizon"


async def test_who_turns_out_to_take_events_gets_the_event_and_the_face_goes(
    world: World,
) -> None:
    chapter = await world.chapter("a.test")
    await _follower(chapter, world, "e.test", SILENT)
    await world.settle()
    event = await chapter.event("Tea")
    await world.settle()
    server = world.mastodons["e.test"]
    assert _told(server) == [("Create", f"{event}/face")]
    server.software = EVENTS
    world.clock.advance(timedelta(minutes=5))
    await learning.learn_followers_hosts(chapter.deps)
    await world.settle()
    assert _told(server)[1:] == [("Delete", f"{event}/face"), ("Create", event)]
    await _edit(chapter, event, "Cake")
    await world.settle()
    await chapter.write(lambda tx: delete_event(tx, _id(event)))
    await world.settle()
    assert _told(server)[3:] == [("Update", event), ("Delete", event)]


async def test_who_turns_out_to_be_a_microblog_keeps_the_face(world: World) -> None:
    chapter = await world.chapter("a.test")
    await _follower(chapter, world, "m.test", SILENT)
    await world.settle()
    event = await chapter.event("Tea")
    await world.settle()
    server = world.mastodons["m.test"]
    server.software = "mastodon"
    world.clock.advance(timedelta(minutes=5))
    await _edit(chapter, event, "Cake")
    await world.settle()
    assert _told(server) == [("Create", f"{event}/face"), ("Update", f"{event}/face")]


async def test_who_sends_events_takes_events_without_saying_what_it_runs(world: World) -> None:
    chapter = await world.chapter("a.test")
    member = await _follower(chapter, world, "e.test", SILENT)
    await world.settle()
    event = await chapter.event("Tea")
    await world.settle()
    theirs = _their_event(member)
    create = member.activity("Create", theirs, uri=f"{theirs['id']}/create")
    assert await member.to_shared(chapter.uri, create) == 202
    await world.settle()
    told = _told(world.mastodons["e.test"])
    assert told[1:] == [("Delete", f"{event}/face"), ("Create", event)]
    second = await chapter.event("Cake")
    await world.settle()
    assert _told(world.mastodons["e.test"])[-1] == ("Create", second)


async def test_whose_event_nobody_kept_takes_events_also_once_it_says_what_it_runs(
    world: World,
) -> None:
    chapter = await world.chapter("a.test")
    member = await _follower(chapter, world, "e.test", SILENT)
    await world.settle()
    theirs = _their_event(member)
    create = member.activity("Create", theirs, uri=f"{theirs['id']}/create")
    assert await member.to_shared(chapter.uri, create) == 202
    await world.settle()
    world.mastodons["e.test"].software = "brand-new"
    await learning.learn_host(chapter.deps, "e.test")
    event = await chapter.event("Tea")
    await world.settle()
    assert await _software(chapter, "e.test") == "brand-new"
    assert _told(world.mastodons["e.test"]) == [("Create", event)]


@pytest.mark.parametrize("way", ["by its id", "in the name of a group", "boosted"])
async def test_whose_event_comes_in_another_way_takes_events(world: World, way: str) -> None:
    chapter = await world.chapter("a.test")
    member = await _follower(chapter, world, "e.test", SILENT)
    await chapter.follow(member.uri)
    await world.settle()
    event = await chapter.event("Tea")
    await world.settle()
    author = member.server.member("hall" if way == "in the name of a group" else "zoe")
    theirs = {**_their_event(author), "id": f"{author.uri}/statuses/1", "actor": member.uri}
    author.statuses[str(theirs["id"])] = theirs
    kind = "Announce" if way == "boosted" else "Create"
    thing = theirs if way == "in the name of a group" else theirs["id"]
    activity = member.activity(kind, thing, uri=f"{member.uri}#1", to=[PUBLIC])
    assert await member.to_shared(chapter.uri, activity) == 202
    await world.settle()
    told = _told(world.mastodons["e.test"])
    assert told[1:] == [("Delete", f"{event}/face"), ("Create", event)]


async def test_who_boosts_an_event_of_another_server_is_not_known_to_take_events(
    world: World,
) -> None:
    chapter = await world.chapter("a.test")
    member = await _follower(chapter, world, "m.test", SILENT)
    await chapter.follow(member.uri)
    await world.settle()
    author = world.mastodon("e.test").member("hall")
    theirs = {**_their_event(author), "id": f"{author.uri}/statuses/1"}
    author.statuses[str(theirs["id"])] = theirs
    boost = member.activity("Announce", theirs["id"], uri=f"{member.uri}#1", to=[PUBLIC])
    assert await member.to_shared(chapter.uri, boost) == 202
    await world.settle()
    known = await chapter.read(lambda tx: hosts.get(tx, "m.test"))
    assert known is not None
    assert not known.takes_events


async def test_new_software_that_sent_an_event_takes_events_as_long_as_it_runs(
    world: World,
) -> None:
    chapter = await world.chapter("a.test")
    member = await _follower(chapter, world, "e.test", "brand-new")
    await world.settle()
    await learning.learn_followers_hosts(chapter.deps)
    theirs = _their_event(member)
    create = member.activity("Create", theirs, uri=f"{theirs['id']}/create")
    assert await member.to_shared(chapter.uri, create) == 202
    await world.settle()
    taken = []
    for software in ("brand-new", "mastodon"):
        world.clock.advance(timedelta(days=8))
        world.mastodons["e.test"].software = software
        await learning.learn_followers_hosts(chapter.deps)
        known = await chapter.read(lambda tx: hosts.get(tx, "e.test"))
        assert known
        taken.append((known.software, known.takes_events))
    assert taken == [("brand-new", True), ("mastodon", False)]


async def test_whose_event_we_keep_takes_events_when_it_follows_later(world: World) -> None:
    chapter = await world.chapter("a.test")
    server = world.mastodon("e.test")
    server.software = SILENT
    member = server.member("zoe")
    await chapter.follow(member.uri)
    await world.settle()
    theirs = _their_event(member)
    create = member.activity("Create", theirs, uri=f"{theirs['id']}/create")
    assert await member.to_shared(chapter.uri, create) == 202
    await member.follow(chapter.uri)
    await world.settle()
    event = await chapter.event("Tea")
    await world.settle()
    assert _told(server) == [("Create", event)]


async def test_a_microblog_that_says_so_gets_faces_though_it_sent_an_event(world: World) -> None:
    chapter = await world.chapter("a.test")
    member = await _follower(chapter, world, "p.test", "pleroma")
    await world.settle()
    theirs = _their_event(member)
    create = member.activity("Create", theirs, uri=f"{theirs['id']}/create")
    assert await member.to_shared(chapter.uri, create) == 202
    await world.settle()
    event = await chapter.event("Tea")
    await world.settle()
    assert _told(world.mastodons["p.test"]) == [("Create", f"{event}/face")]


async def test_a_deletion_reaches_a_server_of_unknown_software_in_both_forms(world: World) -> None:
    chapter = await world.chapter("a.test")
    event = await chapter.event("Tea")
    await world.settle()
    await _follower(chapter, world, "e.test", SILENT)  # and it may have read the outbox
    await world.settle()
    await chapter.write(lambda tx: delete_event(tx, _id(event)))
    await world.settle()
    told = _told(world.mastodons["e.test"])
    assert sorted(told) == [("Delete", event), ("Delete", f"{event}/face")]


async def test_an_event_for_followers_is_not_sent_anew_to_who_follows_no_longer(
    world: World,
) -> None:
    chapter = await world.chapter("a.test")
    member = await _follower(chapter, world, "e.test", SILENT)
    await world.settle()
    event = await chapter.event("Tea", Visibility.FOLLOWERS)
    await world.settle()
    await member.unfollow(chapter.uri)
    await world.settle()
    server = world.mastodons["e.test"]
    server.software = EVENTS
    await learning.learn_host(chapter.deps, "e.test")
    await world.settle()
    assert _told(server) == [("Create", f"{event}/face"), ("Delete", f"{event}/face")]


async def test_what_is_over_or_deleted_comes_to_nobody_s_calendar_anew(
    world: World,
) -> None:
    chapter = await world.chapter("a.test")
    await _follower(chapter, world, "e.test", SILENT)
    await world.settle()
    over, deleted = await chapter.event("Tea"), await chapter.event("Coffee")
    await world.settle()
    await chapter.write(lambda tx: delete_event(tx, _id(deleted)))
    await world.settle()
    world.clock.advance(timedelta(days=4))
    await world.settle()
    server = world.mastodons["e.test"]
    server.software = EVENTS
    told = len(_told(server))
    await learning.learn_host(chapter.deps, "e.test")
    await world.settle()
    assert _told(server)[told:] == []
    await chapter.write(lambda tx: delete_event(tx, _id(over)))
    await world.settle()
    assert _told(server)[told:] == [("Delete", f"{over}/face")]


class _ServerActor(Member):
    """A server's own actor, as Gancio has one when its site is added."""

    def document(self) -> Json:
        return {**super().document(), "type": "Application"}


@pytest.mark.parametrize(
    ("software", "told"), [("gancio", ["Announce", "Create"]), ("mobilizon", ["Announce"])]
)
async def test_a_server_s_own_actor_gets_what_its_software_takes_once_that_is_known(
    world: World, software: str, told: list[str]
) -> None:
    chapter, server = await world.chapter("a.test"), world.mastodon("e.test")
    server.software = SILENT
    relay = _ServerActor(server, "relay", server.key)
    server.members["relay"] = relay
    event = await chapter.event("Tea")
    await world.settle()
    assert await relay.follow(chapter.urls.instance_actor) == 202
    await world.settle()
    world.clock.advance(timedelta(minutes=1))
    await world.settle()
    server.software = software
    world.clock.advance(timedelta(minutes=5))
    await learning.learn_followers_hosts(chapter.deps)
    await world.settle()
    sent = [each.activity for each in server.received if each.activity["type"] != "Accept"]
    assert [each["type"] for each in sent] == told
    things = [thing["id"] if isinstance(thing := each["object"], dict) else thing for each in sent]
    assert things == [event] * len(told)
