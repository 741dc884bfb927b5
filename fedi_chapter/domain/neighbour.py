"""What the actors we follow publish: posts and events of neighbouring chapters."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class NeighbourPost:
    """A public post of an actor we follow."""

    uri: str
    actor_uri: str
    html: str
    """As received; sanitised where it is shown."""
    published_at: datetime
    url: str
    title: str | None = None
    language: str | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NeighbourEvent:
    """A public event of an actor we follow, or one they boosted, normalised."""

    uri: str
    actor_uri: str
    name: str
    starts_at: datetime
    url: str
    published_at: datetime
    ends_at: datetime | None = None
    timezone: str | None = None
    all_day: bool = False
    place_name: str | None = None
    address: str | None = None
    lat: float | None = None
    lon: float | None = None
    online_url: str | None = None
    html: str = ""
    """As received; sanitised where it is shown."""
    cancelled: bool = False
    takes_rsvp: bool = False
    updated_at: datetime | None = None
