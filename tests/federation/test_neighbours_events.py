"""Events of neighbours in all the ways they come, change and go."""

import pytest

from fedi_chapter.domain.neighbour import NeighbourEvent
from fedi_chapter.store import neighbours
from tests.kit.peers.event_host import EventHost, an_event, open_hall
from tests.kit.peers.mastodon import PUBLIC, Json, Member
from tests.kit.world import Chapter, World

pytestmark = pytest.mark.anyio


async def a_group(world: World) -> tuple[Chapter, EventHost]:
    """A chapter, and a group of another server that it follows."""
    chapter, group = await world.chapter("a.test"), open_hall(world.mastodon("mz.test"))
    await chapter.follow(group.uri)
    await world.settle()
    return chapter, group


def held_by(author: Member, **members: object) -> Json:
    """Publish an event on its author's server; return it."""
    uri = f"{author.uri}/statuses/77"
    event = an_event(uri, author.uri, **members)
    author.statuses[uri] = event
    return event


async def sent(author: Member, verb: str, thing: object, *, chapter: Chapter) -> None:
    uri = f"{author.server.base}/{verb}/{next(author.server.numbers)}"
    await author.to_shared(chapter.uri, author.activity(verb, thing, uri=uri, to=[PUBLIC]))


async def kept_by(chapter: Chapter) -> list[tuple[str, bool]]:
    found = await chapter.read(lambda tx: neighbours.events(tx, 10))
    return [(each.name, each.cancelled) for each in found]


async def test_an_event_that_is_published_as_an_invitation_is_kept(world: World) -> None:
    chapter, group = await a_group(world)
    await sent(group, "Invite", held_by(group), chapter=chapter)
    await world.settle()
    assert await kept_by(chapter) == [("Repair café", False)]


async def test_an_event_that_several_hold_is_the_first_ones_of_its_server(world: World) -> None:
    chapter, group = await a_group(world)
    hosts_of_it = ["https://else.test/users/x", group.uri, group.server.member("bob").uri]
    await sent(group, "Create", held_by(group, attributedTo=hosts_of_it), chapter=chapter)
    await world.settle()
    (kept,) = await chapter.read(lambda tx: neighbours.events(tx, 10))
    assert kept.actor_uri == group.uri


async def test_an_event_whose_one_author_lives_elsewhere_is_dropped(world: World) -> None:
    chapter, group = await a_group(world)
    foreign = held_by(group, attributedTo="https://victim.test/users/x")
    await sent(group, "Create", foreign, chapter=chapter)
    await sent(group, "Invite", foreign, chapter=chapter)
    await world.settle()
    assert await kept_by(chapter) == []


async def test_an_event_in_another_hosts_name_is_asked_for_there(world: World) -> None:
    chapter, group = await a_group(world)
    bob = world.mastodon("o.test").member("bob")
    true = held_by(bob, name="What bob says")
    await group.boost(str(true["id"]), to=chapter.uri)
    await sent(group, "Update", {**true, "name": "Forged"}, chapter=chapter)
    await world.settle()
    assert await kept_by(chapter) == [("What bob says", False)]


async def test_an_update_without_a_time_counts_when_it_comes(world: World) -> None:
    chapter, group = await a_group(world)
    await sent(group, "Create", held_by(group), chapter=chapter)
    await sent(group, "Update", held_by(group, status="CANCELLED"), chapter=chapter)
    await world.settle()
    assert await kept_by(chapter) == [("Repair café", True)]
    await sent(group, "Create", held_by(group), chapter=chapter)
    await world.settle()
    assert await kept_by(chapter) == [("Repair café", True)]


async def test_a_group_passes_on_that_an_event_changed_and_is_gone(world: World) -> None:
    chapter, group = await a_group(world)
    bob = world.mastodon("o.test").member("bob")
    event = held_by(bob)
    await sent(group, "Announce", bob.activity("Create", event, uri="x"), chapter=chapter)
    await world.settle()
    changed = held_by(bob, eventStatus="EventCancelled")
    lie = {**changed, "name": "Forged"}
    await sent(group, "Announce", bob.activity("Update", lie, uri="x"), chapter=chapter)
    await world.settle()
    assert await kept_by(chapter) == [("Repair café", True)]
    gone = bob.activity("Delete", event["id"], uri="x")
    await sent(group, "Announce", gone, chapter=chapter)
    await world.settle()
    assert await kept_by(chapter) == [("Repair café", True)]  # it is still there
    bob.statuses.clear()
    await sent(group, "Announce", gone, chapter=chapter)
    await world.settle()
    assert await kept_by(chapter) == []
    assert (await chapter.outcomes())[-1] == "deleted"


