"""Who answered an event, as its organizers see them: by name and handle, with their answer.

Read by the organizers' pages and the command line. Nothing of it is ever public.
"""

from urllib.parse import urlsplit

from fedi_chapter.core.text import one_line
from fedi_chapter.domain.attendee import Attendee
from fedi_chapter.domain.event import EventId
from fedi_chapter.domain.host import DROPS_MESSAGES
from fedi_chapter.domain.rsvp import Rsvp
from fedi_chapter.store import hosts, rsvps
from fedi_chapter.store.pages.voices import NAME_LENGTH, Author, authors
from fedi_chapter.store.tx import ReadTx


def attendees(tx: ReadTx, event_id: EventId) -> list[Attendee]:
    """Return everyone who answered and did not take it back, in the order they first came."""
    found = rsvps.of_event(tx, event_id)
    known = authors(tx, (rsvp.actor_uri for rsvp in found if rsvp.actor_uri))
    deaf = hosts.that_run(tx, DROPS_MESSAGES)
    return [_attendee(rsvp, known, deaf) for rsvp in found]


def _attendee(rsvp: Rsvp, known: dict[str, Author], deaf: set[str]) -> Attendee:
    author = known.get(rsvp.actor_uri or "")
    name = one_line(rsvp.name or "", NAME_LENGTH)
    can_be_told = _can_be_told(rsvp, deaf)
    if author is None:
        return Attendee(rsvp, name, "", can_be_told)
    return Attendee(rsvp, name or author.name, author.handle, can_be_told)


def _can_be_told(rsvp: Rsvp, deaf: set[str]) -> bool:
    if rsvp.actor_uri:
        return urlsplit(rsvp.actor_uri).netloc not in deaf
    if rsvp.email_refused_at is not None:
        return False
    return rsvp.email_confirmed_at is not None or not rsvp.name
