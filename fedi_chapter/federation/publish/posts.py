"""Posts: to followers, to everyone named in them, to the author they answer.

Called through `publish.table`. A local post is for our own pages and is never told to anyone.
"""

from fedi_chapter.core.errors import Busy, Missing
from fedi_chapter.domain.chapter import LocalActor
from fedi_chapter.domain.happening import PostChanged, PostDeleted, PostPublished
from fedi_chapter.domain.post import Post, PostId
from fedi_chapter.federation import threads
from fedi_chapter.federation.publish.boosts import revoke_quotes
from fedi_chapter.federation.publish.message import (
    Audience,
    Followers,
    Message,
    Messages,
    PastRecipients,
    Scene,
    edits_for,
    shared_inbox_of,
    uris,
)
from fedi_chapter.store import activities, local_actors, neighbours, posts, replies
from fedi_chapter.vocab.audience import write_audience
from fedi_chapter.vocab.envelopes import create, delete, update
from fedi_chapter.vocab.posts import write_post
from fedi_chapter.vocab.shape import Document


def published(scene: Scene, happening: PostPublished) -> Messages:
    """Tell a new post."""
    post, actor = _post(scene, happening.post_id)
    if post.deleted_at or not post.visibility.federates:
        return
    told = create(_note(scene, post, actor), scene.urls.actor(actor))
    yield Message(told, actor, scene.urls.post(post.id), _audience(scene, post))


def changed(scene: Scene, happening: PostChanged) -> Messages:
    """Tell an edited post, whole."""
    post, actor = _post(scene, happening.post_id)
    if post.deleted_at or not post.visibility.federates:
        return
    uri = scene.urls.post(post.id)
    if activities.get(scene.tx, f"{uri}#create") is None:
        raise Busy(f"the publication of {uri} has not been told yet")
    told = update(_note(scene, post, actor), scene.urls.actor(actor), revision=post.revision)
    yield Message(told, actor, uri, (*_audience(scene, post), *edits_for(post.visibility, uri)))


def deleted(scene: Scene, happening: PostDeleted) -> Messages:
    """Tell that a post is gone, also to those who no longer follow."""
    post, actor = _post(scene, happening.post_id)
    if not post.visibility.federates:
        return
    uri = scene.urls.post(post.id)
    to = write_audience(post.visibility, actor, scene.urls, [each.uri for each in post.mentions])
    told = delete(
        uri,
        "Note",
        scene.urls.actor(actor),
        post.deleted_at or scene.tx.now,
        uris(to["to"]),
        uris(to["cc"]),
    )
    yield Message(told, actor, uri, (*_audience(scene, post), PastRecipients(uri)))
    yield from revoke_quotes(scene, uri)


def _note(scene: Scene, post: Post, actor: LocalActor) -> Document:
    thread = threads.thread_of(scene.tx, scene.urls, post)
    return write_post(post, actor, scene.urls, thread=thread)


def _post(scene: Scene, post_id: str) -> tuple[Post, LocalActor]:
    post = posts.get(scene.tx, PostId(post_id))
    actor = local_actors.get(scene.tx, post.actor_id) if post else None
    if post is None or actor is None:
        raise Missing(f"the post {post_id} is not in the database")
    return post, actor


def _audience(scene: Scene, post: Post) -> tuple[Audience, ...]:
    named = [mention.uri for mention in post.mentions]
    answered = _author_answered(scene, post)
    if answered and answered not in named:
        named.append(answered)
    inboxes = [inbox for uri in named for inbox in shared_inbox_of(scene, uri)]
    return (Followers(post.actor_id), *inboxes)


def _author_answered(scene: Scene, post: Post) -> str | None:
    if post.in_reply_to is None:
        return None
    found = replies.get(scene.tx, post.in_reply_to) or neighbours.get_post(
        scene.tx, post.in_reply_to
    )
    return found.actor_uri if found else None
