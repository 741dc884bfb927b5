"""Who follows our actors.

Called by services, handlers of follows, and whoever counts or lists followers.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    ScalarSelect,
    Select,
    bindparam,
    case,
    delete,
    exists,
    func,
    select,
    update,
)

from fedi_chapter.domain.chapter import ActorId
from fedi_chapter.domain.follower import Follower, FollowState
from fedi_chapter.store.prepared import Prepared, Row
from fedi_chapter.store.tables import followers, remote_actors
from fedi_chapter.store.tx import ReadTx, WriteTx
from fedi_chapter.store.upsert import insert

_FOLLOWERS = select(followers, remote_actors.c.handle).join(
    remote_actors, remote_actors.c.uri == followers.c.uri
)
_ACCEPTED = followers.c.state == FollowState.ACCEPTED
_NEWEST_FIRST = (followers.c.since.desc(), followers.c.uri)
# Built once: these run with every Follow.
_ONE = Prepared(
    _FOLLOWERS.where(
        followers.c.actor_id == bindparam("actor"), followers.c.uri == bindparam("uri")
    )
)
_HOST = select(remote_actors.c.host).where(remote_actors.c.uri == bindparam("who"))
_NEW = insert(followers).values(
    actor_id=bindparam("actor"),
    uri=bindparam("who"),
    host=_HOST.scalar_subquery(),
    follow_activity=bindparam("activity"),
    state=bindparam("asked", type_=followers.c.state.type),
    since=bindparam("at", type_=followers.c.since.type),
)
_PUT = Prepared(
    _NEW.on_conflict_do_update(
        index_elements=["actor_id", "uri"],
        # Nobody who was let in waits again because of a Follow that was read just before.
        set_={
            "follow_activity": _NEW.excluded.follow_activity,
            "state": case((_ACCEPTED, followers.c.state), else_=_NEW.excluded.state),
        },
    )
)


def _counted(*conditions: ColumnElement[bool]) -> ScalarSelect[int]:
    some = select(followers.c.since).where(*conditions).limit(bindparam("most"))
    return select(func.count()).select_from(some.subquery()).scalar_subquery()


_RECENT = followers.c.since > bindparam("since", type_=followers.c.since.type)
_THEIRS = followers.c.host == bindparam("host")
_CROWD = Prepared(
    select(
        _counted(_ACCEPTED, _RECENT).label("lately"),
        _counted(_ACCEPTED, _RECENT, _THEIRS).label("lately_of_host"),
        _counted(followers.c.state == FollowState.PENDING, _THEIRS).label("waiting_of_host"),
    )
)
_IS_FOLLOWER = Prepared(
    select(exists().where(followers.c.uri == bindparam("uri"), _ACCEPTED).label("found"))
)


@dataclass(frozen=True, slots=True)
class Crowd:
    """How many came lately and were accepted, and how many wait; counted up to a limit."""

    lately: int
    lately_of_host: int
    waiting_of_host: int


def get(tx: ReadTx, actor_id: ActorId, uri: str) -> Follower | None:
    """Return `uri` as a follower of ours, accepted or not."""
    row = _ONE.first(tx, actor=actor_id, uri=uri)
    return None if row is None else _read(row)


def put(tx: WriteTx, actor_id: ActorId, uri: str, follow_activity: str, state: FollowState) -> None:
    """Remember a follower; who asks again keeps the beginning, and stays let in."""
    _PUT.run(tx, actor=actor_id, who=uri, activity=follow_activity, asked=state, at=tx.now)


def let_in(tx: WriteTx, waiting: Follower) -> bool:
    """Accept somebody who waits; tell whether they still wait with the same Follow."""
    done = tx.conn.execute(
        update(followers)
        .where(
            followers.c.actor_id == waiting.actor_id,
            followers.c.uri == waiting.uri,
            followers.c.follow_activity == waiting.follow_activity,
            followers.c.state == FollowState.PENDING,
        )
        .values(state=FollowState.ACCEPTED)
    )
    return done.rowcount > 0


def remove(tx: WriteTx, actor_id: ActorId, uri: str) -> bool:
    """Forget a follower; tell whether there was one."""
    gone = tx.conn.execute(
        delete(followers).where(followers.c.actor_id == actor_id, followers.c.uri == uri)
    )
    return gone.rowcount > 0


def count(tx: ReadTx, actor_id: ActorId) -> int:
    """Return how many follow an actor."""
    return tx.conn.execute(
        select(func.count())
        .select_from(followers)
        .where(followers.c.actor_id == actor_id, _ACCEPTED)
    ).scalar_one()


def any_at_all(tx: ReadTx) -> bool:
    """Tell whether anybody follows, or asked to follow, any of our actors."""
    return tx.conn.execute(select(followers.c.uri).limit(1)).first() is not None


def crowd(tx: ReadTx, host: str, since: datetime, *, limit: int) -> Crowd:
    """Count who came after `since`: in all and from one host, and who of that host waits."""
    return Crowd(**_CROWD.one(tx, host=host, since=since, most=limit))


def is_follower(tx: ReadTx, uri: str) -> bool:
    """Tell whether `uri` follows any of our actors."""
    return bool(_IS_FOLLOWER.one(tx, uri=uri)["found"])


def listing(
    tx: ReadTx, actor_id: ActorId, *, limit: int | None = None, offset: int = 0
) -> list[Follower]:
    """Return who follows an actor, the newest first."""
    query = _FOLLOWERS.where(followers.c.actor_id == actor_id, _ACCEPTED)
    return _all(tx, query.order_by(*_NEWEST_FIRST).limit(limit).offset(offset))


def listing_of_types(
    tx: ReadTx, actor_id: ActorId, types: Iterable[str], *, limit: int, offset: int = 0
) -> list[str]:
    """Return the ids of those followers whose actor type is one of `types`, newest first."""
    query = (
        select(followers.c.uri)
        .join(remote_actors, remote_actors.c.uri == followers.c.uri)
        .where(followers.c.actor_id == actor_id, _ACCEPTED)
        .where(remote_actors.c.type.in_(sorted(types)))
    )
    rows = tx.conn.execute(query.order_by(*_NEWEST_FIRST).limit(limit).offset(offset))
    return list(rows.scalars())


def pending(tx: ReadTx, actor_id: ActorId, limit: int | None = None) -> list[Follower]:
    """Return who waits for an answer to a follow, the first first."""
    query = _FOLLOWERS.where(
        followers.c.actor_id == actor_id, followers.c.state == FollowState.PENDING
    )
    return _all(tx, query.order_by(followers.c.since, followers.c.uri).limit(limit))


def of_host(tx: ReadTx, actor_id: ActorId, host: str) -> list[Follower]:
    """Return the followers at one host, in any state."""
    query = _FOLLOWERS.where(followers.c.actor_id == actor_id, followers.c.host == host)
    return _all(tx, query.order_by(*_NEWEST_FIRST))


def _all(tx: ReadTx, query: Select[Any]) -> list[Follower]:
    return [_read(row) for row in tx.conn.execute(query).mappings()]


def _read(row: Row) -> Follower:
    return Follower(
        actor_id=ActorId(row["actor_id"]),
        uri=row["uri"],
        handle=row["handle"],
        follow_activity=row["follow_activity"],
        state=FollowState(row["state"]),
        since=row["since"],
    )
