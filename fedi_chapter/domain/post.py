"""Posts: what a chapter tells its neighbourhood."""

from dataclasses import dataclass
from datetime import datetime
from typing import NewType

from fedi_chapter.domain.audience import Visibility
from fedi_chapter.domain.chapter import ActorId
from fedi_chapter.domain.media import Media

PostId = NewType("PostId", str)


@dataclass(frozen=True, slots=True)
class Mention:
    """Somebody named in a post: actor id, profile page, and `name@host`."""

    uri: str
    url: str
    handle: str


@dataclass(frozen=True, slots=True)
class Post:
    """One post of one of our actors."""

    id: PostId
    actor_id: ActorId
    published_at: datetime
    source: str
    """Markdown as the organizer wrote it."""
    html: str
    title: str | None = None
    warning: str | None = None
    """What people read before they decide to read the rest."""
    language: str = "en"
    visibility: Visibility = Visibility.PUBLIC
    in_reply_to: str | None = None
    tags: tuple[str, ...] = ()
    mentions: tuple[Mention, ...] = ()
    images: tuple[Media, ...] = ()
    updated_at: datetime | None = None
    deleted_at: datetime | None = None
    revision: int = 0
