"""Times are kept as people mean them: day and hour on the wall, with the zone."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from fedi_chapter.core.clock import SetClock
from fedi_chapter.domain.event import Event, EventId, EventStatus
from fedi_chapter.domain.happening import AttendeesToTell, EventChanged, EventPublished
from fedi_chapter.services import events as subject
from fedi_chapter.services import series, series_change, zone_rules
from fedi_chapter.services.event_fields import EventFields
from fedi_chapter.store import events
from fedi_chapter.store.tables import events as table
from tests.services.conftest import House

pytestmark = pytest.mark.anyio

FIELDS = EventFields(
    name="Night walk",
    start="2026-12-19T22:00",
    end="2026-12-20T05:30",
    rsvp_until="2026-12-18T18:00",
)
HOUR = timedelta(hours=1)


async def create(house: House, *, draft: bool = False, **words: object) -> Event:
    fields = replace(FIELDS, **words)  # type: ignore[arg-type]
    return await house.do(
        lambda tx: subject.create_event(tx, house.chapter, fields, house.urls, draft=draft)
    )


async def edit(house: House, event_id: EventId, **words: object) -> Event:
    fields = EventFields(**words)  # type: ignore[arg-type]
    return await house.do(lambda tx: subject.edit_event(tx, event_id, fields, house.urls))


def wall(event: Event) -> list[str]:
    """Return what the clocks there show at start, end and deadline."""
    instants = event.starts_at, event.ends_at, event.rsvp_until
    return [f"{at.astimezone(event.zone):%m-%d %H:%M}" for at in instants if at]


async def told(house: House) -> list[object]:
    return [each for each in await house.happenings() if isinstance(each, AttendeesToTell)]


# -- the zone alone ----------------------------------------------------------------------------


async def test_correcting_the_zone_alone_keeps_the_hours(house: House) -> None:
    made = await create(house)
    corrected = await edit(house, made.id, timezone="Europe/Berlin")
    assert wall(corrected) == wall(made) == ["12-19 22:00", "12-20 05:30", "12-18 18:00"]
    assert corrected.starts_at == datetime(2026, 12, 19, 21, tzinfo=UTC)
    assert corrected.status is EventStatus.SCHEDULED
    assert await house.see(lambda tx: events.get(tx, made.id)) == corrected


async def test_a_new_zone_with_a_new_start_reads_the_start_there_and_keeps_the_other_hours(
    house: House,
) -> None:
    made = await create(house)
    moved = await edit(house, made.id, timezone="Europe/Berlin", start="2026-12-19T23:00")
    assert wall(moved) == ["12-19 23:00", "12-20 06:30", "12-18 19:00"]


async def test_another_hour_is_told_although_the_instant_is_the_same(house: House) -> None:
    made = await create(house, end=None, rsvp_until=None)
    moved = await edit(house, made.id, timezone="Europe/London", start="2026-12-20T03:00")
    assert moved.starts_at == made.starts_at
    assert moved.status is EventStatus.RESCHEDULED
    assert moved.previous_starts_at is not None
    assert f"{moved.previous_starts_at.astimezone(moved.zone):%d %H:%M}" == "19 22:00"
    assert await told(house) == [AttendeesToTell(made.id, "changed")]


# -- over a switch of the clocks -----------------------------------------------------------------


@pytest.mark.parametrize("start", ["2027-03-13T22:00", "2027-03-14T22:00", "2027-07-01T22:00"])
async def test_moving_over_a_switch_keeps_the_hours_of_end_and_deadline(
    house: House, start: str
) -> None:
    made = await create(house)
    moved = await edit(house, made.id, start=start)
    assert [each[6:] for each in wall(moved)] == ["22:00", "05:30", "18:00"]
    back = await edit(house, made.id, start=FIELDS.start)
    assert wall(back) == wall(made)


async def test_an_hour_that_clocks_skip_is_moved_on_and_the_end_stays_after_the_start(
    house: House,
) -> None:
    made = await create(
        house, start="2026-12-20T01:45", end="2026-12-20T02:30", rsvp_until="2026-12-20T01:00"
    )
    moved = await edit(house, made.id, start="2027-03-14T01:45")
    assert wall(moved) == ["03-14 01:45", "03-14 03:30", "03-14 01:00"]


async def test_correcting_the_zone_into_a_skipped_hour_moves_the_start_alone(house: House) -> None:
    made = await create(
        house,
        timezone="America/Phoenix",
        start="2027-03-14T02:30",
        end="2027-03-14T05:00",
        rsvp_until="2027-03-13T18:00",
    )
    corrected = await edit(house, made.id, timezone="America/New_York")
    assert wall(corrected) == ["03-14 03:30", "03-14 05:00", "03-13 18:00"]


async def test_the_second_of_two_equal_hours_stays_the_second(house: House) -> None:
    made = await create(
        house, start="2027-11-07T01:30-05:00", end="2027-11-07T04:00", rsvp_until=None
    )
    assert made.starts_at == datetime(2027, 11, 7, 6, 30, tzinfo=UTC)
    assert await house.see(lambda tx: events.get(tx, made.id)) == made
    longer = await edit(house, made.id, end="2027-11-07T05:00")
    assert longer.starts_at == made.starts_at


async def test_every_date_of_a_series_keeps_the_hours_of_end_and_deadline(
    house: House, clock: SetClock
) -> None:
    fields = replace(
        FIELDS, start="2027-02-27T22:00", end="2027-02-28T05:30", rsvp_until="2027-02-26T18:00"
    )
    clock.advance(timedelta(days=95))
    first = await house.do(
        lambda tx: series.create_series(tx, house.chapter, fields, "FREQ=WEEKLY", house.urls)
    )
    for _ in range(5):
        clock.advance(timedelta(hours=13))
        for each in await house.see(series.running):
            await house.do(lambda tx, of=each: series.publish_next(tx, of))  # type: ignore[misc]
    made = await house.see(lambda tx: events.of_series(tx, str(first.series_id)))
    assert len(made) > 2
    assert {tuple(each[6:] for each in wall(event)) for event in made} == {
        ("22:00", "05:30", "18:00")
    }


@pytest.mark.parametrize(
    ("zone", "first", "skipped", "shown"),
    [
        ("America/New_York", "2027-02-28T02:30", "03-14", "03:30"),
        ("Europe/Berlin", "2027-03-14T02:15", "03-28", "03:15"),
        ("Australia/Lord_Howe", "2027-09-19T02:10", "10-03", "02:40"),
        ("Africa/Cairo", "2027-04-16T00:30", "04-30", "01:30"),
        ("Atlantic/Azores", "2027-03-14T00:10", "03-28", "01:10"),
    ],
)
async def test_where_clocks_skip_the_start_of_a_date_its_end_and_deadline_keep_their_hours(
    house: House, clock: SetClock, zone: str, first: str, skipped: str, shown: str
) -> None:
    day = datetime.fromisoformat(first)
    fields = replace(
        FIELDS,
        timezone=zone,
        start=first,
        end=f"{day:%Y-%m-%d}T05:00",
        rsvp_until=f"{day - timedelta(days=1):%Y-%m-%d}T18:00",
    )
    clock.at = day.replace(tzinfo=UTC) - timedelta(days=3)
    begun = await house.do(
        lambda tx: series.create_series(tx, house.chapter, fields, "FREQ=WEEKLY", house.urls)
    )
    for _ in range(4):
        clock.advance(timedelta(hours=13))
        for each in await house.see(series.running):
            await house.do(lambda tx, of=each: series.publish_next(tx, of))  # type: ignore[misc]
    made = await house.see(lambda tx: events.of_series(tx, str(begun.series_id)))
    found = {hours[0][:5]: hours for hours in map(wall, made)}
    assert found[skipped][0] == f"{skipped} {shown}"
    assert {tuple(each[6:] for each in hours[1:]) for hours in found.values()} == {
        ("05:00", "18:00")
    }
    await house.do(  # a new end for all leaves the skipped one where the others are
        lambda tx: series_change.edit_following(
            tx, made[-2].id, EventFields(end=f"{made[-2].last_day}T06:00"), house.urls
        )
    )
    later = [await house.see(lambda tx, of=each.id: events.get(tx, of)) for each in made[-2:]]  # type: ignore[misc]
    assert {wall(event)[1][6:] for event in later if event} == {"06:00"}


async def test_correcting_the_zone_of_a_series_keeps_the_hours_and_what_was_moved_alone(
    house: House, clock: SetClock
) -> None:
    fields = replace(FIELDS, start="2026-11-24T19:00", end="2026-11-24T21:00", rsvp_until=None)
    first = await house.do(
        lambda tx: series.create_series(
            tx, house.chapter, fields, "FREQ=WEEKLY;UNTIL=20261215T190000", house.urls
        )
    )
    for _ in range(3):
        clock.advance(timedelta(hours=13))
        for each in await house.see(series.running):
            await house.do(lambda tx, of=each: series.publish_next(tx, of))  # type: ignore[misc]
    second = (await house.see(lambda tx: events.of_series(tx, str(first.series_id))))[1]
    await edit(house, second.id, start="2026-12-01T15:00")
    await house.do(
        lambda tx: series_change.edit_following(
            tx, first.id, EventFields(timezone="Europe/Berlin"), house.urls
        )
    )
    made = await house.see(lambda tx: events.of_series(tx, str(first.series_id)))
    assert [wall(event)[0] for event in made] == ["11-24 19:00", "12-01 15:00", "12-08 19:00"]
    kept = await house.see(lambda tx: series.own_series(tx, series.SeriesId(str(first.series_id))))
    assert len([*kept.dates()]) == 4


# -- a zone's law changes ------------------------------------------------------------------------


async def under_another_law(house: House, event: Event) -> None:
    """Store the instants that another law of the zone would have given."""
    columns = table.c
    await house.do(
        lambda tx: tx.conn.execute(
            update(table)
            .where(columns.id == event.id)
            .values(
                starts_at=event.starts_at - HOUR,
                ends_at=(event.ends_at or event.starts_at) - HOUR,
                rsvp_until=(event.rsvp_until or event.starts_at) - HOUR,
                over_at=event.over_at - HOUR,
            )
        )
    )


async def test_when_the_law_changes_the_hour_stays_and_other_servers_learn_the_instant(
    house: House,
) -> None:
    made = await create(house)
    await under_another_law(house, made)
    read = await house.see(lambda tx: events.get(tx, made.id))
    assert read == made  # whoever reads it before it is stored anew sees the same
    assert await house.do(zone_rules.apply) == 1
    stored = await house.see(
        lambda tx: tx.conn.execute(table.select().where(table.c.id == made.id)).one()
    )
    assert (stored.starts_at, stored.ends_at, stored.rsvp_until, stored.over_at) == (
        made.starts_at,
        made.ends_at,
        made.rsvp_until,
        made.over_at,
    )
    assert stored.revision == 1
    assert await house.happenings() == [EventPublished(made.id), EventChanged(made.id)]
    assert await house.do(zone_rules.apply) == 0


async def test_a_changed_law_wakes_no_draft_and_leaves_what_is_over(
    house: House, clock: SetClock
) -> None:
    draft = await create(house, draft=True)
    past = await create(house)
    await under_another_law(house, draft)
    await under_another_law(house, past)
    clock.advance(timedelta(days=60))
    assert await house.do(zone_rules.apply) == 0
    clock.at = FOUNDED
    assert await house.do(zone_rules.apply) == 2
    happened = await house.happenings()
    assert [each for each in happened if isinstance(each, EventChanged)] == [EventChanged(past.id)]


FOUNDED = datetime(2026, 11, 21, 12, tzinfo=UTC)
