"""Private messages to our actors: shown to organizers only.

Called by the handlers of notes and by the organizers' pages and commands.
"""

from sqlalchemy import delete, select

from fedi_chapter.domain.conversation import Message
from fedi_chapter.store.foreign_words import body_of, host_of, if_judged
from fedi_chapter.store.prepared import Prepared
from fedi_chapter.store.tables import messages
from fedi_chapter.store.tx import ReadTx, WriteTx
from fedi_chapter.store.upsert import insert

_OURS = {"received_at", "host", "rule", "body"}
_MESSAGES = select(
    *(column for column in messages.columns if column.name not in _OURS),
    if_judged(messages, "body"),
)

# Built once: building it costs many times what running it does.
_NEW = insert(messages)
_PUT = Prepared(
    _NEW.on_conflict_do_update(
        index_elements=["uri"],
        set_={each.name: each for each in _NEW.excluded if each.name != "received_at"},
    ),
    given=messages.columns.keys(),
)


def put(tx: WriteTx, message: Message) -> None:
    """Remember a message, or the newer text of one."""
    _PUT.run(
        tx,
        uri=message.uri,
        actor_uri=message.actor_uri,
        in_reply_to=message.in_reply_to,
        html=message.html,
        warning=message.warning,
        attached=message.attached,
        published_at=message.published_at,
        updated_at=message.updated_at,
        received_at=tx.now,
        host=host_of(message.actor_uri),
        **body_of(message.html, message.attached),
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
