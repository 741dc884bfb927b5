"""How a worker takes activities out of the inbox: by lease, hosts in turn, each actor in order.

Called through `inbox` by the inbox worker. A claim moves a row's `due` to the end of its lease,
so a worker that dies gives it back by doing nothing; `attempts` counts claims, so a row that
kills its worker is found out. It goes from host to host by the index, so the flood of one delays
no other. What one actor said is claimed from its earliest on and by one worker at a time, so it
stays in order.
"""

from collections.abc import Collection
from datetime import timedelta
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Exists,
    FromClause,
    Select,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal_column,
    or_,
    select,
    true,
    update,
)

from fedi_chapter.domain.inbox import InboxJob
from fedi_chapter.store.prepared import Prepared
from fedi_chapter.store.tables import inbox
from fedi_chapter.store.turns import hosts_in
from fedi_chapter.store.tx import WriteTx

LOOKED_AT = 2
"""Times as many of each host are looked at as are taken: some have to wait for their actor's
earlier ones."""
SHORTEST_LOOK = 8
"""So many of each host are looked at, however many hosts there are."""
LONGEST_RUN = 5
"""Activities of one actor that are taken at once: the later ones keep a place while the first is
processed, however slowly."""

# Within RETURNING, SQLAlchemy leaves out the table, and a subquery would mean its own columns.
# What stands outside is an expression: SQLite looks up no index by a mere column of that row.
_OUTER_ID: ColumnElement[Any] = literal_column("inbox.id")
_OUTER_DIGEST: ColumnElement[Any] = literal_column("('' || inbox.digest)")
_NOW = bindparam("now", type_=inbox.c.due.type)
_UNTIL = bindparam("until", type_=inbox.c.due.type)


def is_waiting(table: FromClause) -> ColumnElement[bool]:
    """Return the condition that a row waits, or is being processed."""
    # Written out, not bound: a partial index is used only for a condition known beforehand.
    return table.c.state == literal_column("'waiting'")


def claim(
    tx: WriteTx,
    limit: int,
    lease: timedelta,
    *,
    per_host: int | None = None,
    busy: Collection[str] = (),
) -> list[InboxJob]:
    """Take up to `limit` waiting activities for as long as `lease`, in the order they came.

    Of each actor its earliest and what follows that, only while nobody has any of its in hand.
    At most `per_host` of each host, and none of those that are `busy`; the hosts and their
    actors take turns. `attempts` of a job counts this claim.
    """
    statement = _CLAIM_LATERAL if tx.conn.dialect.name == "postgresql" else _CLAIM_SQLITE
    per_host = per_host or limit
    nearest = LOOKED_AT * max(limit, per_host)
    part_of_host = nearest // int(_COUNT_HOSTS.one(tx)["many"]) + 1
    values = {
        "now": tx.now,
        "until": tx.now + lease,
        "most": limit,
        "per_host": per_host,
        "nearest": nearest,
        "window": min(max(part_of_host, SHORTEST_LOOK), LOOKED_AT * per_host),
        "run": min(part_of_host, LONGEST_RUN),
        "busy": list(busy),
    }
    rows = tx.conn.execute(statement, values)
    return sorted((InboxJob(*row) for row in rows), key=lambda job: job.id)


def _is_behind(row: FromClause) -> ColumnElement[bool]:
    """Whether an earlier activity of the actor of `row` waits, or is being processed."""
    earlier = inbox.alias("earlier")
    first = (
        select(earlier.c.id)
        .where(earlier.c.actor_uri == row.c.actor_uri, earlier.c.id < row.c.id)
        .where(is_waiting(earlier), ~earlier.c.stands_aside)
        .order_by(earlier.c.actor_uri, earlier.c.id)
        .limit(1)
        .correlate(row)
    )
    # Not EXISTS: PostgreSQL would join all that waits rather than take a step in the index.
    return first.scalar_subquery().is_not(None)


