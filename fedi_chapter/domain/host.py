"""Other servers as a whole: what runs there, what they take, how they fare."""

from dataclasses import dataclass
from datetime import datetime, timedelta

ASK_AGAIN = timedelta(days=7)
"""How long an answer to "which software is this?" is good for."""


@dataclass(frozen=True, slots=True)
class Host:
    """A server we have met. `software` is its NodeInfo name in lower case."""

    host: str
    software: str | None = None
    version: str | None = None
    asked_at: datetime | None = None
    takes_events: bool = False
    """It gets the Event; others get the microblog face."""
    scheme: str = "cavage"
    """The signature scheme it took last: `cavage` or `rfc9421`."""
    failures: int = 0
    """Failed attempts in a row."""
    failing_since: datetime | None = None
    rest_until: datetime | None = None
    last_success_at: datetime | None = None
    allowed_at: datetime | None = None
    """When an organizer said yes to it (FEDERATION hold and allowlist)."""
