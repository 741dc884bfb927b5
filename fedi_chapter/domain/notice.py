"""Notices: what one person is told about an event, by the route it came.

Put by services in the transaction of what they tell; worded and sent by the notice loop.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType

from fedi_chapter.domain.chapter import LocalActor
from fedi_chapter.domain.event import Event, EventId
from fedi_chapter.domain.rsvp import Rsvp, RsvpId

NoticeId = NewType("NoticeId", str)


class NoticeKind(StrEnum):
    """What a notice says."""

    GOING = "going"
    MAYBE = "maybe"
    NO = "no"
    TAKEN_BACK = "taken-back"
    PENDING = "pending"
    WAITLIST = "waitlist"
    PROMOTED = "promoted"
    DECLINED = "declined"
    """An organizer said no."""
    REFUSED = "refused"
    """The answer came too late, or there is no room; `facts["refusal"]` says which."""
    UNSURE = "unsure"
    """We did not understand a reply and ask back."""
    CHANGED = "changed"
    CANCELLED = "cancelled"
    POSTPONED = "postponed"
    REOPENED = "reopened"
    """It takes place after all."""
    REMINDER = "reminder"
    THANKS = "thanks"
    MESSAGE = "message"
    """An organizer's own words, `facts["text"]`."""
    CONFIRM_MAIL = "confirm-mail"
    FORGOTTEN = "forgotten"


MUTABLE = frozenset({NoticeKind.REMINDER, NoticeKind.THANKS})
"""What somebody who muted the event is spared."""
CALLED_OFF = frozenset({NoticeKind.CANCELLED, NoticeKind.POSTPONED})
"""That an event does not take place at its time: nobody may set out for it."""
NEWS = frozenset({NoticeKind.CHANGED, NoticeKind.POSTPONED, NoticeKind.REOPENED})
"""What people must have heard before they are reminded of the event as it is now."""

OWN_ANSWERS = frozenset(
    {
        NoticeKind.GOING,
        NoticeKind.MAYBE,
        NoticeKind.NO,
        NoticeKind.TAKEN_BACK,
        NoticeKind.PENDING,
        NoticeKind.WAITLIST,
    }
)
"""What confirms a person's own word."""
QUESTIONS = frozenset({NoticeKind.CONFIRM_MAIL})
"""What strangers cause, in the name of any address."""
_REPLIES = OWN_ANSWERS | {NoticeKind.REFUSED, NoticeKind.UNSURE, NoticeKind.FORGOTTEN}
URGENCY = (
    CALLED_OFF,
    frozenset(NoticeKind) - CALLED_OFF - _REPLIES - QUESTIONS,
    _REPLIES,
    QUESTIONS,
)
"""The kinds in the order in which mail goes out: what people cause by answering comes last."""


class NoticeState(StrEnum):
    """How far a notice has come."""

    WAITING = "waiting"
    SENT = "sent"
    DROPPED = "dropped"
    """It was no longer true, or no longer wanted, when it was to be sent."""
    FAILED = "failed"
    """Given up: refused for good, or tried for longer than we try."""


class NoticeRoute(StrEnum):
    """How a notice travels. Who came without an account and without mail reads the page."""

    DIRECT = "direct"
    """A direct message, addressed to that person alone."""
    MAIL = "mail"


@dataclass(frozen=True, slots=True)
class Notice:
    """One message to one person, waiting to be worded and sent."""

    id: NoticeId
    event_id: EventId
    kind: NoticeKind
    route: NoticeRoute
    recipient: str
    """An actor id or a mail address."""
    once: str
    """Two notices with the same word are one: nobody is told twice."""
    due: datetime
    rsvp_id: RsvpId | None = None
    language: str | None = None
    in_reply_to: str | None = None
    facts: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NoticeCount:
    """One line of a delivery report."""

    route: NoticeRoute
    state: NoticeState
    number: int


@dataclass(frozen=True, slots=True)
class Briefing:
    """What is known at the moment a notice is worded, so that it is true when it leaves."""

    notice: Notice
    event: Event
    host: LocalActor
    """Who speaks: the actor whose event it is."""
    rsvp: Rsvp | None = None
    """None for somebody whose answer was never taken, or was erased."""
    place_in_line: int = 0
    next_event: Event | None = None
    """The host's next one; only where thanks are said."""
    message: str | None = None
    """An organizer's own words."""
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class Overtaken:
    """Why a notice is not sent after all."""

    reason: str
