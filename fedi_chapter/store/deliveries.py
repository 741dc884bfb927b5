"""What goes out: the last of the three queues, one row for each inbox an activity goes to.

Made by whoever publishes. How organizers see and operate it is in `delivery_desk`, how a worker
takes and finishes rows in `delivery_claims`. Rows stay after they are done: they
are the ledger of who must hear of a later Update or Delete.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    ColumnElement,
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
from fedi_chapter.domain.delivery import DeliveryState
from fedi_chapter.domain.event import EventId
from fedi_chapter.domain.follower import FollowState
from fedi_chapter.domain.moderation import host_and_parents
from fedi_chapter.domain.rsvp import Route
from fedi_chapter.store.delivery_claims import claim, finish, release
from fedi_chapter.store.delivery_desk import (
    REFUSED,
    UNDONE,
    WITHDRAW,
    listing,
    next_due,
    retry,
    status,
)
from fedi_chapter.store.prepared import Prepared
from fedi_chapter.store.tables import (
    activities,
    blocks,
    deliveries,
    followers,
    hosts,
    remote_actors,
    rsvps,
)
from fedi_chapter.store.tables.base import Instant
from fedi_chapter.store.tx import ReadTx, WriteTx
from fedi_chapter.store.upsert import insert

__all__ = [
    "claim",
    "finish",
    "give_up_on_refused",
    "inboxes_by_object",
    "listing",
    "next_due",
    "release",
    "retry",
    "status",
    "to_followers",
    "to_inbox",
    "to_past_recipients",
    "to_unlearned",
    "to_voters",
    "was_told",
]

_COLUMNS = ["activity_id", "inbox", "host", "object_uri", "state", "attempts", "first_due", "due"]
_NOW: ColumnElement[Any] = bindparam("now", type_=Instant())
_ACTIVITY = bindparam("activity", type_=activities.c.id.type)
_SAID = activities.alias("said_now")
_OBJECT: ColumnElement[Any] = (
    select(_SAID.c.object_uri).where(_SAID.c.id == _ACTIVITY).scalar_subquery()
)
"""What the activity is about."""
# A host at rest is not asked before its rest is over, by new deliveries neither.
_WHEN = case((hosts.c.rest_until > _NOW, hosts.c.rest_until), else_=_NOW)
_STATE = (literal(DeliveryState.WAITING.value), literal(0), _NOW, _WHEN)
_PUT_HOST = Prepared(insert(hosts).on_conflict_do_nothing(), given=["host"])


def to_inbox(tx: WriteTx, activity: int, inbox: str, host: str) -> None:
    """Queue an activity for one inbox; a second time changes nothing."""
    _PUT_HOST.run(tx, host=host)
    _TO_INBOX.run(tx, activity=activity, inbox=inbox, host=host, now=tx.now)


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
    its face (`counterpart`) never both go to one host: a host that has this object gets it
    again, one that has the counterpart does not.
    """
    values = {"activity": activity, "actor": actor_id, "now": tx.now, "counterpart": counterpart}
    tx.conn.execute(_FOLLOWERS_HOSTS, {"actor": actor_id})
    tx.conn.execute(_TO_FOLLOWERS[takes_events], values)


def to_unlearned(tx: WriteTx, activity: int, actor_id: ActorId) -> None:
    """Queue an activity for the followers on hosts of which nobody knows what they take."""
    tx.conn.execute(_FOLLOWERS_HOSTS, {"actor": actor_id})
    tx.conn.execute(_TO_UNLEARNED, {"activity": activity, "actor": actor_id, "now": tx.now})


def to_past_recipients(
    tx: WriteTx, activity: int, object_uri: str, *, refused_too: bool = False
) -> None:
    """Queue an activity for every inbox that was ever to get something about `object_uri`.

    Left out is who was told that it is gone; who was blocked since, unless `refused_too`.
    """
    values: dict[str, object] = {"activity": activity, "about": object_uri, "now": tx.now}
    if not refused_too:
        values["refused"] = _refused_among(tx, _HOSTS_TOLD, {"about": object_uri})
    tx.conn.execute(_TO_PAST_RECIPIENTS[refused_too], values)


