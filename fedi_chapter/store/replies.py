"""What others answer to our events and posts.

Called by the handlers of notes, by moderation, and by whoever shows or lists a thread.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    CursorResult,
    Integer,
    Select,
    bindparam,
    delete,
    func,
    select,
    union_all,
    update,
)

from fedi_chapter.domain.conversation import Reply, ReplyState
from fedi_chapter.store.foreign_words import body_of, host_of, if_judged
from fedi_chapter.store.prepared import Prepared
from fedi_chapter.store.tables import deleted_replies, replies
from fedi_chapter.store.tx import ReadTx, WriteTx
from fedi_chapter.store.upsert import insert

_OURS = {"received_at", "host", "rule"}
_FIELDS = [column for column in replies.columns if column.name not in _OURS | {"body", "is_cut"}]
_REPLIES = select(*_FIELDS, replies.c.is_cut, if_judged(replies, "body"))
_SHOWN = replies.c.state == ReplyState.SHOWN
_OLDEST_FIRST = (replies.c.published_at, replies.c.uri)
# Built once: building and hashing it costs as much as running it.
_INSERT = insert(replies)
_PUT = Prepared(
    _INSERT.on_conflict_do_update(
        index_elements=["uri"],
        # Its state stays: an edit that comes while somebody hides a reply must not show it again.
        set_={
            name: _INSERT.excluded[name]
            for name in replies.columns.keys()  # noqa: SIM118 — a collection of columns
            if name not in {"uri", "state", "received_at"}
        },
    ),
    given=replies.columns.keys(),
)
_ROOT = Prepared(
    union_all(
        select(replies.c.root).where(replies.c.uri == bindparam("uri")),
        select(deleted_replies.c.root).where(deleted_replies.c.reply == bindparam("gone")),
    )
)


@dataclass(frozen=True, slots=True)
class ReplyLimits:
    """How many replies may be kept."""

    in_thread: int
    of_one: int
    """Of one person in one thread."""
    held_of_one: int
    held_of_host: int


@dataclass(frozen=True, slots=True)
class Full:
    """Where as many are kept as may be."""

    in_thread: bool
    of_one: bool
    held_of_one: bool
    held_of_host: bool


def _has(most: str, column: Column[Any], *which: ColumnElement[bool]) -> ColumnElement[bool]:
    # Skipped in the index alone, for it has the column: that costs a tenth of counting rows.
    last = select(column).where(*which).limit(1).offset(bindparam(most, type_=Integer) - 1)
    return last.correlate(None).exists().label(most)


# Built once: asked for with every reply that comes.
_IN_THREAD = replies.c.root == bindparam("root")
# An expression, so that those of one person are found by the person: a thread has far more.
_AND_IN_THREAD = replies.c.root.concat("") == bindparam("root")
_OF_ONE = replies.c.actor_uri == bindparam("actor")
_IS_HELD = replies.c.state == ReplyState.HELD
_FULL = Prepared(
    select(
        _has("in_thread", replies.c.root, _IN_THREAD),
        _has("of_one", replies.c.actor_uri, _OF_ONE, _AND_IN_THREAD),
        _has("held_of_one", replies.c.actor_uri, _IS_HELD, _OF_ONE),
        _has("held_of_host", replies.c.host, _IS_HELD, replies.c.host == bindparam("host")),
    )
)


def put(tx: WriteTx, reply: Reply) -> None:
    """Remember a reply, or the newer text of one, which stays as shown or hidden as it is."""
    facts = {column.name: getattr(reply, column.name) for column in _FIELDS}
    made = body_of(reply.html, reply.attached)
    _PUT.run(tx, **facts, **made, host=host_of(reply.actor_uri), received_at=tx.now)


def get(tx: ReadTx, uri: str) -> Reply | None:
    """Return a reply by its id, in whatever state."""
    found = _all(tx, _REPLIES.where(replies.c.uri == uri))
    return found[0] if found else None


def remove(tx: WriteTx, uri: str) -> None:
    """Forget a reply; answers to it still belong to its thread."""
    _remember_threads(tx, replies.c.uri == uri)
    tx.conn.execute(delete(replies).where(replies.c.uri == uri))


def remove_all_of(tx: WriteTx, actor_uri: str) -> None:
    """Forget the replies of somebody, as `remove` does."""
    _remember_threads(tx, replies.c.actor_uri == actor_uri)
    tx.conn.execute(delete(replies).where(replies.c.actor_uri == actor_uri))


def purge_threads(tx: WriteTx, before: datetime) -> int:
    """Forget to which threads the replies belonged that were deleted before an instant."""
    gone: CursorResult[Any] = tx.conn.execute(
        delete(deleted_replies).where(deleted_replies.c.at < before)
    )
    return gone.rowcount


def set_state(tx: WriteTx, uri: str, state: ReplyState) -> None:
    """Show, hold or hide a reply."""
    tx.conn.execute(update(replies).where(replies.c.uri == uri).values(state=state))


def thread(tx: ReadTx, roots: Sequence[str], limit: int) -> list[Reply]:
    """Return the shown replies below any of `roots`, the oldest first."""
    return _all(tx, _below(_REPLIES, roots).order_by(*_OLDEST_FIRST).limit(limit))


def those(tx: ReadTx, uris: Sequence[str]) -> list[Reply]:
    """Return the replies with these ids."""
    return _all(tx, _REPLIES.where(replies.c.uri.in_(uris))) if uris else []


def uris(tx: ReadTx, roots: Sequence[str], limit: int, offset: int) -> list[str]:
    """Return the ids of the shown replies below any of `roots`, the oldest first."""
    query = _below(select(replies.c.uri), roots).order_by(*_OLDEST_FIRST)
    return list(tx.conn.execute(query.limit(limit).offset(offset)).scalars())


def count(tx: ReadTx, roots: Sequence[str]) -> int:
    """Return how many shown replies there are below any of `roots`."""
    counted = tx.conn.execute(_below(select(func.count()).select_from(replies), roots))
    return int(counted.scalar_one())


def full(tx: ReadTx, root: str, actor_uri: str, most: ReplyLimits) -> Full:
    """Tell where as many replies are kept as may be, for one more of somebody in a thread."""
    row = _FULL.one(tx, root=root, actor=actor_uri, host=host_of(actor_uri), **asdict(most))
    return Full(**row)


def root_of(tx: ReadTx, uri: str) -> str | None:
    """Return what of ours stands at the top of the thread that the reply `uri` is, or was, in."""
    row = _ROOT.first(tx, uri=uri, gone=_nameless(uri))
    return None if row is None else str(row["root"])


def held(tx: ReadTx, limit: int | None = None) -> list[Reply]:
    """Return the replies that wait for an organizer, the first received first."""
    query = _REPLIES.where(replies.c.state == ReplyState.HELD)
    return _all(tx, query.order_by(replies.c.received_at, replies.c.uri).limit(limit))


def _remember_threads(tx: WriteTx, which: ColumnElement[bool]) -> None:
    rows = tx.conn.execute(select(replies.c.uri, replies.c.root).where(which)).all()
    if rows:
        tx.conn.execute(
            insert(deleted_replies).on_conflict_do_nothing(),
            [{"reply": _nameless(row.uri), "root": row.root, "at": tx.now} for row in rows],
        )


def _nameless(uri: str) -> str:
    """Return a digest of a reply's id: most ids have the name of their author in them."""
    return sha256(uri.encode()).hexdigest()


def _below(query: Select[Any], roots: Sequence[str]) -> Select[Any]:
    return query.where(replies.c.root.in_(roots), _SHOWN)


def _all(tx: ReadTx, query: Select[Any]) -> list[Reply]:
    return [
        Reply(**{**row._mapping, "state": ReplyState(row.state)}) for row in tx.conn.execute(query)
    ]
