"""What an event came without, where its page can't be had at that moment: asked for again."""

from datetime import timedelta

import httpx
import pytest

from fedi_chapter.core.clock import SetClock
from fedi_chapter.federation import bare_events
from fedi_chapter.federation.bare_events import MOST_HOST, PATIENCE
from fedi_chapter.services.moderation import block
from fedi_chapter.store import neighbours
from fedi_chapter.workers import schedule
from tests.federation.test_neighbours_events import PAGE, a_group, sent, the_one
from tests.kit.peers.event_host import EventHost, an_event
from tests.kit.peers.mastodon import PUBLIC, Json
from tests.kit.world import Chapter, World

pytestmark = pytest.mark.anyio

MINUTE = timedelta(minutes=1)
PASSING = {
    "500": httpx.Response(500),
    "502": httpx.Response(502),
    "504": httpx.Response(504),
    "429": httpx.Response(429),
    "a page in its place": httpx.Response(200, content=b"<p>One moment"),
}


async def a_bare_one(world: World, number: int = 77, **page: object) -> tuple[Chapter, EventHost]:
    """A chapter that got an event without its place, while the event's page answered 502."""
    chapter, group = await a_group(world)
    uri = group.hold(number, **{**PAGE, **page})
    world.network.instead[uri] = httpx.Response(502)
    await sent(group, "Create", bare(group, number), chapter=chapter)
    await world.settle()
    return chapter, group


def bare(group: EventHost, number: int = 77, **members: object) -> Json:
    return an_event(f"{group.uri}/statuses/{number}", group.uri, **members)


def asked(world: World, group: EventHost) -> int:
    """How often pages of events were asked for so far."""
    return sum("/statuses/" in url for url in world.network.fetched(group.server.host))


async def clock_strikes(chapter: Chapter, clock: SetClock, after: timedelta) -> None:
    clock.advance(after)
    await bare_events.fill_due(chapter.deps)


@pytest.mark.parametrize("kind", PASSING)
@pytest.mark.parametrize("verb", ["Create", "Update"])
async def test_a_page_that_could_not_be_had_is_asked_again(
    world: World, clock: SetClock, verb: str, kind: str
) -> None:
    chapter, group = await a_group(world)
    uri = group.hold(77, **PAGE)
    world.network.instead[uri] = PASSING[kind]
    await sent(group, verb, bare(group), chapter=chapter)
    await world.settle()
    assert (await the_one(chapter)).place_name is None
    world.network.instead.clear()
    await clock_strikes(chapter, clock, MINUTE)
    kept = await the_one(chapter)
    assert (kept.place_name, kept.address, kept.html) == (
        "Cellar",
        "Long Lane 3",
        "<p>Bring a lamp</p>",
    )


async def test_a_server_that_is_away_is_asked_again(world: World, clock: SetClock) -> None:
    chapter, group = await a_group(world)
    group.hold(77, **PAGE)
    world.network.down.add(group.server.host)
    await sent(group, "Create", bare(group), chapter=chapter)
    await world.settle()
    world.network.down.clear()
    await clock_strikes(chapter, clock, MINUTE)
    assert (await the_one(chapter)).place_name == "Cellar"


async def test_the_clock_of_a_chapter_asks() -> None:
    assert bare_events.fill_due in {task.do for task in schedule.TASKS}


async def test_pauses_grow_and_end(world: World, clock: SetClock) -> None:
    chapter, group = await a_bare_one(world, startTime="2027-12-01T18:00:00Z")
    far = bare(group, startTime="2027-12-01T18:00:00Z")
    await sent(group, "Update", far, chapter=chapter)
    await world.settle()
    before, per_day = asked(world, group), list[int]()
    for _ in range(PATIENCE.days + 2):
        for _ in range(24 * 12):
            await clock_strikes(chapter, clock, timedelta(minutes=5))
        per_day.append(asked(world, group) - before)
        before = asked(world, group)
    assert 4 <= per_day[1] <= per_day[0] <= 15
    assert per_day[-1] == 0
    world.network.instead.clear()
    await clock_strikes(chapter, clock, timedelta(days=1))
    assert asked(world, group) == before


async def test_a_moved_place_is_found_though_an_older_one_was_known(
    world: World, clock: SetClock
) -> None:
    chapter, group = await a_group(world)
    uri = group.hold(77, **PAGE)
    await sent(group, "Create", group.statuses[uri], chapter=chapter)
    await world.settle()
    group.hold(77, location={"type": "Place", "name": "Attic"}, updated="2026-11-21T13:00:00Z")
    world.network.instead[uri] = httpx.Response(503)
    await sent(group, "Update", bare(group, updated="2026-11-21T13:00:00Z"), chapter=chapter)
    await world.settle()
    assert (await the_one(chapter)).place_name == "Cellar"
    world.network.instead.clear()
    await clock_strikes(chapter, clock, MINUTE)
    assert (await the_one(chapter)).place_name == "Attic"


