"""Private messages to our actors: shown to organizers only.

Called by the handlers of notes and by the organizers' pages and commands.
"""

from sqlalchemy import ColumnElement, delete, func, select

from fedi_chapter.domain.conversation import Message
from fedi_chapter.store.foreign_words import body_of, host_of, if_judged
from fedi_chapter.store.prepared import Prepared
from fedi_chapter.store.tables import messages
from fedi_chapter.store.tx import ReadTx, WriteTx
from fedi_chapter.store.upsert import insert

MOST_OF_ONE, MOST_OF_HOST = 20, 200
"""Messages that are kept of one person, and of everybody on one host."""

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


def listing(tx: ReadTx, limit: int | None = None) -> list[Message]:
    """Return messages, the last received first."""
    newest_first = messages.c.received_at.desc(), messages.c.uri
    rows = tx.conn.execute(_MESSAGES.order_by(*newest_first).limit(limit))
    return [Message(**row._mapping) for row in rows]


def make_room(tx: WriteTx, actor_uri: str) -> None:
    """Drop the oldest message of somebody, or of their host, that is one too many.

    Of a host it is one of the person who has the most there: nobody's single message goes for
    another's many.
    """
    if _number(tx, messages.c.actor_uri == actor_uri) >= MOST_OF_ONE:
        _drop_oldest(tx, actor_uri)
    host = host_of(actor_uri)
    if _number(tx, messages.c.host == host) >= MOST_OF_HOST:
        busiest = (
            select(messages.c.actor_uri)
            .where(messages.c.host == host)
            .group_by(messages.c.actor_uri)
            .order_by(func.count().desc(), func.min(messages.c.received_at))
            .limit(1)
        )
        _drop_oldest(tx, tx.conn.execute(busiest).scalar_one())


def _number(tx: ReadTx, whose: ColumnElement[bool]) -> int:
    counted = select(func.count()).select_from(messages).where(whose)
    return int(tx.conn.execute(counted).scalar_one())


def _drop_oldest(tx: WriteTx, actor_uri: str) -> None:
    oldest = (
        select(messages.c.uri)
        .where(messages.c.actor_uri == actor_uri)
        .order_by(messages.c.received_at, messages.c.uri)
        .limit(1)
    )
    tx.conn.execute(delete(messages).where(messages.c.uri == oldest.scalar_subquery()))
