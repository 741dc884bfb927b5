"""A country changes its clocks: events keep their hour, and other servers learn the instant."""

import zoneinfo
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

import pytest

from fedi_chapter.services.event_fields import EventFields
from fedi_chapter.services.events import create_event
from fedi_chapter.store import events
from fedi_chapter.workers.schedule import follow_zone_rules
from tests.kit.world import World

pytestmark = pytest.mark.anyio


@pytest.fixture
def decree(tmp_path: Path) -> Iterator[Callable[[str, str], None]]:
    """Let a zone of this machine have the rules of another one from now on."""

    def change(zone: str, like: str) -> None:
        target = tmp_path / "zones" / zone
        target.parent.mkdir(parents=True)
        target.write_bytes((files("tzdata") / "zoneinfo" / like).read_bytes())
        zoneinfo.reset_tzpath([str(tmp_path / "zones")])

    yield change
    zoneinfo.reset_tzpath()
    zoneinfo.ZoneInfo.clear_cache()


async def test_a_new_law_moves_the_instant_and_no_hour(
    world: World, decree: Callable[[str, str], None]
) -> None:
    chapter, server = await world.chapter("a.test"), world.mastodon("m.test")
    await server.member("ana").follow(chapter.uri)
    await world.settle()
    fields = EventFields(name="Book night", start="2026-12-05T19:00", timezone="America/New_York")
    made = await chapter.write(lambda tx: create_event(tx, chapter.actor, fields, chapter.urls))
    await world.settle()
    decree("America/New_York", "Etc/GMT+8")
    await follow_zone_rules(chapter.deps)
    await world.settle()
    now = await chapter.read(lambda tx: events.get(tx, made.id))
    assert now is not None
    assert made.starts_at == datetime(2026, 12, 6, 0, tzinfo=UTC)
    assert now.starts_at == datetime(2026, 12, 6, 3, tzinfo=UTC)
    assert (now.revision, now.status) == (1, made.status)
    told = server.received[-1].activity
    assert told["type"] == "Update"
    assert told["object"]["endTime"] == "2026-12-06T03:00:00Z"
    assert "7:00\u202fPM" in told["object"]["content"] or "7:00 PM" in told["object"]["content"]
