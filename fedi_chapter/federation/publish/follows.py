"""Follows: what we ask of another actor, and whom we turn away.

Called through `publish.table`. The answers we owe to others are queued by the inbox handlers.
"""

from fedi_chapter.core.errors import Missing
from fedi_chapter.domain.chapter import ActorId, LocalActor
from fedi_chapter.domain.happening import (
    FollowerAccepted,
    FollowerRemoved,
    FollowRequested,
    FollowWithdrawn,
)
from fedi_chapter.federation.publish.message import Message, Messages, Scene, inbox_of
from fedi_chapter.store import following, hosts, local_actors
from fedi_chapter.vocab.envelopes import accept, block, follow, reject, undo
from fedi_chapter.vocab.shape import Document, host_of

KEEPS_REJECTED_FOLLOWS = frozenset({"gotosocial"})
"""Software that heeds the Reject of a waiting Follow only; one it accepted ends with a Block."""


def requested(scene: Scene, happening: FollowRequested) -> Messages:
    """Ask another actor to be followed; nothing when it was withdrawn meanwhile."""
    wish = following.get(scene.tx, happening.follow_id)
    if wish is None:
        return
    actor, uri = _actor(scene, wish.actor_id), scene.urls.follow(wish.id)
    asked = follow(uri, scene.urls.actor(actor), wish.uri)
    yield Message(asked, actor, uri, inbox_of(scene, wish.uri))


def withdrawn(scene: Scene, happening: FollowWithdrawn) -> Messages:
    """Take a Follow back; the Follow stands inside whole, for Gancio ignores a bare id.

    To a server that refused that, by the bare id.
    """
    actor, uri = _actor(scene, happening.actor_id), scene.urls.follow(happening.follow_id)
    actor_uri = scene.urls.actor(actor)
    told = undo(follow(uri, actor_uri, happening.target), actor_uri)
    if happening.by_id:
        told = {**told, "id": f"{told['id']}-by-id", "object": uri}
    yield Message(told, actor, uri, inbox_of(scene, happening.target))


def follower_accepted(scene: Scene, happening: FollowerAccepted) -> Messages:
    """Tell a follower who waited that it follows now."""
    actor = _actor(scene, happening.actor_id)
    uri = scene.urls.activity(scene.tx.new_id())
    theirs = _their_follow(scene, actor, happening)
    told = accept(uri, scene.urls.actor(actor), theirs, happening.follower)
    yield Message(told, actor, happening.follow_activity, inbox_of(scene, happening.follower))


def follower_removed(scene: Scene, happening: FollowerRemoved) -> Messages:
    """Tell a follower that it follows no longer: a Reject of what was accepted before."""
    actor = _actor(scene, happening.actor_id)
    uri = scene.urls.activity(scene.tx.new_id())
    theirs = _their_follow(scene, actor, happening)
    told = reject(uri, scene.urls.actor(actor), theirs, happening.follower)
    # Booked under the Follow, as its Accept was: the two can't overtake each other.
    about, inbox = happening.follow_activity, inbox_of(scene, happening.follower)
    yield Message(told, actor, about, inbox)
    if _runs(scene, happening.follower) in KEEPS_REJECTED_FOLLOWS:
        blocked = block(
            scene.urls.activity(scene.tx.new_id()), scene.urls.actor(actor), happening.follower
        )
        yield Message(blocked, actor, about, inbox)
        yield Message(undo(blocked, scene.urls.actor(actor)), actor, about, inbox)


def _runs(scene: Scene, actor_uri: str) -> str | None:
    """Return the software of an actor's server, as far as it is known."""
    known = hosts.get(scene.tx, host_of(actor_uri))
    return known.software if known else None


def _their_follow(
    scene: Scene, actor: LocalActor, happening: FollowerAccepted | FollowerRemoved
) -> Document:
    return {
        "id": happening.follow_activity,
        "type": "Follow",
        "actor": happening.follower,
        "object": scene.urls.actor(actor),
    }


def _actor(scene: Scene, actor_id: str) -> LocalActor:
    actor = local_actors.get(scene.tx, ActorId(actor_id))
    if actor is None:
        raise Missing(f"the actor {actor_id} is not in the database")
    return actor
