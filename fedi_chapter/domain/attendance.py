"""Whether one of ours takes part in an event of another server, and how that server is told.

There is no single RSVP verb on the fediverse. Which words a server understands is decided here,
from what its event says and from the software it runs; saying it is the business of
`services.attendance`. Pure.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from fedi_chapter.domain.chapter import ActorId
from fedi_chapter.domain.neighbour import JOINABLE
from fedi_chapter.domain.rsvp import Answer


class Dialect(StrEnum):
    """How a server is told that somebody comes."""

    JOIN = "join"
    """Join and Leave; a Join is answered. Maybe can't be said."""
    ACCEPT = "accept"
    """Accept, TentativeAccept and Reject of the Event; nobody answers these."""
    CHAPTER = "chapter"
    """Ours: a Join, for it is answered; TentativeAccept and Reject besides."""
    ELSEWHERE = "elsewhere"
    """People sign up at an address the event names."""
    SILENT = "silent"
    """Its software takes no RSVPs."""


class AttendanceState(StrEnum):
    """How far an answer of ours has come."""

    ASKED = "asked"
    """Sent, or about to be; no word has come back."""
    TOLD = "told"
    """Sent, or about to be, in words that their software never answers."""
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    NO_RSVPS = "no-rsvps"
    """Their software takes no RSVPs."""
    WITHDRAWN = "withdrawn"
    """We said that we do not come."""


_SOFTWARE: Mapping[str, Dialect] = {
    "activitypods": Dialect.JOIN,
    "mobilizon": Dialect.JOIN,
    "rebased": Dialect.JOIN,
    "everycal": Dialect.ACCEPT,
    "forte": Dialect.ACCEPT,
    "friendica": Dialect.ACCEPT,
    "hubzilla": Dialect.ACCEPT,
    "streams": Dialect.ACCEPT,
    "fedi-chapter": Dialect.CHAPTER,
    "gancio": Dialect.SILENT,
    "wordpress": Dialect.SILENT,
}

VERBS: Mapping[Dialect, Mapping[Answer, str]] = {
    Dialect.JOIN: {Answer.GOING: "Join", Answer.NO: "Leave"},
    Dialect.ACCEPT: {
        Answer.GOING: "Accept",
        Answer.MAYBE: "TentativeAccept",
        Answer.NO: "Reject",
    },
    Dialect.CHAPTER: {
        Answer.GOING: "Join",
        Answer.MAYBE: "TentativeAccept",
        Answer.NO: "Reject",
    },
    Dialect.ELSEWHERE: {},
    Dialect.SILENT: {},
}
"""The activity that says an answer; what has none can't be said there."""
ANSWERED = frozenset({"Join"})
"""Of these activities, those that the other server answers."""


def dialect_of(join_mode: str | None, software: str | None) -> Dialect:
    """Return how a server is told (events.md §6).

    What the event itself says about signing up wins, where it says that nobody can by a message;
    then the software is known to speak one way; what is left goes by the event.
    """
    if join_mode == "external":
        return Dialect.ELSEWHERE
    if join_mode in {"none", "invite"}:
        return Dialect.SILENT
    by_event = Dialect.JOIN if join_mode in JOINABLE else Dialect.SILENT
    return _SOFTWARE.get(software or "", by_event)


@dataclass(frozen=True, slots=True)
class Attendance:
    """What one of our actors last said about a neighbour's event, and what became of it."""

    actor_id: ActorId
    event_uri: str
    answer_id: str
    """Names the last activity that said it; an answer to an older one no longer counts."""
    status: Answer
    state: AttendanceState
    verb: str | None
    """The type of that activity, None when there was nothing to send."""
    said_at: datetime
    answered_at: datetime | None = None
