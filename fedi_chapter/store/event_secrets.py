"""The keys of events that only count heads: with its key, an event's hashes lose all meaning."""

from sqlalchemy import delete, select

from fedi_chapter.domain.event import EventId
from fedi_chapter.store.tables import event_secrets
from fedi_chapter.store.tx import ReadTx, WriteTx


def get(tx: ReadTx, event_id: EventId) -> bytes | None:
    """Return an event's key, None when it has none or it was destroyed."""
    query = select(event_secrets.c.secret).where(event_secrets.c.event_id == event_id)
    return tx.conn.execute(query).scalar_one_or_none()


def put(tx: WriteTx, event_id: EventId, secret: bytes) -> None:
    """Keep an event's key."""
    tx.conn.execute(event_secrets.insert().values(event_id=event_id, secret=secret))


def destroy(tx: WriteTx, event_id: EventId) -> None:
    """Forget an event's key for good."""
    tx.conn.execute(delete(event_secrets).where(event_secrets.c.event_id == event_id))


def kept(tx: ReadTx) -> list[EventId]:
    """Return the events whose secret is still there: those that count heads and are ahead."""
    return [EventId(each) for each in tx.conn.execute(select(event_secrets.c.event_id)).scalars()]
