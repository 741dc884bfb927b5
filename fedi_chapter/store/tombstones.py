"""What was deleted, so that it neither comes back nor is mistaken for unknown.

Called when something is deleted, and before something new is taken in.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select

from fedi_chapter.store.tables import tombstones
from fedi_chapter.store.tx import ReadTx, WriteTx
from fedi_chapter.store.upsert import insert


@dataclass(frozen=True, slots=True)
class Tombstone:
    """Where something was. `former_type` is its ActivityPub type, where that is known."""

    uri: str
    former_type: str | None
    at: datetime
    ours: bool


def put(tx: WriteTx, uri: str, former_type: str | None, ours: bool) -> None:
    """Remember a deletion; the first one counts."""
    tx.conn.execute(
        insert(tombstones)
        .values(uri=uri, former_type=former_type, at=tx.now, ours=ours)
        .on_conflict_do_nothing()
    )


def remove(tx: WriteTx, uri: str) -> None:
    """Forget a deletion that was none."""
    tx.conn.execute(delete(tombstones).where(tombstones.c.uri == uri))


def get(tx: ReadTx, uri: str) -> Tombstone | None:
    """Return what is remembered of a deleted thing."""
    row = tx.conn.execute(select(tombstones).where(tombstones.c.uri == uri)).one_or_none()
    return None if row is None else Tombstone(**row._mapping)


def has(tx: ReadTx, uri: str) -> bool:
    """Tell whether `uri` was deleted."""
    return get(tx, uri) is not None
