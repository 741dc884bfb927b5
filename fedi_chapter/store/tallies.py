"""How many answered an event, and how: one row an event, right at every commit.

`lock` is taken before anything is decided, so that two processes never give away one seat.
The numbers stay when the people are erased.
"""

from sqlalchemy import bindparam, select, update

from fedi_chapter.domain.event import EventId
from fedi_chapter.domain.rsvp import Rsvp, RsvpStatus
from fedi_chapter.domain.tally import Tally
from fedi_chapter.store.prepared import Prepared, Row
from fedi_chapter.store.tables import tallies
from fedi_chapter.store.tx import ReadTx, WriteTx
from fedi_chapter.store.upsert import insert

__all__ = ["Tally", "count_telling", "get", "lock", "move"]

_COUNTS = (
    "going",
    "going_heads",
    "maybe",
    "no",
    "pending",
    "waitlist",
    "attended",
    "attended_heads",
    "no_show",
)
_ONE = select(tallies).where(tallies.c.event_id == bindparam("event_id"))
_GET = Prepared(_ONE)
_LOCK = Prepared(_ONE.with_for_update())
_MAKE = (
    insert(tallies)
    .values(event_id=bindparam("event_id"), told=0, **dict.fromkeys(_COUNTS, 0))
    .on_conflict_do_nothing()
)
_ADD = Prepared(
    update(tallies)
    .where(tallies.c.event_id == bindparam("of"))
    .values({name: tallies.c[name] + bindparam(name) for name in _COUNTS})
)


def get(tx: ReadTx, event_id: EventId) -> Tally:
    """Return the numbers of an event; zeros for one that nobody answered."""
    row = _GET.first(tx, event_id=event_id)
    return Tally() if row is None else _read(row)


def lock(tx: WriteTx, event_id: EventId) -> Tally:
    """Return the numbers of an event, which nobody else may change until this commits."""
    row = _LOCK.first(tx, event_id=event_id)
    if row is None:
        tx.conn.execute(_MAKE, {"event_id": event_id})
        row = _LOCK.one(tx, event_id=event_id)
    return _read(row)


def move(tx: WriteTx, event_id: EventId, before: Rsvp | None, after: Rsvp | None) -> None:
    """Take one person's answer out of the numbers and put another in its place."""
    was, is_now = _counted(before), _counted(after)
    steps = {name: is_now.get(name, 0) - was.get(name, 0) for name in _COUNTS}
    if any(steps.values()):
        _ADD.run(tx, of=event_id, **steps)


def count_telling(tx: WriteTx, event_id: EventId) -> int:
    """Return the number of the next message that tells totals."""
    query = update(tallies).where(tallies.c.event_id == event_id).values(told=tallies.c.told + 1)
    number: int = tx.conn.execute(query.returning(tallies.c.told)).scalar_one()
    return number


def _counted(rsvp: Rsvp | None) -> dict[str, int]:
    if rsvp is None or rsvp.status is RsvpStatus.NONE:
        return {}
    name = rsvp.status.value.replace("-", "_")
    return {name: 1} | ({f"{name}_heads": rsvp.heads} if rsvp.has_seat else {})


def _read(row: Row) -> Tally:
    return Tally(told=row["told"], **{name: row[name] for name in _COUNTS})