@pytest.mark.parametrize("dated", [{}, {"updated": "2026-11-01T13:00:00Z"}])
async def test_what_its_page_shows_counts_however_it_is_dated(
    world: World, clock: SetClock, dated: Json
) -> None:
    chapter, group = await a_bare_one(world, **dated)
    await sent(group, "Update", bare(group, name="Late café"), chapter=chapter)
    await world.settle()
    group.hold(77, **PAGE, **dated, name="Late café")
    world.network.instead.clear()
    await clock_strikes(chapter, clock, MINUTE)
    kept = await the_one(chapter)
    assert (kept.name, kept.place_name) == ("Late café", "Cellar")


async def test_a_whole_update_ends_the_asking(world: World, clock: SetClock) -> None:
    chapter, group = await a_bare_one(world)
    whole = bare(
        group,
        location={"type": "Place", "name": "Attic"},
        tag=[{"type": "Hashtag", "name": "#repair"}],
        image={"type": "Image", "url": "https://mz.test/cafe.jpg"},
    )
    await sent(group, "Update", whole, chapter=chapter)
    await world.settle()
    before = asked(world, group)
    world.network.instead.clear()
    await clock_strikes(chapter, clock, MINUTE)
    assert asked(world, group) == before
    assert (await the_one(chapter)).place_name == "Attic"


async def test_a_page_that_is_gone_or_no_event_is_asked_for_no_more(
    world: World, clock: SetClock
) -> None:
    chapter, group = await a_bare_one(world)
    world.network.instead[f"{group.uri}/statuses/77"] = httpx.Response(404)
    await clock_strikes(chapter, clock, MINUTE)
    before = asked(world, group)
    await clock_strikes(chapter, clock, timedelta(hours=7))
    assert asked(world, group) == before
    assert (await the_one(chapter)).place_name is None


@pytest.mark.parametrize("why", ["deleted", "blocked", "over"])
async def test_nothing_is_asked_for_what_nobody_keeps_any_more(
    world: World, clock: SetClock, why: str
) -> None:
    chapter, group = await a_bare_one(world)
    uri, pause = f"{group.uri}/statuses/77", MINUTE
    if why == "deleted":
        await sent(group, "Delete", uri, chapter=chapter)
        await world.settle()
    elif why == "blocked":
        await chapter.write(lambda tx: block(tx, group.server.host, chapter.urls))
    else:
        pause = timedelta(days=40)
    before = asked(world, group)
    await clock_strikes(chapter, clock, pause)
    assert asked(world, group) == before


async def test_what_is_said_while_the_page_is_asked_for_is_not_overwritten(
    world: World, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    chapter, group = await a_bare_one(world)
    world.network.instead.clear()
    real = bare_events.objects.fetch

    async def fetch(*args: object, **options: object) -> object:
        found = await real(*args, **options)  # type: ignore[arg-type]
        moved = bare(group, name="Moved café", location={"type": "Place", "name": "Attic"})
        world.network.instead[f"{group.uri}/statuses/77"] = httpx.Response(502)
        monkeypatch.setattr(bare_events.objects, "fetch", real)
        await sent(group, "Update", moved, chapter=chapter)
        await world.settle()
        return found

    monkeypatch.setattr(bare_events.objects, "fetch", fetch)
    await clock_strikes(chapter, clock, MINUTE)
    kept = await the_one(chapter)
    assert (kept.name, kept.place_name) == ("Moved café", "Attic")


async def test_a_server_with_many_is_asked_for_a_few_at_a_time(
    world: World, clock: SetClock
) -> None:
    chapter, group = await a_group(world)
    for number in range(30):
        uri = group.hold(number, **PAGE)
        world.network.instead[uri] = httpx.Response(502)
        await sent(group, "Create", bare(group, number, name=f"Café {number}"), chapter=chapter)
    await world.settle()
    before = asked(world, group)
    await clock_strikes(chapter, clock, MINUTE)
    assert asked(world, group) == before + 1  # the first that fails stands for the others
    world.network.instead.clear()
    before = asked(world, group)
    await clock_strikes(chapter, clock, timedelta(hours=1))
    assert asked(world, group) == before + MOST_HOST
    for _ in range(30 // MOST_HOST):
        await bare_events.fill_due(chapter.deps)
    found = await chapter.read(lambda tx: neighbours.events(tx, 50))
    assert [each.place_name for each in found] == ["Cellar"] * 30


async def test_a_page_that_became_private_takes_the_event_with_it(
    world: World, clock: SetClock
) -> None:
    chapter, _ = await a_bare_one(world, to=[f"{PUBLIC}#not"])
    world.network.instead.clear()
    await clock_strikes(chapter, clock, MINUTE)
    assert await chapter.read(lambda tx: neighbours.events(tx, 10)) == []
