"""The one source of time. Everything that asks "when" is handed a Clock.

Called by whoever opens a transaction or makes a request; a test freezes it.
Durations for time-outs belong to the event loop, not here.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the current instant."""

    def now(self) -> datetime:
        """Return the current time, aware, in UTC."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """Return the current time, aware, in UTC."""
        return datetime.now(UTC)


@dataclass
class SetClock:
    """A clock that stands still until it is moved: for tests and rehearsals."""

    at: datetime

    def now(self) -> datetime:
        """Return the instant the clock was set to."""
        return self.at

    def advance(self, by: timedelta) -> None:
        """Move the clock forward (or back, by a negative duration)."""
        self.at += by
