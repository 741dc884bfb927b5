"""A series as iCalendar: one VEVENT with its rule, and one for each date that has its own page.

Called by `web.public.series`; pure. All share the series' address as UID; the single ones name
their date by RECURRENCE-ID, so a program shows them in the place of what the rule says
(RFC 5545 §3.8.4.4).
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import takewhile

from icalendar import Event as Entry
from icalendar import vRecur

from fedi_chapter.domain.event import Event, EventStatus
from fedi_chapter.domain.series import Series
from fedi_chapter.domain.urls import Urls
from fedi_chapter.feeds.ics import MARGIN, new_calendar, write_entry
from fedi_chapter.feeds.timezones import write_zone

FORESEEN = timedelta(days=5 * 366)
"""How far ahead the switches of the clocks are told: the rule may have no end."""
HISTORY = timedelta(days=366)
"""How long a date that is as the rule says keeps a VEVENT of its own."""


def write_series(
    name: str, series: Series, template: Event, made: Iterable[Event], urls: Urls, *, now: datetime
) -> bytes:
    """Return the calendar called `name` with a series, `made` are all its events so far.

    Skipped days and deleted events are taken out of the rule. An event of a day that the rule
    does not name any more, because the series ended, is left out.
    """
    known = [event for event in made if event.occurrence is not None]
    last = max((event.occurrence for event in known if event.occurrence), default=series.begins)
    named = set(takewhile(lambda local: local <= last, series.dates()))
    there = [event for event in known if event.occurrence in named]
    gone = [event.occurrence for event in there if event.occurrence and event.deleted_at]
    singles = [event for event in there if not event.deleted_at and _differs(event, now)]
    calendar = new_calendar(name)
    first = series.starts(series.begins)
    for zone in sorted({series.timezone, *(event.timezone for event in singles)} - {"UTC"}):
        calendar.add_component(write_zone(zone, first - MARGIN, max(first, now) + FORESEEN))
    calendar.add_component(_whole(series, template, gone, urls))
    for event in singles:
        calendar.add_component(_single(series, event, urls))
    text: bytes = calendar.to_ical()
    return text


def _differs(event: Event, now: datetime) -> bool:
    """Tell whether an event needs a VEVENT: it was changed, or its page matters still."""
    return event.published_at is not None and (event.revision > 0 or event.over_at > now - HISTORY)


def _whole(series: Series, template: Event, gone: list[datetime], urls: Urls) -> Entry:
    goes_on = next(series.rule.dates(series.begins, series.zone), None) is not None
    shift = series.starts(series.begins) - template.starts_at
    event = replace(
        template,
        starts_at=template.starts_at + shift,
        ends_at=template.ends_at and template.ends_at + shift,
        status=EventStatus.SCHEDULED if goes_on else EventStatus.CANCELLED,
        published_at=series.created_at,
        updated_at=series.updated_at,
        revision=series.revision,
    )
    entry = write_entry(event, urls.series(series.id))
    del entry["dtstart"]  # by the clock on the wall, also where that clock was put forward
    entry.add("dtstart", series.begins.replace(tzinfo=series.zone))
    if goes_on:
        entry.add("rrule", vRecur.from_ical(str(series.rule)))
    skipped = [datetime.combine(day, series.begins.time()) for day in series.skipped]
    for local in sorted([*gone, *skipped]):
        entry.add("exdate", local.replace(tzinfo=series.zone))
    return entry


def _single(series: Series, event: Event, urls: Urls) -> Entry:
    entry = write_entry(event, urls.event(event.id), uid=urls.series(series.id))
    # No instance is older than the whole: a program would keep what it knew before.
    entry["sequence"] = event.revision + series.revision
    if event.occurrence is not None:
        entry.add("recurrence-id", event.occurrence.replace(tzinfo=series.zone))
    return entry
