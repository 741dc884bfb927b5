"""Our actors themselves: an edited profile, a new key.

Called through `publish.table`. The news of a new key is signed with the old one, and the queue
holds back everything else for a host until that host has it: nobody has to find out by a
signature that does not fit (mastodon.md §1.1).
"""

from fedi_chapter.core.errors import Missing
from fedi_chapter.domain.chapter import ActorId, LocalActor
from fedi_chapter.domain.follower import FollowState
from fedi_chapter.domain.happening import ActorChanged, KeyRotated
from fedi_chapter.federation import documents
from fedi_chapter.federation.publish.message import (
    Audience,
    Followers,
    Message,
    Messages,
    Scene,
    shared_inbox_of,
)
from fedi_chapter.store import following, local_actors, local_keys
from fedi_chapter.vocab.envelopes import update
from fedi_chapter.vocab.shape import Document


def changed(scene: Scene, happening: ActorChanged) -> Messages:
    """Tell of an edited profile."""
    actor = _actor(scene, happening.actor_id)
    yield Message(_update(scene, actor), actor, scene.urls.actor(actor), _audience(scene, actor))


def key_rotated(scene: Scene, happening: KeyRotated) -> Messages:
    """Tell of a new key, under the signature that others can still check.

    A replaced Ed25519 key signs nothing, so the news of it goes out under the RSA key.
    """
    actor = _actor(scene, happening.actor_id)
    _, _, fragment = happening.old_key_id.partition("#")
    old = local_keys.by_fragment(scene.tx, actor.id, fragment)
    if old is None:
        raise Missing(f"the old key {happening.old_key_id} is not in the database")
    key_id = happening.old_key_id if old.kind == "rsa" else None
    about = scene.urls.actor(actor)
    yield Message(_update(scene, actor), actor, about, _audience(scene, actor), key_id)


def _actor(scene: Scene, actor_id: str) -> LocalActor:
    actor = local_actors.get(scene.tx, ActorId(actor_id))
    if actor is None:
        raise Missing(f"the actor {actor_id} is not in the database")
    return actor


def _audience(scene: Scene, actor: LocalActor) -> tuple[Audience, ...]:
    """Return everyone who keeps a copy of the profile: followers, and those it follows."""
    followed = (
        each.uri
        for each in following.listing(scene.tx, actor.id)
        if each.state is FollowState.ACCEPTED
    )
    inboxes = (inbox for uri in followed for inbox in shared_inbox_of(scene, uri))
    return (Followers(actor.id), *inboxes)


def _update(scene: Scene, actor: LocalActor) -> Document:
    """Return the Update; an actor has no counted revision, so the instant names it."""
    document = documents.actor(
        scene.tx, actor, scene.urls, scene.keys, holds_followers=scene.holds_followers
    )
    milliseconds = round(scene.tx.now.timestamp() * 1000)
    return update(document, scene.urls.actor(actor), revision=milliseconds)
