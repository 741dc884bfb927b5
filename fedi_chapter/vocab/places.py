"""Places: the many forms of a foreign `location` read, our own places written.

Called by `vocab.events` and, for a place of its own, by `federation.documents`.
"""

from dataclasses import dataclass

from fedi_chapter.core.text import one_line
from fedi_chapter.domain.place import Place
from fedi_chapter.domain.urls import Urls
from fedi_chapter.vocab.context import PLACE, bare, in_context
from fedi_chapter.vocab.shape import (
    Document,
    line_of,
    link_of,
    many,
    mapping,
    mappings,
    number_of,
    type_of,
)

_ADDRESS_LINES = (
    ("streetAddress",),
    ("postalCode", "addressLocality"),
    ("addressRegion",),
    ("addressCountry",),
)


# -- reading -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FoundPlace:
    """Where a foreign event says that it is."""

    name: str | None = None
    address: str | None = None
    lat: float | None = None
    lon: float | None = None
    online_url: str | None = None


def read_location(value: object) -> FoundPlace:
    """Return the place in a `location`: text, an object, or several for a hybrid event.

    The first place on earth counts, and the first address on the web (FEP-8a8e).
    """
    objects = mappings(value)
    online = next(filter(None, map(_online_url, objects)), None)
    grounded = [each for each in objects if not type_of(each, {"VirtualLocation"})]
    if not grounded:
        text = next((each for each in many(value) if isinstance(each, str)), "")
        return FoundPlace(name=one_line(text, 200) or None, online_url=online)
    place = grounded[0]
    address = _address(place.get("address"))
    lat, lon = _position(place)
    # Hubzilla writes a place into `content`; others leave the name out and give an address.
    name = line_of(place, "name") or line_of(place, "content") or address
    return FoundPlace(
        name=name, address=None if address == name else address, lat=lat, lon=lon, online_url=online
    )


def _online_url(place: Document) -> str | None:
    for each in (place, *mappings(place.get("address"))):
        if type_of(each, {"VirtualLocation"}):
            return link_of(each.get("url"))
    return None


def _address(value: object) -> str | None:
    if isinstance(value, str):
        return one_line(value, 300) or None
    parts = mapping(value)
    if type_of(parts, {"VirtualLocation"}):
        return None
    lines = (
        " ".join(filter(None, (line_of(parts, each) for each in line))) for line in _ADDRESS_LINES
    )
    return one_line(", ".join(filter(None, lines)), 300) or None


def _position(place: Document) -> tuple[float, float] | tuple[None, None]:
    """Return latitude and longitude when both are there and on this planet."""
    geo = mapping(place.get("geo")) or mapping(place.get("sc:geo")) or place
    lat = number_of(geo.get("latitude", geo.get("sc:latitude")))
    lon = number_of(geo.get("longitude", geo.get("sc:longitude")))
    if lat is None or lon is None or not (-90 <= lat <= 90 and -180 <= lon <= 180):
        return None, None
    return lat, lon


# -- writing -------------------------------------------------------------------------------


def write_place(place: Place, urls: Urls, *, with_context: bool = False) -> Document:
    """Return a place: one object, its coordinates floats, both of them or none (Mobilizon)."""
    point = place.point
    written = in_context(
        PLACE,
        {
            "id": urls.place(place.id),
            "type": "Place",
            "name": place.name,
            "address": {"type": "PostalAddress", "streetAddress": place.rest}
            if place.rest
            else None,
            "latitude": float(point.lat) if point else None,
            "longitude": float(point.lon) if point else None,
        },
    )
    return written if with_context else bare(written)


def write_online(url: str) -> Document:
    """Return the place of an online event: Gancio needs a Place around the VirtualLocation."""
    return {
        "type": "Place",
        "name": "Online",
        "address": {"type": "VirtualLocation", "url": url},
    }
