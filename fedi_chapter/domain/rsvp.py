"""RSVPs: what people can say about an event, and the one rule by which it counts.

Every way in (poll vote, reply, Join, web form, an organizer's hand) ends in `decide`. It is
pure: what is known before, what is said and how many seats there are go in, the new state
comes out. Storing, counting and telling are the business of `services.rsvps`.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import NewType

from fedi_chapter.domain.event import Event, EventId, RsvpMode

RsvpId = NewType("RsvpId", str)

MOST_GUESTS = 9
"""How many people one person may bring; a larger group asks an organizer."""


class Answer(StrEnum):
    """What a person says."""

    GOING = "going"
    MAYBE = "maybe"
    NO = "no"
    NONE = "none"
    """An earlier answer is taken back."""


class RsvpStatus(StrEnum):
    """What became of it."""

    GOING = "going"
    MAYBE = "maybe"
    NO = "no"
    NONE = "none"
    PENDING = "pending"
    """Waits for an organizer's yes."""
    WAITLIST = "waitlist"
    ATTENDED = "attended"
    NO_SHOW = "no-show"


class Route(StrEnum):
    """The way a person came; answers go back the same way."""

    POLL = "poll"
    REPLY = "reply"
    JOIN = "join"
    """Join and Leave of Mobilizon and its kin."""
    ANSWER = "answer"
    """Accept, TentativeAccept, Reject of Friendica, Hubzilla and their kin."""
    WEB = "web"
    ACCOUNT = "account"
    """Signed in on our pages with an account elsewhere."""
    HAND = "hand"
    """Written down by an organizer."""
    DOOR = "door"
    """Walked in, written down by a greeter."""


class Rank(StrEnum):
    """What kind of word it was; of two with the same instant the later in this list counts."""

    JOIN = "1"
    ACCEPT = "2"
    TENTATIVE = "3"
    REJECT = "4"
    LEAVE = "5"


RANKS = {
    Answer.GOING: Rank.ACCEPT,
    Answer.MAYBE: Rank.TENTATIVE,
    Answer.NO: Rank.REJECT,
    Answer.NONE: Rank.LEAVE,
}
"""The rank of an answer that came by no activity of its own."""


class Refusal(StrEnum):
    """Why an answer changes nothing."""

    OFF = "off"
    CANCELLED = "cancelled"
    POSTPONED = "postponed"
    """There is no date to say yes to."""
    PAST = "past"
    FULL = "full"
    """No seat, and nobody can wait: the event only counts heads and could tell nobody."""
    PARTY_TOO_LARGE = "party-too-large"
    NO_ROOM_FOR_GUESTS = "no-room-for-guests"
    """The person keeps the seats it has; there are none for more guests."""


class Verdict(StrEnum):
    """What an answer did."""

    CHANGED = "changed"
    REPEATED = "repeated"
    STALE = "stale"
    """A later word of the same person is known already."""
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Party:
    """Who answers: an actor, a mail address, or somebody only known by a name."""

    key: str
    """Same key, same person: the actor's id, `mailto:…`, or `alias:` and an id."""
    actor_uri: str | None = None
    name: str | None = None
    email: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Saying:
    """One answer as it came."""

    answer: Answer
    route: Route
    at: datetime
    """When it was said, never later than now."""
    rank: Rank
    guests: int = 0
    """Every word stands whole: "going" after "going +2" means one person."""
    activity_id: str | None = None
    """The Join or Accept, which our answer must name."""
    note: str | None = None
    """A word to the organizers."""
    form_number: str | None = None
    """Names the form it was sent with, which may have been sent twice."""
    is_suspect: bool = False
    """It came in a flood: no seat without an organizer's yes (ABU-03)."""

    @property
    def order(self) -> tuple[datetime, str, int]:
        """Two sayings of one person: the greater counts, whichever comes first (events.md §9.4)."""
        return self.at, self.rank.value, self.guests


