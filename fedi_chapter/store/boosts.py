"""Boosts: what our actors passed on. Called by services and by whoever federates them."""

from typing import Any

from sqlalchemy import Select, select, update

from fedi_chapter.domain.boost import Boost
from fedi_chapter.domain.chapter import ActorId
from fedi_chapter.store.tables import boosts
from fedi_chapter.store.tx import ReadTx, WriteTx


def insert(tx: WriteTx, actor_id: ActorId, object_uri: str, author_uri: str) -> Boost:
    """Write down that an actor passed an object on, now."""
    boost = Boost(tx.new_id(), actor_id, object_uri, author_uri, tx.now)
    tx.conn.execute(
        boosts.insert().values(
            id=boost.id,
            actor_id=actor_id,
            object_uri=object_uri,
            author_uri=author_uri,
            at=boost.at,
        )
    )
    return boost


def get(tx: ReadTx, boost_id: str) -> Boost | None:
    """Return a boost, one taken back too."""
    return _first(tx, select(boosts).where(boosts.c.id == boost_id))


def active(tx: ReadTx, actor_id: ActorId, object_uri: str) -> Boost | None:
    """Return an actor's boost of an object that was not taken back."""
    return _first(
        tx,
        select(boosts)
        .where(
            boosts.c.actor_id == actor_id,
            boosts.c.object_uri == object_uri,
            boosts.c.undone_at.is_(None),
        )
        .limit(1),
    )


def undo(tx: WriteTx, boost_id: str) -> None:
    """Take a boost back."""
    tx.conn.execute(update(boosts).where(boosts.c.id == boost_id).values(undone_at=tx.now))


def listing(tx: ReadTx, actor_id: ActorId) -> list[Boost]:
    """Return an actor's boosts that were not taken back, the newest first."""
    rows = tx.conn.execute(
        select(boosts)
        .where(boosts.c.actor_id == actor_id, boosts.c.undone_at.is_(None))
        .order_by(boosts.c.at.desc(), boosts.c.id.desc())
    )
    return [Boost(**row._mapping) for row in rows]


def _first(tx: ReadTx, query: Select[Any]) -> Boost | None:
    row = tx.conn.execute(query).first()
    return None if row is None else Boost(**row._mapping)
