"""The journey of a member: the event moves, is called off, begins, and is forgotten.

Three greeters at once, of whom one has no network, stand in a real browser in
`tests/browser/test_door_in_a_browser.py`. Whom she mutes is known to her own server alone.
"""

import re
from datetime import timedelta

import pytest

from fedi_chapter.core.html import plain
from fedi_chapter.domain.event import EventId
from fedi_chapter.domain.organizer import Role
from fedi_chapter.domain.rsvp import Rsvp
from fedi_chapter.services import organizers, reminders
from fedi_chapter.services.event_fields import EventFields
from fedi_chapter.services.events import cancel_event, edit_event
from fedi_chapter.services.places import PlaceFields
from fedi_chapter.store import followers, holdings, rsvps, tallies
from tests.kit import dialects
from tests.kit.answering import Gathering, a_gathering, invite
from tests.kit.journey import (
    EVENING,
    HIDDEN,
    calendar_entry,
    entries,
    her_browser,
    own_feed,
    read_page,
    seen,
)
from tests.kit.visiting import OURS, Browser
from tests.kit.world import World

pytestmark = pytest.mark.anyio

DAY = timedelta(days=1)


async def test_an_event_that_moves_twice_is_edited_twice_and_told_to_her_once(
    world: World,
) -> None:
    """MEM-8."""
    gathering = await a_gathering(world, **EVENING)
    chapter, ana = gathering.chapter, gathering.member()
    await ana.follow(chapter.uri)
    await gathering.send(ana, dialects.mastodon_vote(ana, gathering.to))
    feeds = (await own_feed(chapter, ana.uri), f"{gathering.to.event}.ics", "/calendar.ics")
    before = [await calendar_entry(chapter, each) for each in feeds]

    async def change(**fields: object) -> tuple[str, str]:
        """Edit the event, and return what the entry says when no time has passed."""
        made = EventFields(**fields)  # type: ignore[arg-type]
        await chapter.write(lambda tx: edit_event(tx, gathering.event_id, made, chapter.urls))
        await world.settle()
        edited = entries(gathering.server, "Update")[-1]
        assert "updated" in edited
        return str(edited["id"]), plain(str(edited["content"]))

    world.clock.advance(timedelta(hours=1))
    uri, text = await change(start="2026-11-24T19:30")
    assert uri == gathering.to.face
    assert "7:30 PM–9:30 PM" in text
    world.clock.advance(timedelta(minutes=4))
    uri, text = await change(place=PlaceFields(name="Town Library", address="1 Main St"))
    assert uri == gathering.to.face
    assert "Town Library" in text
    assert len(gathering.texts()) == 1
    world.clock.advance(timedelta(minutes=10))
    await world.settle()
    _, told = gathering.texts()
    for words in ("“Repair café” has changed", "7:30 PM–9:30 PM", "Town Library, 1 Main St"):
        assert words in told
    world.clock.advance(timedelta(hours=1))
    await world.settle()
    assert len(gathering.texts()) == 2

    after = [await calendar_entry(chapter, each) for each in feeds]
    assert [each.uid for each in after] == [each.uid for each in before]
    assert all(new.sequence > old.sequence for new, old in zip(after, before, strict=True))
    assert {each.start for each in after} == {"2026-11-24T19:30:00-05:00"}
    assert all("Town Library" in each.place for each in after)


