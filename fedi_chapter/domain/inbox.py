"""What came in and waits to be understood."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Incoming:
    """A verified activity as it is stored before it is processed."""

    activity_id: str
    """Its id, or one made from a digest where it has none: the ledger against replays."""
    actor_uri: str
    type: str
    body: bytes
    host: str = ""
    """The actor's host: what comes in is taken in turns, host by host."""


@dataclass(frozen=True, slots=True)
class InboxJob:
    """A stored activity that a worker has leased."""

    id: int
    activity_id: str
    actor_uri: str
    body: bytes
    attempts: int
    host: str
    received_at: datetime
