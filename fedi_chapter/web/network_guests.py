"""How many guests those without an account bring from one network, before an organizer looks.

Asked where a form answers an event (`web.members`). Whoever comes alone is never counted against
anybody: a hall of people on one Wi-Fi is one network. But a few forms with nine guests each would
take a whole event, and cost nothing. Counted in the process, by fingerprints of networks, and
kept nowhere, as in `web.rate_limit`.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock

from starlette.requests import Request

from fedi_chapter.domain.event import Event
from fedi_chapter.domain.rsvp import Answer, Rsvp, RsvpStatus, Saying
from fedi_chapter.web.negotiate import deps_of
from fedi_chapter.web.rate_limit import REMEMBERED, network_of_asker

PART_OF_SEATS = 4
"""A network's guests get up to this part of the seats..."""
FORMS_A_GUEST = 2
"""... or one for every so many of its people who come, whichever is more, ..."""
LEAST_GUESTS = 2
"""... and never fewer than these."""
SEATS_WHERE_UNLIMITED = 100
_COUNTED = (RsvpStatus.GOING, RsvpStatus.WAITLIST)


@dataclass(frozen=True, slots=True)
class _Share:
    """What one network has of one event."""

    people: int = 0
    guests: int = 0


@dataclass(slots=True)
class NetworkGuests:
    """Remembers the shares; the one not asked for longest is forgotten."""

    shares: OrderedDict[str, _Share] = field(default_factory=OrderedDict)
    lock: Lock = field(default_factory=Lock)
    """Transactions run in several threads."""

    def ask_for(self, key: str, people: int, guests: int, seats: int) -> bool:
        """Take so many more into the share of `key`, or tell that it would be too large."""
        with self.lock:
            known = self.shares.pop(key, _Share())
            asked = _Share(max(known.people + people, 0), max(known.guests + guests, 0))
            allowed = max(seats // PART_OF_SEATS, asked.people // FORMS_A_GUEST, LEAST_GUESTS)
            is_granted = guests <= 0 or asked.guests <= allowed
            self.shares[key] = asked if is_granted else known
            while len(self.shares) > REMEMBERED:
                self.shares.popitem(last=False)
            return is_granted


def brings_too_many(request: Request, event: Event, before: Rsvp | None, saying: Saying) -> bool:
    """Tell whether an answer brings more guests than its network may without an organizer's yes.

    `before` is how the same person stood; what is given back may be asked for again.
    """
    state, deps = request.app.state, deps_of(request)
    if not hasattr(state, "network_guests"):
        state.network_guests = NetworkGuests()
    known: NetworkGuests = state.network_guests
    had = before is not None and before.status in _COUNTED
    comes = saying.answer is Answer.GOING
    guests = (saying.guests if comes else 0) - (before.guests if before and had else 0)
    seats = SEATS_WHERE_UNLIMITED if event.capacity is None else event.capacity
    key = deps.links.fingerprint("guests", f"{event.id} {network_of_asker(request)}")
    return not known.ask_for(key, comes - had, guests, seats)
