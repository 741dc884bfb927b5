"""Series and their events go in and come out as they were, on both databases."""
# ruff: noqa: DTZ001 — dates of a series are local times without a zone

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.exc import IntegrityError

from fedi_chapter.core.clock import SetClock
from fedi_chapter.domain.event import EventId
from fedi_chapter.domain.rule_reading import read_rule
from fedi_chapter.domain.series import Series, SeriesId
from fedi_chapter.services import series as service
from fedi_chapter.services import series_change
from fedi_chapter.services.event_fields import EventFields
from fedi_chapter.store import events
from fedi_chapter.store import series as store
from fedi_chapter.store.pages.console import console
from fedi_chapter.store.tx import Database, WriteTx
from tests.kit.builders import CHAPTER_ID, EVENT_ID, NOW, a_chapter, an_event, founded
from tests.services.conftest import URLS

pytestmark = pytest.mark.anyio

BEGINS = datetime(2026, 12, 1, 19)


async def a_series(db: Database, **overrides: object) -> Series:
    await founded(db)
    series = Series(
        id=SeriesId("01932000-0000-7000-8000-0000000000d1"),
        actor_id=CHAPTER_ID,
        template_id=EVENT_ID,
        rule=read_rule("FREQ=WEEKLY;BYDAY=TU;UNTIL=20300101", ZoneInfo("America/Chicago")),
        timezone="America/Chicago",
        begins=BEGINS,
        created_at=NOW,
        skipped=(date(2026, 12, 29),),
    )
    made = replace(series, **overrides)  # type: ignore[arg-type]

    def work(tx: WriteTx) -> None:
        events.insert(tx, an_event(published_at=None, series_id=made.id))
        store.insert(tx, made)

    await db.write(work)
    return made


async def test_a_series_comes_back_as_it_was_stored(db: Database) -> None:
    series = await a_series(db)
    assert await db.read(lambda tx: store.get(tx, series.id)) == series
    assert await db.read(store.everything) == [series]
    assert await db.read(lambda tx: store.listing(tx, CHAPTER_ID)) == [series]
    assert await db.read(lambda tx: store.get(tx, SeriesId("none"))) is None
    changed = replace(
        series, rule=read_rule("FREQ=DAILY;COUNT=3", series.zone), updated_at=NOW, revision=1
    )
    await db.write(lambda tx: store.change(tx, changed))
    assert await db.write(lambda tx: store.lock(tx, series.id)) == changed


async def test_events_of_a_series_stand_in_its_order_and_its_template_nowhere(
    db: Database,
) -> None:
    series = await a_series(db)
    for week in (2, 0, 1):
        event = an_event(
            id=EventId(f"01932000-0000-7000-8000-0000000000f{week}"),
            series_id=series.id,
            occurrence=BEGINS + timedelta(weeks=week),
            published_at=NOW + timedelta(hours=week),
        )
        await db.write(lambda tx, event=event: events.insert(tx, event))  # type: ignore[misc]
    found = await db.read(lambda tx: events.of_series(tx, series.id))
    assert [event.occurrence for event in found] == [
        BEGINS + timedelta(weeks=week) for week in range(3)
    ]
    since = await db.read(
        lambda tx: events.of_series(tx, series.id, since=BEGINS + timedelta(weeks=1))
    )
    assert since == found[1:]
    listed = await db.read(lambda tx: events.listing(tx, CHAPTER_ID))
    desk = await db.read(console)
    for shown in (listed, desk.events):
        assert len(shown) == 3
        assert EVENT_ID not in {event.id for event in shown}
    last = await db.read(lambda tx: store.last_published(tx, series.id))
    assert last == NOW + timedelta(hours=2)


async def test_a_date_of_a_series_has_one_event_only(db: Database) -> None:
    series = await a_series(db)

    def insert(tx: WriteTx, event_id: str) -> None:
        events.insert(tx, an_event(id=EventId(event_id), series_id=series.id, occurrence=BEGINS))

    await db.write(lambda tx: insert(tx, "one"))
    with pytest.raises(IntegrityError):
        await db.write(lambda tx: insert(tx, "two"))


async def test_a_series_runs_on_each_database(db: Database, clock: SetClock) -> None:
    await founded(db)
    fields = EventFields(name="Open evening", start="2026-11-24T19:00")
    first = await db.write(
        lambda tx: service.create_series(tx, a_chapter(), fields, "FREQ=WEEKLY", URLS)
    )
    clock.advance(timedelta(hours=13))
    (series_id,) = await db.read(service.running)
    second = await db.write(lambda tx: service.publish_next(tx, series_id))
    assert second is not None
    assert second.starts_at == datetime(2026, 12, 2, 1, tzinfo=UTC)
    await db.write(
        lambda tx: series_change.edit_following(
            tx, second.id, EventFields(start="2026-12-01T20:00"), URLS
        )
    )
    await db.write(lambda tx: service.cancel_following(tx, second.id))
    assert len(await db.read(store.everything)) == 2
    known = await db.read(lambda tx: events.of_series(tx, str(first.series_id)))
    assert [event.id for event in known] == [first.id]
