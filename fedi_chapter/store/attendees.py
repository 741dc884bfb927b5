"""Who came to events that are over, forgotten: names, notices, keys, exact places, links.

Called by `services.retention`, which decides when. The numbers are in `tallies`, and stay.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, CursorResult, and_, bindparam, delete, or_, select

from fedi_chapter.store.events import IS_NO_TEMPLATE
from fedi_chapter.store.tables import (
    event_secrets,
    events,
    exact_places,
    notices,
    places,
    private_links,
    rsvps,
)
from fedi_chapter.store.tx import WriteTx

_BEFORE = bindparam("before", type_=events.c.over_at.type)
# A series goes on after the date of its template, and takes the exact place from it.
_OVER = and_(IS_NO_TEMPLATE, or_(events.c.over_at < _BEFORE, events.c.deleted_at < _BEFORE))


def _some(key: Column[Any]) -> Any:
    """Return the statement that deletes some rows of events that are over, found by `key`."""
    table = key.table
    found = (
        select(key)
        .join(events, events.c.id == table.c.event_id)
        .where(_OVER)
        .limit(bindparam("most"))
    )
    return delete(table).where(key.in_(found.scalar_subquery()))


_FORGET = tuple(
    _some(key)
    for key in (
        notices.c.id,
        rsvps.c.id,
        event_secrets.c.event_id,
        exact_places.c.event_id,
        private_links.c.event_id,
    )
)
_UNUSED = delete(places).where(
    places.c.id.not_in(select(events.c.place_id).where(events.c.place_id.is_not(None)))
)


def forget_some(tx: WriteTx, before: datetime, most: int) -> int:
    """Delete up to `most` rows of each kind, of events that ended or were deleted before then.

    Returns how many that were; 0 when nobody is left to forget.
    """
    return sum(_count(tx.conn.execute(each, {"before": before, "most": most})) for each in _FORGET)


def forget_unused_places(tx: WriteTx) -> int:
    """Delete public places at which no event meets any more; return how many."""
    return _count(tx.conn.execute(_UNUSED))


def _count(done: CursorResult[Any]) -> int:
    return done.rowcount
