"""What an organizer does with the list of attendees: write somebody down, find somebody.

Called by the command line and the organizers' pages, inside their transaction. Every answer
enters the one room, `services.rsvps`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from fedi_chapter.core.errors import Conflict, FormInvalid, Missing
from fedi_chapter.core.graphemes import is_visible
from fedi_chapter.core.text import one_line
from fedi_chapter.domain.event import Event, EventId
from fedi_chapter.domain.rsvp import RANKS, Answer, Party, Refusal, Route, Rsvp, RsvpId, Saying
from fedi_chapter.services import own_rsvps
from fedi_chapter.services import rsvps as room
from fedi_chapter.store import rsvps
from fedi_chapter.store.pages.attendees import attendees
from fedi_chapter.store.tx import ReadTx, WriteTx

MORE_SEATS = "raise the number of seats (--capacity)"
WHY: Mapping[Refusal, tuple[str, str | None]] = {
    Refusal.OFF: ("this event takes no answers", "have it ask who comes (--rsvp on)"),
    Refusal.CANCELLED: ("this event is cancelled", None),
    Refusal.POSTPONED: ("this event is postponed", "give it its new date first"),
    Refusal.PAST: ("this event is over", None),
    Refusal.FULL: (
        "no seat is free, and this event only counts heads: nobody can wait",
        MORE_SEATS,
    ),
    Refusal.PARTY_TOO_LARGE: (
        "that is more people than one answer may bring, or than there are seats",
        f"write them down in parts, or {MORE_SEATS}",
    ),
    Refusal.NO_ROOM_FOR_GUESTS: ("no seats are free for more guests", MORE_SEATS),
}
"""Why somebody can't be written down, and what helps."""


@dataclass(frozen=True, slots=True)
class ByHand:
    """Somebody an organizer writes down."""

    name: str
    answer: Answer = Answer.GOING
    guests: int = 0
    email: str = ""
    """Asked first whether it wants our mail."""


def write_down(tx: WriteTx, event: Event, person: ByHand) -> Rsvp:
    """Take the answer of somebody who gave it to an organizer; return how they stand.

    Raises:
        FormInvalid: no name, no mail address, or a wrong number of guests.
        Conflict: the event takes no answers any more, or not this one.

    """
    name = one_line(person.name, own_rsvps.LONGEST_NAME)
    if not event.counts_only and not is_visible(name):
        raise FormInvalid("the name is missing", cure="any name will do", field="name")
    if person.guests < 0:
        raise FormInvalid("there are no negative guests", cure="give 0 or more", field="guests")
    party = Party(key=f"hand:{tx.new_id()}", name=name, language=event.language)
    saying = Saying(person.answer, Route.HAND, tx.now, RANKS[person.answer], person.guests)
    response = room.respond(tx, event, party, saying)
    if response.refusal is not None:
        reason, cure = WHY[response.refusal]
        raise Conflict(reason, cure=cure)
    if person.email and own_rsvps.may_add_email(event, response.rsvp):
        own_rsvps.add_email(tx, event, response.rsvp, person.email)
    return response.rsvp


def correct_email(tx: WriteTx, event: Event, rsvp_id: RsvpId, email: str) -> Rsvp:
    """Take somebody's right mail address instead of one that may be wrong, or the first; ask it.

    Raises:
        FormInvalid: it is none.
        Conflict: there is another way to tell this person, or the address is right as it is.
        Missing: there is no such answer to this event.

    """
    known = rsvps.get(tx, rsvp_id)
    if known is None or known.event_id != event.id:
        raise Missing("nobody answered under that id", cure="`event rsvps ID` shows who did")
    own_rsvps.take_email(tx, event, known, email)
    return known


def find(tx: ReadTx, event_id: EventId, who: str) -> Rsvp:
    """Return the answer of the person called `who`: by id, handle, account, address or name.

    Raises:
        Missing: nobody who answered is called so.
        Conflict: several are.

    """
    wanted = who.strip().casefold()
    people = attendees(tx, event_id)
    found = [
        each.rsvp
        for each in people
        if wanted
        in {
            each.rsvp.id,
            (each.rsvp.actor_uri or "").casefold(),
            (each.rsvp.email or "").casefold(),
            each.handle.casefold(),
            each.handle.removeprefix("@").casefold(),
            each.name.casefold(),
        }
        - {""}
    ]
    if not found:
        raise Missing(f"nobody called {who!r} answered", cure="`event rsvps ID` shows who did")
    if len(found) > 1:
        raise Conflict(
            f"{len(found)} people are called {who!r}", cure="name the id that `event rsvps` shows"
        )
    return found[0]
