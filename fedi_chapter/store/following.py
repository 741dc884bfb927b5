"""Whom our actors follow, or asked to follow.

Called by services and by the handler of answers to our follows.
"""

from typing import Any

from sqlalchemy import Row, Select, bindparam, delete, exists, func, select, update

from fedi_chapter.domain.chapter import ActorId
from fedi_chapter.domain.follower import Following, FollowState
from fedi_chapter.store.prepared import Prepared
from fedi_chapter.store.tables import following, remote_actors
from fedi_chapter.store.tx import ReadTx, WriteTx

_FOLLOWING = select(following, remote_actors.c.handle).join(
    remote_actors, remote_actors.c.uri == following.c.uri
)
_ACCEPTED = following.c.state == FollowState.ACCEPTED
_NEWEST_FIRST = (following.c.since.desc(), following.c.id.desc())
# Built once: it is asked for every note that comes in.
_IS_FOLLOWED = Prepared(
    select(exists().where(following.c.uri == bindparam("uri"), _ACCEPTED).label("found"))
)


def insert(tx: WriteTx, actor_id: ActorId, uri: str, state: FollowState) -> Following:
    """Write down a new follow; a second one of the same actor fails at the database."""
    follow_id = tx.new_id()
    tx.conn.execute(
        following.insert().values(
            id=follow_id, actor_id=actor_id, uri=uri, state=state, since=tx.now
        )
    )
    handle = tx.conn.execute(
        select(remote_actors.c.handle).where(remote_actors.c.uri == uri)
    ).scalar_one()
    return Following(follow_id, actor_id, uri, handle, state, tx.now)


def get(tx: ReadTx, follow_id: str) -> Following | None:
    """Return one of our follows by its id."""
    return _one(tx, _FOLLOWING.where(following.c.id == follow_id))


def by_target(tx: ReadTx, actor_id: ActorId, uri: str) -> Following | None:
    """Return an actor's follow of `uri`, in whatever state."""
    return _one(tx, _FOLLOWING.where(following.c.actor_id == actor_id, following.c.uri == uri))


def answer(tx: WriteTx, follow_id: str, state: FollowState) -> None:
    """Write down what the other side said."""
    tx.conn.execute(update(following).where(following.c.id == follow_id).values(state=state))


def remove(tx: WriteTx, follow_id: str) -> None:
    """Forget a follow."""
    tx.conn.execute(delete(following).where(following.c.id == follow_id))


def listing(tx: ReadTx, actor_id: ActorId) -> list[Following]:
    """Return all follows of an actor, in whatever state, the newest first."""
    query = _FOLLOWING.where(following.c.actor_id == actor_id).order_by(*_NEWEST_FIRST)
    return [_read(row) for row in tx.conn.execute(query)]


def accepted_uris(tx: ReadTx, actor_id: ActorId, *, limit: int, offset: int = 0) -> list[str]:
    """Return the ids of those whom an actor follows, the newest first."""
    query = (
        select(following.c.uri)
        .where(following.c.actor_id == actor_id, _ACCEPTED)
        .order_by(*_NEWEST_FIRST)
    )
    return list(tx.conn.execute(query.limit(limit).offset(offset)).scalars())


def count(tx: ReadTx, actor_id: ActorId) -> int:
    """Return how many an actor follows."""
    return tx.conn.execute(
        select(func.count())
        .select_from(following)
        .where(following.c.actor_id == actor_id, _ACCEPTED)
    ).scalar_one()


def is_followed(tx: ReadTx, uri: str) -> bool:
    """Tell whether any of our actors follows `uri`."""
    return bool(_IS_FOLLOWED.one(tx, uri=uri)["found"])


def is_anybody_followed(tx: ReadTx, host: str) -> bool:
    """Tell whether any of our actors follows somebody who lives at `host`."""
    found = select(exists().where(_ACCEPTED, following.c.uri.in_(_at(host))))
    return bool(tx.conn.execute(found).scalar_one())


def _at(host: str) -> Select[tuple[str]]:
    return select(remote_actors.c.uri).where(remote_actors.c.host == host)


def _one(tx: ReadTx, query: Select[Any]) -> Following | None:
    row = tx.conn.execute(query).one_or_none()
    return None if row is None else _read(row)


def _read(row: Row[Any]) -> Following:
    return Following(
        id=row.id,
        actor_id=ActorId(row.actor_id),
        uri=row.uri,
        handle=row.handle,
        state=FollowState(row.state),
        since=row.since,
    )
