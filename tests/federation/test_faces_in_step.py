"""A face keeps in step with the seats, and its poll ends elsewhere only when it must."""

from datetime import timedelta
from typing import Any

import pytest

from fedi_chapter.domain.event import RsvpMode
from fedi_chapter.domain.face import CALM
from fedi_chapter.services.event_fields import EventFields
from fedi_chapter.services.events import edit_event
from tests.federation.test_polls import got, meetup, own_id, publish, tally_window
from tests.kit.peers.mastodon import Mastodon
from tests.kit.world import World

pytestmark = pytest.mark.anyio
FULL, FREE = "Full. There is a waitlist.", "Seats are free again."


def questions(server: Mastodon) -> list[Any]:
    """Return the poll each time a server was told of it."""
    return [
        thing
        for each in server.received
        if isinstance(thing := each.activity["object"], dict) and thing.get("type") == "Question"
    ]


def words(server: Mastodon) -> list[str]:
    """Return what each telling says about seats."""
    return [
        next((each for each in (FULL, FREE) if each in thing["content"]), "")
        for thing in questions(server)
    ]


async def test_a_face_says_when_it_is_full_and_when_a_seat_is_free_again(world: World) -> None:
    _, event = await meetup(world, capacity=1)
    mastodon = world.mastodon("m.test")
    ana, ben = mastodon.member("ana"), mastodon.member("ben")
    await ana.vote(f"{event}/face", "Going")
    await ben.vote(f"{event}/face", "Maybe")
    await tally_window(world)
    assert words(mastodon) == [FULL]
    world.clock.advance(CALM)
    await ana.vote(f"{event}/face", "Can't come")
    await tally_window(world)
    assert words(mastodon) == [FULL, FREE]
    first, second = questions(mastodon)
    assert first["published"] < first["updated"] < second["updated"]


async def test_what_is_said_of_seats_is_an_edit_of_its_own_and_totals_after_it_none(
    world: World,
) -> None:
    _, event = await meetup(world, capacity=1)
    mastodon = world.mastodon("m.test")
    await mastodon.member("ana").vote(f"{event}/face", "Going")
    await tally_window(world)
    world.clock.advance(timedelta(minutes=1))
    await mastodon.member("ben").vote(f"{event}/face", "Maybe")
    await tally_window(world)
    full, later = questions(mastodon)
    assert (full["content"], full["updated"]) == (later["content"], later["updated"])
    fetched = (await got(world, f"{event}/face")).json()
    assert (fetched["content"], fetched["updated"]) == (later["content"], later["updated"])


async def test_who_wavers_about_the_last_seat_makes_no_edit_every_half_minute(
    world: World,
) -> None:
    _, event = await meetup(world, capacity=1)
    mastodon = world.mastodon("m.test")
    ana = mastodon.member("ana")
    await ana.vote(f"{event}/face", "Going")
    await tally_window(world)
    for answer in ("Can't come", "Going", "Can't come"):
        await ana.vote(f"{event}/face", answer)
        await tally_window(world)
    assert len({each["updated"] for each in questions(mastodon)}) == 1
    world.clock.advance(CALM)
    await world.settle()
    assert words(mastodon)[-1] == FREE
    assert len({each["updated"] for each in questions(mastodon)}) == 2


async def test_more_seats_make_a_full_event_free_and_the_edit_says_so(world: World) -> None:
    chapter, event = await meetup(world, capacity=1)
    mastodon = world.mastodon("m.test")
    await mastodon.member("ana").vote(f"{event}/face", "Going")
    await tally_window(world)
    world.clock.advance(CALM)
    more = EventFields(capacity=5)
    await chapter.write(lambda tx: edit_event(tx, own_id(event), more, chapter.urls))
    await world.settle()
    assert words(mastodon)[-1] == FREE
    assert "Room for 5 people" in questions(mastodon)[-1]["content"]


