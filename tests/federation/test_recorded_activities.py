"""Every recorded activity of a Mastodon, sent to a chapter as it is, signed by its actor."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from fedi_chapter.store import events
from tests.kit.examples import EVENT
from tests.kit.world import World

pytestmark = pytest.mark.anyio
RECORDED = Path(__file__).parents[1] / "golden" / "mastodon"
OUTCOMES = {
    "accept-follow": "ignored: answers a follow",
    "accept-quote": "ignored: we ask nobody",
    "add": "ignored: we show nobody else's pinned posts",
    "announce": "boost counted",
    "block": "parted",
    "create-private-mention": "message kept",
    "create-reply": "reply shown",
    "delete-actor": "https://social.example/users/ana was there a moment ago",
    "delete-reply": "ignored: deletes what we never kept",
    "flag": "held: a report",
    "follow": "follower accepted",
    "like": "like counted",
    "move": "no connection to other.example",
    "quote-request": "quote allowed",
    "reject-follow": "ignored: answers a follow",
    "remove": "ignored: we show nobody else's pinned posts",
    "undo-announce": "ignored: no such boost",
    "undo-block": "ignored: a block ended the follows",
    "undo-follow": "follower left",
    "undo-like": "ignored: no such like",
    "update-person": "profile renewed",
    "update-reply": "ignored: neither to us",
    "vote": "ignored: a vote for an option the poll does not have",
}


def test_every_recorded_activity_is_expected_to_do_something() -> None:
    assert {path.stem for path in RECORDED.glob("*.json")} == OUTCOMES.keys()


@pytest.mark.parametrize("name", OUTCOMES)
async def test_a_recorded_activity_is_taken_and_does_what_it_should(
    world: World, name: str
) -> None:
    chapter = await world.chapter("elm.example.org")
    ana = world.mastodon("social.example").member("ana")
    event = replace(EVENT, actor_id=chapter.actor.id, images=())
    await chapter.write(lambda tx: events.insert(tx, event))
    await ana.follow(chapter.uri)
    await world.settle()
    body = (RECORDED / f"{name}.json").read_bytes()
    key_id = f"{json.loads(body)['actor']}#main-key"
    assert await ana.send_raw(chapter.urls.shared_inbox, body, key_id=key_id) == 202
    await world.settle()
    assert (await chapter.outcomes())[-1].startswith(OUTCOMES[name])
