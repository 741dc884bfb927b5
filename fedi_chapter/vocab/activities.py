"""The activities we tell apart when they come in: one frozen class each.

Made only by `vocab.read`, dispatched by class in `federation.dispatch`. After the reader no
JSON travels further. Ids are kept to the letter: a peer's id is never normalised.
"""

from dataclasses import dataclass
from datetime import datetime

from fedi_chapter.domain.neighbour import NeighbourEvent
from fedi_chapter.domain.remote_actor import RemoteActor

PUBLIC = "https://www.w3.org/ns/activitystreams#Public"

Request = dict[str, object]
"""A document as it came in, kept because our answer has to embed it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """What every activity has. `id` may be missing (Add and Remove of Mastodon have none)."""

    id: str | None
    actor: str
    published: datetime | None = None
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A Note (or Question, Article, Page) as others send it."""

    id: str
    attributed_to: str
    content: str
    """HTML as received."""
    to: tuple[str, ...]
    cc: tuple[str, ...]
    url: str
    published: datetime | None = None
    updated: datetime | None = None
    name: str | None = None
    warning: str | None = None
    """A content warning, one line."""
    attached: str = ""
    """What comes with the text, as HTML made here: options of a poll, pictures in words."""
    in_reply_to: str | None = None
    language: str | None = None
    mentions: tuple[str, ...] = ()
    """Actor ids of the Mention tags."""

    @property
    def is_public(self) -> bool:
        """Tell whether everyone may read it (public or unlisted)."""
        return PUBLIC in self.to or PUBLIC in self.cc

    @property
    def is_listed(self) -> bool:
        """Tell whether it is meant for public timelines (Public in `to`)."""
        return PUBLIC in self.to


@dataclass(frozen=True, slots=True, kw_only=True)
class EventDocument:
    """An Event as others send it, normalised, with its audience and authors."""

    event: NeighbourEvent
    attributed_to: tuple[str, ...]
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()

    @property
    def is_public(self) -> bool:
        """Tell whether everyone may see it."""
        return PUBLIC in self.to or PUBLIC in self.cc

    @property
    def is_listed(self) -> bool:
        """Tell whether it may stand in public lists."""
        return PUBLIC in self.to


@dataclass(frozen=True, slots=True, kw_only=True)
class Follow(Activity):
    """Somebody wants to follow `target`; `document` is the Follow as it came, to embed again."""

    target: str
    document: Request


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoFollow(Activity):
    """Somebody no longer follows. `target` may be unknown when only the id was given."""

    follow_id: str | None
    target: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowAnswer(Activity):
    """Accept or Reject of a Follow: by its id, or by who asked whom."""

    accepted: bool
    follow_id: str | None
    follower: str | None = None
    target: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateNote(Activity):
    """Somebody wrote a note: a reply, a mention, a private message, a neighbour's post."""

    note: Note


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateNote(Activity):
    """Somebody edited a note."""

    note: Note


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateEvent(Activity):
    """Somebody published an event."""

    document: EventDocument


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateEvent(Activity):
    """Somebody changed or cancelled an event."""

    document: EventDocument


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateByReference(Activity):
    """Create or Update whose object is only an id, or lies on another host: to be fetched."""

    object: str
    is_update: bool = False
    in_reply_to: str | None = None
    """What an object of another host is said to answer: a hint that it is about us."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote(Activity):
    """A poll vote: a Note with a name, a reply target, and no content."""

    note_id: str | None
    question: str
    option: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateActor(Activity):
    """An actor changed its profile; None when the embedded document could not be read."""

    profile: RemoteActor | None
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteObject(Activity):
    """Somebody deleted something."""

    object: str
    former_type: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteActor(Activity):
    """An actor says that it is gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Announce(Activity):
    """Somebody boosted `object`. What was embedded is not trusted; only its id counts."""

    object: str
    inner_type: str | None = None
    """Type of an embedded activity (Group relays: Announce{Create{…}}), else None."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoAnnounce(Activity):
    """Somebody took a boost back."""

    announce_id: str | None
    object: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Like(Activity):
    """Somebody liked something; emoji reactions count as likes."""

    object: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoLike(Activity):
    """Somebody took a like back."""

    like_id: str | None
    object: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Block(Activity):
    """Somebody blocks one of ours."""

    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoBlock(Activity):
    """Somebody no longer blocks one of ours."""

    block_id: str | None
    target: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoUnknown(Activity):
    """Undo of something given only by id."""

    object: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag(Activity):
    """A forwarded report."""

    objects: tuple[str, ...]
    comment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Move(Activity):
    """An account says it moved to `target`."""

    object: str
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AddOrRemove(Activity):
    """Somebody pinned or unpinned something in a collection of theirs."""

    added: bool
    object: str
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteRequest(Activity):
    """Somebody asks to quote `object` in `instrument` (FEP-044f)."""

    object: str
    instrument: str
    instrument_author: str | None = None
    document: Request


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteAnswer(Activity):
    """Accept or Reject of a quote request of ours."""

    accepted: bool
    request_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Join(Activity):
    """Somebody wants to take part in an event (Mobilizon, Rebased), or perhaps (Smithereen)."""

    object: str
    tentative: bool = False
    note: str = ""
    """A word to the organizers, plain text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave(Activity):
    """Somebody no longer takes part."""

    object: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EventAnswer(Activity):
    """Accept, TentativeAccept or Reject of events or invitations (Friendica, Hubzilla, AS2)."""

    answer: str
    """The activity's type."""
    objects: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoAnswer(Activity):
    """Undo of a Join or of an answer to events: by its id, by what it was about, or by both."""

    answer: str
    """The type of what is taken back, and what it named."""
    answer_id: str | None
    objects: tuple[str, ...]
    said_at: datetime | None
    """When that was published."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttendanceAnswer(Activity):
    """Accept, Reject or Ignore of a Join or an answer of ours: by its id, or by what it said."""

    answer: str
    """The activity's type."""
    said_id: str | None
    said_as: str | None = None
    """The type of what is answered, where it stands inside; with it who said it, of what."""
    attendee: str | None = None
    event: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Other(Activity):
    """An activity we have no use for; `type` is what it called itself."""

    type: str
    reason: str = "unknown type"