@dataclass(frozen=True, slots=True)
class Rsvp:
    """What is known of one person and one event. Nobody but the organizers may see it."""

    id: RsvpId
    event_id: EventId
    key: str
    status: RsvpStatus
    route: Route
    said_at: datetime
    said_rank: Rank
    said_guests: int
    created_at: datetime
    changed_at: datetime
    actor_uri: str | None = None
    name: str | None = None
    email: str | None = None
    email_confirmed_at: datetime | None = None
    email_refused_at: datetime | None = None
    """Since when the mail server of the address takes nothing for it."""
    email_turn: int = 1
    """Raised when the address is corrected; links sent to it carry it, and die with it."""
    language: str | None = None
    guests: int = 0
    activity_id: str | None = None
    note: str | None = None
    queued_at: datetime | None = None
    """Since when it waits, for a seat or for an organizer."""
    turn: int = 0
    """Raised by every change; links to the exact place carry it and die with it."""
    muted: bool = False
    """Wants no reminders."""
    approved_guests: int | None = None
    """With how many guests an organizer said yes to it; None where none did. Of one who was
    declined: with how many it is given back."""
    asked_guests: int | None = None
    """With how many guests it would come, where they wait for an organizer's yes."""
    checked_in_at: datetime | None = None
    form_number: str | None = None
    """Names the form it was sent with, as long as nobody has opened the page it led to."""

    @property
    def heads(self) -> int:
        """How many people it stands for."""
        return 1 + self.guests

    @property
    def email_is_doubtful(self) -> bool:
        """Tell whether there is a mail address that may be wrong: not confirmed, or refusing."""
        if self.email is None or self.actor_uri is not None:
            return False
        return self.email_confirmed_at is None or self.email_refused_at is not None

    @property
    def has_seat(self) -> bool:
        """Tell whether it takes seats."""
        return self.status in (RsvpStatus.GOING, RsvpStatus.ATTENDED)

    @property
    def is_settled(self) -> bool:
        """Tell whether greeters say that the person has come or stayed away: no word changes it."""
        return self.status in (RsvpStatus.ATTENDED, RsvpStatus.NO_SHOW)

    @property
    def was_declined(self) -> bool:
        """Tell whether the no is an organizer's: the person's own last word was a yes."""
        return self.status is RsvpStatus.NO and self.said_rank in (Rank.JOIN, Rank.ACCEPT)

    @property
    def order(self) -> tuple[datetime, str, int]:
        """The order of the saying it stands on, comparable with `Saying.order`."""
        return self.said_at, self.said_rank.value, self.said_guests


@dataclass(frozen=True, slots=True)
class Terms:
    """What an event allows at this moment."""

    is_on: bool
    is_cancelled: bool
    is_closed: bool
    """Past the deadline: nobody new, but a seat may still be given back."""
    is_over: bool
    capacity: int | None
    approval: bool
    counts_only: bool
    is_postponed: bool = False


def terms(event: Event, now: datetime) -> Terms:
    """Return what an event allows at `now`."""
    return Terms(
        is_on=event.rsvp is RsvpMode.ON and event.deleted_at is None and not event.is_draft,
        is_cancelled=event.is_cancelled,
        is_closed=event.closes_at <= now or event.is_postponed,
        is_over=event.over_at <= now,
        capacity=event.capacity,
        approval=event.approval,
        counts_only=event.counts_only,
        is_postponed=event.is_postponed,
    )


@dataclass(frozen=True, slots=True)
class Seats:
    """How it stands: heads with a seat."""

    taken: int

    def fit(self, heads: int, capacity: int | None) -> bool:
        """Tell whether `heads` more people find a seat."""
        return capacity is None or self.taken + heads <= capacity


@dataclass(frozen=True, slots=True)
class Decision:
    """What an answer leads to. Without a change, status and guests are as before."""

    verdict: Verdict
    status: RsvpStatus
    guests: int
    refusal: Refusal | None = None
    asked_guests: int | None = None
    """With how many guests the person would come, where an organizer must say yes first."""


