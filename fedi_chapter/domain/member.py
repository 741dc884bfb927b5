"""Members: people who signed in here with their account on another server.

Used by the rooms that find out who somebody is (`signin`, `federation.members`) and by the
pages made for one person. A member has no account of ours: the actor id is all there is.
"""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody who proved to be the owner of a fediverse account."""

    actor_uri: str
    handle: str
    name: str
    url: str


@dataclass(frozen=True, slots=True)
class Claim:
    """What a server says of who just signed in there. Nothing of it is believed yet."""

    issuer: str
    """The origin of the server we spoke to, without a trailing slash."""
    username: str
    actor_uri: str | None
    """The ActivityPub id, where that server tells it."""


@dataclass(frozen=True, slots=True)
class OAuthApp:
    """This chapter as one server knows it, and the addresses there (RFC 8414)."""

    issuer: str
    client_id: str
    secret_sealed: bytes
    redirect_uri: str
    scope: str
    authorize_url: str
    token_url: str
    revoke_url: str
    userinfo_url: str | None
    """Where the server tells who signed in; without one, its account endpoint does."""
    checked_at: datetime
    """When the server last said that it still knows us."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A sign-in that was begun: at which server, and where to go afterwards."""

    issuer: str
    next_path: str
