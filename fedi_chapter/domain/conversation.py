"""What others say: replies under our events and posts, private messages, reactions, reports."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal


class ReplyState(StrEnum):
    """Whether a reply stands on our pages."""

    SHOWN = "shown"
    HELD = "held"
    HIDDEN = "hidden"


@dataclass(frozen=True, slots=True)
class Reply:
    """A public or unlisted note of somebody else, in a thread below something of ours."""

    uri: str
    actor_uri: str
    in_reply_to: str
    root: str
    """The event, face or post of ours at the top of the thread."""
    html: str
    """As received."""
    published_at: datetime
    url: str
    language: str | None = None
    updated_at: datetime | None = None
    unlisted: bool = False
    state: ReplyState = ReplyState.SHOWN
    warning: str | None = None
    """What its author wants people to read before they decide to read it."""
    attached: str = ""
    """Its pictures and poll options, as HTML made here."""
    body: str | None = field(default=None, compare=False)
    """What is shown, sanitised when it was stored; None until the present rule has judged it."""
    is_cut: bool = field(default=False, compare=False)
    """Whether `body` leaves something out."""


@dataclass(frozen=True, slots=True)
class Message:
    """A note addressed to us but not to the public: never shown on any public page."""

    uri: str
    actor_uri: str
    html: str
    """As received."""
    published_at: datetime
    in_reply_to: str | None = None
    updated_at: datetime | None = None
    warning: str | None = None
    attached: str = ""
    body: str | None = field(default=None, compare=False)
    """What is shown, as that of a reply."""
    is_cut: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class Reaction:
    """Somebody's like or boost of something of ours."""

    kind: Literal["like", "boost"]
    actor_uri: str
    object_uri: str
    activity_id: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Report:
    """A complaint another server forwarded to us (Flag)."""

    id: str
    reporter: str
    objects: tuple[str, ...]
    comment: str
    at: datetime


@dataclass(frozen=True, slots=True)
class QuoteAuthorization:
    """Our consent that somebody quotes something of ours (FEP-044f)."""

    id: str
    quote_uri: str
    target_uri: str
    actor_uri: str
    at: datetime
