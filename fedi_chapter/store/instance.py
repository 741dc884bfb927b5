"""The one row that says under which name this server was founded.

Called by `init`, at every start, and by whoever writes addresses.
"""

from sqlalchemy import select, update

from fedi_chapter.domain.chapter import Instance
from fedi_chapter.store.tables import instance
from fedi_chapter.store.tx import ReadTx, WriteTx

_ONLY = 1


def get(tx: ReadTx) -> Instance | None:
    """Return what this server is called, None before it was founded."""
    row = tx.conn.execute(
        select(instance.c.domain, instance.c.base_url, instance.c.created_at)
    ).one_or_none()
    return None if row is None else Instance(**row._mapping)


def insert(tx: WriteTx, founded: Instance) -> None:
    """Write down the founding; a second one fails at the database."""
    tx.conn.execute(
        instance.insert().values(
            id=_ONLY,
            domain=founded.domain,
            base_url=founded.base_url,
            created_at=founded.created_at,
        )
    )


def change_base(tx: WriteTx, base_url: str) -> None:
    """Move this server to another origin; only sensible while nobody follows."""
    tx.conn.execute(update(instance).values(base_url=base_url))