async def test_where_nobody_can_wait_no_waitlist_is_promised(world: World) -> None:
    chapter, event = await meetup(world, capacity=1, counts_only=True)
    mastodon = world.mastodon("m.test")
    await mastodon.member("ben").follow(chapter.uri)
    await mastodon.member("ana").vote(f"{event}/face", "Going")
    await tally_window(world)
    content = questions(mastodon)[-1]["content"]
    assert "· Full." in content
    assert "waitlist" not in content


async def test_the_poll_counts_seats_with_guests_and_nobody_who_waits(world: World) -> None:
    _, event = await meetup(world, capacity=3)
    mastodon = world.mastodon("m.test")
    await mastodon.member("ana").reply(f"{event}/face", "going +2")
    await world.settle()
    await mastodon.member("ben").vote(f"{event}/face", "Going")
    await mastodon.member("cy").vote(f"{event}/face", "Maybe")
    await tally_window(world)
    poll = questions(mastodon)[-1]
    assert [each["replies"]["totalItems"] for each in poll["oneOf"]] == [3, 1, 0]
    assert poll["votersCount"] == 4


async def test_who_asked_and_has_no_yes_yet_is_no_seat(world: World) -> None:
    _, event = await meetup(world, capacity=1, approval=True)
    mastodon = world.mastodon("m.test")
    for name in ("ana", "ben"):
        await mastodon.member(name).vote(f"{event}/face", "Going")
    await tally_window(world)
    poll = questions(mastodon)[-1]
    assert poll["oneOf"][0]["replies"]["totalItems"] == 0
    assert FULL not in poll["content"]


async def test_an_event_moved_earlier_keeps_the_end_of_its_poll_and_closes_it_in_time(
    world: World,
) -> None:
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    await mastodon.member("ana").follow(chapter.uri)
    await world.settle()
    event = await publish(chapter)
    await world.settle()
    end = questions(mastodon)[-1]["endTime"]
    moved = EventFields(start="2026-11-22T12:00")
    await chapter.write(lambda tx: edit_event(tx, own_id(event), moved, chapter.urls))
    await world.settle()
    assert questions(mastodon)[-1]["endTime"] == end == "2026-11-23T12:00:00Z"
    assert "closed" not in questions(mastodon)[-1]
    world.clock.advance(timedelta(days=1))
    await world.settle()
    assert questions(mastodon)[-1]["endTime"] == end
    assert questions(mastodon)[-1]["closed"] == "2026-11-22T12:00:00Z"


async def test_an_event_moved_later_moves_the_end_and_back_again_does_not(world: World) -> None:
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    await mastodon.member("ana").follow(chapter.uri)
    await world.settle()
    event = await publish(chapter)
    for day in ("24", "23"):
        moved = EventFields(start=f"2026-11-{day}T12:00")
        await world.settle()
        await chapter.write(lambda tx, to=moved: edit_event(tx, own_id(event), to, chapter.urls))  # type: ignore[misc]
    await world.settle()
    ends = [each["endTime"] for each in questions(mastodon)]
    assert ends == ["2026-11-23T12:00:00Z", "2026-11-24T12:00:00Z", "2026-11-24T12:00:00Z"]


async def test_a_face_without_a_poll_says_it_too_and_is_told_of_nothing_else(world: World) -> None:
    chapter, event = await meetup(world, rsvp=RsvpMode.OFF)
    mastodon = world.mastodon("m.test")
    await mastodon.member("ana").follow(chapter.uri)
    asking = EventFields(rsvp=RsvpMode.ON, capacity=2)
    await chapter.write(lambda tx: edit_event(tx, own_id(event), asking, chapter.urls))
    await world.settle()
    mastodon.received.clear()
    for name in ("ana", "ben"):
        await mastodon.member(name).reply(f"{event}/face", "going")
        await tally_window(world)
    updates = [
        each.activity["object"]
        for each in mastodon.received
        if "#tally" in str(each.activity["id"])
    ]
    assert [(each["type"], FULL in each["content"]) for each in updates] == [("Note", True)]  # type: ignore[index, call-overload]