def decide(known: Rsvp | None, saying: Saying, terms: Terms, seats: Seats) -> Decision:
    """Return what a person's answer leads to.

    A saying older than the one known changes nothing, nor does the same one again; who is
    checked in has come, whatever is said later.
    """
    status = known.status if known else RsvpStatus.NONE
    guests = known.guests if known else 0

    def unchanged(verdict: Verdict, refusal: Refusal | None = None) -> Decision:
        return Decision(verdict, status, guests, refusal)

    if known and saying.order < known.order:
        return unchanged(Verdict.STALE)
    if known and known.is_settled:
        return unchanged(Verdict.REPEATED)
    refusal = _refusal(saying, terms)
    if refusal is not None:
        return unchanged(Verdict.REFUSED, refusal)
    decision = _settle(known, saying, terms, seats)
    before = (status, guests, known.asked_guests if known else None)
    if decision.refusal is None and _state(decision) == before:
        return unchanged(Verdict.REPEATED)
    return decision


def _state(decision: Decision) -> tuple[RsvpStatus, int, int | None]:
    return decision.status, decision.guests, decision.asked_guests


def _refusal(saying: Saying, terms: Terms) -> Refusal | None:
    if not terms.is_on:
        return Refusal.OFF
    if terms.is_cancelled:
        return Refusal.CANCELLED
    gives_back = saying.answer in (Answer.NO, Answer.NONE)
    if terms.is_postponed and not gives_back and saying.route is not Route.HAND:
        return Refusal.POSTPONED
    if terms.is_over or (terms.is_closed and not gives_back and saying.route is not Route.HAND):
        return Refusal.PAST
    return None


def _settle(known: Rsvp | None, saying: Saying, terms: Terms, seats: Seats) -> Decision:
    if saying.answer is not Answer.GOING:
        return Decision(Verdict.CHANGED, RsvpStatus(saying.answer.value), 0)
    before = known.status if known else RsvpStatus.NONE
    too_large = terms.capacity is not None and 1 + saying.guests > terms.capacity
    if too_large or saying.guests > MOST_GUESTS:
        kept = known.guests if known else 0
        return Decision(Verdict.REFUSED, before, kept, Refusal.PARTY_TOO_LARGE)
    if before is RsvpStatus.GOING and known is not None:
        more = saying.guests - known.guests
        if more > 0 and not seats.fit(more, terms.capacity):
            return Decision(Verdict.REFUSED, before, known.guests, Refusal.NO_ROOM_FOR_GUESTS)
    guests = _granted(known, saying, terms)
    if guests is None:
        return Decision(Verdict.CHANGED, RsvpStatus.PENDING, saying.guests)
    asked = saying.guests if guests < saying.guests else None
    if before in (RsvpStatus.GOING, RsvpStatus.WAITLIST, RsvpStatus.PENDING):
        return Decision(Verdict.CHANGED, before, guests, asked_guests=asked)
    return replace(seat(guests, terms, seats, before), asked_guests=asked)


def _granted(known: Rsvp | None, saying: Saying, terms: Terms) -> int | None:
    """Return with how many guests somebody may come for now; None while nobody said yes at all.

    A yes for one is none for ten: guests beyond those it covered, or beyond those who have
    seats already, need another.
    """
    if saying.route is Route.HAND or not (terms.approval or saying.is_suspect):
        return saying.guests
    if known is None:
        return None
    if known.status in (RsvpStatus.GOING, RsvpStatus.WAITLIST):
        return min(saying.guests, max(known.guests, known.approved_guests or 0))
    if known.approved_guests is None or known.was_declined:
        return None
    return min(saying.guests, known.approved_guests)


def seat(guests: int, terms: Terms, seats: Seats, before: RsvpStatus) -> Decision:
    """Return what becomes of a party that asks for seats: first come, first served.

    A party for which the free seats suffice passes by those in line, as do guests on top: whoever
    fitted in there would have got them already. An event that only counts heads knows nobody to
    tell of a free seat, so it has no waitlist.
    """
    if seats.fit(1 + guests, terms.capacity):
        return Decision(Verdict.CHANGED, RsvpStatus.GOING, guests)
    if terms.counts_only:
        return Decision(Verdict.REFUSED, before, guests, Refusal.FULL)
    return Decision(Verdict.CHANGED, RsvpStatus.WAITLIST, guests)
