"""Who is signed in, where: one row a browser, found by the hash of its cookie.

Called by `services.organizers`, which knows how long a session lasts. A row deleted here is
a browser signed out at once.
"""

from datetime import datetime

from sqlalchemy import delete, select, update

from fedi_chapter.domain.organizer import Organizer
from fedi_chapter.store import organizers
from fedi_chapter.store.tables import organizers as people
from fedi_chapter.store.tables import sessions
from fedi_chapter.store.tx import ReadTx, WriteTx


def insert(tx: WriteTx, token_hash: str, organizer_id: str) -> None:
    """Begin a session."""
    tx.conn.execute(
        sessions.insert().values(
            token_hash=token_hash, organizer_id=organizer_id, created_at=tx.now, seen_at=tx.now
        )
    )


def get(
    tx: ReadTx, token_hash: str, *, begun_after: datetime, seen_after: datetime
) -> tuple[Organizer, datetime] | None:
    """Return whose session that is, and when it was seen last, unless it is too old."""
    row = tx.conn.execute(
        select(people.c.id, people.c.name, people.c.role, people.c.created_at, sessions.c.seen_at)
        .join(sessions, sessions.c.organizer_id == people.c.id)
        .where(
            sessions.c.token_hash == token_hash,
            sessions.c.created_at > begun_after,
            sessions.c.seen_at > seen_after,
            people.c.removed_at.is_(None),
        )
    ).one_or_none()
    return None if row is None else (organizers.read(row), row.seen_at)


def touch(tx: WriteTx, token_hash: str) -> None:
    """Note that a session is in use now."""
    tx.conn.execute(
        update(sessions).where(sessions.c.token_hash == token_hash).values(seen_at=tx.now)
    )


def remove(tx: WriteTx, token_hash: str) -> None:
    """End a session."""
    tx.conn.execute(delete(sessions).where(sessions.c.token_hash == token_hash))


def remove_all(tx: WriteTx, organizer_id: str) -> None:
    """End every session of an organizer."""
    tx.conn.execute(delete(sessions).where(sessions.c.organizer_id == organizer_id))
