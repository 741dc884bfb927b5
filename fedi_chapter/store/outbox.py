"""What happened here and waits to be told: the second of the three queues.

Put by services in the transaction of the change itself, claimed by the fan-out worker, and
finished in the transaction that makes the deliveries. Leases work as in `inbox`.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, case, delete, func, select, update

from fedi_chapter.domain.event import EventId
from fedi_chapter.domain.happening import AttendeesToTell, Happening, from_row, to_row
from fedi_chapter.store.tables import outbox
from fedi_chapter.store.tx import ReadTx, WriteTx
from fedi_chapter.store.upsert import insert

_WAITING = outbox.c.parked_at.is_(None)
_DUE = (
    select(outbox.c.id)
    .where(_WAITING, outbox.c.due <= bindparam("now", type_=outbox.c.due.type))
    .order_by(outbox.c.due, outbox.c.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_CLAIM = (
    update(outbox)
    .where(outbox.c.id.in_(_DUE.scalar_subquery()))
    .values(
        due=bindparam("until", type_=outbox.c.due.type),
        lease_until=bindparam("until", type_=outbox.c.due.type),
        attempts=outbox.c.attempts + 1,
        # What happens from now on is news again, and gets a row of its own.
        coalesce_key=None,
    )
    .returning(outbox.c.id, outbox.c.kind, outbox.c.fields, outbox.c.attempts)
)

_NEW = insert(outbox)
_EARLIER = case((_NEW.excluded.due < outbox.c.due, _NEW.excluded.due), else_=outbox.c.due)
_PUT = _NEW.on_conflict_do_update(
    index_elements=["coalesce_key"], set_={"due": _EARLIER, "fields": _NEW.excluded.fields}
)


@dataclass(frozen=True, slots=True)
class OutboxJob:
    """A happening that a worker has leased; `attempts` counts this claim."""

    id: int
    happening: Happening
    attempts: int


def put(
    tx: WriteTx,
    happening: Happening,
    *,
    due: datetime | None = None,
    coalesce: str | None = None,
) -> None:
    """Write down what happened, to be told at `due` (default: at once).

    While a row with the same `coalesce` key waits, it stands for both, at the earlier of
    their times.
    """
    kind, fields = to_row(happening)
    row = {"kind": kind, "fields": fields, "coalesce_key": coalesce, "at": tx.now}
    tx.conn.execute(_PUT, {**row, "due": due or tx.now})


def claim(tx: WriteTx, limit: int, lease: timedelta) -> list[OutboxJob]:
    """Take up to `limit` happenings for as long as `lease`, in the order they were put."""
    rows = tx.conn.execute(_CLAIM, {"now": tx.now, "most": limit, "until": tx.now + lease})
    return [
        OutboxJob(row.id, from_row(row.kind, row.fields), row.attempts)
        for row in sorted(rows, key=lambda row: row.id)
    ]


def finish(tx: WriteTx, job_id: int) -> None:
    """Forget a happening that was told."""
    tx.conn.execute(delete(outbox).where(outbox.c.id == job_id))


def retry(tx: WriteTx, job_id: int, due: datetime, error: str) -> None:
    """Give a happening back until `due`."""
    _change(tx, job_id, due=due, error=error)


def give_back(tx: WriteTx, job_id: int, due: datetime, error: str) -> None:
    """Give a happening back until `due`, as if it had not been claimed this time."""
    _change(tx, job_id, due=due, error=error, attempts=outbox.c.attempts - 1)


def park(tx: WriteTx, job_id: int, error: str) -> None:
    """Set a happening aside that can't be told."""
    _change(tx, job_id, parked_at=tx.now, error=error)


def attendees_to_tell(tx: ReadTx, event_id: EventId, kinds: Collection[str]) -> datetime | None:
    """Return when those who come to an event are told of something that waits; None: nothing."""
    found: datetime | None = tx.conn.execute(
        select(func.min(outbox.c.due)).where(
            _WAITING,
            outbox.c.kind == AttendeesToTell.__name__,
            outbox.c.fields["event_id"].as_string() == event_id,
            outbox.c.fields["kind"].as_string().in_(sorted(kinds)),
        )
    ).scalar_one()
    return found


def waiting(tx: ReadTx) -> int:
    """Return how many wait or are being told."""
    return tx.conn.execute(select(func.count()).select_from(outbox).where(_WAITING)).scalar_one()


def _change(tx: WriteTx, job_id: int, **news: object) -> None:
    tx.conn.execute(update(outbox).where(outbox.c.id == job_id).values(lease_until=None, **news))