SHAPES: dict[str, Json] = {
    "WordPress": {"joinMode": "external", "externalParticipationUrl": "https://mz.test/form"},
    "Gancio": {
        "location": [
            {"type": "Place", "name": "Cellar", "address": "Long Lane 3"},
            {"type": "VirtualLocation", "url": "https://mz.test/stream"},
        ]
    },
    "Friendica": {"source": {"content": "[b]Come[/b]"}, "location": {"content": "Chapel"}},
    "Hubzilla": {"name": None, "summary": "Repair café", "location": "Chapel"},
    "EveryCal": {"startTime": "2026-12-01", "eventTimezone": "Europe/Vienna"},
    "Pavillion": {"name": None, "nameMap": {"en": "Repair café"}, "eventStatus": "EventScheduled"},
    "Owncast": {"joinMode": "none", "location": {"type": "VirtualLocation", "url": "x"}},
    "FEP-8a8e": {"attributedTo": None, "previousStartTime": "2026-12-01T18:00:00-08:00"},
    "a naive clock": {"startTime": "2026-12-01T18:00:00", "timezone": "Europe/Paris"},
    "no addressees": {"to": None, "cc": None},
}


@pytest.mark.parametrize("name", SHAPES)
async def test_an_event_is_kept_in_the_shape_its_software_gives_it(world: World, name: str) -> None:
    chapter, group = await a_group(world)
    await sent(group, "Create", held_by(group, **SHAPES[name]), chapter=chapter)
    await world.settle()
    assert await kept_by(chapter) == [("Repair café", False)]


async def test_an_event_without_a_start_is_refused_with_the_reason(world: World) -> None:
    chapter, group = await a_group(world)
    await sent(group, "Create", held_by(group, startTime="soon"), chapter=chapter)
    await world.settle()
    assert await kept_by(chapter) == []
    assert (await chapter.outcomes())[-1].endswith("has no readable start)")


async def the_one(chapter: Chapter) -> NeighbourEvent:
    (kept,) = await chapter.read(lambda tx: neighbours.events(tx, 10))
    return kept


PAGE: Json = {
    "location": {"type": "Place", "name": "Cellar", "address": "Long Lane 3"},
    "content": "<p>Bring a lamp</p>",
}


async def test_an_event_that_comes_without_its_place_is_asked_for_it(world: World) -> None:
    chapter, group = await a_group(world)
    uri = group.hold(77, **PAGE)
    bare = an_event(uri, group.uri, url="https://mz.test/@hall/cafe")
    await sent(group, "Create", bare, chapter=chapter)
    await world.settle()
    kept = await the_one(chapter)
    assert (kept.place_name, kept.address) == ("Cellar", "Long Lane 3")
    assert (kept.html, kept.url) == ("<p>Bring a lamp</p>", "https://mz.test/@hall/cafe")


async def test_a_bare_update_does_not_erase_what_is_known(world: World) -> None:
    chapter, group = await a_group(world)
    uri = group.hold(77, **PAGE, url="https://mz.test/@hall/cafe")
    await sent(group, "Create", group.statuses[uri], chapter=chapter)
    await world.settle()
    del group.statuses[uri]  # the page can't be had just now
    later = an_event(uri, group.uri, name="Late café", updated="2026-11-21T13:00:00Z")
    await sent(group, "Update", later, chapter=chapter)
    await world.settle()
    kept = await the_one(chapter)
    assert (kept.name, kept.place_name) == ("Late café", "Cellar")
    assert kept.url == "https://mz.test/@hall/cafe"


async def test_a_place_that_is_gone_from_its_page_is_gone_here(world: World) -> None:
    chapter, group = await a_group(world)
    uri = group.hold(77, **PAGE)
    await sent(group, "Create", group.statuses[uri], chapter=chapter)
    later = an_event(uri, group.uri, updated="2026-11-21T13:00:00Z")
    group.statuses[uri] = later
    await sent(group, "Update", later, chapter=chapter)
    await world.settle()
    assert (await the_one(chapter)).place_name is None


async def test_nothing_is_asked_for_an_event_that_nobody_keeps(world: World) -> None:
    chapter, group = await a_group(world)
    stranger = group.server.member("bob")
    uri = f"{stranger.uri}/statuses/5"
    fetched: list[str] = []
    stranger.statuses = Watched(fetched)
    await sent(stranger, "Create", an_event(uri, stranger.uri), chapter=chapter)
    await world.settle()
    assert await kept_by(chapter) == []
    assert fetched == []


