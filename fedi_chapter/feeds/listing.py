"""Events as a plain JSON list, for programs that want no protocol.

Called by `web.public.feeds` and, for the properties of a map's points, by `feeds.geojson`;
pure. The keys are documented in `docs/reference/feeds.md` and only ever added to.
"""

from collections.abc import Iterable
from datetime import datetime

from fedi_chapter.core.html import plain
from fedi_chapter.domain.event import Event
from fedi_chapter.domain.urls import Urls

Document = dict[str, object]


def write_list(events: Iterable[Event], urls: Urls) -> list[Document]:
    """Return one object for each event, the order kept."""
    return [write_item(event, urls) for event in events]


def write_item(event: Event, urls: Urls) -> Document:
    """Return one event; times carry the offset of its own zone, what is unknown is null."""
    place = event.place
    return {
        "id": urls.event(event.id),
        "url": urls.event(event.id),
        "ics": urls.event_ics(event.id),
        "name": event.name,
        "starts_at": _local(event.starts_at, event),
        "ends_at": _local(event.ends_at, event) if event.ends_at else None,
        "all_day": event.all_day,
        "timezone": event.timezone,
        "status": event.status.value,
        "place": place.name if place else None,
        "address": place.address if place else None,
        "lat": place.point.lat if place and place.point else None,
        "lon": place.point.lon if place and place.point else None,
        "online": event.is_online,
        "online_url": event.online_url,
        "description": plain(event.description_html),
        "language": event.language,
        "tags": list(event.tags),
        "capacity": event.capacity,
        "images": [{"url": urls.media(image), "alt": image.alt} for image in event.images],
        "updated_at": _local(event.updated_at or event.published_at or event.created_at, event),
    }


def _local(at: datetime, event: Event) -> str:
    return at.astimezone(event.zone).isoformat(timespec="seconds")
