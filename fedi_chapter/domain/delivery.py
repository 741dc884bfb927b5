"""What waits to be told to whom: one stored body, one delivery per inbox and host."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from fedi_chapter.domain.chapter import ActorId


class DeliveryState(StrEnum):
    """How far a delivery has come."""

    WAITING = "waiting"
    IN_FLIGHT = "in_flight"
    DONE = "done"
    FAILED = "failed"
    """Given up: refused for good, or tried for longer than we try."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that a worker has leased: ids and bytes only."""

    id: int
    inbox: str
    host: str
    actor_id: ActorId
    key_id: str | None
    """A key this delivery must be signed with; None means the actor's current one."""
    body: bytes
    digest: str
    """Base64 of the body's SHA-256."""
    attempts: int
    first_due: datetime
    scheme: str
    """The signature scheme this host took last: `cavage` or `rfc9421`."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one attempt ended, as the queue records it."""

    id: int
    host: str
    state: DeliveryState
    attempts: int
    due: datetime | None = None
    """When to try again, for a delivery that waits."""
    status: int | None = None
    error: str | None = None
    host_answered: bool = False
    """The host is alive: it gave any answer that is not an overload."""
    rest_until: datetime | None = None
    """The whole host is left alone until then."""
    scheme: str | None = None


@dataclass(frozen=True, slots=True)
class QueueStatus:
    """The state of the delivery queue; age of the oldest waiting one in seconds."""

    waiting: int
    in_flight: int
    failed: int
    resting_hosts: int
    oldest_seconds: float


@dataclass(frozen=True, slots=True)
class QueuedDelivery:
    """A delivery as an operator sees it."""

    id: int
    activity: str
    inbox: str
    host: str
    state: DeliveryState
    attempts: int
    due: datetime | None
    status: int | None
    error: str | None
