"""The people who run this chapter, and the links that sign them in.

Called by `services.organizers` and by whoever lists them. Only hashes of links are kept: a
copy of the database signs nobody in.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update

from fedi_chapter.domain.organizer import Organizer, Role
from fedi_chapter.store.tables import organizers, sign_in_links
from fedi_chapter.store.tx import ReadTx, WriteTx
from fedi_chapter.store.upsert import insert

_FIELDS = (organizers.c.id, organizers.c.name, organizers.c.role, organizers.c.created_at)
_ORGANIZERS = select(*_FIELDS).where(organizers.c.removed_at.is_(None))


def put(tx: WriteTx, name: str, role: Role) -> Organizer:
    """Give somebody a role: a new name, or one who is or was an organizer."""
    row = tx.conn.execute(
        insert(organizers)
        .values(id=tx.new_id(), name=name, role=role, created_at=tx.now)
        .on_conflict_do_update(index_elements=["name"], set_={"role": role, "removed_at": None})
        .returning(*_FIELDS)
    ).one()
    return read(row)


def add(tx: WriteTx, name: str, role: Role) -> Organizer | None:
    """Give a role to somebody new; None if anybody is, or was, called so."""
    row = tx.conn.execute(
        insert(organizers)
        .values(id=tx.new_id(), name=name, role=role, created_at=tx.now)
        .on_conflict_do_nothing(index_elements=["name"])
        .returning(*_FIELDS)
    ).one_or_none()
    return None if row is None else read(row)


def lock(tx: WriteTx, name: str) -> Organizer | None:
    """Return the organizer of that name, unless removed; nobody is removed until this unit ends."""
    row = tx.conn.execute(
        _ORGANIZERS.where(organizers.c.name == name).with_for_update(key_share=True)
    ).one_or_none()
    return None if row is None else read(row)


def remove(tx: WriteTx, organizer_id: str) -> None:
    """Let an organizer go, with every link that waits to be used; the name stays known."""
    tx.conn.execute(
        update(organizers).where(organizers.c.id == organizer_id).values(removed_at=tx.now)
    )
    tx.conn.execute(delete(sign_in_links).where(sign_in_links.c.organizer_id == organizer_id))


def put_link(tx: WriteTx, organizer_id: str, token_hash: str, expires_at: datetime) -> None:
    """Remember a sign-in link by the hash of its token."""
    tx.conn.execute(
        sign_in_links.insert().values(
            token_hash=token_hash,
            organizer_id=organizer_id,
            created_at=tx.now,
            expires_at=expires_at,
        )
    )


def of_link(tx: ReadTx, token_hash: str) -> Organizer | None:
    """Return whom a link would sign in; None if it is used, old or unknown."""
    row = tx.conn.execute(
        _ORGANIZERS.join(sign_in_links, sign_in_links.c.organizer_id == organizers.c.id).where(
            sign_in_links.c.token_hash == token_hash,
            sign_in_links.c.used_at.is_(None),
            sign_in_links.c.expires_at > tx.now,
        )
    ).one_or_none()
    return None if row is None else read(row)


def use_link(tx: WriteTx, token_hash: str) -> Organizer | None:
    """Use a link up and return its organizer; None if it is used, old or unknown."""
    organizer = of_link(tx, token_hash)
    # PostgreSQL lets two of these run at once: the second waits here and changes nothing.
    used = tx.conn.execute(
        update(sign_in_links)
        .where(sign_in_links.c.token_hash == token_hash, sign_in_links.c.used_at.is_(None))
        .values(used_at=tx.now)
    )
    return organizer if used.rowcount else None


def listing(tx: ReadTx) -> list[Organizer]:
    """Return all organizers who were not removed, the oldest first."""
    rows = tx.conn.execute(_ORGANIZERS.order_by(organizers.c.created_at, organizers.c.id))
    return [read(row) for row in rows]


def read(row: Any) -> Organizer:
    """Turn a row of organizers into an Organizer."""
    return Organizer(row.id, row.name, Role(row.role), row.created_at)
