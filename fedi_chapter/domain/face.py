"""What the face of an event last said that does not follow from the event alone. Pure.

Some of it must not change by itself. A new text is an edit, of which other servers tell people;
and where a poll ends elsewhere than before, GoToSocial drops all its votes.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from fedi_chapter.domain.event import Event, RsvpMode
from fedi_chapter.domain.tally import Tally

CALM = timedelta(minutes=10)
"""Between two words about seats: somebody may waver about the last one."""


@dataclass(frozen=True, slots=True)
class FaceState:
    """What was said about seats, since when, and when the poll ends for other servers."""

    is_full: bool = False
    changed_at: datetime | None = None
    """When what is said about seats last changed; None: nothing was said yet."""
    poll_ends_at: datetime | None = None

    def calm_until(self, now: datetime) -> datetime | None:
        """Return until when nothing else is said about seats, None when it can be said now."""
        until = self.changed_at + CALM if self.changed_at else now
        return until if until > now else None


def next_state(said: FaceState, event: Event, tally: Tally, now: datetime) -> FaceState:
    """Return what the face says now."""
    state = replace(said, poll_ends_at=_poll_ends_at(said, event))
    is_closed = event.closes_at <= now
    if is_full(event, tally) is said.is_full or is_closed or said.calm_until(now):
        return state
    return replace(state, is_full=not said.is_full, changed_at=now)


def is_full(event: Event, tally: Tally) -> bool:
    """Tell whether all seats are taken."""
    asks = event.rsvp is RsvpMode.ON and event.capacity is not None
    return asks and tally.heads >= (event.capacity or 0)


def _poll_ends_at(said: FaceState, event: Event) -> datetime:
    """Return the end that was told, unless answers count for longer: who votes must be able to."""
    return max(said.poll_ends_at or event.closes_at, event.closes_at)
