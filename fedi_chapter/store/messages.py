"""Private messages to our actors: shown to organizers only.

Called by the handlers of notes and by the organizers' pages and commands.
"""

from dataclasses import asdict

from sqlalchemy import delete, select

from fedi_chapter.domain.conversation import Message
from fedi_chapter.store.tables import messages
from fedi_chapter.store.tx import ReadTx, WriteTx
from fedi_chapter.store.upsert import insert

_MESSAGES = select(*(column for column in messages.columns if column.name != "received_at"))


def put(tx: WriteTx, message: Message) -> None:
    """Remember a message, or the newer text of one."""
    facts = asdict(message)
    tx.conn.execute(
        insert(messages)
        .values(**facts, received_at=tx.now)
        .on_conflict_do_update(index_elements=["uri"], set_=facts)
    )


def get(tx: ReadTx, uri: str) -> Message | None:
    """Return a message by its id."""
    row = tx.conn.execute(_MESSAGES.where(messages.c.uri == uri)).one_or_none()
    return None if row is None else Message(**row._mapping)


def remove(tx: WriteTx, uri: str) -> None:
    """Forget a message."""
    tx.conn.execute(delete(messages).where(messages.c.uri == uri))


def listing(tx: ReadTx) -> list[Message]:
    """Return all messages, the last received first."""
    rows = tx.conn.execute(_MESSAGES.order_by(messages.c.received_at.desc(), messages.c.uri))
    return [Message(**row._mapping) for row in rows]
