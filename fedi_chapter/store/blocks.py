"""Whom we refuse. Called by moderation and at every door others come in through."""

from collections.abc import Collection
from itertools import zip_longest

import orjson
from sqlalchemy import Text, bindparam, delete, func, select

from fedi_chapter.domain.moderation import Block, host_and_parents
from fedi_chapter.store.prepared import Prepared
from fedi_chapter.store.tables import blocks
from fedi_chapter.store.tx import ReadTx, WriteTx
from fedi_chapter.store.upsert import insert

# Built once, for so many names at a time: it is asked for every activity.
_NAMES = tuple(f"name_{number}" for number in range(8))
_FIND = Prepared(
    select(blocks).where(blocks.c.target.in_([bindparam(name, type_=Text) for name in _NAMES]))
)

_TARGET = select(blocks.c.target)
_AMONG = _TARGET.where(blocks.c.target.in_(bindparam("targets", expanding=True)))
_LISTED = func.json_each(bindparam("targets", type_=Text)).table_valued("value")
_AMONG_SQLITE = Prepared(_TARGET.where(blocks.c.target.in_(select(_LISTED.c.value))))


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
    for start in range(0, len(targets), len(_NAMES)):
        some = zip_longest(_NAMES, targets[start : start + len(_NAMES)])
        row = _FIND.first(tx, **dict(some))
        if row is not None:
            return Block(**row)
    return None


def among(tx: ReadTx, targets: Collection[str]) -> frozenset[str]:
    """Return those of many hosts and actors that are refused, in one query."""
    if tx.conn.dialect.name == "sqlite":
        rows = _AMONG_SQLITE.rows(tx, targets=orjson.dumps(list(targets)).decode())
        return frozenset([row["target"] for row in rows])
    return frozenset(tx.conn.execute(_AMONG, {"targets": list(targets)}).scalars())
