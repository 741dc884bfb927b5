"""Tallies: how many people answered an event, and how. No names."""

from dataclasses import dataclass

from fedi_chapter.domain.event import Event
from fedi_chapter.domain.rsvp import Seats


@dataclass(frozen=True, slots=True)
class Tally:
    """People by answer; heads are people with their guests."""

    going: int = 0
    going_heads: int = 0
    maybe: int = 0
    no: int = 0
    pending: int = 0
    waitlist: int = 0
    attended: int = 0
    attended_heads: int = 0
    no_show: int = 0
    told: int = 0
    """How often totals were sent to other servers."""

    @property
    def seats(self) -> Seats:
        """What the rule of seats needs to know."""
        return Seats(taken=self.heads)

    @property
    def heads(self) -> int:
        """How many seats are taken."""
        return self.going_heads + self.attended_heads

    @property
    def said_going(self) -> int:
        """How many people answered that they come, whatever became of it."""
        return self.going + self.attended + self.no_show + self.waitlist + self.pending

    @property
    def shown_going(self) -> int:
        """How many everybody is told come: heads with a seat, and who had one and stayed away."""
        return self.heads + self.no_show

    @property
    def voters(self) -> int:
        """How many people's answers stand."""
        return self.said_going + self.maybe + self.no


NOBODY = Tally()
"""Of an event that nobody answered."""


def taking_part(event: Event, tally: Tally) -> int:
    """Return how many people everybody is told take part: in what is cancelled, nobody does."""
    return 0 if event.is_cancelled else tally.heads