async def test_a_cancelled_event_says_so_first_everywhere_and_frees_every_seat(
    world: World,
) -> None:
    """MEM-9."""
    gathering = await a_gathering(world, **{**EVENING, "place": HIDDEN, "capacity": 1})
    chapter, address = gathering.chapter, gathering.to.event
    ana, ben = gathering.member(), gathering.member("ben")
    await ana.follow(chapter.uri)
    for member in (ana, ben):
        await gathering.send(member, dialects.mastodon_vote(member, gathering.to))
        world.clock.advance(timedelta(seconds=1))
    own = own_page(gathering)
    assert "At the door" in await seen(chapter, own)
    assert "1450 Glenwood Ave" in await seen(chapter, own)

    await chapter.write(lambda tx: cancel_event(tx, gathering.event_id, "Storm"))
    await world.settle()
    entry = entries(gathering.server, "Update")[-1]
    assert entry["id"] == gathering.to.face
    assert plain(str(entry["content"])).startswith("CANCELLED: Repair café\nStorm\n")
    for name in ("ana", "ben"):
        assert len(gathering.texts(name)) == 2
        assert "Sorry, “Repair café” is cancelled.\n" in gathering.texts(name)[1]
        assert "Storm" in gathering.texts(name)[1]
    for feed in (f"{address}.ics", "/calendar.ics", await own_feed(chapter, ana.uri)):
        assert (await calendar_entry(chapter, feed)).status == "CANCELLED"

    document = await gathering.server.profile(address)
    assert (document["participantCount"], document["remainingAttendeeCapacity"]) == (0, 1)
    assert (await gathering.server.profile(f"{address}/attendees"))["totalItems"] == 0
    words = await seen(chapter, address)
    assert "This event is cancelled. Storm" in words
    assert "going" not in words
    assert "waitlist" not in words
    assert "At the door" not in await seen(chapter, own)
    assert "1450 Glenwood Ave" not in await seen(chapter, own)

    for _ in range(5):
        world.clock.advance(DAY)
        await chapter.write(reminders.put_due)
        await world.settle()
    assert len(gathering.texts()) == 2


def own_page(gathering: Gathering, name: str = "ana") -> str:
    """Return the address of somebody's own page, out of the message they got."""
    found = re.search(r"https://a\.test/rsvp/\S+", gathering.texts(name)[0])
    assert found
    return found[0]


# -- the day ---------------------------------------------------------------------------------


async def test_the_day_before_those_who_come_are_reminded_once_unless_they_want_none(
    world: World,
) -> None:
    """MEM-11."""
    gathering = await a_gathering(world, bring="a blanket")
    going, maybe, quiet = (gathering.member(name) for name in ("ana", "ben", "cleo"))
    for member, option in ((going, 0), (maybe, 1), (quiet, 0)):
        await gathering.send(member, dialects.mastodon_vote(member, gathering.to, option))
    await gathering.send(quiet, dialects.private_reply(quiet, gathering.to, "mute"))
    world.clock.advance(DAY - timedelta(minutes=5))
    for _ in range(4):
        await gathering.chapter.write(reminders.put_due)
        await world.settle()
        world.clock.advance(timedelta(minutes=5))
    assert [len(gathering.texts(name)) for name in ("ana", "ben", "cleo")] == [2, 1, 1]
    reminder = gathering.texts()[1]
    assert reminder.startswith("@ana See you soon at “Picnic”!")
    assert "Please bring: a blanket" in reminder
    assert "Reply “can't make it”." in reminder
    assert "Reply “mute”." in reminder


async def test_at_the_door_she_is_found_by_handle_by_alias_by_her_code_and_as_somebodys_guest(
    world: World,
) -> None:
    """MEM-12."""
    gathering = await a_gathering(world)
    ana = gathering.member()
    await gathering.send(ana, dialects.private_reply(ana, gathering.to, "going +1"))
    form = {"name": "Ines", "guests": "0", "answer": "going"}
    web = her_browser(gathering.chapter)
    await web.client.post(f"{gathering.to.event}/rsvp", data=form, headers=OURS)
    world.clock.advance(2 * DAY)
    greeter, door = await a_greeter(gathering)

    own = await read_page(gathering.chapter, own_page(gathering))
    code = re.search(r'class="door-code" translate="no">(\w+)<', own)
    assert code
    by_picture = await greeter.get(await pass_of(gathering))
    assert by_picture.headers["location"] == f"{door}?q={code[1]}"
    for query, name in (("@ana@m", "Ana"), ("ines", "Ines"), (code[1], "Ana")):
        found = (await greeter.get(f"{door}?q={query}")).text
        assert re.findall(r'class="door-name" dir="auto">(\w+)<', found) == [name]
        rsvp = re.search(r'name="rsvp" value="([^"]+)"', found)
        assert rsvp
        if name == "Ines":
            await press(greeter, door, "came", rsvp=rsvp[1])
    # Ana's guest is there before her.
    new = re.findall(r'name="rsvp" value="([^"]+)"', (await greeter.get(door)).text)[-1]
    await press(greeter, door, "walk-in", rsvp=new, name="Zoe, guest of Ana")
    await press(greeter, door, "came", rsvp=(await known(gathering)).id, guests="0")
    page = (await greeter.get(door)).text
    assert "Zoe, guest of Ana" in page
    assert 'id="door-here">3</dd>' in page
    assert await gathering.status() == "attended"
    tally = await gathering.tally()
    assert (tally.attended_heads, tally.heads) == (3, 3)


