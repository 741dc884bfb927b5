"""What happened here, written down in the same transaction as the change itself.

Services put happenings into the outbox table; the fan-out worker reads them and
`federation.publish` turns them into documents. They carry ids only.
"""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class EventPublished:
    """An event left draft."""

    event_id: str


@dataclass(frozen=True, slots=True)
class EventChanged:
    """A published event was edited or cancelled."""

    event_id: str


@dataclass(frozen=True, slots=True)
class EventDeleted:
    """A published event was deleted."""

    event_id: str


@dataclass(frozen=True, slots=True)
class PostPublished:
    """A post was written."""

    post_id: str


@dataclass(frozen=True, slots=True)
class PostChanged:
    """A post was edited."""

    post_id: str


@dataclass(frozen=True, slots=True)
class PostDeleted:
    """A post was deleted."""

    post_id: str


@dataclass(frozen=True, slots=True)
class ActorChanged:
    """An actor's profile was edited."""

    actor_id: str


@dataclass(frozen=True, slots=True)
class KeyRotated:
    """An actor has a new key; `old_key_id` signs the news of it."""

    actor_id: str
    old_key_id: str


@dataclass(frozen=True, slots=True)
class FollowRequested:
    """One of ours wants to follow a remote actor."""

    follow_id: str


@dataclass(frozen=True, slots=True)
class FollowWithdrawn:
    """One of ours no longer follows, or no longer asks to."""

    actor_id: str
    follow_id: str
    target: str
    by_id: bool = False
    """Said once more, with the Follow's id alone: the Follow itself inside was refused."""


@dataclass(frozen=True, slots=True)
class FollowerAccepted:
    """A follower who waited for an organizer was let in."""

    actor_id: str
    follower: str
    follow_activity: str


@dataclass(frozen=True, slots=True)
class FollowerRemoved:
    """A follower was turned away afterwards, for example by a block."""

    actor_id: str
    follower: str
    follow_activity: str


@dataclass(frozen=True, slots=True)
class ServerFollowed:
    """A server's own actor (a relay) follows one of ours: it wants the upcoming events."""

    actor_id: str
    follower: str


@dataclass(frozen=True, slots=True)
class HostTakesEvents:
    """A server turned out to take events: what it has as faces it gets as Events."""

    host: str


@dataclass(frozen=True, slots=True)
class Boosted:
    """One of ours boosted something."""

    boost_id: str


@dataclass(frozen=True, slots=True)
class Unboosted:
    """One of ours took a boost back."""

    boost_id: str


@dataclass(frozen=True, slots=True)
class QuoteRevoked:
    """An authorization to quote was taken back."""

    quote_id: str


@dataclass(frozen=True, slots=True)
class RsvpTallyChanged:
    """So many people answered an event: its poll shows new totals."""

    event_id: str


@dataclass(frozen=True, slots=True)
class JoinAnswered:
    """A Join is answered: accepted, rejected, or ignored because RSVP is off."""

    event_id: str
    actor_uri: str
    join_id: str
    answer: str
    """`Accept`, `Reject` or `Ignore`."""


@dataclass(frozen=True, slots=True)
class AttendeesToTell:
    """Those who come must hear of a change of time or place, or of a cancellation."""

    event_id: str
    kind: str
    """A `NoticeKind`."""


@dataclass(frozen=True, slots=True)
class AttendanceSaid:
    """One of ours said whether it comes to a neighbour's event."""

    answer_id: str
    actor_id: str
    event_uri: str
    organizer: str
    """The id of the event's actor, who is told."""
    verb: str
    """The type of the activity that says it in the words of that server."""


Happening = (
    EventPublished
    | EventChanged
    | EventDeleted
    | PostPublished
    | PostChanged
    | PostDeleted
    | ActorChanged
    | KeyRotated
    | FollowRequested
    | FollowWithdrawn
    | FollowerAccepted
    | FollowerRemoved
    | ServerFollowed
    | HostTakesEvents
    | Boosted
    | Unboosted
    | QuoteRevoked
    | RsvpTallyChanged
    | JoinAnswered
    | AttendeesToTell
    | AttendanceSaid
)

KINDS: dict[str, type[Happening]] = {kind.__name__: kind for kind in Happening.__args__}


def to_row(happening: Happening) -> tuple[str, dict[str, Any]]:
    """Return the name and the fields under which a happening is stored."""
    return type(happening).__name__, asdict(happening)


def from_row(kind: str, fields: dict[str, Any]) -> Happening:
    """Return the happening stored under `kind` with `fields`."""
    return KINDS[kind](**fields)
