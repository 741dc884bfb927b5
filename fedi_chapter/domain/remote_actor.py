"""Actors who live elsewhere, as far as we know them, and the keys that prove them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

PROFILE_AGE = timedelta(days=1)
"""A profile older than this is fetched again when it is used."""
GROUP_LIKE = frozenset({"Group", "Application", "Organization", "Service"})


@dataclass(frozen=True, slots=True)
class RemoteKey:
    """A public key another actor signs with. `public` is PEM for RSA, 32 raw bytes for Ed25519."""

    id: str
    owner: str
    kind: Literal["rsa", "ed25519"]
    public: bytes


@dataclass(frozen=True, slots=True)
class RemoteActor:
    """A fediverse actor of another server. `uri` is its ActivityPub id, kept to the letter."""

    uri: str
    host: str
    """Host, with port where it is not the default, of `uri`; lower case."""
    type: str
    username: str
    handle: str
    """`username@host`; another domain than the actor's only after a WebFinger back-check."""
    name: str
    inbox: str
    url: str
    shared_inbox: str | None = None
    outbox: str | None = None
    followers: str | None = None
    icon_url: str | None = None
    also_known_as: tuple[str, ...] = ()
    moved_to: str | None = None
    """Its new home, which has confirmed the move."""
    fetched_at: datetime | None = None
    gone_at: datetime | None = None
    keys: tuple[RemoteKey, ...] = ()

    @property
    def is_automatic(self) -> bool:
        """Tell whether this is a server's own actor, such as a Mobilizon relay."""
        return self.type == "Application"
