"""Events: the canonical Event to servers that understand one, its face to all the others.

Called through `publish.table`. No server is told of both: the queue is the ledger of who got
which, and keeps to it when the event changes. Relays are the business of `publish.relays`.
"""

from fedi_chapter.core.errors import Busy, Missing
from fedi_chapter.domain.chapter import ActorId, LocalActor
from fedi_chapter.domain.event import Event, EventId
from fedi_chapter.domain.happening import EventChanged, EventDeleted, EventPublished
from fedi_chapter.federation.publish import relays
from fedi_chapter.federation.publish.message import (
    Followers,
    Message,
    Messages,
    PastRecipients,
    Scene,
    edits_for,
    uris,
)
from fedi_chapter.store import activities, events, local_actors
from fedi_chapter.vocab.audience import write_audience
from fedi_chapter.vocab.envelopes import create, delete, update
from fedi_chapter.vocab.events import write_event
from fedi_chapter.vocab.faces import write_face
from fedi_chapter.vocab.shape import Document


def published(scene: Scene, happening: EventPublished) -> Messages:
    """Tell followers of a new event, and relays after them."""
    event, actor = _event(scene, happening.event_id)
    if event.deleted_at or not event.visibility.federates:
        return
    uri, actor_uri = scene.urls.event(event.id), scene.urls.actor(actor)
    whole, face = write_event(event, actor, scene.urls), write_face(event, actor, scene.urls)
    yield Message(create(whole, actor_uri), actor, uri, (_event_readers(scene, event),))
    yield Message(
        create(face, actor_uri), actor, scene.urls.face(event.id), (_face_readers(scene, event),)
    )
    yield from relays.published(scene, event, whole)


def changed(scene: Scene, happening: EventChanged) -> Messages:
    """Tell what the event is now, whole (mastodon.md §9 26)."""
    event, actor = _event(scene, happening.event_id)
    if event.deleted_at or not event.visibility.federates:
        return
    uri, actor_uri = scene.urls.event(event.id), scene.urls.actor(actor)
    if activities.get(scene.tx, f"{uri}#create") is None:
        raise Busy(f"the publication of {uri} has not been told yet")
    whole, face = write_event(event, actor, scene.urls), write_face(event, actor, scene.urls)
    told = update(whole, actor_uri, revision=event.revision)
    readers = _event_readers(scene, event), *edits_for(event.visibility, uri)
    yield Message(told, actor, uri, readers)
    uri = scene.urls.face(event.id)
    told = update(face, actor_uri, revision=event.revision)
    readers = _face_readers(scene, event), *edits_for(event.visibility, uri)
    yield Message(told, actor, uri, readers)
    yield from relays.changed(scene, event, whole)


def deleted(scene: Scene, happening: EventDeleted) -> Messages:
    """Tell everyone who was told of the event that it is gone."""
    event, actor = _event(scene, happening.event_id)
    if not event.visibility.federates:
        return
    uri, face_uri = scene.urls.event(event.id), scene.urls.face(event.id)
    told = _delete(scene, event, actor, uri, "Event")
    yield Message(told, actor, uri, (_event_readers(scene, event), PastRecipients(uri)))
    told = _delete(scene, event, actor, face_uri, "Note")
    yield Message(told, actor, face_uri, (_face_readers(scene, event), PastRecipients(face_uri)))
    yield from relays.deleted(scene, event, _delete(scene, event, actor, uri, "Event"))


def _event(scene: Scene, event_id: str) -> tuple[Event, LocalActor]:
    event = events.get(scene.tx, EventId(event_id))
    actor = local_actors.get(scene.tx, ActorId(event.actor_id)) if event else None
    if event is None or actor is None:
        raise Missing(f"the event {event_id} is not in the database")
    return event, actor


def _delete(scene: Scene, event: Event, actor: LocalActor, uri: str, former_type: str) -> Document:
    to = write_audience(event.visibility, actor, scene.urls)
    at = event.deleted_at or scene.tx.now
    return delete(uri, former_type, scene.urls.actor(actor), at, uris(to["to"]), uris(to["cc"]))


def _event_readers(scene: Scene, event: Event) -> Followers:
    return Followers(event.actor_id, True, scene.urls.face(event.id))


def _face_readers(scene: Scene, event: Event) -> Followers:
    return Followers(event.actor_id, False, scene.urls.event(event.id))
