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
from fedi_chapter.store import following, local_actors
from fedi_chapter.vocab.envelopes import accept, follow, reject, undo
from fedi_chapter.vocab.shape import Document


def requested(scene: Scene, happening: FollowRequested) -> Messages:
    """Ask another actor to be followed; nothing when it was withdrawn meanwhile."""
    wish = following.get(scene.tx, happening.follow_id)
    if wish is None:
        return
    actor, uri = _actor(scene, wish.actor_id), scene.urls.follow(wish.id)
    asked = follow(uri, scene.urls.actor(actor), wish.uri)
    yield Message(asked, actor, uri, inbox_of(scene, wish.uri))


def withdrawn(scene: Scene, happening: FollowWithdrawn) -> Messages:
    """Take a Follow back; the Follow stands inside whole, for Gancio ignores a bare id."""
    actor, uri = _actor(scene, happening.actor_id), scene.urls.follow(happening.follow_id)
    actor_uri = scene.urls.actor(actor)
    told = undo(follow(uri, actor_uri, happening.target), actor_uri)
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
    yield Message(told, actor, happening.follow_activity, inbox_of(scene, happening.follower))


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