def to_voters(tx: WriteTx, activity: int, event_id: EventId, *, counterpart: str) -> None:
    """Queue an activity for the servers of those who answered an event by its face.

    Left out are hosts that got the Event (`counterpart`) instead, and who is blocked.
    """
    event = {"event": event_id}
    refused = _refused_among(tx, _HOSTS_OF_VOTERS, event)
    tx.conn.execute(_PUT_HOSTS_OF_VOTERS, event)
    values = {"activity": activity, "now": tx.now, "counterpart": counterpart, "refused": refused}
    tx.conn.execute(_TO_VOTERS, event | values)


def was_told(tx: ReadTx, object_uri: str) -> bool:
    """Tell whether anybody was ever to get something about `object_uri`."""
    told = select(_EARLIER.c.id).where(_ABOUT).limit(1)
    return tx.conn.execute(told, {"about": object_uri}).first() is not None


def inboxes_by_object(tx: ReadTx, host: str) -> dict[str, list[str]]:
    """Return the inboxes at a host that have something of ours, by the id of the thing."""
    rows = tx.conn.execute(
        select(_EARLIER.c.object_uri, _EARLIER.c.inbox, activities.c.type)
        .join(activities, activities.c.id == _EARLIER.c.activity_id)
        .where(_EARLIER.c.host == host)
        .distinct()
    ).all()
    gone = {(row.object_uri, row.inbox) for row in rows if row.type == "Delete"}
    told = dict.fromkeys((row.object_uri, row.inbox) for row in rows)
    found: dict[str, list[str]] = {}
    for uri, inbox in told:
        if (uri, inbox) not in gone:
            found.setdefault(uri, []).append(inbox)
    return found


def give_up_on_refused(tx: WriteTx) -> None:
    """Give up what waits for whoever is blocked, or failed there, but not what we take back.

    The rows stay: what may have arrived all the same must still be deleted there one day.
    """
    refused = _refused_among(tx, select(deliveries.c.host).where(UNDONE).distinct(), {})
    theirs = or_(deliveries.c.host.in_(refused), deliveries.c.inbox.in_(_INBOXES_OF_BLOCKED))
    told = select(activities.c.type).where(activities.c.id == deliveries.c.activity_id)
    tx.conn.execute(
        update(deliveries)
        .where(UNDONE, theirs, told.scalar_subquery().not_in(WITHDRAW))
        .values(state=DeliveryState.FAILED, error=REFUSED, lease_until=None, finished_at=tx.now)
    )


# -- statements, built once so that each is compiled once ------------------------------------


def _put_from(query: Select[Any]) -> Any:
    """Return one INSERT…SELECT DISTINCT; an inbox that has the activity is left out."""
    return (
        insert(deliveries)
        .from_select(_COLUMNS, query.distinct())
        .on_conflict_do_nothing(index_elements=["activity_id", "inbox"])
    )


def _refused_among(tx: ReadTx, names: Select[Any], values: Mapping[str, object]) -> list[str]:
    """Return those of the hosts a query `names` that are blocked, or below a blocked one."""
    blocked = set(tx.conn.execute(_BLOCKED).scalars())
    named = tx.conn.execute(names, values).scalars() if blocked else ()
    return [host for host in named if not blocked.isdisjoint(host_and_parents(host))]


def _withdrawn_from(object_uri: ColumnElement[Any]) -> Select[Any]:
    """Return the inboxes that were told that one object is gone: asked once in a statement."""
    withdrawn, last = activities.alias("withdrawn"), deliveries.alias("last")
    return (
        select(last.c.inbox)
        .join(withdrawn, withdrawn.c.id == last.c.activity_id)
        .where(withdrawn.c.object_uri == object_uri)
        .where(withdrawn.c.type == literal_column("'Delete'"))
    )


