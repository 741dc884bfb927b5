"""Which of our own actors and things an address names, as handlers need to know it.

Called by `federation.handlers` within their transaction. Only what a stranger may know of
counts: a draft, a local or a deleted thing does not exist here.
"""

from fedi_chapter.domain.audience import Visibility
from fedi_chapter.domain.chapter import ActorId, ActorKind, LocalActor
from fedi_chapter.domain.post import PostId
from fedi_chapter.domain.urls import Urls
from fedi_chapter.store import known, local_actors, posts
from fedi_chapter.store.tx import ReadTx
from fedi_chapter.vocab.activities import PUBLIC


def actor_at(tx: ReadTx, urls: Urls, uri: str) -> LocalActor | None:
    """Return the actor of ours whose id is `uri`."""
    named = urls.own_actor(uri)
    if named is None:
        return None
    match named:
        case ActorKind.CHAPTER, _:
            return local_actors.chapter(tx)
        case ActorKind.INSTANCE, _:
            return local_actors.instance_actor(tx)
        case _, handle:
            found = local_actors.by_handle(tx, handle)
            return found if found and found.kind is ActorKind.GROUP else None


def followed_at(tx: ReadTx, urls: Urls, uri: str) -> LocalActor | None:
    """Return whom a Follow of `uri` means; Public means the server, which passes all of it on."""
    return local_actors.instance_actor(tx) if uri == PUBLIC else actor_at(tx, urls, uri)


def owner_at(tx: ReadTx, urls: Urls, uri: str, *, public_only: bool = False) -> ActorId | None:
    """Return whose event, face or post `uri` is, when it has left this house.

    With `public_only`, what only followers may see does not exist either.
    """
    named = urls.own_object(uri)
    if named is None:
        return None
    owner = known.post_owner if named.kind == "post" else known.event_owner
    found = owner(tx, named.id)
    if found is None:
        return None
    actor_id, visibility = found
    return actor_id if _is_seen(visibility, public_only) else None


def answered_by_deleted(tx: ReadTx, urls: Urls, uri: str) -> str | None:
    """Return what a post of ours answered that was deleted since."""
    named = urls.own_object(uri)
    if named is None or named.kind != "post":
        return None
    post = posts.get(tx, PostId(named.id))
    return post.in_reply_to if post and post.deleted_at else None


def _is_seen(visibility: Visibility, public_only: bool) -> bool:
    return visibility.federates and (visibility.has_page or not public_only)
