"""A neighbour's server that sends an Event and a Note about it: the event stands once."""

import pytest

from fedi_chapter.store import neighbours
from tests.kit.peers.event_host import EventHost, an_event, open_hall
from tests.kit.peers.mastodon import PUBLIC, Json
from tests.kit.world import Chapter, World

pytestmark = pytest.mark.anyio
EARLIER = "2026-11-21T11:59:30Z"


async def _hall(world: World) -> tuple[Chapter, EventHost]:
    chapter, host = await world.chapter("a.test"), open_hall(world.mastodon("events.test"))
    await chapter.follow(host.uri)
    await world.settle()
    return chapter, host


def _note(host: EventHost, event: Json, **members: object) -> Json:
    return {
        "id": f"{host.uri}/notes/1",
        "type": "Note",
        "attributedTo": host.uri,
        "content": "<p>Repair café, December 1</p>",
        "published": EARLIER,
        "to": [PUBLIC],
        "cc": [],
        **members,
    }


def _event(host: EventHost) -> Json:
    return an_event(
        f"{host.uri}/events/7",
        host.uri,
        url="https://events.test/e/repair?x=1&y=2",
        published=EARLIER,
    )


async def _send(chapter: Chapter, host: EventHost, world: World, *things: Json) -> list[str]:
    for thing in things:
        create = host.activity("Create", thing, uri=f"{thing['id']}#create", to=[PUBLIC])
        await host.to_shared(chapter.uri, create)
        await world.settle()
    return [each.uri for each in await chapter.read(lambda tx: neighbours.posts(tx, 10))]


@pytest.mark.parametrize("note_first", [True, False])
@pytest.mark.parametrize(
    "members",
    [
        {"url": "https://events.test/e/repair?x=1&y=2"},
        {"id": "https://events.test/users/hall/events/7/note"},
        {"id": "https://events.test/users/hall/events/7#note"},
        {"content": '<p><a href="https://events.test/e/repair?x=1&amp;y=2">Repair café</a></p>'},
        {"content": "<p>Come! <a href='https://events.test/users/hall/events/7'>here</a></p>"},
    ],
)
async def test_the_note_that_tells_of_an_event_is_not_shown_beside_it(
    world: World, members: dict[str, object], note_first: bool
) -> None:
    chapter, host = await _hall(world)
    event = _event(host)
    note = _note(host, event, **members)
    assert (
        await _send(chapter, host, world, *([note, event] if note_first else [event, note])) == []
    )
    (kept,) = await chapter.read(lambda tx: neighbours.events(tx, 10))
    assert kept.uri == event["id"]


@pytest.mark.parametrize("note_first", [True, False])
@pytest.mark.parametrize(
    "members",
    [
        {},
        {"url": "https://events.test/e/repair"},
        {"id": "https://events.test/users/hall/events/77"},
        {
            "content": '<p><a href="https://events.test/users/hall/events/7">Tomorrow!</a></p>',
            "published": "2026-11-20T10:00:00Z",
        },
    ],
)
async def test_another_post_of_the_same_group_stays(
    world: World, members: dict[str, object], note_first: bool
) -> None:
    chapter, host = await _hall(world)
    event = _event(host)
    note = _note(host, event, **members)
    both = [note, event] if note_first else [event, note]
    shown = await _send(chapter, host, world, *both)
    assert shown == [note["id"]]
