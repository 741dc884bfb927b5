"""What stands in the lists of our own pages: public things, and those only for these pages.

Used by the home page, the calendar and the tags. Feeds take public things only.
"""

from datetime import datetime

from sqlalchemy import select

from fedi_chapter.domain.audience import Visibility
from fedi_chapter.domain.chapter import ActorId
from fedi_chapter.domain.event import Event, EventId
from fedi_chapter.domain.post import Post
from fedi_chapter.store import events, posts
from fedi_chapter.store.tables import events as event_table
from fedi_chapter.store.tables import posts as post_table
from fedi_chapter.store.tx import ReadTx

LISTED = tuple(visibility.value for visibility in Visibility if visibility.listed)
HIDDEN = 100
"""How many events that are not for everyone may stand between those that are."""


def coming(tx: ReadTx, actor_id: ActorId, limit: int) -> tuple[Event, ...]:
    """Return an actor's listed events that are not over, the next first."""
    found = events.upcoming(tx, actor_id, limit=limit + HIDDEN, listed_only=False)
    return tuple([event for event in found if event.visibility.listed][:limit])


def is_going_on(event: Event, now: datetime) -> bool:
    """Tell whether an event that lasts for days has begun."""
    return event.lasts_for_days and event.takes_place and event.starts_at <= now


def past(tx: ReadTx, actor_id: ActorId, limit: int) -> tuple[Event, ...]:
    """Return an actor's listed events that are over, the last first."""
    columns = event_table.c
    rows = tx.conn.execute(
        select(columns.id)
        .where(
            columns.actor_id == actor_id,
            columns.over_at <= tx.now,
            columns.published_at.is_not(None),
            columns.deleted_at.is_(None),
            columns.visibility.in_(LISTED),
        )
        .order_by(columns.over_at.desc(), columns.id.desc())
        .limit(limit)
    )
    found = [events.get(tx, EventId(row.id)) for row in rows.all()]
    return tuple(event for event in found if event is not None)


def news(tx: ReadTx, actor_id: ActorId, limit: int) -> tuple[Post, ...]:
    """Return an actor's listed posts, the newest first."""
    columns = post_table.c
    rows = tx.conn.execute(
        select(post_table)
        .where(
            columns.actor_id == actor_id,
            columns.deleted_at.is_(None),
            columns.visibility.in_(LISTED),
        )
        .order_by(columns.published_at.desc(), columns.id.desc())
        .limit(limit)
    )
    return tuple(posts.read(tx, rows.all()))
