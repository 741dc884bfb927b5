"""Actors of other servers and the keys that prove them.

Called by whoever verifies a signature or meets an actor. Nothing is fetched here.
"""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import (
    ColumnElement,
    Text,
    bindparam,
    case,
    delete,
    func,
    literal,
    or_,
    select,
    update,
)

from fedi_chapter.domain.conversation import ReplyState
from fedi_chapter.domain.moderation import Block
from fedi_chapter.domain.remote_actor import RemoteActor, RemoteKey
from fedi_chapter.store.prepared import Prepared, Row
from fedi_chapter.store.tables import (
    neighbour_events,
    neighbour_posts,
    reactions,
    remote_actors,
    remote_keys,
    replies,
)
from fedi_chapter.store.tx import ReadTx, WriteTx
from fedi_chapter.store.upsert import insert

_FIELDS = [column for column in remote_actors.columns if column.name != "moved_at"]
_WITH_KEYS = select(
    *_FIELDS,
    remote_keys.c.id.label("key_id"),
    remote_keys.c.kind.label("key_kind"),
    remote_keys.c.public.label("key_public"),
).outerjoin(remote_keys, remote_keys.c.owner == remote_actors.c.uri)

_ASKED = remote_keys.alias("asked")
# Built once: these run for every request that comes in.
_BY_URI = Prepared(_WITH_KEYS.where(remote_actors.c.uri == bindparam("uri")))
_BY_KEY = Prepared(
    _WITH_KEYS.where(
        remote_actors.c.uri
        == select(_ASKED.c.owner).where(_ASKED.c.id == bindparam("key_id")).scalar_subquery()
    )
)
_PUBLIC = select(remote_keys.c.id, remote_keys.c.public)
_LISTED = func.json_each(bindparam("ids", type_=Text)).table_valued("value")
_PUBLIC_SQLITE = Prepared(_PUBLIC.where(remote_keys.c.id.in_(select(_LISTED.c.value))))
_KNOWN = select(remote_actors.c.uri).where(
    remote_actors.c.uri.in_(bindparam("uris", expanding=True))
)
_NEW = insert(remote_actors)
_KEPT = {"uri", "handle", "moved_at", "moved_to"}
_COLUMNS = [column.name for column in remote_actors.columns]
_PUT = Prepared(
    _NEW.on_conflict_do_update(
        index_elements=["uri"],
        set_={
            **{name: _NEW.excluded[name] for name in _COLUMNS if name not in _KEPT},
            "handle": case(
                (remote_actors.c.username == _NEW.excluded.username, remote_actors.c.handle),
                else_=_NEW.excluded.handle,
            ),
        },
    ),
    given=_COLUMNS,
)
_KEYS = Prepared(select(remote_keys.c.id).where(remote_keys.c.owner == bindparam("owner")))
_DROP_KEY = Prepared(delete(remote_keys).where(remote_keys.c.id == bindparam("id")))
_NEW_KEY = insert(remote_keys)
_LISTED_BEFORE = remote_keys.c.owner == _NEW_KEY.excluded.owner
_IS_OWN_ADDRESS = or_(
    _NEW_KEY.excluded.id == _NEW_KEY.excluded.owner,
    func.substr(_NEW_KEY.excluded.id, 1, func.length(_NEW_KEY.excluded.owner) + 1)
    == _NEW_KEY.excluded.owner + "#",
)
_PUT_KEY = Prepared(
    _NEW_KEY.on_conflict_do_update(
        index_elements=["id"],
        set_={name: _NEW_KEY.excluded[name] for name in ("owner", "kind", "public")},
        where=or_(_LISTED_BEFORE, _IS_OWN_ADDRESS),
    ),
    given=remote_keys.columns.keys(),
)


def get(tx: ReadTx, uri: str) -> RemoteActor | None:
    """Return the actor whose ActivityPub id is `uri`, with its keys."""
    return _read(_BY_URI.rows(tx, uri=uri))


def by_key(tx: ReadTx, key_id: str) -> RemoteActor | None:
    """Return the owner of a key, with all its keys."""
    return _read(_BY_KEY.rows(tx, key_id=key_id))


def public_keys(tx: ReadTx, key_ids: Collection[str]) -> dict[str, bytes]:
    """Return those of many keys that are known, by their ids, in one query."""
    if tx.conn.dialect.name == "sqlite":
        rows = _PUBLIC_SQLITE.rows(tx, ids=orjson.dumps(list(key_ids)).decode())
        return {row["id"]: row["public"] for row in rows}
    found = tx.conn.execute(_PUBLIC.where(remote_keys.c.id.in_(key_ids)))
    return {row.id: row.public for row in found}


def known_among(tx: ReadTx, uris: Collection[str]) -> set[str]:
    """Return those of `uris` that are actors we have met."""
    return set(tx.conn.execute(_KNOWN, {"uris": list(uris)}).scalars())