async def known(gathering: Gathering) -> Rsvp:
    found = await gathering.rsvp()
    assert found is not None
    return found


async def pass_of(gathering: Gathering) -> str:
    """Return what the picture on somebody's own page says."""
    deps, rsvp = gathering.chapter.deps, await known(gathering)
    return deps.urls.door_pass(deps.links.make("door", rsvp.id))


async def a_greeter(gathering: Gathering) -> tuple[Browser, str]:
    """Return the phone of a greeter who is signed in, and where the list is."""
    chapter = gathering.chapter
    _, token = await chapter.write(lambda tx: organizers.invite(tx, "Gus", Role.GREETER))
    phone = her_browser(chapter)
    await phone.client.post("/sign-in", data={"token": token}, headers=OURS)
    return phone, f"/admin/events/{gathering.event_id}/door"


async def press(greeter: Browser, door: str, button: str, **fields: str) -> None:
    word = re.search(r'name="csrf" value="(\w+)"', (await greeter.get(door)).text)
    assert word
    form = {"csrf": word[1], **fields}
    answer = await greeter.client.post(f"{door}/{button}", data=form, headers=OURS)
    assert answer.status_code == 303, answer.text


# -- parting ---------------------------------------------------------------------------------


@pytest.mark.parametrize("parting", ["unfollow", "block"])
async def test_whoever_unfollows_or_blocks_the_chapter_hears_no_more_of_it(
    world: World, parting: str
) -> None:
    """MEM-15."""
    gathering = await a_gathering(world)
    ana = gathering.member()
    await ana.follow(gathering.to.chapter)
    await world.settle()
    assert await gathering.chapter.followers() == [ana.uri]
    await getattr(ana, parting)(gathering.to.chapter)
    await world.settle()
    assert await gathering.chapter.followers() == []
    heard = len(gathering.server.received)
    await invite(gathering.chapter, name="Assembly")
    await world.settle()
    assert len(gathering.server.received) == heard


async def test_whoever_says_forget_me_leaves_numbers_alone_and_is_told_what_others_hold(
    world: World,
) -> None:
    """MEM-15."""
    gathering = await a_gathering(world)
    chapter, ana = gathering.chapter, gathering.member()
    await ana.follow(chapter.uri)
    await gathering.send(ana, dialects.private_reply(ana, gathering.to, "going +1"))
    world.clock.advance(2 * DAY)
    greeter, door = await a_greeter(gathering)
    await press(greeter, door, "came", rsvp=(await known(gathering)).id)
    await gathering.send(ana, dialects.public_reply(ana, gathering.to, "Lovely people here"))
    world.clock.advance(DAY)
    ahead = await invite(chapter, name="Assembly", capacity=1)
    to = dialects.Invitation(chapter.urls.event(ahead.id), chapter.uri, ahead.poll)
    await gathering.send(ana, dialects.mastodon_vote(ana, to))
    letters = len(gathering.letters())

    begun = world.clock.now()
    await gathering.send(ana, dialects.private_reply(ana, gathering.to, "forget me"))
    assert world.clock.now() == begun
    assert await held_seats(gathering, ahead.id) == 0
    assert await held_seats(gathering, gathering.event_id) == 2  # what was, was
    for event_id in (ahead.id, gathering.event_id):
        rows = await chapter.read(lambda tx, event_id=event_id: rsvps.of_event(tx, event_id))  # type: ignore[misc]
        assert "ana" not in str(rows)
    held = await chapter.read(lambda tx: holdings.count(tx, ana.uri))
    assert held.keys() <= {"profile", "keys", "inbox"}  # swept out within days, as are strangers'
    assert not await chapter.read(lambda tx: followers.is_follower(tx, ana.uri))
    assert "Lovely people" not in await read_page(chapter, gathering.to.event)
    assert "Ana" not in (await greeter.get(door)).text
    (farewell,) = gathering.texts()[letters:]
    assert "Erased here: your answers and guests, your messages, replies and likes" in farewell
    assert "Not ours to erase: your own posts, and copies on other servers." in farewell


async def held_seats(gathering: Gathering, event_id: EventId) -> int:
    return (await gathering.chapter.read(lambda tx: tallies.get(tx, event_id))).heads
