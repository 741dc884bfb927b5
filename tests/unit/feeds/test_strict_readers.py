"""Calendar files as the strictest programs read them: RFC 5545 and 5546 by three readers."""
# ruff: noqa: DTZ001 — dates of a series are local times without a zone

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import icalendar
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ical.calendar import Calendar
from ical.calendar_stream import IcsCalendarStream

from fedi_chapter.domain.event import Event, EventId, EventStatus, moved_to
from fedi_chapter.domain.local_time import instant_at, local_at
from fedi_chapter.domain.place import Place, Point
from fedi_chapter.domain.rule_reading import new_rule
from fedi_chapter.domain.series import Series, SeriesId
from fedi_chapter.feeds.ics import write_calendar
from fedi_chapter.feeds.itip import write_invitation
from fedi_chapter.feeds.series_ics import write_series
from tests.kit.examples import CHAPTER, EVENT, FOUNDED, HALL, URLS
from tests.kit.libical import complaints

CHICAGO = ZoneInfo("America/Chicago")
CONTROLS = "".join(map(chr, range(32)))
AWKWARD = {
    "plain": EVENT,
    "no end": replace(EVENT, ends_at=None),
    "no place": replace(EVENT, place=None, online_url="https://meet.example.org/a,b;c?d=e"),
    "cancelled": replace(EVENT, status=EventStatus.CANCELLED, cancel_reason="Storm; rain, \\hail"),
    "postponed": replace(EVENT, status=EventStatus.POSTPONED, cancel_reason="Storm"),
    "controls": replace(
        EVENT,
        name=f"Bell{CONTROLS}s",
        description_html=f"<p>a{CONTROLS}\x7f\x85\u2028b</p><p>c\rd</p>",
        place=replace(HALL, name=f"Hall{CONTROLS}", address="x\x0by"),
        tags=("a\x1fb",),
    ),
    "long": replace(
        EVENT, name="🎉é" * 60, description_html=f"<p>{'日本語' * 900}</p>", language="ja"
    ),
    "tiny numbers": replace(
        EVENT, place=Place("p", "Null Island", None, Point(0.00001, -0.0000001))
    ),
    "in UTC": replace(EVENT, timezone="UTC"),
    "Etc/UTC": replace(EVENT, timezone="Etc/UTC"),
    "half-hour zone": replace(EVENT, timezone="Australia/Lord_Howe"),
    "whole days": replace(
        EVENT,
        all_day=True,
        starts_at=datetime(2026, 9, 19, 5, tzinfo=UTC),
        ends_at=datetime(2026, 9, 22, 5, tzinfo=UTC),
    ),
    "in the hour that comes twice": replace(
        EVENT,
        starts_at=datetime(2026, 11, 1, 6, 30, tzinfo=UTC),
        ends_at=datetime(2026, 11, 1, 7, 15, tzinfo=UTC),
    ),
}
BEGINS = datetime(2026, 9, 25, 22)


def a_series(rule: str = "FREQ=WEEKLY", *, all_day: bool = False) -> tuple[Series, Event]:
    begins = datetime(2026, 9, 25) if all_day else BEGINS
    series = Series(
        id=SeriesId("0197c1b2-7a10-7cc2-9f5e-0000000005e1"),
        actor_id=CHAPTER.id,
        template_id=EVENT.id,
        rule=new_rule(rule, begins, CHICAGO),
        timezone=CHICAGO.key,
        begins=begins,
        created_at=FOUNDED,
        skipped=(date(2026, 10, 9),),
    )
    starts_at = series.starts(begins)
    ends_at = starts_at + (timedelta(days=1) if all_day else timedelta(hours=7))
    template = replace(
        EVENT,
        starts_at=starts_at,
        ends_at=ends_at,
        all_day=all_day,
        series_id=series.id,
        published_at=None,
    )
    return series, template


def date_of(series: Series, template: Event, week: int, **words: object) -> Event:
    local = series.begins + timedelta(weeks=week)
    event = replace(
        series.planned(template, local),
        id=EventId(f"0197c1b2-7a10-7cc2-9f5e-{week:012}"),
        occurrence=local,
        published_at=FOUNDED,
    )
    return replace(event, **words)  # type: ignore[arg-type]


def series_file(series: Series, template: Event, *made: Event, now: datetime = FOUNDED) -> bytes:
    return write_series("Elm", series, template, made, URLS, now=now)