class Watched(dict[str, Json]):
    """Documents of somebody, and which of them were asked for."""

    def __init__(self, asked: list[str]) -> None:
        super().__init__()
        self.asked = asked

    def __contains__(self, uri: object) -> bool:
        self.asked.append(str(uri))
        return super().__contains__(uri)

    def get(self, uri: str, default: object = None) -> object:  # type: ignore[override]
        self.asked.append(uri)
        return super().get(uri, default)


async def test_an_unlisted_event_stands_in_no_list(world: World) -> None:
    chapter, group = await a_group(world)
    followers = f"{group.uri}/followers"
    unlisted = held_by(group, to=[followers], cc=[PUBLIC])
    await sent(group, "Create", unlisted, chapter=chapter)
    await world.settle()
    assert await kept_by(chapter) == []
    await sent(group, "Create", held_by(group), chapter=chapter)
    await world.settle()
    assert await kept_by(chapter) == [("Repair café", False)]
    hidden = held_by(group, to=[followers], cc=[PUBLIC], updated="2026-11-21T13:00:00Z")
    await sent(group, "Update", hidden, chapter=chapter)
    await world.settle()
    assert await kept_by(chapter) == []


SEEN: Json = {
    "location": {"type": "Place", "name": "Cellar"},
    "tag": [{"type": "Hashtag", "name": "#Repair"}, {"type": "Hashtag", "name": "हिन्दी"}],
    "attachment": [
        {
            "type": "Document",
            "mediaType": "image/jpeg",
            "url": "https://mz.test/cafe.jpg",
            "name": "A toaster in pieces",
        }
    ],
}
"""What an event's own document says of it beside its name and its time."""


def shown_of(kept: NeighbourEvent) -> tuple[object, ...]:
    return kept.place_name, kept.tags, kept.picture_url, kept.picture_alt


AS_SEEN = "Cellar", ("Repair", "हिन्दी"), "https://mz.test/cafe.jpg", "A toaster in pieces"


@pytest.mark.parametrize("lacking", ["location", "tag", "attachment"])
async def test_what_an_event_comes_without_is_asked_for_and_stays(
    world: World, lacking: str
) -> None:
    chapter, group = await a_group(world)
    uri = group.hold(77, **SEEN)
    less = {name: value for name, value in SEEN.items() if name != lacking}
    await sent(group, "Create", an_event(uri, group.uri, **less), chapter=chapter)
    await world.settle()
    assert shown_of(await the_one(chapter)) == AS_SEEN
    del group.statuses[uri]  # the page can't be had just now
    bare = an_event(uri, group.uri, name="Late café", updated="2026-11-21T13:00:00Z")
    await sent(group, "Update", bare, chapter=chapter)
    await world.settle()
    kept = await the_one(chapter)
    assert (kept.name, *shown_of(kept)) == ("Late café", *AS_SEEN)


async def test_a_whole_event_is_not_asked_for(world: World) -> None:
    chapter, group = await a_group(world)
    fetched: list[str] = []
    group.statuses = Watched(fetched)
    uri = f"{group.uri}/statuses/77"
    await sent(group, "Create", an_event(uri, group.uri, **SEEN), chapter=chapter)
    await world.settle()
    assert shown_of(await the_one(chapter)) == AS_SEEN
    assert fetched == []


async def test_an_update_that_names_others_replaces_tags_and_picture(world: World) -> None:
    chapter, group = await a_group(world)
    await sent(group, "Create", held_by(group, **SEEN), chapter=chapter)
    other = {
        "tag": {"type": "Hashtag", "name": "#bikes"},
        "image": {"type": "Image", "url": "https://mz.test/bike.png"},
        "updated": "2026-11-21T13:00:00Z",
    }
    await sent(group, "Update", held_by(group, **{**SEEN, **other}), chapter=chapter)
    await world.settle()
    kept = await the_one(chapter)
    assert shown_of(kept) == ("Cellar", ("bikes",), "https://mz.test/bike.png", "")


@pytest.mark.parametrize(
    "address",
    [
        "http://mz.test/cafe.jpg",
        "https://127.0.0.1/cafe.jpg",
        "https://printer.local/cafe.jpg",
        "https://mz.test:8443/cafe.jpg",
        "https://mz.test/../cafe.jpg",
        "javascript:alert(1)",
        "data:image/png;base64,AAAA",
    ],
)
async def test_a_picture_at_an_address_nobody_may_be_led_to_is_left_out(
    world: World, address: str
) -> None:
    chapter, group = await a_group(world)
    picture = {"type": "Image", "url": address, "name": "A toaster"}
    await sent(group, "Create", held_by(group, **{**SEEN, "attachment": picture}), chapter=chapter)
    await world.settle()
    assert shown_of(await the_one(chapter)) == (*AS_SEEN[:2], None, "")
