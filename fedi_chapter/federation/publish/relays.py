"""Relays: the instance actor passes on what the chapter publishes, to servers that follow it.

Called by `publish.events` and through `publish.table`. A relay is told only an id, by
Announce. Gancio and WordPress ignore an Announce and believe only the actor they follow: to
them the instance actor sends the Event itself, in activities of its own (events.md §9.1).
"""

from collections.abc import Iterator

from fedi_chapter.core.errors import Missing
from fedi_chapter.domain.audience import Visibility
from fedi_chapter.domain.chapter import ActorId, ActorKind, LocalActor
from fedi_chapter.domain.event import Event
from fedi_chapter.domain.happening import ServerFollowed
from fedi_chapter.domain.remote_actor import RemoteActor
from fedi_chapter.federation.publish.message import (
    Inbox,
    Message,
    Messages,
    PastRecipients,
    Scene,
    preferred_inbox,
)
from fedi_chapter.store import (
    deliveries,
    events,
    followers,
    hosts,
    local_actors,
    remote_actors,
    tallies,
)
from fedi_chapter.vocab.activities import PUBLIC
from fedi_chapter.vocab.envelopes import announce, create, update
from fedi_chapter.vocab.events import write_event
from fedi_chapter.vocab.shape import Document, host_of

IGNORE_ANNOUNCE = frozenset({"gancio", "wordpress"})
MOST_AT_ONCE = 200
"""Upcoming events a new relay is told of."""


def published(scene: Scene, event: Event, whole: Document) -> Messages:
    """Tell the instance actor's followers of a new public event."""
    instance = local_actors.instance_actor(scene.tx)
    if instance is None or not _is_for_relays(event):
        return
    announced, copied = _inboxes(scene, instance, event)
    if announced:
        yield _announce(scene, event, instance, announced)
    if copied:
        yield copy(scene, event, instance, whole, copied)


def changed(scene: Scene, event: Event, whole: Document) -> Messages:
    """Tell those who got the Event from the instance actor what it is now, from the same actor.

    Who got the Announce hears it from the chapter: the Announce was about the event.
    """
    for instance, about in _copied(scene, event):
        told = update(whole, scene.urls.actor(instance), revision=event.revision)
        uri = f"{told['id']}-instance"
        yield Message({**told, "id": uri}, instance, about, (PastRecipients(about),))


def deleted(scene: Scene, event: Event, told: Document) -> Messages:
    """Tell those who got the Event from the instance actor that it is gone."""
    for instance, about in _copied(scene, event):
        own = {
            **told,
            "id": f"{told['id']}-instance",
            "actor": scene.urls.actor(instance),
        }
        yield Message(own, instance, about, (PastRecipients(about),))


def server_followed(scene: Scene, happening: ServerFollowed) -> Messages:
    """Tell a server that follows since a moment ago of every upcoming public event, once."""
    actor = local_actors.get(scene.tx, ActorId(happening.actor_id))
    if actor is None:
        raise Missing(f"the actor {happening.actor_id} is not in the database")
    server = remote_actors.get(scene.tx, happening.follower)
    if server is None or followers.get(scene.tx, actor.id, server.uri) is None:
        return
    inbox = (Inbox(preferred_inbox(server)),)
    for owner in local_actors.everyone(scene.tx):
        if actor.kind is not ActorKind.INSTANCE and owner.id != actor.id:
            continue
        for event in events.upcoming(scene.tx, owner.id, limit=MOST_AT_ONCE):
            if not _is_for_relays(event):
                continue
            if _ignores_announce(scene, server):
                whole = write_event(event, owner, scene.urls, tallies.get(scene.tx, event.id))
                yield copy(scene, event, actor, whole, inbox)
            else:
                yield _announce(scene, event, actor, inbox)


def _is_for_relays(event: Event) -> bool:
    return event.visibility is Visibility.PUBLIC and not event.is_cancelled


def _announce(scene: Scene, event: Event, by: LocalActor, inboxes: tuple[Inbox, ...]) -> Message:
    uri, urls = scene.urls.event(event.id), scene.urls
    told = announce(
        f"{uri}/announces/{_name(by)}",
        urls.actor(by),
        uri,
        [PUBLIC],
        [urls.followers(by)],
        event.published_at or scene.tx.now,
    )
    return Message(told, by, uri, inboxes)


def copy(
    scene: Scene, event: Event, by: LocalActor, whole: Document, inboxes: tuple[Inbox, ...]
) -> Message:
    """Return a Create under an id of its own revision: what is sent anew is never outdated."""
    told = create(whole, scene.urls.actor(by))
    if by.kind is ActorKind.INSTANCE:
        uri, about = f"{told['id']}-{event.revision}-instance", _ledger(scene, event)
    else:
        uri, about = f"{told['id']}-{event.revision}", scene.urls.event(event.id)
    return Message({**told, "id": uri}, by, about, inboxes)


def _ledger(scene: Scene, event: Event) -> str:
    """Return under which name the instance actor's own copies of an event are booked."""
    return f"{scene.urls.event(event.id)}#instance"


def _copied(scene: Scene, event: Event) -> Iterator[tuple[LocalActor, str]]:
    instance, about = local_actors.instance_actor(scene.tx), _ledger(scene, event)
    if instance is not None and deliveries.was_told(scene.tx, about):
        yield instance, about


def _inboxes(
    scene: Scene, instance: LocalActor, event: Event
) -> tuple[tuple[Inbox, ...], tuple[Inbox, ...]]:
    """Return who is told by Announce, and who gets the Event itself."""
    announced: list[Inbox] = []
    copied: list[Inbox] = []
    for follower in followers.listing(scene.tx, instance.id):
        server = remote_actors.get(scene.tx, follower.uri)
        if server is None or server.gone_at or _has_face(scene, server, event):
            continue
        told = copied if _ignores_announce(scene, server) else announced
        told.append(Inbox(preferred_inbox(server)))
    return tuple(announced), tuple(copied)


def _has_face(scene: Scene, follower: RemoteActor, event: Event) -> bool:
    """Tell whether this person's server gets the face, as the chapter has followers there."""
    name = host_of(follower.uri)
    host = hosts.get(scene.tx, name)
    takes_events = host is not None and host.takes_events
    if follower.is_automatic or takes_events:
        return False
    return bool(followers.of_host(scene.tx, event.actor_id, name))


def _ignores_announce(scene: Scene, server: RemoteActor) -> bool:
    host = hosts.get(scene.tx, host_of(server.uri))
    return host is not None and host.software in IGNORE_ANNOUNCE


def _name(by: LocalActor) -> str:
    return "instance" if by.kind is ActorKind.INSTANCE else by.handle
