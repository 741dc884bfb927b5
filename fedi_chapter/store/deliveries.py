"""What goes out: the last of the three queues, one row for each inbox an activity goes to.

Made by whoever publishes, operated by organizers (`queue` commands and pages). How a
worker takes and finishes rows is in `delivery_claims`. Rows stay after they are done: they
are the ledger of who must hear of a later Update or Delete.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CursorResult,
    Select,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal,
    literal_column,
    or_,
    select,
    update,
)

from fedi_chapter.domain.chapter import ActorId
from fedi_chapter.domain.delivery import DeliveryState, QueuedDelivery, QueueStatus
from fedi_chapter.domain.follower import FollowState
from fedi_chapter.store.delivery_claims import claim, finish, is_open, release
from fedi_chapter.store.tables import activities, deliveries, followers, hosts, remote_actors
from fedi_chapter.store.tables.base import Instant
from fedi_chapter.store.tx import ReadTx, WriteTx
from fedi_chapter.store.upsert import insert

__all__ = [
    "claim",
    "finish",
    "listing",
    "next_due",
    "release",
    "retry",
    "status",
    "to_followers",
    "to_inbox",
    "to_past_recipients",
]

_COLUMNS = ["activity_id", "inbox", "host", "object_uri", "state", "attempts", "first_due", "due"]
_OPEN = is_open()
_FAILED = deliveries.c.state == literal_column("'failed'")
_NOW: ColumnElement[Any] = bindparam("now", type_=Instant())
_ACTIVITY = bindparam("activity", type_=activities.c.id.type)
# A host at rest is not asked before its rest is over, by new deliveries neither.
_WHEN = case((hosts.c.rest_until > _NOW, hosts.c.rest_until), else_=_NOW)
_STATE = (literal(DeliveryState.WAITING.value), literal(0), _NOW, _WHEN)
_PUT_HOST = insert(hosts).on_conflict_do_nothing()


def to_inbox(tx: WriteTx, activity: int, inbox: str, host: str) -> None:
    """Queue an activity for one inbox; a second time changes nothing."""
    tx.conn.execute(_PUT_HOST, {"host": host})
    tx.conn.execute(_TO_INBOX, {"activity": activity, "inbox": inbox, "host": host, "now": tx.now})


def to_followers(
    tx: WriteTx,
    activity: int,
    actor_id: ActorId,
    *,
    takes_events: bool | None = None,
    counterpart: str | None = None,
) -> None:
    """Queue an activity for all followers of an actor, once for each shared or own inbox.

    With `takes_events` only for the hosts that take events (or that don't). An event and
    its face (`counterpart`) never both go to one host: a host that was sent this object
    before gets it again, one that was sent the counterpart does not.
    """
    values = {"activity": activity, "actor": actor_id, "now": tx.now, "counterpart": counterpart}
    tx.conn.execute(_FOLLOWERS_HOSTS, {"actor": actor_id})
    tx.conn.execute(_TO_FOLLOWERS[takes_events], values)


def to_past_recipients(tx: WriteTx, activity: int, object_uri: str) -> None:
    """Queue an activity for every inbox that was ever to get something about `object_uri`."""
    tx.conn.execute(_TO_PAST_RECIPIENTS, {"activity": activity, "about": object_uri, "now": tx.now})


def status(tx: ReadTx) -> QueueStatus:
    """Return how the queue as a whole fares."""
    rows = tx.conn.execute(
        select(deliveries.c.state, func.count().label("number"), func.min(deliveries.c.first_due))
        .where(or_(_OPEN, _FAILED))
        .group_by(deliveries.c.state)
    ).all()
    numbers = {row.state: row.number for row in rows}
    oldest = min((row[2] for row in rows if row.state != DeliveryState.FAILED), default=tx.now)
    resting = tx.conn.execute(
        select(func.count()).select_from(hosts).where(hosts.c.rest_until > tx.now)
    ).scalar_one()
    return QueueStatus(
        waiting=numbers.get(DeliveryState.WAITING, 0),
        in_flight=numbers.get(DeliveryState.IN_FLIGHT, 0),
        failed=numbers.get(DeliveryState.FAILED, 0),
        resting_hosts=resting,
        oldest_seconds=max(0.0, (tx.now - oldest).total_seconds()),
    )


def listing(
    tx: ReadTx, *, host: str | None = None, state: DeliveryState | None = None, limit: int = 100
) -> list[QueuedDelivery]:
    """Return deliveries of one host or all, in one state or any that is not done, oldest first."""
    of_state = or_(_OPEN, _FAILED) if state is None else deliveries.c.state == state
    query = (
        select(deliveries, activities.c.uri.label("activity"))
        .join(activities, activities.c.id == deliveries.c.activity_id)
        .where(of_state)
    )
    if host is not None:
        query = query.where(deliveries.c.host == host)
    return [
        QueuedDelivery(
            id=row.id,
            activity=row.activity,
            inbox=row.inbox,
            host=row.host,
            state=DeliveryState(row.state),
            attempts=row.attempts,
            due=row.due if row.state == DeliveryState.WAITING else None,
            status=row.status,
            error=row.error,
        )
        for row in tx.conn.execute(query.order_by(deliveries.c.id).limit(limit))
    ]


def retry(tx: WriteTx, *, host: str | None = None) -> int:
    """Try everything of a host (or of all) that failed or waits again now; return how many."""
    ours = [deliveries.c.host == host] if host is not None else []
    theirs = [hosts.c.host == host] if host is not None else []
    tx.conn.execute(
        update(hosts)
        .where(hosts.c.rest_until.is_not(None), *theirs)
        .values(rest_until=None, failures=0, failing_since=None)
    )
    again = {"state": DeliveryState.WAITING, "due": tx.now, "attempts": 0, "first_due": tx.now}
    failed: CursorResult[Any] = tx.conn.execute(
        update(deliveries).where(_FAILED, *ours).values(finished_at=None, **again)
    )
    waiting: CursorResult[Any] = tx.conn.execute(
        update(deliveries)
        .where(_OPEN, deliveries.c.state == DeliveryState.WAITING, deliveries.c.due > tx.now, *ours)
        .values(due=tx.now)
    )
    return failed.rowcount + waiting.rowcount


def next_due(tx: ReadTx) -> datetime | None:
    """Return when the next delivery is to be tried; None when nothing waits."""
    first: datetime | None = tx.conn.execute(
        select(func.min(deliveries.c.due)).where(_OPEN)
    ).scalar_one()
    return first


# -- statements, built once so that each is compiled once ------------------------------------


def _put_from(query: Select[Any]) -> Any:
    """Return one INSERT…SELECT DISTINCT; an inbox that has the activity is left out."""
    return (
        insert(deliveries)
        .from_select(_COLUMNS, query.distinct())
        .on_conflict_do_nothing(index_elements=["activity_id", "inbox"])
    )


def _sent_to_host(object_uri: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether the follower's host was ever sent something about an object."""
    earlier = deliveries.alias("earlier")
    return exists().where(
        earlier.c.object_uri == object_uri, earlier.c.host == remote_actors.c.host
    )


def _takes(takes_events: bool | None) -> list[ColumnElement[bool]]:
    if takes_events is None:
        return []
    wanted = func.coalesce(hosts.c.takes_events, False).is_(takes_events)
    counterpart = bindparam("counterpart", type_=deliveries.c.object_uri.type)
    return [
        or_(
            _sent_to_host(activities.c.object_uri),
            and_(wanted, ~_sent_to_host(counterpart)),
        )
    ]


def _to_followers(takes_events: bool | None) -> Any:
    inbox = func.coalesce(remote_actors.c.shared_inbox, remote_actors.c.inbox)
    return _put_from(
        select(_ACTIVITY, inbox, remote_actors.c.host, activities.c.object_uri, *_STATE)
        .select_from(followers)
        .join(remote_actors, remote_actors.c.uri == followers.c.uri)
        .join(activities, activities.c.id == _ACTIVITY)
        .outerjoin(hosts, hosts.c.host == remote_actors.c.host)
        .where(*_IS_FOLLOWER, *_takes(takes_events))
    )


_IS_FOLLOWER = (
    followers.c.actor_id == bindparam("actor", type_=followers.c.actor_id.type),
    followers.c.state == FollowState.ACCEPTED,
    remote_actors.c.gone_at.is_(None),
)
_FOLLOWERS_HOSTS = (
    insert(hosts)
    .from_select(
        ["host"],
        select(remote_actors.c.host)
        .join(followers, followers.c.uri == remote_actors.c.uri)
        .where(*_IS_FOLLOWER)
        .distinct(),
    )
    .on_conflict_do_nothing()
)
_TO_FOLLOWERS = {wanted: _to_followers(wanted) for wanted in (True, False, None)}
_TO_INBOX = _put_from(
    select(
        _ACTIVITY,
        bindparam("inbox", type_=deliveries.c.inbox.type),
        hosts.c.host,
        activities.c.object_uri,
        *_STATE,
    )
    .select_from(activities)
    .join(hosts, hosts.c.host == bindparam("host", type_=hosts.c.host.type))
    .where(activities.c.id == _ACTIVITY)
)
_EARLIER = deliveries.alias("earlier")
_TO_PAST_RECIPIENTS = _put_from(
    select(_ACTIVITY, _EARLIER.c.inbox, _EARLIER.c.host, activities.c.object_uri, *_STATE)
    .select_from(_EARLIER)
    .join(activities, activities.c.id == _ACTIVITY)
    .outerjoin(hosts, hosts.c.host == _EARLIER.c.host)
    .where(
        _EARLIER.c.object_uri == bindparam("about", type_=deliveries.c.object_uri.type),
        _EARLIER.c.activity_id != _ACTIVITY,
    )
)
