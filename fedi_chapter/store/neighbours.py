"""Posts and events of the actors we follow.

Called by the handlers that take them in and by whoever shows the neighbourhood.
"""

from dataclasses import asdict

from sqlalchemy import and_, delete, or_, select

from fedi_chapter.domain.event import OPEN_END
from fedi_chapter.domain.neighbour import NeighbourEvent, NeighbourPost
from fedi_chapter.store.tables import neighbour_events, neighbour_posts
from fedi_chapter.store.tx import ReadTx, WriteTx
from fedi_chapter.store.upsert import insert


def put_post(tx: WriteTx, post: NeighbourPost) -> None:
    """Remember a post, or the newer text of one."""
    facts = asdict(post)
    tx.conn.execute(
        insert(neighbour_posts)
        .values(**facts)
        .on_conflict_do_update(index_elements=["uri"], set_=facts)
    )


def put_event(tx: WriteTx, event: NeighbourEvent) -> None:
    """Remember an event, or the newer form of one."""
    facts = asdict(event)
    tx.conn.execute(
        insert(neighbour_events)
        .values(**facts)
        .on_conflict_do_update(index_elements=["uri"], set_=facts)
    )


def get_post(tx: ReadTx, uri: str) -> NeighbourPost | None:
    """Return a neighbour's post by its id."""
    row = tx.conn.execute(select(neighbour_posts).where(neighbour_posts.c.uri == uri)).one_or_none()
    return None if row is None else NeighbourPost(**row._mapping)


def get_event(tx: ReadTx, uri: str) -> NeighbourEvent | None:
    """Return a neighbour's event by its id."""
    row = tx.conn.execute(
        select(neighbour_events).where(neighbour_events.c.uri == uri)
    ).one_or_none()
    return None if row is None else NeighbourEvent(**row._mapping)


def remove(tx: WriteTx, uri: str, actor_uri: str) -> None:
    """Forget the post or event `uri` if it is `actor_uri`'s."""
    for table in (neighbour_posts, neighbour_events):
        tx.conn.execute(delete(table).where(table.c.uri == uri, table.c.actor_uri == actor_uri))


def posts(tx: ReadTx, limit: int) -> list[NeighbourPost]:
    """Return the neighbours' posts, the newest first."""
    rows = tx.conn.execute(
        select(neighbour_posts)
        .order_by(neighbour_posts.c.published_at.desc(), neighbour_posts.c.uri)
        .limit(limit)
    )
    return [NeighbourPost(**row._mapping) for row in rows]


def events(tx: ReadTx, limit: int) -> list[NeighbourEvent]:
    """Return the neighbours' events that are not over, the next first."""
    table = neighbour_events
    ends_later = table.c.ends_at > tx.now
    open_end = and_(table.c.ends_at.is_(None), table.c.starts_at > tx.now - OPEN_END)
    rows = tx.conn.execute(
        select(table)
        .where(or_(ends_later, open_end))
        .order_by(table.c.starts_at, table.c.uri)
        .limit(limit)
    )
    return [NeighbourEvent(**row._mapping) for row in rows]
