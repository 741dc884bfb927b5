"""A series reaches its followers date by date: each once, on time, as an event of its own."""

import itertools
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from fedi_chapter.domain.event import Event, EventId
from fedi_chapter.services.event_fields import EventFields
from fedi_chapter.services.series import cancel_following, create_series
from fedi_chapter.services.series_change import edit_following
from fedi_chapter.store import events, hosts
from fedi_chapter.store.tables import events as event_table
from fedi_chapter.store.tx import ReadTx
from fedi_chapter.workers.schedule import publish_series
from tests.kit.peers.mastodon import Json, Mastodon
from tests.kit.world import Chapter, World

pytestmark = pytest.mark.anyio

FIELDS = EventFields(
    name="Open evening",
    start="2026-12-01T19:00",
    end="2026-12-01T21:00",
    timezone="America/New_York",
)


async def begin(chapter: Chapter, rule: str = "FREQ=WEEKLY") -> Event:
    return await chapter.write(
        lambda tx: create_series(tx, chapter.actor, FIELDS, rule, chapter.urls)
    )


async def listening(world: World) -> tuple[Chapter, Mastodon, Mastodon]:
    """Return a chapter, a server that shows events, and one that shows their faces."""
    chapter = await world.chapter("a.test")
    wise, plain = world.mastodon("wise.test"), world.mastodon("plain.test")
    for server in (wise, plain):
        assert await server.member("ana").follow(chapter.uri) == 202
    await shows_events(chapter)
    await world.settle()
    for server in (wise, plain):
        server.received.clear()
    return chapter, wise, plain


async def shows_events(chapter: Chapter) -> None:
    """Let the wise server say again what it is; a server is asked anew every week."""
    await chapter.write(lambda tx: hosts.learned(tx, "wise.test", "mobilizon", "5", True))


async def days_pass(world: World, chapter: Chapter, days: int, every: int = 6) -> None:
    for _ in range(0, days * 24, every):
        world.clock.advance(timedelta(hours=every))
        await shows_events(chapter)
        await publish_series(chapter.deps)
        await world.settle()


def told(server: Mastodon, kind: str) -> list[Json]:
    """Return the objects of all activities of a kind, in the order they came."""
    found = [each.activity["object"] for each in server.received if each.activity["type"] == kind]
    return [each for each in found if isinstance(each, dict)]


async def test_three_months_pass_and_each_date_arrives_once_and_on_time(world: World) -> None:
    chapter, wise, plain = await listening(world)
    first = await begin(chapter)
    await world.settle()
    assert len(told(wise, "Create")) == len(told(plain, "Create")) == 1
    await days_pass(world, chapter, 92)
    arrived = told(wise, "Create")
    starts = [str(each["startTime"]) for each in arrived]
    assert starts == sorted(set(starts))
    assert starts[0] == "2026-12-01T19:00:00-05:00"
    days = [datetime.fromisoformat(each) for each in starts]
    assert {after - before for before, after in itertools.pairwise(days)} == {timedelta(weeks=1)}
    assert days[-1] > world.clock.now() + timedelta(weeks=2)
    assert len({each["id"] for each in arrived}) == len(arrived) == 15
    assert len({each["id"] for each in told(plain, "Create")}) == 15
    for each in arrived[3:]:
        ahead = datetime.fromisoformat(str(each["startTime"])) - datetime.fromisoformat(
            str(each["published"])
        )
        assert ahead > timedelta(weeks=2)
        assert chapter.urls.series(str(first.series_id)) in str(each["content"])


async def test_a_server_that_slept_is_not_flooded_and_nothing_past_is_told(world: World) -> None:
    chapter, wise, _ = await listening(world)
    await begin(chapter, "FREQ=DAILY")
    await world.settle()
    wise.received.clear()
    world.clock.advance(timedelta(days=40))
    await shows_events(chapter)
    await publish_series(chapter.deps)
    await world.settle()
    (only,) = told(wise, "Create")
    assert datetime.fromisoformat(str(only["startTime"])) > world.clock.now()


async def test_a_change_of_what_follows_and_the_end_are_told_as_any_change(world: World) -> None:
    chapter, wise, plain = await listening(world)
    await begin(chapter)
    await days_pass(world, chapter, 2)
    for server in (wise, plain):
        server.received.clear()
    second = await chapter.read(_second)
    fields = EventFields(start="2026-12-08T20:00")
    await chapter.write(lambda tx: edit_following(tx, second, fields, chapter.urls))
    await world.settle()
    moved = told(wise, "Update")
    assert [each["startTime"] for each in moved] == [
        "2026-12-08T20:00:00-05:00",
        "2026-12-15T20:00:00-05:00",
    ]
    assert [each["eventStatus"] for each in moved] == ["EventRescheduled"] * 2
    assert len(told(plain, "Update")) == 2
    wise.received.clear()
    await chapter.write(lambda tx: cancel_following(tx, second, "We move"))
    await days_pass(world, chapter, 10)
    assert [each["eventStatus"] for each in told(wise, "Update")] == ["EventCancelled"] * 2
    assert told(wise, "Create") == []


def _second(tx: ReadTx) -> EventId:
    rows = tx.conn.execute(
        select(event_table.c.id)
        .where(event_table.c.occurrence.is_not(None))
        .order_by(event_table.c.occurrence)
    ).scalars()
    found = events.get(tx, EventId(list(rows)[1]))
    assert found
    return found.id
