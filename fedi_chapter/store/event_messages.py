"""What organizers told those who come to an event, in their own words.

Called by `services.messages`, and by whoever words or shows them.
"""

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import Row, func, select

from fedi_chapter.domain.event import EventId
from fedi_chapter.domain.event_message import EventMessage, EventMessageId
from fedi_chapter.store.tables import event_messages
from fedi_chapter.store.tx import ReadTx, WriteTx


def insert(tx: WriteTx, message: EventMessage) -> None:
    """Keep a message."""
    tx.conn.execute(event_messages.insert().values(**asdict(message)))


def get(tx: ReadTx, message_id: EventMessageId) -> EventMessage | None:
    """Return one message."""
    query = select(event_messages).where(event_messages.c.id == message_id)
    row = tx.conn.execute(query).one_or_none()
    return None if row is None else _read(row)


def of_event(tx: ReadTx, event_id: EventId) -> list[EventMessage]:
    """Return the messages about an event, the last first."""
    query = select(event_messages).where(event_messages.c.event_id == event_id)
    ordered = query.order_by(event_messages.c.at.desc(), event_messages.c.id.desc())
    return [_read(row) for row in tx.conn.execute(ordered)]


def last(tx: ReadTx, event_id: EventId) -> EventMessage | None:
    """Return the last message about an event."""
    query = select(event_messages).where(event_messages.c.event_id == event_id)
    ordered = query.order_by(event_messages.c.at.desc(), event_messages.c.id.desc()).limit(1)
    row = tx.conn.execute(ordered).one_or_none()
    return None if row is None else _read(row)


def last_urgent(tx: ReadTx, event_id: EventId) -> datetime | None:
    """Return when the last urgent message about an event was written."""
    last: datetime | None = tx.conn.execute(
        select(func.max(event_messages.c.at)).where(
            event_messages.c.event_id == event_id, event_messages.c.urgent.is_(True)
        )
    ).scalar_one()
    return last


def _read(row: Row[tuple[object, ...]]) -> EventMessage:
    known = row._asdict()
    return EventMessage(
        **{**known, "id": EventMessageId(row.id), "event_id": EventId(row.event_id)}
    )
