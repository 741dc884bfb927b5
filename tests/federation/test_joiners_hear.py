"""Who answered by the Event itself hears of its changes, although nobody there follows us."""

from typing import Any

import pytest

from fedi_chapter.services.event_fields import EventFields
from fedi_chapter.services.events import cancel_event, delete_event, edit_event
from fedi_chapter.services.moderation import block
from tests.kit import dialects
from tests.kit.answering import Gathering, a_gathering
from tests.kit.world import World

pytestmark = pytest.mark.anyio


def told(gathering: Gathering, *kinds: str) -> list[Any]:
    """Return the objects of what the server was told of the event, by kind of activity."""
    heard = [each.activity for each in gathering.server.received if each.activity["type"] in kinds]
    objects: list[Any] = [each["object"] for each in heard]
    return [each for each in objects if each["id"] == gathering.to.event]


async def join(gathering: Gathering, *names: str) -> None:
    for name in names:
        ana = gathering.member(name)
        await gathering.send(ana, dialects.mobilizon_join(ana, gathering.to))


async def test_who_joined_hears_once_that_the_event_is_cancelled(world: World) -> None:
    gathering = await a_gathering(world)
    await join(gathering, "ana", "ben")
    await gathering.chapter.write(lambda tx: cancel_event(tx, gathering.event_id, "Rain"))
    await world.settle()
    statuses = [event["eventStatus"] for event in told(gathering, "Update")]
    assert statuses == ["EventCancelled"]


async def test_who_joined_hears_that_the_event_moved_and_that_it_is_deleted(world: World) -> None:
    gathering = await a_gathering(world)
    await join(gathering, "ana")
    later, urls = EventFields(start="2026-11-24T19:00"), gathering.chapter.urls
    await gathering.chapter.write(lambda tx: edit_event(tx, gathering.event_id, later, urls))
    await world.settle()
    await gathering.chapter.write(lambda tx: delete_event(tx, gathering.event_id, anyway=True))
    await world.settle()
    kinds = [event["type"] for event in told(gathering, "Update", "Delete")]
    assert kinds == ["Event", "Tombstone"]


async def test_who_accepted_the_event_has_it_corrected_where_no_face_was_told(
    world: World,
) -> None:
    gathering = await a_gathering(world)
    ana = gathering.member()
    await gathering.send(ana, dialects.friendica_accept(ana, gathering.to))
    await gathering.chapter.write(lambda tx: cancel_event(tx, gathering.event_id))
    await world.settle()
    assert len(told(gathering, "Update")) == 1


async def test_a_voter_hears_of_the_face_and_never_of_the_event(world: World) -> None:
    gathering = await a_gathering(world)
    ana = gathering.member()
    await gathering.send(ana, dialects.mastodon_vote(ana, gathering.to))
    await gathering.chapter.write(lambda tx: cancel_event(tx, gathering.event_id))
    await world.settle()
    assert told(gathering, "Update") == []


@pytest.mark.parametrize("whom", ["server", "person"])
async def test_who_is_blocked_hears_of_no_change(world: World, whom: str) -> None:
    gathering = await a_gathering(world)
    await join(gathering, "ana")
    target = "m.test" if whom == "server" else gathering.member().uri
    await gathering.chapter.write(lambda tx: block(tx, target, gathering.chapter.urls))
    await gathering.chapter.write(lambda tx: cancel_event(tx, gathering.event_id))
    await world.settle()
    assert told(gathering, "Update") == []
