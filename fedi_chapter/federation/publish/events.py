"""Events: the canonical Event to servers that understand one, its face to all the others.

Called through `publish.table`. No server is told of both: the queue is the ledger of who got
which, and keeps to it when the event changes. Relays are the business of `publish.relays`, servers
that turn out to take events of `publish.conversions`.
"""

from fedi_chapter.core.errors import Busy, Missing
from fedi_chapter.domain.chapter import ActorId, LocalActor
from fedi_chapter.domain.event import Event, EventId
from fedi_chapter.domain.happening import (
    EventChanged,
    EventDeleted,
    EventPublished,
    RsvpTallyChanged,
)
from fedi_chapter.federation.publish import relays
from fedi_chapter.federation.publish.boosts import revoke_quotes
from fedi_chapter.federation.publish.faces import current_face
from fedi_chapter.federation.publish.message import (
    Audience,
    Followers,
    Inbox,
    Message,
    Messages,
    PastRecipients,
    Scene,
    UnlearnedFollowers,
    Voters,
    edits_for,
    uris,
)
from fedi_chapter.store import activities, audiences, events, local_actors, outbox, tallies
from fedi_chapter.vocab.audience import write_audience
from fedi_chapter.vocab.envelopes import create, delete, update
from fedi_chapter.vocab.events import write_event
from fedi_chapter.vocab.faces import face_type
from fedi_chapter.vocab.shape import Document


def published(scene: Scene, happening: EventPublished) -> Messages:
    """Tell followers of a new event, and relays after them."""
    event, actor = own_event(scene, happening.event_id)
    if event.deleted_at or not event.visibility.federates:
        return
    uri, actor_uri = scene.urls.event(event.id), scene.urls.actor(actor)
    whole, face = _forms(scene, event, actor)
    yield Message(create(whole, actor_uri), actor, uri, (_event_readers(scene, event),))
    told = create(face, actor_uri)
    yield Message(told, actor, scene.urls.face(event.id), (_new_face_readers(scene, event),))
    tell_at_close(scene, event)
    yield from relays.published(scene, event, whole)


def changed(scene: Scene, happening: EventChanged) -> Messages:
    """Tell what the event is now, whole (mastodon.md §9 26)."""
    event, actor = own_event(scene, happening.event_id)
    if event.deleted_at or not event.visibility.federates:
        return
    uri, actor_uri = scene.urls.event(event.id), scene.urls.actor(actor)
    await_publication(scene, event)
    whole, face = _forms(scene, event, actor)
    told = update(whole, actor_uri, revision=event.revision)
    past, joiners = edits_for(event.visibility, uri), _joiners(scene, event)
    yield Message(told, actor, uri, (_event_readers(scene, event), *past, *joiners))
    uri = scene.urls.face(event.id)
    told = update(face, actor_uri, revision=event.revision)
    yield Message(told, actor, uri, face_readers(scene, event))
    tell_at_close(scene, event)
    yield from relays.changed(scene, event, whole)


def deleted(scene: Scene, happening: EventDeleted) -> Messages:
    """Tell everyone who was told of the event that it is gone."""
    event, actor = own_event(scene, happening.event_id)
    if not event.visibility.federates:
        return
    uri, face_uri = scene.urls.event(event.id), scene.urls.face(event.id)
    told = _delete(scene, event, actor, uri, "Event")
    past, joiners = PastRecipients(uri), _joiners(scene, event)
    # A server that never said what it runs may have read the Event in our outbox.
    unlearned = UnlearnedFollowers(event.actor_id)
    yield Message(told, actor, uri, (_event_readers(scene, event), unlearned, past, *joiners))
    told = withdraw_face(scene, event, actor)
    readers = _new_face_readers(scene, event), PastRecipients(face_uri), Voters(event.id, uri)
    yield Message(told, actor, face_uri, readers)
    yield from revoke_quotes(scene, uri, face_uri)
    yield from relays.deleted(scene, event, _delete(scene, event, actor, uri, "Event"))


def own_event(scene: Scene, event_id: str) -> tuple[Event, LocalActor]:
    """Return an event of ours, a deleted one too, and the actor whose it is."""
    event = events.get(scene.tx, EventId(event_id))
    actor = local_actors.get(scene.tx, ActorId(event.actor_id)) if event else None
    if event is None or actor is None:
        raise Missing(f"the event {event_id} is not in the database")
    return event, actor


def await_publication(scene: Scene, event: Event) -> None:
    """Let nobody hear of a change before the thing itself.

    Raises:
        Busy: the publication has not been told yet.

    """
    uri = scene.urls.event(event.id)
    if activities.get(scene.tx, f"{uri}#create") is None:
        raise Busy(f"the publication of {uri} has not been told yet")


def tell_at_close(scene: Scene, event: Event) -> None:
    """See to it that the last totals of a poll are told when it closes."""
    if event.poll and event.closes_at > scene.tx.now:
        coalesce = f"close {event.id}"
        outbox.put(scene.tx, RsvpTallyChanged(event.id), due=event.closes_at, coalesce=coalesce)


def face_readers(scene: Scene, event: Event) -> tuple[Audience, ...]:
    """Return who hears of a change of the face.

    Of what anybody may read, everyone who was told of it before, and whoever answered it.
    """
    followers = _new_face_readers(scene, event)
    if not event.visibility.has_page:
        return (followers,)
    face = PastRecipients(scene.urls.face(event.id))
    return followers, face, Voters(event.id, scene.urls.event(event.id))


def _forms(scene: Scene, event: Event, actor: LocalActor) -> tuple[Document, Document]:
    """Return the Event and its face as they are now."""
    face, _ = current_face(scene, event, actor)
    whole = write_event(event, actor, scene.urls, tallies.get(scene.tx, event.id))
    return whole, face


def withdraw_face(scene: Scene, event: Event, actor: LocalActor) -> Document:
    """Return the Delete of an event's face."""
    return _delete(scene, event, actor, scene.urls.face(event.id), face_type(event))


def _delete(scene: Scene, event: Event, actor: LocalActor, uri: str, former_type: str) -> Document:
    to = write_audience(event.visibility, actor, scene.urls)
    at = event.deleted_at or scene.tx.now
    return delete(uri, former_type, scene.urls.actor(actor), at, uris(to["to"]), uris(to["cc"]))


def _event_readers(scene: Scene, event: Event) -> Followers:
    return Followers(event.actor_id, True, scene.urls.face(event.id))


def _new_face_readers(scene: Scene, event: Event) -> Followers:
    return Followers(event.actor_id, False, scene.urls.event(event.id))


def _joiners(scene: Scene, event: Event) -> tuple[Inbox, ...]:
    """Return the servers of those who answered by the Event: they have it, follow us or not."""
    if not event.visibility.has_page:
        return ()
    face = scene.urls.face(event.id)
    return tuple(map(Inbox, audiences.inboxes_of_joiners(scene.tx, event.id, face)))
