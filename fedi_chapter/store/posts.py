"""Posts: every question about them that is not one screen's own (those are in `pages`).

Called by services and by whoever federates posts. Rows go in and out as `Post`.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, bindparam, func, or_, select, update

from fedi_chapter.domain.audience import Visibility
from fedi_chapter.domain.chapter import ActorId
from fedi_chapter.domain.conversation import ReplyState
from fedi_chapter.domain.post import Post, PostId
from fedi_chapter.store import belongings
from fedi_chapter.store.prepared import Prepared
from fedi_chapter.store.tables import posts, replies
from fedi_chapter.store.tx import ReadTx, WriteTx

MOST_ANSWERS = 200
"""Posts of ours under one thing that are named there."""
_IS_PUBLIC = (posts.c.deleted_at.is_(None), posts.c.visibility == Visibility.PUBLIC)

_AUDIENCE = Prepared(select(posts.c.visibility).where(posts.c.id == bindparam("id")))


def get(tx: ReadTx, post_id: PostId) -> Post | None:
    """Return a post, a deleted one too."""
    found = _all(tx, select(posts).where(posts.c.id == post_id))
    return found[0] if found else None


def lock(tx: WriteTx, post_id: PostId) -> Post | None:
    """Return a post that nobody else changes until this unit ends; a deleted one too.

    Whoever writes a post has it from here: `change` writes it whole.
    """
    found = _all(tx, select(posts).where(posts.c.id == post_id).with_for_update(key_share=True))
    return found[0] if found else None


def get_shown(
    tx: ReadTx, post_id: PostId, is_shown_to: Callable[[Visibility], bool]
) -> Post | None:
    """Return a post to readers its visibility shows it to, as `events.get_shown` does."""
    row = _AUDIENCE.first(tx, id=post_id)
    if row is None or not is_shown_to(Visibility(row["visibility"])):
        return None
    return get(tx, post_id)


def insert(tx: WriteTx, post: Post) -> None:
    """Add a post with its pictures, tags and mentions; the pictures are stored before."""
    tx.conn.execute(
        posts.insert().values(
            id=post.id,
            actor_id=post.actor_id,
            published_at=post.published_at,
            **_changeable(post),
        )
    )
    _put_belongings(tx, post)


def change(tx: WriteTx, post: Post) -> None:
    """Replace everything that is known of a post but its maker and its beginning."""
    tx.conn.execute(update(posts).where(posts.c.id == post.id).values(**_changeable(post)))
    _put_belongings(tx, post)


def listing(tx: ReadTx, actor_id: ActorId) -> list[Post]:
    """Return all posts of an actor that were not deleted, the newest first."""
    return _newest(
        tx, select(posts).where(posts.c.actor_id == actor_id, posts.c.deleted_at.is_(None))
    )


def published(
    tx: ReadTx, actor_id: ActorId, *, limit: int, before: datetime | None = None
) -> list[Post]:
    """Return an actor's public posts, the newest first, `before` an instant."""
    query = select(posts).where(posts.c.actor_id == actor_id, *_IS_PUBLIC)
    if before is not None:
        query = query.where(posts.c.published_at < before)
    return _newest(tx, query.limit(limit))


def last_change(tx: ReadTx, actor_id: ActorId) -> datetime | None:
    """Return when an actor last published, edited or deleted a post. It never goes back."""
    moments = (posts.c.published_at, posts.c.updated_at, posts.c.deleted_at)
    found = tx.conn.execute(
        select(*map(func.max, moments)).where(posts.c.actor_id == actor_id)
    ).one()
    return max((at for at in found if at is not None), default=None)


def count(tx: ReadTx, actor_id: ActorId) -> int:
    """Return how many public posts an actor has."""
    return tx.conn.execute(
        select(func.count()).select_from(posts).where(posts.c.actor_id == actor_id, *_IS_PUBLIC)
    ).scalar_one()


def answers(tx: ReadTx, roots: Sequence[str]) -> list[PostId]:
    """Return our posts that answer `roots` or a shown reply below them, the oldest first.

    Only those that anybody may read who has the address.
    """
    shown = select(replies.c.uri).where(
        replies.c.root.in_(roots), replies.c.state == ReplyState.SHOWN
    )
    query = select(posts.c.id).where(
        or_(posts.c.in_reply_to.in_(roots), posts.c.in_reply_to.in_(shown)),
        posts.c.deleted_at.is_(None),
        posts.c.visibility.in_((Visibility.PUBLIC, Visibility.UNLISTED)),
    )
    ordered = query.order_by(posts.c.published_at, posts.c.id).limit(MOST_ANSWERS)
    return [PostId(each) for each in tx.conn.execute(ordered).scalars()]


def _newest(tx: ReadTx, query: Select[Any]) -> list[Post]:
    return _all(tx, query.order_by(posts.c.published_at.desc(), posts.c.id.desc()))


def _changeable(post: Post) -> dict[str, Any]:
    return {
        "title": post.title,
        "warning": post.warning,
        "source": post.source,
        "html": post.html,
        "language": post.language,
        "visibility": post.visibility,
        "in_reply_to": post.in_reply_to,
        "updated_at": post.updated_at,
        "deleted_at": post.deleted_at,
        "revision": post.revision,
    }


def _put_belongings(tx: WriteTx, post: Post) -> None:
    belongings.set_images(tx, post.id, post.images)
    belongings.set_tags(tx, post.id, post.tags)
    belongings.set_mentions(tx, post.id, post.mentions)


def _all(tx: ReadTx, query: Select[Any]) -> list[Post]:
    return read(tx, tx.conn.execute(query).all())


def read(tx: ReadTx, rows: Sequence[Row[Any]]) -> list[Post]:
    """Turn rows of posts into Posts, with their pictures, tags and mentions."""
    ids = [row.id for row in rows]
    images, names = belongings.images(tx, ids), belongings.tag_names(tx, ids)
    people = belongings.mentioned(tx, ids)
    return [
        Post(
            id=PostId(row.id),
            actor_id=ActorId(row.actor_id),
            published_at=row.published_at,
            source=row.source,
            html=row.html,
            title=row.title,
            warning=row.warning,
            language=row.language,
            visibility=Visibility(row.visibility),
            in_reply_to=row.in_reply_to,
            tags=names.get(row.id, ()),
            mentions=people.get(row.id, ()),
            images=images.get(row.id, ()),
            updated_at=row.updated_at,
            deleted_at=row.deleted_at,
            revision=row.revision,
        )
        for row in rows
    ]
