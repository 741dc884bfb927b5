"""What the actors we follow publish: posts and events of neighbouring chapters."""

from dataclasses import dataclass, field
from datetime import datetime

from fedi_chapter.domain.event import OPEN_END

JOINABLE = frozenset({"free", "restricted"})
"""The join modes under which a server takes an RSVP itself."""


@dataclass(frozen=True, slots=True)
class NeighbourPost:
    """A public post of an actor we follow."""

    uri: str
    actor_uri: str
    html: str
    """As received."""
    published_at: datetime
    url: str
    title: str | None = None
    language: str | None = None
    updated_at: datetime | None = None
    warning: str | None = None
    """What its author wants people to read before they decide to read it."""
    attached: str = ""
    """Its pictures and poll options, as HTML made here."""
    excerpt: str | None = field(default=None, compare=False)
    """What is shown, one line of text made when it was stored; None until the present rule has."""


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
    """As received."""
    cancelled: bool = False
    join_mode: str | None = None
    """How people sign up, in Mobilizon's words (FEP-8a8e `joinMode`), lower case."""
    sign_up_url: str | None = None
    """Where people sign up, when `join_mode` is external: http(s) or mailto."""
    updated_at: datetime | None = None

    @property
    def takes_rsvp(self) -> bool:
        """Tell whether its server takes an RSVP by a message of whoever wants to come."""
        return self.join_mode in JOINABLE

    @property
    def over_at(self) -> datetime:
        """When it is over; an open end counts as two hours."""
        return self.ends_at or self.starts_at + OPEN_END