def _is_at_host(object_uri: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether the follower's host was sent an object, and not told since that it is gone."""
    earlier = deliveries.alias("earlier")
    return exists().where(
        earlier.c.object_uri == object_uri,
        earlier.c.host == remote_actors.c.host,
        earlier.c.inbox.not_in(_withdrawn_from(object_uri)),
    )


def _takes(takes_events: bool | None) -> list[ColumnElement[bool]]:
    if takes_events is None:
        return []
    wanted = func.coalesce(hosts.c.takes_events, False).is_(takes_events)
    counterpart = bindparam("counterpart", type_=deliveries.c.object_uri.type)
    return [
        or_(
            _is_at_host(_OBJECT),
            and_(wanted, ~_is_at_host(counterpart)),
        )
    ]


_PREFERRED_INBOX = func.coalesce(remote_actors.c.shared_inbox, remote_actors.c.inbox)


def _to_followers(*among: ColumnElement[bool]) -> Any:
    return _put_from(
        select(_ACTIVITY, _PREFERRED_INBOX, remote_actors.c.host, activities.c.object_uri, *_STATE)
        .select_from(followers)
        .join(remote_actors, remote_actors.c.uri == followers.c.uri)
        .join(activities, activities.c.id == _ACTIVITY)
        .outerjoin(hosts, hosts.c.host == remote_actors.c.host)
        .where(*_IS_FOLLOWER, *among)
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
_TO_FOLLOWERS = {wanted: _to_followers(*_takes(wanted)) for wanted in (True, False, None)}
_TO_UNLEARNED = _to_followers(
    hosts.c.software.is_(None), func.coalesce(hosts.c.takes_events, False).is_(False)
)
_TO_INBOX = Prepared(
    _put_from(
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
)
_EARLIER = deliveries.alias("earlier")
_ABOUT_WHAT: ColumnElement[Any] = bindparam("about", type_=deliveries.c.object_uri.type)
_ABOUT = _EARLIER.c.object_uri == _ABOUT_WHAT
_HOSTS_TOLD = select(_EARLIER.c.host).where(_ABOUT).distinct()
_BLOCKED = select(blocks.c.target)
# An inbox that somebody blocked shares with others still gets what is for the others.
_INBOXES_OF_BLOCKED = (
    select(remote_actors.c.inbox)
    .join(blocks, blocks.c.target == remote_actors.c.uri)
    .where(remote_actors.c.inbox.is_distinct_from(remote_actors.c.shared_inbox))
)
_IS_WELCOME = (
    _EARLIER.c.host.not_in(bindparam("refused", expanding=True)),
    _EARLIER.c.inbox.not_in(_INBOXES_OF_BLOCKED),
)


def _to_past_recipients(*, refused_too: bool) -> Any:
    told = (
        select(_ACTIVITY, _EARLIER.c.inbox, _EARLIER.c.host, activities.c.object_uri, *_STATE)
        .select_from(_EARLIER)
        .join(activities, activities.c.id == _ACTIVITY)
        .outerjoin(hosts, hosts.c.host == _EARLIER.c.host)
        .where(_ABOUT, _EARLIER.c.activity_id != _ACTIVITY)
        .where(_EARLIER.c.inbox.not_in(_withdrawn_from(_ABOUT_WHAT)))
    )
    return _put_from(told if refused_too else told.where(*_IS_WELCOME))


_TO_PAST_RECIPIENTS = {wish: _to_past_recipients(refused_too=wish) for wish in (True, False)}

_VOTED = (
    rsvps.c.event_id == bindparam("event", type_=rsvps.c.event_id.type),
    rsvps.c.route.in_((Route.POLL, Route.REPLY)),  # who answered so has the face at hand
    remote_actors.c.gone_at.is_(None),
)
_HOSTS_OF_VOTERS = (
    select(remote_actors.c.host)
    .join(rsvps, rsvps.c.actor_uri == remote_actors.c.uri)
    .where(*_VOTED)
    .distinct()
)
_PUT_HOSTS_OF_VOTERS = (
    insert(hosts).from_select(["host"], _HOSTS_OF_VOTERS).on_conflict_do_nothing()
)
_TO_VOTERS = _put_from(
    select(_ACTIVITY, _PREFERRED_INBOX, remote_actors.c.host, activities.c.object_uri, *_STATE)
    .select_from(rsvps)
    .join(remote_actors, remote_actors.c.uri == rsvps.c.actor_uri)
    .join(activities, activities.c.id == _ACTIVITY)
    .outerjoin(hosts, hosts.c.host == remote_actors.c.host)
    .where(
        *_VOTED,
        *_takes(False),
        remote_actors.c.host.not_in(bindparam("refused", expanding=True)),
        remote_actors.c.uri.not_in(select(blocks.c.target)),
    )
)
