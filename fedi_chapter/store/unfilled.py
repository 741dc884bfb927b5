"""Neighbours' events whose page is to be asked again: they came without what it may show.

Called by `federation.bare_events`. A row goes with its event, and with whatever is kept of it
anew.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, bindparam, delete, exists, func, or_, select, update

from fedi_chapter.domain.event import OPEN_END
from fedi_chapter.store.prepared import Prepared
from fedi_chapter.store.tables import neighbour_events, unfilled_events
from fedi_chapter.store.tx import ReadTx, WriteTx
from fedi_chapter.store.upsert import insert

_OWN = unfilled_events.c.uri == bindparam("uri")
_REMOVE = Prepared(delete(unfilled_events).where(_OWN))


@dataclass(frozen=True, slots=True)
class Unfilled:
    """An event that lacks something, and when its page is asked next."""

    uri: str
    host: str
    since: datetime
    due: datetime


def put(tx: WriteTx, uri: str, host: str, due: datetime) -> None:
    """Remember that a kept event came bare just now, and when its page is to be asked."""
    news = {"host": host, "since": tx.now, "due": due}
    tx.conn.execute(
        insert(unfilled_events)
        .values(uri=uri, **news)
        .on_conflict_do_update(index_elements=["uri"], set_=news)
    )


def remove(tx: WriteTx, uri: str) -> None:
    """Ask for an event no more."""
    _REMOVE.run(tx, uri=uri)


def holds(tx: WriteTx, claimed: Unfilled) -> bool:
    """Tell whether nothing came of an event since it was claimed; it stays so until the end.

    The event's row is locked first, as everybody does who changes it.
    """
    kept = select(neighbour_events.c.uri).where(neighbour_events.c.uri == claimed.uri)
    if tx.conn.execute(kept.with_for_update()).first() is None:
        return False
    row = select(unfilled_events).where(unfilled_events.c.uri == claimed.uri)
    found = tx.conn.execute(row).one_or_none()
    return found is not None and Unfilled(**found._mapping) == claimed


def forget_old(tx: WriteTx, before: datetime) -> None:
    """Give up what came before an instant, and events that are over or deleted."""
    table = neighbour_events
    ended = or_(
        table.c.ends_at <= tx.now,
        and_(table.c.ends_at.is_(None), table.c.starts_at <= tx.now - OPEN_END),
    )
    of_no_use = exists().where(
        table.c.uri == unfilled_events.c.uri, or_(table.c.deleted_at.is_not(None), ended)
    )
    tx.conn.execute(delete(unfilled_events).where(or_(unfilled_events.c.since < before, of_no_use)))


def any_due(tx: ReadTx) -> bool:
    """Tell whether there is anything to ask for."""
    due = select(unfilled_events.c.uri).where(unfilled_events.c.due <= tx.now)
    return tx.conn.execute(due.limit(1)).first() is not None


def claim(
    tx: WriteTx, most: int, *, per_host: int, pause: Callable[[timedelta], timedelta]
) -> list[Unfilled]:
    """Take up to `most` that are due, `per_host` of each host, the longest due first.

    Each is due again after the `pause` for its age, whatever becomes of it until then.
    """
    table = unfilled_events
    turn = func.row_number().over(partition_by=table.c.host, order_by=(table.c.due, table.c.uri))
    due = select(table, turn.label("turn")).where(table.c.due <= tx.now).subquery()
    rows = tx.conn.execute(
        select(due.c.uri, due.c.host, due.c.since, due.c.due)
        .where(due.c.turn <= per_host)
        .order_by(due.c.turn, due.c.due, due.c.uri)
        .limit(most)
    )
    return [taken for row in rows.all() if (taken := _take(tx, Unfilled(*row), pause))]


def _take(tx: WriteTx, found: Unfilled, pause: Callable[[timedelta], timedelta]) -> Unfilled | None:
    """Move on when it is due; None where another process has just done that."""
    due = tx.now + pause(tx.now - found.since)
    moved = tx.conn.execute(
        update(unfilled_events)
        .where(unfilled_events.c.uri == found.uri, unfilled_events.c.due == found.due)
        .values(due=due)
    )
    return Unfilled(found.uri, found.host, found.since, due) if moved.rowcount else None
