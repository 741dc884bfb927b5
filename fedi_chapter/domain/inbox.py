"""What came in and waits to be understood."""

from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Incoming:
    """A verified activity as it is stored before it is processed."""

    activity_id: str
    """Its id, empty where it has none; its owner may use one again."""
    actor_uri: str
    type: str
    body: bytes
    host: str = ""
    """That of whoever signed it, else the actor's: what comes in is taken in turns by host."""
    signed_at: datetime = LONG_AGO
    """The date its request was signed with."""
    proved: bool = True
    """Signed by its actor; otherwise only its origin can prove it."""

    @property
    def digest(self) -> str:
        """What was said and by whom: with `signed_at` the ledger against replays.

        What nobody proved never uses up what its actor says itself.
        """
        said = f"{self.proved}\n{self.actor_uri}\n{self.activity_id}\n".encode() + self.body
        return sha256(said).hexdigest()


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
    signed_at: datetime
    proved: bool
    stands_aside: bool
    """What its actor says besides does not wait for it."""
    lease_until: datetime
    is_repeat: bool
    """The same was said before, to the byte: only `signed_at` tells that it is said anew."""
