"""Our consents that others quote us (FEP-044f).

Called by the handler of requests and by whoever shows or revokes a consent.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, func, select, update

from fedi_chapter.domain.conversation import QuoteAuthorization
from fedi_chapter.store.tables import quotes
from fedi_chapter.store.tx import ReadTx, WriteTx
from fedi_chapter.store.upsert import insert

_VALID = select(*(column for column in quotes.columns if column.name != "revoked_at")).where(
    quotes.c.revoked_at.is_(None)
)


def put(tx: WriteTx, given: QuoteAuthorization) -> None:
    """Keep a consent; an actor who has one for a quote keeps the first, even a revoked one."""
    tx.conn.execute(
        insert(quotes)
        .values(
            id=given.id,
            quote_uri=given.quote_uri,
            target_uri=given.target_uri,
            actor_uri=given.actor_uri,
            at=given.at,
        )
        .on_conflict_do_nothing()
    )


def get(tx: ReadTx, quote_id: str) -> QuoteAuthorization | None:
    """Return a consent that was not revoked."""
    return _one(tx, _VALID.where(quotes.c.id == quote_id))


def by_quote(tx: ReadTx, quote_uri: str, actor_uri: str) -> QuoteAuthorization | None:
    """Return the consent an actor has for the quote `quote_uri`, unless it was revoked."""
    return _one(tx, _VALID.where(quotes.c.quote_uri == quote_uri, quotes.c.actor_uri == actor_uri))


def given_to(tx: ReadTx, actor_uri: str, target_uri: str, *, limit: int) -> int:
    """Return how many consents somebody was given for one thing of ours, counted up to a limit."""
    theirs = select(quotes.c.id).where(
        quotes.c.actor_uri == actor_uri, quotes.c.target_uri == target_uri
    )
    counted = select(func.count()).select_from(theirs.limit(limit).subquery())
    return int(tx.conn.execute(counted).scalar_one())


def of_targets(tx: ReadTx, target_uris: Sequence[str]) -> list[QuoteAuthorization]:
    """Return the consents to quote one of these things of ours."""
    rows = tx.conn.execute(_VALID.where(quotes.c.target_uri.in_(target_uris)))
    return [QuoteAuthorization(**row._mapping) for row in rows]


def revoke(tx: WriteTx, quote_id: str) -> None:
    """Take a consent back."""
    tx.conn.execute(update(quotes).where(quotes.c.id == quote_id).values(revoked_at=tx.now))


def _one(tx: ReadTx, query: Select[Any]) -> QuoteAuthorization | None:
    row = tx.conn.execute(query).one_or_none()
    return None if row is None else QuoteAuthorization(**row._mapping)
