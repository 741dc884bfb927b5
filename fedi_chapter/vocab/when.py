"""Instants in documents: as stamps for programs, and in words for people.

Called by the writers of this room. Words follow the event's own language and time zone,
never the reader's, and always name the zone: a post travels.
"""

from datetime import UTC, datetime

from babel.core import Locale, UnknownLocaleError
from babel.dates import format_skeleton, format_time

from fedi_chapter.core.i18n import translator
from fedi_chapter.domain.event import Event


def stamp(at: datetime) -> str:
    """Return `at` in UTC with whole seconds and a Z."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def local_stamp(at: datetime, event: Event) -> str:
    """Return `at` with seconds and the offset the event's time zone has at that instant."""
    return at.astimezone(event.zone).isoformat(timespec="seconds")


def span(event: Event) -> str:
    """Return day, time and time zone of an event in its own language."""
    locale = _locale(event.language)
    if event.all_day:
        return _days(event, locale)
    starts = event.starts_at.astimezone(event.zone)
    zone = _zone(event, event.starts_at)
    text = f"{_day(starts, locale)}, {_time(starts, locale)}"
    if event.ends_at:
        ends, zone_at_end = event.ends_at.astimezone(event.zone), _zone(event, event.ends_at)
        if zone_at_end != zone:  # clocks change meanwhile
            text, zone = f"{text} {zone}", zone_at_end
        if ends.date() == starts.date():
            text += f"–{_time(ends, locale)}"
        else:
            text += f" – {_day(ends, locale)}, {_time(ends, locale)}"
    return f"{text} {zone}"


def _zone(event: Event, at: datetime) -> str:
    return translator(event.language).short_zone(at, event.zone)


def _days(event: Event, locale: Locale) -> str:
    first = _day(event.starts_at.astimezone(event.zone), locale)
    last = _day(event.last_moment.astimezone(event.zone), locale)
    return first if first == last else f"{first} – {last}"


def _day(at: datetime, locale: Locale) -> str:
    return format_skeleton("yMMMEd", at, locale=locale)


def _time(at: datetime, locale: Locale) -> str:
    # Some languages put a narrow space before AM and PM, which not every font has.
    return format_time(at, format="short", locale=locale).replace("\u202f", " ")


def _locale(language: str) -> Locale:
    for tag in (language, language.partition("-")[0]):
        try:
            return Locale.parse(tag, sep="-")
        except (UnknownLocaleError, ValueError):
            continue
    return Locale("en")
