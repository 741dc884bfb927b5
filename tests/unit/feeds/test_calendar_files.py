"""Calendar files say to another program's parser what we meant: times, zones, rules, changes."""
# ruff: noqa: DTZ001 — dates of a series are local times without a zone

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import islice, pairwise, takewhile
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ical.calendar import Calendar
from ical.calendar_stream import IcsCalendarStream
from ical.event import EventStatus as Status
from ical.timezone import Timezone

from fedi_chapter.domain.event import Event, EventId, EventStatus, PlaceShown
from fedi_chapter.domain.local_time import instant_at, local_at
from fedi_chapter.domain.rule_reading import new_rule
from fedi_chapter.domain.series import Series, SeriesId
from fedi_chapter.feeds.ics import write_calendar
from fedi_chapter.feeds.series_ics import FORESEEN, write_series
from tests.kit.examples import CHAPTER, EVENT, FOUNDED, HALL, URLS

CHICAGO = "America/Chicago"
BEGINS = datetime(2026, 9, 22, 19)
ZONES = [
    "America/New_York",
    "America/Santiago",
    "Europe/Berlin",
    "Europe/Dublin",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "Asia/Kolkata",
    "Pacific/Chatham",
    "UTC",
]


def read(body: bytes) -> Calendar:
    return IcsCalendarStream.calendar_from_ics(body.decode())


def a_series(
    rule: str = "FREQ=WEEKLY", *, zone: str = CHICAGO, begins: datetime = BEGINS
) -> Series:
    return Series(
        id=SeriesId("0197c1b2-7a10-7cc2-9f5e-0000000005e1"),
        actor_id=CHAPTER.id,
        template_id=EVENT.id,
        rule=new_rule(rule, begins, ZoneInfo(zone)),
        timezone=zone,
        begins=begins,
        created_at=FOUNDED,
    )


def a_template(series: Series, **words: object) -> Event:
    starts_at = series.starts(series.begins)
    template = replace(
        EVENT,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=2),
        timezone=series.timezone,
        series_id=series.id,
        published_at=None,
    )
    return replace(template, **words)  # type: ignore[arg-type]


def made(series: Series, week: int, **words: object) -> Event:
    occurrence = series.begins + timedelta(weeks=week)
    starts_at = series.starts(occurrence)
    event = replace(
        a_template(series),
        id=EventId(f"0197c1b2-7a10-7cc2-9f5e-{week:012}"),
        occurrence=occurrence,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=2),
        published_at=FOUNDED,
    )
    return replace(event, **words)  # type: ignore[arg-type]


def written(series: Series, *events: Event, now: datetime = FOUNDED) -> bytes:
    return write_series("Elm", series, a_template(series), events, URLS, now=now)


def expanded(body: bytes, number: int) -> list[tuple[datetime, str]]:
    found = islice(read(body).timeline, number)
    return [(each.start_datetime.astimezone(UTC), str(each.url)) for each in found]


def offset_by_file(zone: Timezone, at: datetime) -> timedelta:
    """Return the offset that holds at an instant by the VTIMEZONE alone (RFC 5545 §3.6.5)."""
    onsets = [
        (each.dtstart.replace(tzinfo=UTC) - each.tz_offset_from.offset, each.tz_offset_to.offset)
        for each in (*zone.standard, *zone.daylight)
    ]
    return max(onset for onset in onsets if onset[0] <= at)[1]


# -- single events -------------------------------------------------------------------------


@given(
    st.sampled_from(ZONES),
    st.datetimes(datetime(2024, 1, 1), datetime(2034, 1, 1)),
    st.integers(1, 60 * 24 * 3),
)
def test_another_parser_reads_the_same_instants_by_the_files_own_zone(
    zone: str, at: datetime, minutes: int
) -> None:
    at = at.replace(tzinfo=UTC, microsecond=0)
    event = replace(EVENT, timezone=zone, starts_at=at, ends_at=at + timedelta(minutes=minutes))
    calendar = read(write_calendar("Elm", [event], URLS))
    (entry,) = calendar.events
    assert (entry.dtstart.astimezone(UTC), entry.dtend.astimezone(UTC)) == (at, event.ends_at)
    for told in calendar.timezones:
        assert told.tz_id == zone
        for days in (-390, -180, 0, 180, 390):
            then = at + timedelta(days=days)
            assert offset_by_file(told, then) == then.astimezone(ZoneInfo(zone)).utcoffset()


@pytest.mark.parametrize("zone", ZONES)
def test_every_switch_of_the_clocks_is_told_to_the_second(zone: str) -> None:
    there, at = ZoneInfo(zone), datetime(2026, 1, 1, tzinfo=UTC)
    event = replace(EVENT, timezone=zone, starts_at=at, ends_at=None)
    told = read(write_calendar("Elm", [event], URLS)).timezones
    hours = [at + timedelta(hours=hour) for hour in range(-9000, 9000)]
    for before, after in pairwise(hours):
        if before.astimezone(there).utcoffset() == after.astimezone(there).utcoffset():
            continue
        for minutes in range(0, 61, 15):
            then = before + timedelta(minutes=minutes)
            for near in (then - timedelta(seconds=1), then):
                assert offset_by_file(told[0], near) == near.astimezone(there).utcoffset()


