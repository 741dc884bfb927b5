"""Our actors' key pairs; the private halves are sealed with the master key file.

Called by services (make, rotate) and by whoever signs or publishes keys. Nothing here can
unseal a key.
"""

from dataclasses import asdict
from typing import Any, Literal

from sqlalchemy import Row, Select, bindparam, select, update

from fedi_chapter.core.errors import OperatorError
from fedi_chapter.domain.chapter import ActorId, StoredKey
from fedi_chapter.store.prepared import Prepared
from fedi_chapter.store.tables import local_keys
from fedi_chapter.store.tx import ReadTx, WriteTx

# Built once: every signed request asks for it.
_FIELDS = [column for column in local_keys.columns if column.name != "id"]
_CURRENT = Prepared(
    select(*_FIELDS)
    .where(
        local_keys.c.actor_id == bindparam("actor"),
        local_keys.c.kind == bindparam("kind"),
        local_keys.c.retired_at.is_(None),
    )
    .order_by(local_keys.c.id.desc())
    .limit(1)
)


def insert(tx: WriteTx, key: StoredKey) -> None:
    """Add a key pair of an actor."""
    tx.conn.execute(local_keys.insert().values(**asdict(key)))


def current(tx: ReadTx, actor_id: ActorId, kind: Literal["rsa", "ed25519"]) -> StoredKey:
    """Return the key an actor signs with now.

    Raises:
        OperatorError: the actor has none, so the database is not whole.

    """
    row = _CURRENT.first(tx, actor=actor_id, kind=kind)
    if row is None:
        raise OperatorError(f"an actor has no {kind} key", cure="restore a backup")
    return StoredKey(**row)


def by_fragment(tx: ReadTx, actor_id: ActorId, fragment: str) -> StoredKey | None:
    """Return the key whose address ends in `#fragment`, retired or not."""
    row = tx.conn.execute(
        _keys(actor_id)
        .where(local_keys.c.fragment == fragment)
        .order_by(local_keys.c.id.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None else _read(row)


def published(tx: ReadTx, actor_id: ActorId) -> list[StoredKey]:
    """Return the keys that are not retired, the newest first."""
    rows = tx.conn.execute(
        _keys(actor_id).where(local_keys.c.retired_at.is_(None)).order_by(local_keys.c.id.desc())
    )
    return [_read(row) for row in rows]


def retire(tx: WriteTx, actor_id: ActorId, fragment: str) -> None:
    """Sign nothing new with a key from now on."""
    tx.conn.execute(
        update(local_keys)
        .where(local_keys.c.actor_id == actor_id, local_keys.c.fragment == fragment)
        .values(retired_at=tx.now)
    )


def _keys(actor_id: ActorId) -> Select[Any]:
    return select(*_FIELDS).where(local_keys.c.actor_id == actor_id)


def _read(row: Row[Any]) -> StoredKey:
    return StoredKey(**row._mapping)
