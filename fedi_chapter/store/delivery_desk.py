"""The queue of deliveries as organizers see and operate it: how it fares, and trying again.

Used through `deliveries`.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CursorResult,
    exists,
    func,
    literal_column,
    or_,
    select,
    update,
)

from fedi_chapter.domain.delivery import DeliveryState, QueuedDelivery, QueueStatus
from fedi_chapter.store.delivery_claims import is_open
from fedi_chapter.store.tables import activities, deliveries, hosts
from fedi_chapter.store.tx import ReadTx, WriteTx

WITHDRAW = ("Delete", "Undo", "Reject")
REFUSED = "blocked here"
_OPEN = is_open()
_FAILED = deliveries.c.state == literal_column("'failed'")
UNDONE = or_(_OPEN, _FAILED)


def status(tx: ReadTx) -> QueueStatus:
    """Return how the queue as a whole fares."""
    rows = tx.conn.execute(
        select(deliveries.c.state, func.count().label("number"), func.min(deliveries.c.first_due))
        .where(UNDONE)
        .group_by(deliveries.c.state)
    ).all()
    numbers = {row.state: row.number for row in rows}
    oldest = min((row[2] for row in rows if row.state != DeliveryState.FAILED), default=tx.now)
    resting = tx.conn.execute(
        select(func.count()).select_from(hosts).where(hosts.c.rest_until > tx.now)
    ).scalar_one()
    return QueueStatus(
        waiting=numbers.get(DeliveryState.WAITING, 0),
        in_flight=numbers.get(DeliveryState.IN_FLIGHT, 0),
        failed=numbers.get(DeliveryState.FAILED, 0),
        resting_hosts=resting,
        oldest_seconds=max(0.0, (tx.now - oldest).total_seconds()),
    )


def listing(
    tx: ReadTx, *, host: str | None = None, state: DeliveryState | None = None, limit: int = 100
) -> list[QueuedDelivery]:
    """Return deliveries of one host or all, in one state or any that is not done, oldest first."""
    of_state = UNDONE if state is None else deliveries.c.state == state
    query = (
        select(deliveries, activities.c.uri.label("activity"))
        .join(activities, activities.c.id == deliveries.c.activity_id)
        .where(of_state)
    )
    if host is not None:
        query = query.where(deliveries.c.host == host)
    return [
        QueuedDelivery(
            id=row.id,
            activity=row.activity,
            inbox=row.inbox,
            host=row.host,
            state=DeliveryState(row.state),
            attempts=row.attempts,
            due=row.due if row.state == DeliveryState.WAITING else None,
            status=row.status,
            error=row.error,
        )
        for row in tx.conn.execute(query.order_by(deliveries.c.id).limit(limit))
    ]


def retry(tx: WriteTx, *, host: str | None = None) -> int:
    """Try everything of a host (or of all) that failed or waits again now; return how many.

    What failed and was overtaken stays so: a Create after the Delete that arrived would bring
    back what is deleted. So does what was given up with a block.
    """
    ours = [deliveries.c.host == host] if host is not None else []
    theirs = [hosts.c.host == host] if host is not None else []
    tx.conn.execute(
        update(hosts)
        .where(hosts.c.rest_until.is_not(None), *theirs)
        .values(rest_until=None, failures=0, failing_since=None)
    )
    again = {"state": DeliveryState.WAITING, "due": tx.now, "attempts": 0, "first_due": tx.now}
    failed: CursorResult[Any] = tx.conn.execute(
        update(deliveries)
        .where(_FAILED, deliveries.c.error.is_distinct_from(REFUSED), ~_is_overtaken(), *ours)
        .values(finished_at=None, **again)
    )
    waiting: CursorResult[Any] = tx.conn.execute(
        update(deliveries)
        .where(_OPEN, deliveries.c.state == DeliveryState.WAITING, deliveries.c.due > tx.now, *ours)
        .values(due=tx.now)
    )
    return failed.rowcount + waiting.rowcount


def next_due(tx: ReadTx) -> datetime | None:
    """Return when the next delivery is to be tried; None when nothing waits."""
    first: datetime | None = tx.conn.execute(
        select(func.min(deliveries.c.due)).where(_OPEN)
    ).scalar_one()
    return first


def _is_overtaken() -> ColumnElement[bool]:
    """Whether an inbox took a later word about the object that makes a row's own untrue."""
    later, said, own = deliveries.alias("later"), activities.alias("said"), activities.alias("own")
    return exists().where(
        later.c.object_uri == deliveries.c.object_uri,
        later.c.inbox == deliveries.c.inbox,
        later.c.id > deliveries.c.id,
        later.c.state == literal_column("'done'"),
        said.c.id == later.c.activity_id,
        own.c.id == deliveries.c.activity_id,
        or_(said.c.type.in_(WITHDRAW), said.c.type == own.c.type),
    )
