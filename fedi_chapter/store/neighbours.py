"""Posts and events of the actors we follow.

Called by the handlers that take them in and by whoever shows the neighbourhood.
"""

from dataclasses import asdict

from sqlalchemy import and_, bindparam, delete, exists, or_, select, update

from fedi_chapter.domain.event import OPEN_END
from fedi_chapter.domain.neighbour import TOGETHER, NeighbourEvent, NeighbourPost, roots_of
from fedi_chapter.domain.rsvp import Answer
from fedi_chapter.store.foreign_words import excerpt_of, if_judged
from fedi_chapter.store.prepared import Prepared
from fedi_chapter.store.tables import (
    attendances,
    neighbour_events,
    neighbour_posts,
    remote_actors,
)
from fedi_chapter.store.tx import ReadTx, WriteTx
from fedi_chapter.store.upsert import insert

MOST_NEAR = 50
# Built once: building them costs many times what running them does.
_NEW_POST, _NEW_EVENT = insert(neighbour_posts), insert(neighbour_events)
_PUT_POST = Prepared(
    _NEW_POST.on_conflict_do_update(
        index_elements=["uri"], set_={each.name: each for each in _NEW_POST.excluded}
    ),
    given=neighbour_posts.columns.keys(),
)
_PUT_EVENT = Prepared(
    _NEW_EVENT.on_conflict_do_update(
        index_elements=["uri"], set_={each.name: each for each in _NEW_EVENT.excluded}
    ),
    given=neighbour_events.columns.keys(),
)
_POSTS = select(
    *(column for column in neighbour_posts.columns if column.name not in {"excerpt", "rule"}),
    if_judged(neighbour_posts, "excerpt"),
)
_POST = Prepared(_POSTS.where(neighbour_posts.c.uri == bindparam("uri")))
_ANY_OF_HOST = Prepared(
    select(neighbour_events.c.uri)
    .join(remote_actors, remote_actors.c.uri == neighbour_events.c.actor_uri)
    .where(remote_actors.c.host == bindparam("host"))
    .limit(1)
)
_EVENT = Prepared(select(neighbour_events).where(neighbour_events.c.uri == bindparam("uri")))


def put_post(tx: WriteTx, post: NeighbourPost) -> None:
    """Remember a post, or the newer text of one."""
    _PUT_POST.run(tx, **{**asdict(post), **excerpt_of(post.html, post.attached)})


def put_event(tx: WriteTx, event: NeighbourEvent) -> None:
    """Remember an event, or the newer form of one."""
    _PUT_EVENT.run(tx, **asdict(event))


def get_post(tx: ReadTx, uri: str) -> NeighbourPost | None:
    """Return a neighbour's post by its id."""
    row = _POST.first(tx, uri=uri)
    return None if row is None else NeighbourPost(**row)


def get_event(tx: ReadTx, uri: str) -> NeighbourEvent | None:
    """Return a neighbour's event by its id."""
    row = _EVENT.first(tx, uri=uri)
    return None if row is None else NeighbourEvent(**row)


def any_of_host(tx: ReadTx, host: str) -> bool:
    """Tell whether we keep an event by anybody at `host`."""
    return _ANY_OF_HOST.first(tx, host=host) is not None


def events_near(tx: ReadTx, post: NeighbourPost) -> list[NeighbourEvent]:
    """Return the events by the author of a post that it may tell of."""
    table, at = neighbour_events, post.published_at
    rows = tx.conn.execute(
        select(table)
        .where(table.c.actor_uri == post.actor_uri, table.c.deleted_at.is_(None))
        .where(
            or_(
                table.c.uri.in_({post.url, *roots_of(post.uri)}),
                table.c.url == post.url,
                table.c.published_at.between(at - TOGETHER, at + TOGETHER),
            )
        )
        .limit(MOST_NEAR)
    )
    return [NeighbourEvent(**row._mapping) for row in rows]


def posts_near(tx: ReadTx, event: NeighbourEvent) -> list[NeighbourPost]:
    """Return the posts by the author of an event that may tell of it."""
    table, at = neighbour_posts, event.published_at
    rows = tx.conn.execute(
        _POSTS.where(table.c.actor_uri == event.actor_uri)
        .where(
            or_(
                table.c.url.in_({event.uri, event.url}),
                table.c.uri.startswith(event.uri, autoescape=True),
                table.c.published_at.between(at - TOGETHER, at + TOGETHER),
            )
        )
        .limit(MOST_NEAR)
    )
    return [NeighbourPost(**row._mapping) for row in rows]


def remove(tx: WriteTx, uri: str, actor_uri: str) -> None:
    """Forget the post or event `uri` if it is `actor_uri`'s.

    Of an event that one of ours said it comes to, what and when it was stays, as deleted.
    """
    table = neighbour_posts
    tx.conn.execute(delete(table).where(table.c.uri == uri, table.c.actor_uri == actor_uri))
    theirs = neighbour_events.c.uri == uri, neighbour_events.c.actor_uri == actor_uri
    we_come = exists().where(attendances.c.event_uri == uri, attendances.c.status != Answer.NO)
    tx.conn.execute(delete(neighbour_events).where(*theirs, ~we_come))
    gone = {"deleted_at": tx.now, "html": "", "tags": (), "picture_url": None, "picture_alt": ""}
    tx.conn.execute(update(neighbour_events).where(*theirs).values(gone))


def posts(tx: ReadTx, limit: int) -> list[NeighbourPost]:
    """Return the neighbours' posts, the newest first."""
    rows = tx.conn.execute(
        _POSTS.order_by(neighbour_posts.c.published_at.desc(), neighbour_posts.c.uri).limit(limit)
    )
    return [NeighbourPost(**row._mapping) for row in rows]


def events(tx: ReadTx, limit: int) -> list[NeighbourEvent]:
    """Return the neighbours' listed events that are not over, the next first."""
    table = neighbour_events
    ends_later = table.c.ends_at > tx.now
    open_end = and_(table.c.ends_at.is_(None), table.c.starts_at > tx.now - OPEN_END)
    rows = tx.conn.execute(
        select(table)
        .where(table.c.listed, table.c.deleted_at.is_(None), or_(ends_later, open_end))
        .order_by(table.c.starts_at, table.c.uri)
        .limit(limit)
    )
    return [NeighbourEvent(**row._mapping) for row in rows]
