"""A series as iCalendar: one VEVENT with its rule, and one for each date that needs its own.

Called by `web.public.series`; pure. All share the series' address as UID; the single ones name
their date by RECURRENCE-ID, so a program shows them in the place of what the rule says
(RFC 5545 §3.8.4.4). A date needs its own when it has a page, and when clocks change between its
start and its end: a rule repeats the exact length (§3.8.5.3), an event keeps its hours.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import takewhile

from icalendar import Event as Entry
from icalendar import vRecur

from fedi_chapter.domain.event import Event, EventStatus, moved_to
from fedi_chapter.domain.local_time import local_at
from fedi_chapter.domain.series import Series
from fedi_chapter.domain.urls import Urls
from fedi_chapter.feeds.ics import MARGIN, new_calendar, write_entry
from fedi_chapter.feeds.timezones import write_zone

FORESEEN = timedelta(days=5 * 366)
"""How far ahead the switches of the clocks are told: the rule may have no end."""
HISTORY = timedelta(days=366)
"""How long a date that is as the rule says keeps a VEVENT of its own."""


def year_of(now: datetime) -> datetime:
    """Return the instant that FORESEEN and HISTORY count from: the file is the same all year."""
    return datetime(now.year, 1, 1, tzinfo=UTC)


def write_series(
    name: str, series: Series, template: Event, made: Iterable[Event], urls: Urls, *, now: datetime
) -> bytes:
    """Return the calendar called `name` with a series, `made` are all its events so far.

    Skipped days and deleted events are taken out of the rule. An event of a day that the rule
    does not name any more, because the series ended, is left out unless it takes place after all.
    """
    whole = moved_to(template, series.starts(series.begins), series.timezone)
    known = {event.occurrence: event for event in made if event.occurrence is not None}
    last, year = max(known, default=series.begins), year_of(now)
    named = set(takewhile(lambda local: local <= last, series.dates()))
    shown = {local: event for local, event in known.items() if _is_shown(event)}
    beside = {
        local: event
        for local, event in shown.items()
        if local not in named and not event.is_cancelled
    }
    deleted = [local for local in named if local in known and known[local].deleted_at]
    singles = {
        local: event
        for local, event in shown.items()
        if local in named and _differs(event, _planned(series, whole, local), whole, year)
    }
    uneven = {
        local: _planned(series, whole, local)
        for local in _foreseen(series, year)
        if local not in shown and local not in deleted and _is_uneven(series, whole, local)
    }
    entry = _whole(series, whole, urls)
    for local in sorted([*deleted, *_skipped(series)]):
        entry.add("exdate", _date(series, whole, local))
    for local in sorted(beside):
        entry.add("rdate", _date(series, whole, local))
    calendar = new_calendar(name)
    parts = {**uneven, **singles, **beside}
    for zone in sorted({each.timezone for each in (whole, *parts.values()) if not each.all_day}):
        if zone != "UTC":
            ends = max(whole.starts_at, year) + FORESEEN
            calendar.add_component(write_zone(zone, whole.starts_at - MARGIN, ends))
    calendar.add_component(entry)
    for local, event in sorted(parts.items()):
        page = urls.series(series.id) if local in uneven else urls.event(event.id)
        calendar.add_component(_single(series, whole, local, event, page, urls))
    text: bytes = calendar.to_ical()
    return text


def _is_shown(event: Event) -> bool:
    return event.published_at is not None and event.deleted_at is None


def _differs(event: Event, planned: Event, whole: Event, year: datetime) -> bool:
    """Tell whether an event needs a VEVENT: it is not as the rule says, or its page matters."""
    if event.revision > 0 or event.finish > year - HISTORY:
        return True
    span = event.starts_at, event.finish
    return span != (planned.starts_at, planned.starts_at + _length(whole))


def _foreseen(series: Series, year: datetime) -> Iterator[datetime]:
    """Yield the dates that a program may show, from last year's to the last that are foreseen."""
    dates = takewhile(lambda local: series.starts(local) < year + FORESEEN, series.dates())
    return (local for local in dates if series.starts(local) > year - HISTORY)


def _planned(series: Series, whole: Event, local: datetime) -> Event:
    """Return the event as its series plans it for a date."""
    return replace(
        series.planned(whole, local),
        published_at=series.created_at,
        updated_at=series.updated_at,
        revision=0,
    )


def _is_uneven(series: Series, whole: Event, local: datetime) -> bool:
    if whole.all_day:
        return False
    planned = _planned(series, whole, local)
    return planned.finish - planned.starts_at != _length(whole)


def _length(whole: Event) -> timedelta:
    """Return how long an event is by the clocks on the wall."""
    if whole.ends_at is None:
        return whole.finish - whole.starts_at
    length = whole.local(whole.ends_at) - whole.local(whole.starts_at)
    return length if length > timedelta() else whole.ends_at - whole.starts_at


def _skipped(series: Series) -> list[datetime]:
    return [datetime.combine(day, series.begins.time()) for day in series.skipped]


def _date(series: Series, whole: Event, local: datetime) -> date:
    """Return a date of the series in the form that its start has (RFC 5545 §3.8.4.4)."""
    return local.date() if whole.all_day else local.replace(tzinfo=series.zone)


def _whole(series: Series, whole: Event, urls: Urls) -> Entry:
    goes_on = next(series.rule.dates(series.begins, series.zone), None) is not None
    event = replace(
        whole,
        status=EventStatus.SCHEDULED if goes_on else EventStatus.CANCELLED,
        published_at=series.created_at,
        updated_at=series.updated_at,
        revision=series.revision,
    )
    entry = write_entry(event, urls.series(series.id))
    if not whole.all_day:
        del entry["dtstart"]  # by the clock on the wall, also where that clock was put forward
        entry.add("dtstart", series.begins.replace(tzinfo=series.zone))
        del entry["dtend"]
        entry.add("duration", _length(whole))
    if goes_on:
        entry.add("rrule", _rule(series, whole))
    return entry


def _rule(series: Series, whole: Event) -> vRecur:
    """Return the RRULE; its UNTIL has the form of the start (RFC 5545 §3.3.10)."""
    rule: vRecur = vRecur.from_ical(str(series.rule))
    if whole.all_day and series.rule.until:
        rule["UNTIL"] = [local_at(series.rule.until, series.zone).date()]
    return rule


def _single(
    series: Series, whole: Event, local: datetime, event: Event, page: str, urls: Urls
) -> Entry:
    entry = write_entry(event, page, uid=urls.series(series.id))
    # No instance is older than the whole: a program would keep what it knew before.
    entry["sequence"] = event.revision + series.revision
    entry.add("recurrence-id", _date(series, whole, local))
    return entry
