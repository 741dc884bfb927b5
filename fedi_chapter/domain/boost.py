"""Boosts: what one of ours passed on."""

from dataclasses import dataclass
from datetime import datetime

from fedi_chapter.domain.chapter import ActorId


@dataclass(frozen=True, slots=True)
class Boost:
    """An object of somebody else that one of our actors passed on."""

    id: str
    actor_id: ActorId
    object_uri: str
    author_uri: str
    at: datetime
    undone_at: datetime | None = None
