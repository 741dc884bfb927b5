"""An event as schema.org tells it, for search engines and event finders.

Called by `web.public.events`, which puts it into the event's page; pure.
"""

from datetime import datetime

from fedi_chapter.core.html import plain
from fedi_chapter.domain.chapter import LocalActor
from fedi_chapter.domain.event import Event, EventStatus, PlaceShown
from fedi_chapter.domain.urls import Urls

Document = dict[str, object]
_SCHEMA = "https://schema.org"
_STATUS = {
    EventStatus.SCHEDULED: "EventScheduled",
    EventStatus.TENTATIVE: "EventScheduled",
    EventStatus.RESCHEDULED: "EventRescheduled",
    EventStatus.POSTPONED: "EventPostponed",
    EventStatus.MOVED_ONLINE: "EventMovedOnline",
    EventStatus.CANCELLED: "EventCancelled",
}


def write_schema(event: Event, host: LocalActor, urls: Urls) -> Document:
    """Return the event as a schema.org `Event`; what is unknown is left out."""
    places = [place for place in (_place(event), _online(event, urls)) if place]
    document: Document = {
        "@context": _SCHEMA,
        "@type": "Event",
        "@id": urls.event(event.id),
        "url": urls.event(event.id),
        "name": event.name,
        "description": plain(event.description_html),
        "inLanguage": event.language,
        "startDate": _date(event, event.starts_at),
        "endDate": _date(event, event.last_moment if event.all_day else event.ends_at),
        "previousStartDate": _date(event, _before(event)),
        "eventStatus": f"{_SCHEMA}/{_STATUS[event.status]}",
        "eventAttendanceMode": _attendance(event),
        "location": places[0] if len(places) == 1 else places,
        "maximumAttendeeCapacity": event.capacity,
        "keywords": ", ".join(event.tags),
        "image": [urls.media(image) for image in event.images],
        "organizer": {
            "@type": "Organization",
            "name": host.name,
            "url": urls.actor_page(host),
        },
    }
    return {name: value for name, value in document.items() if value not in (None, "", [])}


def _before(event: Event) -> datetime | None:
    """Return the date it is no longer at; a postponed event keeps its own in both places."""
    return event.starts_at if event.is_postponed else event.previous_starts_at


def _date(event: Event, at: datetime | None) -> str | None:
    """Return a schema.org Date for whole days, else a DateTime."""
    if at is None:
        return None
    local = at.astimezone(event.zone)
    return local.date().isoformat() if event.all_day else local.isoformat()


def _attendance(event: Event) -> str | None:
    if event.place and event.is_online:
        return f"{_SCHEMA}/MixedEventAttendanceMode"
    if event.is_online:
        return f"{_SCHEMA}/OnlineEventAttendanceMode"
    return f"{_SCHEMA}/OfflineEventAttendanceMode" if event.place else None


def _place(event: Event) -> Document | None:
    if event.place is None:
        return None
    place: Document = {"@type": "Place", "name": event.place.name}
    if event.place.address:
        place["address"] = event.place.address
    if event.place.point and event.place_shown is PlaceShown.TO_ALL:
        place["geo"] = {
            "@type": "GeoCoordinates",
            "latitude": event.place.point.lat,
            "longitude": event.place.point.lon,
        }
    return place


def _online(event: Event, urls: Urls) -> Document | None:
    """Return where to join; an address that is not for all is told on the event's page."""
    if not event.is_online:
        return None
    return {"@type": "VirtualLocation", "url": event.online_url or urls.event(event.id)}
