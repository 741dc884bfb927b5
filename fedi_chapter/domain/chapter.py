"""The actors of this instance: the chapter, the instance itself, and later its groups."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal, NewType

from fedi_chapter.domain.media import Media
from fedi_chapter.domain.place import Area

ActorId = NewType("ActorId", str)

INSTANCE_HANDLE = "relay"


class ActorKind(StrEnum):
    """What a local actor is."""

    CHAPTER = "chapter"
    INSTANCE = "instance"
    GROUP = "group"


@dataclass(frozen=True, slots=True)
class LocalActor:
    """An actor that lives here and signs with its own key."""

    id: ActorId
    kind: ActorKind
    handle: str
    name: str
    created_at: datetime
    updated_at: datetime
    summary: str = ""
    """What this chapter is, as Markdown."""
    summary_html: str = ""
    language: str = "en"
    timezone: str = "UTC"
    area: Area | None = None
    icon: Media | None = None
    header: Media | None = None
    email: str | None = None
    also_known_as: tuple[str, ...] = ()
    moved_to: str | None = None


@dataclass(frozen=True, slots=True)
class Instance:
    """Under which name this server was founded. Ids that left the house hang on it."""

    domain: str
    base_url: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class StoredKey:
    """One of a local actor's key pairs; the private half is sealed with the master key."""

    actor_id: ActorId
    kind: Literal["rsa", "ed25519"]
    fragment: str
    private_sealed: bytes
    public_pem: str
    created_at: datetime
    retired_at: datetime | None = None