def _first_of_actors(*, lateral: bool) -> Select[Any]:
    """Return who may be claimed: the first of every host, then the second of every host, …

    Of each host only the first `window` that are due are looked at, however many it has.
    """
    hosts, row = hosts_in(inbox, is_waiting), inbox.alias("candidate")
    own = (
        select(row.c.id, row.c.place, row.c.actor_uri, row.c.stands_aside, row.c.attempts)
        .where(row.c.host == hosts.c.host, is_waiting(row))
        .where(row.c.due <= _NOW)
        .order_by(row.c.place, row.c.id)
        .limit(bindparam("window"))
        .correlate(hosts)
    )
    found: FromClause
    if lateral:
        found = own.lateral("found")
        source = hosts.join(found, true())
    else:  # SQLite knows no LATERAL, but looks at a correlated IN once for each host
        found = inbox.alias("found")
        source = hosts.join(found, found.c.id.in_(own.with_only_columns(row.c.id)))
    turn = func.row_number().over(partition_by=hosts.c.host, order_by=(found.c.place, found.c.id))
    turns = (
        select(found.c.id, found.c.place, found.c.actor_uri, found.c.stands_aside)
        .add_columns(found.c.attempts)
        .add_columns(hosts.c.host, turn.label("turn"))
        .select_from(source)
        .where(hosts.c.host.not_in(bindparam("busy", expanding=True)))
        .subquery("turns")
    )
    # Only of so many is it asked whether they are behind: that costs more than all the rest.
    nearest = (
        select(turns)
        .order_by(turns.c.turn, turns.c.place, turns.c.id)
        .limit(bindparam("nearest"))
        .subquery("nearest")
    )
    again = func.row_number().over(partition_by=nearest.c.host, order_by=nearest.c.turn)
    free = (
        select(nearest.c.id, nearest.c.place, nearest.c.actor_uri, nearest.c.stands_aside)
        .add_columns(nearest.c.attempts)
        .add_columns(nearest.c.host, again.label("turn"))
        .where(~_is_behind(nearest))
        .subquery("free")
    )
    return (
        select(free)
        .where(free.c.turn <= bindparam("per_host"))
        .order_by(free.c.turn, free.c.place, free.c.id)
        .limit(bindparam("most"))
    )


def _with_what_follows(first: CTE, *, lateral: bool) -> Select[Any]:
    """Return the ids to claim: all the first of actors, then all their second, …

    A run ends before an activity that is not due: somebody has that in hand. One that was tried
    before comes alone: should it end its worker, that costs the others no try.
    """
    row = inbox.alias("follower")
    own = (
        select(row.c.id, row.c.due)
        .where(row.c.actor_uri == first.c.actor_uri, row.c.id >= first.c.id, is_waiting(row))
        .where(or_(row.c.id == first.c.id, and_(~first.c.stands_aside, ~row.c.stands_aside)))
        .order_by(row.c.actor_uri, row.c.id)
        .limit(bindparam("run"))
        .correlate(first)
    )
    found: FromClause
    if lateral:
        found = own.lateral("found_of_actor")
        source = first.join(found, true())
    else:
        found = inbox.alias("found_of_actor")
        source = first.join(found, found.c.id.in_(own.with_only_columns(row.c.id)))
    holds_up = case((found.c.due > _NOW, 1), else_=0)
    runs = (
        select(first, found.c.id.label("member"), found.c.due)
        .add_columns(
            func.row_number().over(partition_by=first.c.id, order_by=found.c.id).label("nth"),
            func.sum(holds_up).over(partition_by=first.c.id, order_by=found.c.id).label("held_up"),
        )
        .select_from(source)
        .subquery("runs")
    )
    order = (runs.c.nth, runs.c.turn, runs.c.place, runs.c.id)
    of_host = func.row_number().over(partition_by=runs.c.host, order_by=order)
    ranked = (
        select(runs, of_host.label("of_host"))
        .where(runs.c.held_up == 0, runs.c.due <= _NOW)
        .where(runs.c.nth <= case((runs.c.attempts > 0, 1), else_=bindparam("run")))
        .subquery("ranked")
    )
    return (
        select(ranked.c.member)
        .where(ranked.c.of_host <= bindparam("per_host"))
        .order_by(ranked.c.nth, ranked.c.turn, ranked.c.place, ranked.c.id)
        .limit(bindparam("most"))
    )


def _was_said_before() -> Exists:
    before = inbox.alias("before")
    is_earlier = before.c.id + 0 < _OUTER_ID  # with an addition, for SQLite would walk by the id
    return exists().where(before.c.digest == _OUTER_DIGEST, is_earlier)


def _claim(*, lateral: bool) -> Any:
    first = _first_of_actors(lateral=lateral).cte("first_of_actors")
    if lateral:
        # Looked at again under the lock: another worker may have taken the row meanwhile. What
        # follows it is then nobody's: it is claimed by way of the first alone.
        held = (
            select(inbox.c.id)
            .where(inbox.c.id.in_(select(first.c.id)), is_waiting(inbox), inbox.c.due <= _NOW)
            .with_for_update(skip_locked=True)
            .cte("held")
        )
        first = select(first).where(first.c.id.in_(select(held.c.id))).cte("held_first")
    return (
        update(inbox)
        .where(inbox.c.id.in_(_with_what_follows(first, lateral=lateral)))
        .values(due=_UNTIL, lease_until=_UNTIL, attempts=inbox.c.attempts + 1)
        .returning(
            inbox.c.id,
            inbox.c.activity_id,
            inbox.c.actor_uri,
            inbox.c.body,
            inbox.c.attempts,
            inbox.c.host,
            inbox.c.received_at,
            inbox.c.signed_at,
            inbox.c.proved,
            inbox.c.stands_aside,
            inbox.c.lease_until,
            _was_said_before(),
        )
    )


_hosts = hosts_in(inbox, is_waiting)
_COUNT_HOSTS = Prepared(select(func.count().label("many")).select_from(_hosts))  # and NULL
_CLAIM_LATERAL = _claim(lateral=True)
_CLAIM_SQLITE = _claim(lateral=False)