def all_files() -> Iterator[tuple[str, bytes]]:
    yield "empty", write_calendar("Elm", [], URLS)
    yield "all", write_calendar("Elm\x07", AWKWARD.values(), URLS)
    for name, event in AWKWARD.items():
        yield name, write_calendar("Elm", [event], URLS)
    for rule in ("FREQ=WEEKLY", "FREQ=WEEKLY;UNTIL=20270301", "FREQ=MONTHLY;BYDAY=-1FR;COUNT=9"):
        for all_day in (False, True):
            series, template = a_series(rule, all_day=all_day)
            made = [
                date_of(series, template, 0),
                date_of(series, template, 1, deleted_at=FOUNDED),
                date_of(series, template, 3, status=EventStatus.CANCELLED, revision=1),
            ]
            ended = replace(series, rule=series.rule.ended_before(series.starts(series.begins)))
            yield f"{rule} {all_day}", series_file(series, template, *made)
            yield f"{rule} {all_day} ended", series_file(ended, template, *made)


FILES = dict(all_files())


@pytest.mark.parametrize("name", FILES)
def test_libical_finds_nothing_wrong(name: str) -> None:
    assert complaints(FILES[name]) == []


@pytest.mark.parametrize("name", FILES)
def test_three_readers_find_the_same_entries(name: str) -> None:
    told = FILES[name].decode().count("BEGIN:VEVENT")
    assert len(IcsCalendarStream.calendar_from_ics(FILES[name].decode()).events) == told
    read = icalendar.Calendar.from_ical(FILES[name])
    assert len(read.walk("VEVENT")) == told
    assert [each.errors for each in read.walk()] == [[] for _ in read.walk()]


@pytest.mark.parametrize("name", FILES)
def test_the_grammar_is_kept_to_the_letter(name: str) -> None:
    body = FILES[name]
    lines = body.split(b"\r\n")
    assert lines[-1] == b""
    assert max(map(len, lines)) <= 75
    assert not re.search(rb"[\x00-\x08\x0a-\x1f\x7f]", body.replace(b"\r\n", b""))
    text = body.decode().replace("\r\n ", "")
    assert not re.search("[\x85\u2028\u2029]", text)
    assert "METHOD" not in text
    assert not re.search(r"^GEO:.*[eE]", text, re.MULTILINE)
    for entry in text.split("BEGIN:VEVENT")[1:]:
        assert len(re.findall(r"^(?:DTEND|DURATION)[;:]", entry, re.MULTILINE)) == 1
    assert set(re.findall(r"TZID=([^:;]+)[:;]", text)) <= set(re.findall(r"\nTZID:(.+)\r", text))
    assert re.search("BEGIN:(VEVENT|VTIMEZONE)", text)


@pytest.mark.parametrize(
    ("method", "name"),
    [
        (method, name)
        for method in ("REQUEST", "CANCEL")
        for name in AWKWARD
        if (method, name) != ("REQUEST", "cancelled")  # nobody is asked to enter that
    ],
)
def test_an_invitation_is_one_by_the_letter(method: str, name: str) -> None:
    body = write_invitation(
        method,  # type: ignore[arg-type]
        AWKWARD[name],
        URLS,
        organizer=("Elm, \x07Street", "events@elm.example.org"),
        to="ana@social.example",
        at=FOUNDED,
    )
    assert complaints(body) == []


def test_an_end_that_was_not_given_is_two_hours_later() -> None:
    (entry,) = read(FILES["no end"]).events
    assert entry.dtend - entry.dtstart == timedelta(hours=2)


def test_whole_days_are_dates_and_end_with_the_day_after_the_last() -> None:
    text = FILES["whole days"].decode()
    assert "DTSTART;VALUE=DATE:20260919" in text
    assert "DTEND;VALUE=DATE:20260922" in text
    assert "VTIMEZONE" not in text


# -- a series and its dates agree --------------------------------------------------------------


def read(body: bytes) -> Calendar:
    return IcsCalendarStream.calendar_from_ics(body.decode())


def spans(body: bytes, number: int) -> list[tuple[datetime, datetime]]:
    found = islice(read(body).timeline, number)
    return [
        (each.start_datetime.astimezone(UTC), each.end_datetime.astimezone(UTC)) for each in found
    ]


