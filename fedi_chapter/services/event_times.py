"""When an event is: hours or whole days as an organizer writes them, read in the event's zone.

Called by `services.event_fields`; pure. What is not named keeps its hour on the wall.
"""

import re
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from fedi_chapter.core.errors import FormInvalid
from fedi_chapter.domain.event import Event, check_times, moved_to
from fedi_chapter.domain.local_time import instant_at
from fedi_chapter.services.checks import day_of, instant, known_zone

_DAY = timedelta(days=1)
_DAY_ALONE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def with_times(
    old: Event,
    *,
    start: str | None,
    end: str | None,
    timezone: str | None,
    all_day: bool | None,
) -> Event:
    """Return the event at its new times; None leaves one as it is, an empty `end` takes it away.

    Of whole days, `start` is the first and `end` the last one.

    Raises:
        FormInvalid: a time is no time, or the end is not after the start.

    """
    zone = known_zone(timezone) if timezone else old.zone
    if old.all_day if all_day is None else all_day:
        event = _in_days(old, start, end, zone)
    else:
        event = _in_hours(old, start, end, zone)
    check_times(event.starts_at, event.ends_at)
    if event.rsvp_until is None:
        return event
    return replace(event, rsvp_until=min(event.rsvp_until, event.finish))


def _in_hours(old: Event, start: str | None, end: str | None, zone: ZoneInfo) -> Event:
    if start:
        starts_at = _hour(start, zone, "start")
    elif old.all_day:
        raise FormInvalid("it is not said at what hour it starts", cure="give the start (--start)")
    else:
        starts_at = _same_hour(old, zone)
    meant = None if start else old.local(old.starts_at)
    event = replace(moved_to(old, starts_at, zone.key, meant), all_day=False)
    if end is not None:
        return replace(event, ends_at=_hour(end, zone, "end") if end else None)
    return replace(event, ends_at=None) if old.all_day else event


def _in_days(old: Event, start: str | None, end: str | None, zone: ZoneInfo) -> Event:
    old_first = old.local(old.starts_at).date()
    first = day_of(start, "start") if start else old_first
    if end is None:
        last = first + (old.last_day - old_first)
    else:
        last = day_of(end, "end") if end else first
    if last < first:
        raise FormInvalid(
            "the last day is before the first one", cure="give an end that is not before the start"
        )
    event = moved_to(old, _midnight(first, zone), zone.key)
    return replace(event, all_day=True, ends_at=_midnight(last + _DAY, zone))


def _same_hour(old: Event, zone: ZoneInfo) -> datetime:
    if zone.key == old.timezone:
        return old.starts_at
    return instant_at(old.local(old.starts_at), zone)


def _hour(text: str, zone: ZoneInfo, what: str) -> datetime:
    if _DAY_ALONE.fullmatch(text.strip()):
        raise FormInvalid(
            f"the {what} {text!r} has no hour",
            cure=f"write {text.strip()}T10:00, or say that it is a whole day (--all-day)",
        )
    return instant(text, zone, what)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return instant_at(datetime.combine(day, time()), zone)
