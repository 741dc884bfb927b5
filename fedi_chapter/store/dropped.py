"""How much of what came in was dropped at the door, by reason; counted, and nothing else is kept.

Called by the inbox's door and by whoever shows the numbers to operators.
"""

from collections.abc import Mapping

from sqlalchemy import bindparam, select

from fedi_chapter.store.prepared import Prepared
from fedi_chapter.store.tables import dropped
from fedi_chapter.store.tx import ReadTx, WriteTx
from fedi_chapter.store.upsert import insert

REPLAY = "replay"
"""The same, signed at the same time, was taken in before; or nobody proved it, and it waits."""
STRANGER = "stranger"
"""Somebody we never met spoke only of itself."""

_NEW = insert(dropped).values(reason=bindparam("why"), number=bindparam("many"))
_ADD = Prepared(
    _NEW.on_conflict_do_update(
        index_elements=["reason"], set_={"number": dropped.c.number + _NEW.excluded.number}
    )
)


def add(tx: WriteTx, reason: str, number: int) -> None:
    """Count `number` more that were dropped for a reason."""
    _ADD.run(tx, why=reason, many=number)


def counts(tx: ReadTx) -> Mapping[str, int]:
    """Return how many were dropped so far, by reason."""
    rows = tx.conn.execute(select(dropped.c.reason, dropped.c.number))
    found = {row.reason: int(row.number) for row in rows}
    return {reason: found.get(reason, 0) for reason in (REPLAY, STRANGER)}
