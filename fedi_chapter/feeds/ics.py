"""Events as iCalendar (RFC 5545), for calendar programs.

Called by `web.public.feeds`; pure. The UID is the event's own address, so the same event is
the same entry in a single file, in the subscription, and after every change.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from unicodedata import category

from icalendar import Calendar, vGeo
from icalendar import Event as Entry

from fedi_chapter.core.html import plain
from fedi_chapter.core.i18n import translator
from fedi_chapter.core.text import one_line
from fedi_chapter.domain.event import Event, EventStatus, PlaceShown
from fedi_chapter.domain.urls import Urls
from fedi_chapter.feeds.timezones import DAY, write_zone

PRODUCT = "-//fedi-chapter//events//EN"
REFRESH = timedelta(hours=1)
"""How often a subscriber is asked to look again."""
MARGIN = timedelta(days=400)
"""How far around the events a time zone's rules are told: both switches of the year are in."""
TITLE = 300
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_STATUS = {
    EventStatus.SCHEDULED: "CONFIRMED",
    EventStatus.RESCHEDULED: "CONFIRMED",
    EventStatus.MOVED_ONLINE: "CONFIRMED",
    EventStatus.TENTATIVE: "TENTATIVE",
    EventStatus.POSTPONED: "TENTATIVE",
    EventStatus.CANCELLED: "CANCELLED",
}


class _Position(vGeo):
    """A position with six decimal places and no exponent (RFC 5545 §3.3.7, §3.8.1.6)."""

    def to_ical(self) -> str:
        """Return latitude and longitude in degrees."""
        return f"{self.latitude:.6f};{self.longitude:.6f}"


def write_calendar(name: str, events: Iterable[Event], urls: Urls) -> bytes:
    """Return the calendar called `name` with all `events`, CRLF and folding as RFC 5545 §3.1."""
    listed = list(events)
    calendar = new_calendar(name)
    add_zones(calendar, listed)
    if not listed:  # a calendar without any component is none (RFC 5545 §3.6)
        calendar.add_component(write_zone("UTC", _EPOCH, _EPOCH))
    for event in listed:
        calendar.add_component(write_entry(event, urls.event(event.id)))
    text: bytes = calendar.to_ical()
    return text


def add_zones(calendar: Calendar, listed: Sequence[Event]) -> None:
    """Add the rules of every time zone that `listed` events are in."""
    timed = [event for event in listed if not event.all_day]
    for zone in sorted({event.timezone for event in timed} - {"UTC"}):
        within = [event for event in timed if event.timezone == zone]
        first, last = min(e.starts_at for e in within), max(e.finish for e in within)
        calendar.add_component(write_zone(zone, first - MARGIN, last + MARGIN))


def new_calendar(name: str) -> Calendar:
    """Return an empty calendar to subscribe to, called `name`.

    It has no METHOD: that would make it a message, which must name an organizer (RFC 5546 §3.2.1).
    """
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("name", one_line(name, TITLE))  # RFC 7986 §5.1, and what was used before it
    calendar.add("x-wr-calname", one_line(name, TITLE))
    calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT1H")
    return calendar


def write_entry(event: Event, page: str, *, uid: str | None = None) -> Entry:
    """Return one event as a VEVENT; its UID is the address of its page, unless told otherwise."""
    changed = event.updated_at or event.published_at or event.created_at
    entry = Entry()
    entry.add("uid", uid or page)
    entry.add("sequence", event.revision)
    entry.add("dtstamp", _utc(changed))
    entry.add("created", _utc(event.published_at or event.created_at))
    entry.add("last-modified", _utc(changed))
    start, end = span_of(event)
    entry.add("dtstart", start)
    entry.add("dtend", end)
    entry.add("summary", one_line(_name(event), TITLE))
    entry.add("status", _STATUS[event.status])
    entry.add("url", page)
    entry.add("description", _description(event, page))
    if place := _location(event):
        entry.add("location", place)
    if event.place and event.place.point and event.place_shown is PlaceShown.TO_ALL:
        entry.add("geo", _Position((event.place.point.lat, event.place.point.lon)))
    if event.tags:
        entry.add("categories", [one_line(tag, TITLE) for tag in event.tags])
    return entry


def _name(event: Event) -> str:
    """Return what it is called: TENTATIVE alone does not say that it is not then."""
    if not event.is_postponed:
        return event.name
    return f"{translator(event.language)('Postponed')}: {event.name}"


def _description(event: Event, page: str) -> str:
    parts = (event.cancel_reason, plain(event.description_html), event.online_url)
    return "\n\n".join([*(_clean(part) for part in parts if part), page])


def _clean(text: str) -> str:
    """Return lines of text without control characters, which a file must not hold (§3.1).

    Every sign that ends a line for some program becomes the one that is escaped.
    """
    kept = (c for c in "\n".join(text.splitlines()) if c in "\n\t" or category(c) != "Cc")
    return "".join(kept)


def _location(event: Event) -> str:
    t = translator(event.language)
    if event.place is None:
        told = f"{t('Online')} ({t('link after RSVP')})" if event.link_kept else event.online_url
        return one_line(told or "", TITLE)
    told = one_line(event.place.words, TITLE)
    if event.place_shown is PlaceShown.TO_ALL:
        return told
    return f"{told} ({t('exact place after RSVP')})"


def span_of(event: Event) -> tuple[date, date]:
    """Return start and end: dates of whole days, the end excluded (§3.6.1), else times.

    Where no end was given it is two hours later: without one a program shows no time at all.
    """
    if event.all_day:
        return event.local(event.starts_at).date(), event.last_day + DAY
    return _on_the_wall(event.starts_at, event), _on_the_wall(event.finish, event)


def _on_the_wall(at: datetime, event: Event) -> datetime:
    """Return an instant in the event's zone; in UTC where its clocks show that time twice.

    Such a local time means the first one (RFC 5545 §3.3.5), but not to every program.
    """
    local = at.astimezone(event.zone)
    other = local.replace(fold=1 - local.fold)
    return local if local.utcoffset() == other.utcoffset() else _utc(at)


def _utc(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(microsecond=0)
