"""Events as points on a map: GeoJSON (RFC 7946).

Called by `web.public.feeds`; pure. An event without a point is a feature without geometry,
as §3.2 has it, so no event is lost on the way.
"""

from collections.abc import Iterable

from fedi_chapter.domain.event import Event
from fedi_chapter.domain.urls import Urls
from fedi_chapter.feeds.listing import Document, write_item


def write_features(events: Iterable[Event], urls: Urls) -> Document:
    """Return a FeatureCollection; coordinates are longitude, then latitude (§3.1.1)."""
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "id": urls.event(event.id),
                "geometry": _geometry(event),
                "properties": write_item(event, urls),
            }
            for event in events
        ],
    }


def _geometry(event: Event) -> Document | None:
    point = event.place.point if event.place else None
    return {"type": "Point", "coordinates": [point.lon, point.lat]} if point else None
