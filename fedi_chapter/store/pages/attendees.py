"""Who answered an event, as its organizers see them: by name and handle, with their answer.

Read by the organizers' pages and the command line. Nothing of it is ever public.
"""

from fedi_chapter.core.text import one_line
from fedi_chapter.domain.attendee import Attendee
from fedi_chapter.domain.event import EventId
from fedi_chapter.domain.rsvp import Rsvp
from fedi_chapter.store import rsvps
from fedi_chapter.store.pages.voices import NAME_LENGTH, Author, authors
from fedi_chapter.store.tx import ReadTx


def attendees(tx: ReadTx, event_id: EventId) -> list[Attendee]:
    """Return everyone who answered and did not take it back, in the order they first came."""
    found = rsvps.of_event(tx, event_id)
    known = authors(tx, (rsvp.actor_uri for rsvp in found if rsvp.actor_uri))
    return [_attendee(rsvp, known) for rsvp in found]


def _attendee(rsvp: Rsvp, known: dict[str, Author]) -> Attendee:
    author = known.get(rsvp.actor_uri or "")
    name = one_line(rsvp.name or "", NAME_LENGTH)
    if author is None:
        return Attendee(rsvp, name, "")
    return Attendee(rsvp, name or author.name, author.handle)