def by_handle(tx: ReadTx, handle: str) -> RemoteActor | None:
    """Return the actor called `name@host`; the one met last where several claim it."""
    uri = tx.conn.execute(
        select(remote_actors.c.uri)
        .where(remote_actors.c.handle == handle)
        .order_by(remote_actors.c.gone_at.is_not(None), remote_actors.c.fetched_at.desc())
        .limit(1)
    ).scalar_one_or_none()
    return None if uri is None else get(tx, uri)


def age(tx: WriteTx, uri: str) -> None:
    """Treat an actor as one who was met long ago: forgotten soon, if nothing here needs it."""
    long_ago = datetime(1970, 1, 1, tzinfo=UTC)
    aged = update(remote_actors).where(remote_actors.c.uri == uri).values(fetched_at=long_ago)
    tx.conn.execute(aged)


def put(tx: WriteTx, actor: RemoteActor) -> None:
    """Remember an actor as just fetched; its keys become exactly those it lists.

    Its handle stays while its name does: only `set_handle` knows better (OBJ-17). A key id that
    belongs to another actor stays with that one: nobody can take a key over by listing its id,
    but for the actor at whose own address it stands.
    """
    _PUT.run(tx, uri=actor.uri, **_facts(actor), moved_at=None, fetched_at=tx.now)
    listed = {key.id for key in actor.keys}
    for row in _KEYS.rows(tx, owner=actor.uri):
        if row["id"] not in listed:
            _DROP_KEY.run(tx, id=row["id"])
    for key in actor.keys:
        _PUT_KEY.run(tx, id=key.id, owner=actor.uri, kind=key.kind, public=key.public)


def set_handle(tx: WriteTx, uri: str, handle: str) -> None:
    """Remember what an actor is called, as both its domains agree (OBJ-17)."""
    tx.conn.execute(update(remote_actors).where(remote_actors.c.uri == uri).values(handle=handle))


def mark_gone(tx: WriteTx, uri: str) -> None:
    """Remember that an actor was deleted; its row stays, so that it is not asked again."""
    tx.conn.execute(update(remote_actors).where(remote_actors.c.uri == uri).values(gone_at=tx.now))


def gone_among(tx: ReadTx, uris: Collection[str]) -> frozenset[str]:
    """Return those of many actors that were deleted."""
    if not uris:
        return frozenset()
    is_gone = remote_actors.c.gone_at.is_not(None)
    found = select(remote_actors.c.uri).where(remote_actors.c.uri.in_(uris), is_gone)
    return frozenset(tx.conn.execute(found).scalars())


def mark_moved(tx: WriteTx, uri: str, target: str) -> None:
    """Remember that an actor moved to `target`, now."""
    tx.conn.execute(
        update(remote_actors)
        .where(remote_actors.c.uri == uri)
        .values(moved_to=target, moved_at=tx.now)
    )


def moved_at(tx: ReadTx, uri: str) -> datetime | None:
    """Return when an actor last told us that it moved."""
    return tx.conn.execute(
        select(remote_actors.c.moved_at).where(remote_actors.c.uri == uri)
    ).scalar_one_or_none()


def silence(tx: WriteTx, block: Block) -> None:
    """Take from view what an actor, or everybody at a host and below it, said here.

    Replies are hidden, so that an organizer still finds them; likes, boosts and the copies of
    their posts and events go. Messages stay: only organizers read them.
    """
    meant = select(remote_actors.c.uri).where(_is_meant(block))
    tx.conn.execute(
        update(replies).where(replies.c.actor_uri.in_(meant)).values(state=ReplyState.HIDDEN)
    )
    for table in (reactions, neighbour_posts, neighbour_events):
        tx.conn.execute(delete(table).where(table.c.actor_uri.in_(meant)))


def _is_meant(block: Block) -> ColumnElement[bool]:
    if block.kind == "actor":
        return remote_actors.c.uri == block.target
    host = literal(".") + remote_actors.c.host + literal(":")  # with or without its port
    return host.contains(f".{block.target}:", autoescape=True)


def _facts(actor: RemoteActor) -> dict[str, Any]:
    return {
        "host": actor.host,
        "type": actor.type,
        "username": actor.username,
        "handle": actor.handle,
        "name": actor.name,
        "url": actor.url,
        "inbox": actor.inbox,
        "shared_inbox": actor.shared_inbox,
        "outbox": actor.outbox,
        "followers": actor.followers,
        "icon_url": actor.icon_url,
        "also_known_as": actor.also_known_as,
        "moved_to": actor.moved_to,
        "gone_at": actor.gone_at,
    }


def _read(rows: Sequence[Row]) -> RemoteActor | None:
    """Return the actor from its rows, one for each key (or one without)."""
    if not rows:
        return None
    first = rows[0]
    facts = {column.name: first[column.name] for column in _FIELDS}
    keys = tuple(
        RemoteKey(row["key_id"], first["uri"], row["key_kind"], row["key_public"])
        for row in sorted(rows, key=lambda row: row["key_id"] or "")
        if row["key_id"] is not None
    )
    return RemoteActor(**facts | {"also_known_as": tuple(first["also_known_as"])}, keys=keys)
