"""What people took back, so that it does not count should it come late; only hashes are kept.

Called by `federation.undoing`. An id may be used again: what was signed after it was taken back
is a new wish. But an Undo that came before what it takes back can't tell by dates, for a server
signs anew whenever it tries again: then the next one under that id is what was meant.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import CursorResult, and_, bindparam, case, delete, literal, select, update

from fedi_chapter.store.prepared import Prepared
from fedi_chapter.store.tables import undone
from fedi_chapter.store.tx import ReadTx, WriteTx
from fedi_chapter.store.upsert import insert

_NEW = insert(undone)
_PUT = Prepared(
    _NEW.on_conflict_do_update(
        index_elements=["mark"],
        set_={
            "until": case(
                (undone.c.until > _NEW.excluded.until, undone.c.until),
                else_=_NEW.excluded.until,
            ),
            "is_open": and_(undone.c.is_open, _NEW.excluded.is_open),
            "at": _NEW.excluded.at,
        },
    ),
    given=undone.columns.keys(),
)
_FIND = Prepared(
    select(undone.c.mark, undone.c.until, undone.c.is_open).where(
        undone.c.mark.in_([bindparam("one", type_=undone.c.mark.type), bindparam("other")])
    )
)


def put(tx: WriteTx, mark: str, until: datetime, *, is_open: bool) -> None:
    """Remember that what was signed before `until` does not count.

    With `is_open` the next one doesn't either; but not where one has come before.
    """
    _PUT.run(tx, mark=mark, until=until, is_open=is_open, at=tx.now)


def bars(tx: WriteTx, marks: Collection[str], signed_at: datetime) -> bool:
    """Tell whether what was signed then was taken back; `marks` are one or two names of it."""
    one, *others = marks
    rows = _FIND.rows(tx, one=one, other=others[0] if others else one)
    waited_for = [row["mark"] for row in rows if row["is_open"]]
    if waited_for:
        signed = literal(signed_at, undone.c.until.type)
        tx.conn.execute(
            update(undone)
            .where(undone.c.mark.in_(waited_for))
            .values(
                is_open=False,
                until=case((undone.c.until > signed, undone.c.until), else_=signed),
            )
        )
    return bool(waited_for) or any(signed_at < row["until"] for row in rows)


def has(tx: ReadTx, mark: str) -> bool:
    """Tell whether there is such a mark."""
    return _FIND.first(tx, one=mark, other=mark) is not None


def remove(tx: WriteTx, mark: str) -> None:
    """Forget a mark."""
    tx.conn.execute(delete(undone).where(undone.c.mark == mark))


def purge(tx: WriteTx, before: datetime) -> int:
    """Forget what was taken back before an instant; return how much."""
    gone: CursorResult[tuple[()]] = tx.conn.execute(delete(undone).where(undone.c.at < before))
    return gone.rowcount
