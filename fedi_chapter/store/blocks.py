"""Whom we refuse. Called by moderation and at every door others come in through."""

from collections.abc import Collection

from sqlalchemy import bindparam, delete, select

from fedi_chapter.domain.moderation import Block, host_and_parents
from fedi_chapter.store.tables import blocks
from fedi_chapter.store.tx import ReadTx, WriteTx
from fedi_chapter.store.upsert import insert

# Built once: it is asked for every activity, and building it costs more than running it.
_FIND = select(blocks).where(blocks.c.target.in_(bindparam("targets", expanding=True))).limit(1)


def put(tx: WriteTx, block: Block) -> None:
    """Refuse a host or an actor from now on; a second time changes nothing."""
    tx.conn.execute(
        insert(blocks)
        .values(target=block.target, kind=block.kind, since=block.since)
        .on_conflict_do_nothing()
    )


def remove(tx: WriteTx, target: str) -> bool:
    """Lift a block; tell whether there was one."""
    return tx.conn.execute(delete(blocks).where(blocks.c.target == target)).rowcount > 0


def listing(tx: ReadTx) -> list[Block]:
    """Return all blocks by name."""
    rows = tx.conn.execute(select(blocks).order_by(blocks.c.target))
    return [Block(**row._mapping) for row in rows]


def find(tx: ReadTx, *, actor_uri: str | None, host: str) -> Block | None:
    """Return the block that refuses an actor, its host, or a domain its host is under."""
    targets = [*host_and_parents(host), *([actor_uri] if actor_uri else [])]
    row = tx.conn.execute(_FIND, {"targets": targets}).one_or_none()
    return None if row is None else Block(**row._mapping)


def among(tx: ReadTx, targets: Collection[str]) -> frozenset[str]:
    """Return those of many hosts and actors that are refused, in one query."""
    query = select(blocks.c.target).where(blocks.c.target.in_(targets))
    return frozenset(tx.conn.execute(query).scalars())
