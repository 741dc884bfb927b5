"""Which browser is signed in as which member: one row a browser, found by its cookie's hash.

Called by `services.members`, which knows how long a session lasts. A row deleted here is a
browser signed out at once.
"""

from datetime import datetime

from sqlalchemy import bindparam, delete, func, or_, select, update

from fedi_chapter.domain.member import Member
from fedi_chapter.store.tables import member_sessions, remote_actors
from fedi_chapter.store.tx import ReadTx, WriteTx

_GET = (
    select(
        remote_actors.c.uri,
        remote_actors.c.handle,
        remote_actors.c.name,
        remote_actors.c.url,
        member_sessions.c.seen_at,
    )
    .join(member_sessions, member_sessions.c.actor_uri == remote_actors.c.uri)
    .where(
        member_sessions.c.token_hash == bindparam("token_hash"),
        member_sessions.c.created_at
        > bindparam("begun_after", type_=member_sessions.c.created_at.type),
        member_sessions.c.seen_at > bindparam("seen_after", type_=member_sessions.c.seen_at.type),
        remote_actors.c.gone_at.is_(None),
    )
)


def insert(tx: WriteTx, token_hash: str, actor_uri: str) -> None:
    """Begin a session."""
    tx.conn.execute(
        member_sessions.insert().values(
            token_hash=token_hash, actor_uri=actor_uri, created_at=tx.now, seen_at=tx.now
        )
    )


def get(
    tx: ReadTx, token_hash: str, *, begun_after: datetime, seen_after: datetime
) -> tuple[Member, datetime] | None:
    """Return whose session that is, and when it was seen last, unless it is too old."""
    values = {"token_hash": token_hash, "begun_after": begun_after, "seen_after": seen_after}
    row = tx.conn.execute(_GET, values).one_or_none()
    return None if row is None else (Member(row.uri, row.handle, row.name, row.url), row.seen_at)


def touch(tx: WriteTx, token_hash: str) -> None:
    """Note that a session is in use now."""
    this = member_sessions.c.token_hash == token_hash
    tx.conn.execute(update(member_sessions).where(this).values(seen_at=tx.now))


def count(tx: ReadTx, actor_uri: str) -> int:
    """Return on how many browsers somebody is signed in."""
    query = select(func.count()).where(member_sessions.c.actor_uri == actor_uri)
    return tx.conn.execute(query).scalar_one()


def remove(tx: WriteTx, token_hash: str) -> None:
    """End a session."""
    tx.conn.execute(delete(member_sessions).where(member_sessions.c.token_hash == token_hash))


def remove_all(tx: WriteTx, actor_uri: str) -> None:
    """End every session of somebody."""
    tx.conn.execute(delete(member_sessions).where(member_sessions.c.actor_uri == actor_uri))


def sweep(tx: WriteTx, *, begun_before: datetime, seen_before: datetime) -> int:
    """Delete the sessions that are too old; return how many."""
    over = or_(
        member_sessions.c.created_at <= begun_before, member_sessions.c.seen_at <= seen_before
    )
    return tx.conn.execute(delete(member_sessions).where(over)).rowcount
