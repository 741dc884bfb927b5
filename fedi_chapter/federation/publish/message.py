"""A message of ours: one document and whom it is for, and how it becomes rows of the queue.

Called by the files of this folder. Audiences are named here and resolved to inboxes by the
database (`store.deliveries`); no list of followers is ever held in memory.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from fedi_chapter.domain.audience import Visibility
from fedi_chapter.domain.chapter import ActorId, LocalActor
from fedi_chapter.domain.event import EventId
from fedi_chapter.domain.remote_actor import RemoteActor
from fedi_chapter.domain.urls import Urls
from fedi_chapter.sig.digest import sha256_base64
from fedi_chapter.sig.keys import KeyRing
from fedi_chapter.store import activities, blocks, deliveries, remote_actors
from fedi_chapter.store.tx import WriteTx
from fedi_chapter.vocab.shape import Document, encode, host_of


@dataclass(frozen=True, slots=True)
class Scene:
    """Where a message is written: the transaction, our addresses, our keys."""

    tx: WriteTx
    urls: Urls
    keys: KeyRing
    holds_followers: bool
    """Whether a new follower waits for an organizer's yes."""


@dataclass(frozen=True, slots=True)
class Followers:
    """The followers of one of our actors."""

    of: ActorId
    takes_events: bool | None = None
    """Only those on hosts that do, or do not, understand events."""
    counterpart: str | None = None
    """A host that was told of this object hears nothing of the message's own."""


@dataclass(frozen=True, slots=True)
class UnlearnedFollowers:
    """The followers of one of our actors on servers that never said what they run."""

    of: ActorId


@dataclass(frozen=True, slots=True)
class PastRecipients:
    """Everyone who was ever told of an object; who was blocked since only hears it withdrawn."""

    about: str


@dataclass(frozen=True, slots=True)
class Voters:
    """The servers of those who answered an event by its poll, or by a reply."""

    event: EventId
    counterpart: str
    """A host that was told of this object hears nothing of the message's own."""


@dataclass(frozen=True, slots=True)
class Inbox:
    """One inbox."""

    inbox: str


Audience = Followers | UnlearnedFollowers | PastRecipients | Voters | Inbox


@dataclass(frozen=True, slots=True)
class Message:
    """One activity of one of our actors; deliveries `about` one object keep their order."""

    document: Document
    by: LocalActor
    about: str
    audience: tuple[Audience, ...]
    key_id: str | None = None
    """A key it must be signed with, rather than the current one."""


Messages = Iterator[Message]


def send(tx: WriteTx, message: Message) -> None:
    """Store the message once and queue it for everyone in its audience."""
    body = encode(message.document)
    activity = activities.put(
        tx,
        uri=str(message.document["id"]),
        type=str(message.document["type"]),
        actor_id=message.by.id,
        object_uri=message.about,
        body=body,
        digest=sha256_base64(body),
        key_id=message.key_id,
    )
    # A block is about what we say from now on. What we take back we take back from everyone:
    # a server that is refused still shows its copy, and must learn that it may not.
    withdraws = message.document["type"] in {"Delete", "Undo"}
    for audience in message.audience:
        _queue(tx, activity, audience, withdraws=withdraws)


def _queue(tx: WriteTx, activity: int, audience: Audience, *, withdraws: bool) -> None:
    match audience:
        case Followers(of, takes_events, counterpart):
            deliveries.to_followers(
                tx, activity, of, takes_events=takes_events, counterpart=counterpart
            )
        case UnlearnedFollowers(of):
            deliveries.to_unlearned(tx, activity, of)
        case PastRecipients(about):
            deliveries.to_past_recipients(tx, activity, about, refused_too=withdraws)
        case Voters(event, counterpart):
            deliveries.to_voters(tx, activity, event, counterpart=counterpart)
        case Inbox(inbox):
            deliveries.to_inbox(tx, activity, inbox, host_of(inbox))


def inbox_of(scene: Scene, actor_uri: str) -> tuple[Inbox, ...]:
    """Return the actor's own inbox, or nothing for one we don't know or who is gone."""
    actor = remote_actors.get(scene.tx, actor_uri)
    return (Inbox(actor.inbox),) if actor and not actor.gone_at else ()


def shared_inbox_of(scene: Scene, actor_uri: str) -> tuple[Inbox, ...]:
    """Return the inbox of the actor's server where it has one, else the actor's own.

    Nothing for one who is refused: a mention is no way around a block.
    """
    actor = remote_actors.get(scene.tx, actor_uri)
    if actor is None or actor.gone_at:
        return ()
    if blocks.find(scene.tx, actor_uri=actor.uri, host=actor.host) is not None:
        return ()
    return (Inbox(preferred_inbox(actor)),)


def preferred_inbox(actor: RemoteActor) -> str:
    """Return the shared inbox where there is one: what is told there is told once."""
    return actor.shared_inbox or actor.inbox


def edits_for(visibility: Visibility, about: str) -> tuple[Audience, ...]:
    """Return who hears of an edit besides those who follow now.

    Everyone who was ever told, but only of what anybody may read: who no longer follows gets
    nothing new of what is for followers.
    """
    return (PastRecipients(about),) if visibility.has_page else ()


def uris(value: object) -> list[str]:
    """Return the ids in a `to` or `cc` of ours."""
    return [str(each) for each in value] if isinstance(value, list) else []
