"""Other servers as a whole: what runs there, what they take, how they fare."""

from dataclasses import dataclass
from datetime import datetime, timedelta

ASK_AGAIN = timedelta(days=7)
"""How long an answer to "which software is this?" is good for."""
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=5), timedelta(days=1)
"""After how long a host that did not answer is asked again: doubled each time."""
DROPS_MESSAGES = frozenset({"everycal", "gancio", "pavillion"})
"""Software without direct messages: whoever answers from there hears nothing of us in person."""


@dataclass(frozen=True, slots=True)
class Host:
    """A server we have met. `software` is its NodeInfo name in lower case."""

    host: str
    software: str | None = None
    version: str | None = None
    asked_at: datetime | None = None
    ask_again_at: datetime | None = None
    """When its software is asked next; None when it never was."""
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

    @property
    def next_wait(self) -> timedelta:
        """How long to wait when it did not answer just now."""
        if self.asked_at is None or self.ask_again_at is None:
            return FIRST_WAIT
        waited = self.ask_again_at - self.asked_at
        return FIRST_WAIT if waited >= ASK_AGAIN else min(2 * waited, LONGEST_WAIT)
