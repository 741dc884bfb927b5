"""A server that turns out to take events gets the Event for what it had as a face; the face goes.

Called through `publish.table`. So a server that did not say what it runs is nailed to nothing.
"""

from fedi_chapter.domain.event import Event, EventId
from fedi_chapter.domain.follower import Follower, FollowState
from fedi_chapter.domain.happening import HostTakesEvents, ServerFollowed
from fedi_chapter.federation.publish import relays
from fedi_chapter.federation.publish.events import own_event, withdraw_face
from fedi_chapter.federation.publish.message import Inbox, Message, Messages, Scene
from fedi_chapter.store import (
    deliveries,
    events,
    followers,
    local_actors,
    remote_actors,
    tallies,
)
from fedi_chapter.vocab.events import write_event


def host_takes_events(scene: Scene, happening: HostTakesEvents) -> Messages:
    """Take back the faces a host has of what is still ahead, and send the Events instead."""
    host = happening.host
    for uri, inboxes in deliveries.inboxes_by_object(scene.tx, host).items():
        event = _upcoming(scene, uri)
        if event is not None:
            yield from _convert(scene, event, host, tuple(map(Inbox, inboxes)))
    # A server's own actor may have been told in a form that its software ignores.
    for actor in local_actors.everyone(scene.tx):
        for follower in followers.of_host(scene.tx, actor.id, host):
            if _is_automatic(scene, follower):
                yield from relays.server_followed(scene, ServerFollowed(actor.id, follower.uri))


def _upcoming(scene: Scene, uri: str) -> Event | None:
    """Return the event whose face `uri` is, if it is still ahead."""
    named = scene.urls.own_object(uri)
    if named is None or named.kind != "face":
        return None
    event = events.get(scene.tx, EventId(named.id))
    if event is None or event.deleted_at or event.over_at <= scene.tx.now:
        return None
    return event


def _convert(scene: Scene, event: Event, host: str, inboxes: tuple[Inbox, ...]) -> Messages:
    _, actor = own_event(scene, event.id)
    gone = {**withdraw_face(scene, event, actor), "id": scene.urls.activity(scene.tx.new_id())}
    yield Message(gone, actor, scene.urls.face(event.id), inboxes)
    follows = any(map(_is_accepted, followers.of_host(scene.tx, actor.id, host)))
    if follows or event.visibility.has_page:
        whole = write_event(event, actor, scene.urls, tallies.get(scene.tx, event.id))
        yield relays.copy(scene, event, actor, whole, inboxes)


def _is_automatic(scene: Scene, follower: Follower) -> bool:
    server = remote_actors.get(scene.tx, follower.uri)
    return server is not None and server.is_automatic and _is_accepted(follower)


def _is_accepted(follower: Follower) -> bool:
    return follower.state is FollowState.ACCEPTED