def test_a_night_over_a_switch_of_the_clocks_has_its_own_hours_in_the_file_too() -> None:
    series, template = a_series("FREQ=DAILY;COUNT=250")
    series = replace(series, skipped=())
    events = [series.planned(template, local) for local in series.dates()]
    assert {event.finish - event.starts_at for event in events} == {
        timedelta(hours=6),
        timedelta(hours=7),
        timedelta(hours=8),
    }
    assert spans(series_file(series, template), 300) == [(e.starts_at, e.finish) for e in events]


def test_a_series_that_begins_with_such_a_night_says_it_of_that_night_alone() -> None:
    series, template = a_series("FREQ=DAILY;COUNT=3")
    series = replace(series, begins=datetime(2026, 10, 31, 22), skipped=())
    template = moved_to(template, series.starts(series.begins), series.timezone)
    lengths = [end - start for start, end in spans(series_file(series, template), 9)]
    assert lengths == [timedelta(hours=8), timedelta(hours=7), timedelta(hours=7)]
    assert len(read(series_file(series, template)).events) == 2


def test_a_date_reopened_after_its_series_ended_stands_in_the_file_again() -> None:
    series, template = a_series()
    ended = replace(
        series,
        rule=series.rule.ended_before(series.starts(series.begins + timedelta(weeks=1))),
        skipped=(),
    )
    again = date_of(series, template, 2, revision=2)
    off = date_of(series, template, 3, status=EventStatus.CANCELLED, revision=1)
    body = series_file(ended, template, date_of(series, template, 0), again, off)
    assert "RDATE" in body.decode()
    assert [start for start, _ in spans(body, 9)] == [template.starts_at, again.starts_at]


def test_a_date_changed_before_it_was_published_stands_in_the_file_for_ever() -> None:
    series, template = a_series()
    moved = date_of(series, template, 1)
    moved = moved_to(moved, moved.starts_at + timedelta(hours=1), moved.timezone)
    later = BEGINS.replace(tzinfo=UTC) + timedelta(days=1200)
    body = series_file(series, template, date_of(series, template, 0), moved, now=later)
    assert [start for start, _ in spans(body, 2)] == [template.starts_at, moved.starts_at]


def test_the_dates_of_a_series_of_days_are_dates() -> None:
    series, template = a_series("FREQ=WEEKLY;UNTIL=20261120", all_day=True)
    body = series_file(series, template, date_of(series, template, 2, revision=1))
    text = body.decode()
    assert "UNTIL=20261120" in text
    assert "EXDATE;VALUE=DATE:20261009" in text
    assert "RECURRENCE-ID;VALUE=DATE:20261009" in text
    assert "VTIMEZONE" not in text


def test_the_file_is_the_same_all_year() -> None:
    series, template = a_series()
    made = date_of(series, template, 0)
    files = {
        series_file(series, template, made, now=datetime(2026, month, 28, tzinfo=UTC))
        for month in range(1, 13)
    }
    assert len(files) == 1


@given(
    st.sampled_from(
        [
            *("America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Africa/Casablanca"),
            *("Asia/Tehran", "Pacific/Apia", "Africa/Cairo", "Atlantic/Azores"),
        ]
    ),
    st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 28)),
    st.integers(1, 60 * 40),
    st.sampled_from(["FREQ=DAILY;COUNT=30", "FREQ=WEEKLY;COUNT=60", "FREQ=MONTHLY;COUNT=20"]),
)
def test_every_date_in_the_file_has_the_hours_that_its_event_will_have(
    zone: str, at: datetime, minutes: int, rule: str
) -> None:
    there = ZoneInfo(zone)
    begins = local_at(instant_at(at.replace(microsecond=0, second=0), there), there)
    begins = begins.replace(day=min(begins.day, 28))
    begins = local_at(instant_at(begins, there), there)
    series = replace(
        a_series()[0],
        rule=new_rule(rule, begins, there),
        timezone=zone,
        begins=begins,
        skipped=(),
    )
    starts_at = series.starts(begins)
    template = replace(
        EVENT, timezone=zone, starts_at=starts_at, ends_at=starts_at + timedelta(minutes=minutes)
    )
    planned = [series.planned(template, local) for local in series.dates()]
    found = spans(series_file(series, template), len(planned))
    assert sorted(found) == sorted((each.starts_at, each.finish) for each in planned)
