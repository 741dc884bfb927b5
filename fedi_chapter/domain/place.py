"""Where things are: an area a chapter serves, a place an event meets at."""

import math
import re
from dataclasses import dataclass

_PARTED = re.compile(r"\s*[,;:·–—|]\s*|\s+-\s+")
CELL = 0.02
"""Degrees of latitude from one line of the grid to the next: 2.2 km."""


@dataclass(frozen=True, slots=True)
class Point:
    """A position in degrees, WGS 84."""

    lat: float
    lon: float

    def __post_init__(self) -> None:
        if not (-90 <= self.lat <= 90 and -180 <= self.lon <= 180):
            raise ValueError("latitude is -90 to 90 and longitude -180 to 180 degrees")


@dataclass(frozen=True, slots=True)
class Area:
    """What a chapter calls its own: a name, and a circle where it is known."""

    name: str
    centre: Point | None = None
    radius_km: float | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """A public meeting place. A changed place is a new one, with a new `id`.

    Mobilizon never reads a place again under an id it knows.
    """

    id: str
    name: str
    address: str | None = None
    point: Point | None = None

    @property
    def rest(self) -> str:
        """What the address says beyond the name: nothing where the name holds it already."""
        address, known = self.address or "", self.name.casefold()
        if re.search(rf"(?<!\w){re.escape(address.casefold())}(?!\w)", known):
            return ""
        begun, more = address[: len(self.name)], address[len(self.name) :]
        if begun.casefold() == known and (parted := _PARTED.match(more)):
            return more[parted.end() :]
        return address

    @property
    def words(self) -> str:
        """Name and address on one line, what is in both once."""
        return ", ".join(filter(None, (self.name, self.rest)))


def blurred(point: Point) -> Point:
    """Return the middle of the cell of a fixed grid that `point` lies in (PRIV-02).

    All points of a cell give the same answer, today and tomorrow, so that many answers tell no
    more than one. A cell is between 2.2 and 4.5 km wide, except around the poles, where there
    is only one.
    """
    row = min(math.floor((point.lat + 90) / CELL), round(180 / CELL) - 1)
    south = row * CELL - 90
    nearest_pole = math.radians(max(abs(south), abs(south + CELL)))
    columns = max(1, math.floor(360 * math.cos(nearest_pole) / CELL))
    width = 360 / columns
    column = min(math.floor((point.lon + 180) / width), columns - 1)
    lat, lon = south + CELL / 2, column * width - 180 + width / 2
    return Point(round(lat, 4), round(lon, 4))
