"""Events as iCalendar (RFC 5545), for calendar programs.

Called by `web.public.feeds`; pure. The UID is the event's own address, so the same event is
the same entry in a single file, in the subscription, and after every change.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from icalendar import Calendar
from icalendar import Event as Entry

from fedi_chapter.core.html import plain
from fedi_chapter.core.text import one_line
from fedi_chapter.domain.event import Event, EventStatus
from fedi_chapter.domain.urls import Urls
from fedi_chapter.feeds.timezones import write_zone

PRODUCT = "-//fedi-chapter//events//EN"
REFRESH = timedelta(hours=1)
"""How often a subscriber is asked to look again."""
MARGIN = timedelta(days=400)
"""How far around the events a time zone's rules are told: both switches of the year are in."""
TITLE = 300
_STATUS = {
    EventStatus.SCHEDULED: "CONFIRMED",
    EventStatus.RESCHEDULED: "CONFIRMED",
    EventStatus.MOVED_ONLINE: "CONFIRMED",
    EventStatus.TENTATIVE: "TENTATIVE",
    EventStatus.POSTPONED: "TENTATIVE",
    EventStatus.CANCELLED: "CANCELLED",
}


def write_calendar(name: str, events: Iterable[Event], urls: Urls) -> bytes:
    """Return the calendar called `name` with all `events`, CRLF and folding as RFC 5545 §3.1."""
    listed = list(events)
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("name", one_line(name, TITLE))  # RFC 7986 §5.1, and what was used before it
    calendar.add("x-wr-calname", one_line(name, TITLE))
    calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT1H")
    for zone in sorted({event.timezone for event in listed} - {"UTC"}):
        within = [event for event in listed if event.timezone == zone]
        first, last = min(e.starts_at for e in within), max(e.over_at for e in within)
        calendar.add_component(write_zone(zone, first - MARGIN, last + MARGIN))
    for event in listed:
        calendar.add_component(_entry(event, urls))
    text: bytes = calendar.to_ical()
    return text


def _entry(event: Event, urls: Urls) -> Entry:
    changed = event.updated_at or event.published_at or event.created_at
    entry = Entry()
    entry.add("uid", urls.event(event.id))
    entry.add("sequence", event.revision)
    entry.add("dtstamp", _utc(changed))
    entry.add("created", _utc(event.published_at or event.created_at))
    entry.add("last-modified", _utc(changed))
    entry.add("dtstart", event.starts_at.astimezone(event.zone))
    if event.ends_at is not None:
        entry.add("dtend", event.ends_at.astimezone(event.zone))
    entry.add("summary", one_line(event.name, TITLE))
    entry.add("status", _STATUS[event.status])
    entry.add("url", urls.event(event.id))
    entry.add("description", _description(event, urls))
    if place := _location(event):
        entry.add("location", place)
    if event.place is not None and event.place.point is not None:
        entry.add("geo", (event.place.point.lat, event.place.point.lon))
    if event.tags:
        entry.add("categories", [one_line(tag, TITLE) for tag in event.tags])
    return entry


def _description(event: Event, urls: Urls) -> str:
    parts = (event.cancel_reason, plain(event.description_html), event.online_url)
    return "\n\n".join([*(part for part in parts if part), urls.event(event.id)])


def _location(event: Event) -> str:
    if event.place is None:
        return one_line(event.online_url or "", TITLE)
    parts = dict.fromkeys((event.place.name, event.place.address))  # a bare address is both
    return one_line(", ".join(part for part in parts if part), TITLE)


def _utc(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(microsecond=0)