def test_an_end_in_the_hour_that_comes_twice_is_the_one_that_was_meant() -> None:
    start = datetime(2026, 11, 1, 5, 30, tzinfo=UTC)  # 0:30 in Chicago; at 2:00 it is 1:00 again
    event = replace(EVENT, starts_at=start, ends_at=start + timedelta(hours=2))
    (entry,) = read(write_calendar("Elm", [event], URLS)).events
    assert entry.dtend.astimezone(UTC) - entry.dtstart.astimezone(UTC) == timedelta(hours=2)


def test_a_change_raises_the_sequence_and_a_cancelled_event_stays_listed_as_cancelled() -> None:
    later = FOUNDED + timedelta(days=9)
    changed = replace(EVENT, status=EventStatus.CANCELLED, revision=2, updated_at=later)
    (entry,) = read(write_calendar("Elm", [changed], URLS)).events
    assert entry.uid == URLS.event(EVENT.id)
    assert (entry.status, entry.sequence) == (Status.CANCELLED, 2)
    assert entry.last_modified == later


def test_the_exact_place_is_promised_and_nothing_points_at_it() -> None:
    hidden = replace(
        EVENT, place_shown=PlaceShown.TO_GOING, place=replace(HALL, name="Elmwood", address=None)
    )
    body = write_calendar("Elm", [hidden], URLS)
    (entry,) = read(body).events
    assert entry.location == "Elmwood (exact place after RSVP)"
    assert b"GEO" not in body
    body = write_calendar("Elm", [replace(hidden, language="es")], URLS)
    assert "lugar exacto" in (read(body).events[0].location or "")


# -- series --------------------------------------------------------------------------------

RULES = [
    "FREQ=DAILY;INTERVAL=5",
    "FREQ=WEEKLY;COUNT=70",
    "FREQ=WEEKLY;INTERVAL=2;WKST=SU",
    "FREQ=WEEKLY;UNTIL=20280601",
    "FREQ=MONTHLY",
    "FREQ=YEARLY",
]


@given(
    st.sampled_from(RULES),
    st.sampled_from(ZONES),
    st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 28)),
)
def test_another_program_counts_out_the_same_dates_over_every_switch(
    rule: str, zone: str, at: datetime
) -> None:
    # A time that clocks skip that very day has no start of its own.
    begins = local_at(
        instant_at(at.replace(microsecond=0, second=0), ZoneInfo(zone)), ZoneInfo(zone)
    )
    series = a_series(rule, zone=zone, begins=begins)
    body = written(series)
    ours = [series.starts(local) for local in islice(series.dates(), 40)]
    assert [at for at, _ in expanded(body, 40)] == ours
    for told in read(body).timezones:
        for then in takewhile(lambda at: at < FOUNDED + FORESEEN, ours):
            assert offset_by_file(told, then) == then.astimezone(ZoneInfo(zone)).utcoffset()


def test_a_date_with_a_page_of_its_own_leads_there_and_the_others_to_the_series() -> None:
    series = a_series()
    page = URLS.series(series.id)
    moved = made(series, 1, starts_at=series.starts(datetime(2026, 9, 30, 15)), revision=1)
    body = written(series, made(series, 0), moved)
    assert expanded(body, 3) == [
        (series.starts(BEGINS), URLS.event(made(series, 0).id)),
        (moved.starts_at, URLS.event(moved.id)),
        (series.starts(BEGINS + timedelta(weeks=2)), page),
    ]
    assert {entry.uid for entry in read(body).events} == {page}


def test_skipped_days_and_deleted_events_are_taken_out_and_cancelled_ones_say_so() -> None:
    series = replace(a_series("FREQ=WEEKLY;COUNT=5"), skipped=(date(2026, 10, 6),))
    deleted = made(series, 1, deleted_at=FOUNDED)
    cancelled = made(series, 3, status=EventStatus.CANCELLED, revision=1)
    calendar = read(written(series, deleted, cancelled))
    told = [(each.dtstart.day, each.status) for each in calendar.timeline]
    assert told == [
        (22, Status.CONFIRMED),
        (13, Status.CANCELLED),
        (20, Status.CONFIRMED),
    ]


def test_a_series_that_ended_has_no_later_dates_and_one_that_never_was_is_cancelled() -> None:
    series = a_series()
    second = made(series, 1, status=EventStatus.CANCELLED, revision=1)
    ended = replace(series, rule=series.rule.ended_before(second.starts_at), revision=1)
    assert len(expanded(written(ended, made(series, 0), second), 9)) == 1
    none = replace(series, rule=series.rule.ended_before(series.starts(BEGINS)))
    (entry,) = read(written(none)).events
    assert (entry.status, entry.rrule) == (Status.CANCELLED, None)


def test_the_whole_and_its_parts_only_count_upwards() -> None:
    series = replace(a_series(), revision=3, updated_at=FOUNDED + timedelta(days=1))
    whole, part = read(written(series, made(series, 0, revision=2))).events
    assert (whole.sequence, part.sequence) == (3, 5)
    assert whole.last_modified == series.updated_at


def test_an_old_date_that_is_as_the_rule_says_needs_no_words_of_its_own() -> None:
    series = a_series()
    known = made(series, 0), made(series, 1, revision=1)
    later = BEGINS.replace(tzinfo=UTC) + timedelta(days=800)
    assert len(read(written(series, *known, now=later)).events) == 2
