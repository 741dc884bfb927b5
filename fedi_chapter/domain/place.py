"""Where things are: an area a chapter serves, a place an event meets at."""

from dataclasses import dataclass


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
