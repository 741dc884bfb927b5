"""Who answered an event, as its organizers see them: by name and handle, with their answer.

Read by the organizers' pages and the command line. Nothing of it is ever public.
"""

from collections.abc import Callable
from urllib.parse import urlsplit

from fedi_chapter.core.text import one_line
from fedi_chapter.domain.attendee import Attendee
from fedi_chapter.domain.event import EventId
from fedi_chapter.domain.host import DROPS_MESSAGES
from fedi_chapter.domain.rsvp import Rsvp, RsvpId
from fedi_chapter.store import hosts, mail_stops, remote_actors, rsvps
from fedi_chapter.store.pages.voices import NAME_LENGTH, Author, authors
from fedi_chapter.store.tx import ReadTx


def attendees(
    tx: ReadTx, event_id: EventId, *, mail: Callable[[str], str] | None = None
) -> list[Attendee]:
    """Return everyone who answered and did not take it back, in the order they first came.

    `mail` returns what stands for an address among those that want no mail; without it no mail
    goes out.
    """
    found = rsvps.of_event(tx, event_id)
    known = authors(tx, (rsvp.actor_uri for rsvp in found if rsvp.actor_uri))
    reached = _reached(tx, found, mail)
    return [_attendee(rsvp, known, rsvp.id in reached) for rsvp in found]


def _attendee(rsvp: Rsvp, known: dict[str, Author], can_be_told: bool) -> Attendee:
    author = known.get(rsvp.actor_uri or "")
    name = one_line(rsvp.name or "", NAME_LENGTH)
    if author is None:
        return Attendee(rsvp, name, "", can_be_told)
    return Attendee(rsvp, name or author.name, author.handle, can_be_told)


def _reached(tx: ReadTx, found: list[Rsvp], mail: Callable[[str], str] | None) -> set[RsvpId]:
    """Return the answers of those whom a message from us reaches."""
    deaf = hosts.that_run(tx, DROPS_MESSAGES)
    gone = remote_actors.gone_among(tx, {rsvp.actor_uri for rsvp in found if rsvp.actor_uri})
    boxes = {rsvp.email: mail(rsvp.email) for rsvp in found if rsvp.email} if mail else {}
    stopped = mail_stops.among(tx, set(boxes.values()))

    def is_reached(rsvp: Rsvp) -> bool:
        if rsvp.actor_uri:
            return rsvp.actor_uri not in gone and urlsplit(rsvp.actor_uri).netloc not in deaf
        if rsvp.email_confirmed_at is None or rsvp.email_refused_at is not None:
            return not (rsvp.name or rsvp.email)
        return rsvp.email in boxes and boxes[rsvp.email] not in stopped

    return {rsvp.id for rsvp in found if is_reached(rsvp)}
