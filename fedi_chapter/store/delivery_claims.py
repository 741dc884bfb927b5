"""How a worker takes deliveries and says how they ended: batches, leases, fairness, order.

Called through `deliveries` by the delivery worker. Two rules keep the order: nothing goes to
a host while something earlier about the same object is on its way there, and nothing that
comes after the news of a new key overtakes that news.

A claim asks the hosts, not the queue: of every host that has something open and is not resting
it takes the first few rows by an index. So neither a hundred thousand rows of dead hosts nor a
long backlog of one host delays the others. A claimed row's `due` is the end of its lease: a
worker that dies gives its rows back by doing nothing. A resting host's rows are due when its
rest is over.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    Update,
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

from fedi_chapter.domain.delivery import Claimed, DeliveryState, Outcome
from fedi_chapter.store.tables import activities, deliveries, hosts
from fedi_chapter.store.tables.base import Instant
from fedi_chapter.store.turns import hosts_in
from fedi_chapter.store.tx import WriteTx

_NOW: ColumnElement[Any] = bindparam("now", type_=Instant())
_UNTIL: ColumnElement[Any] = bindparam("until", type_=Instant())
_PER_HOST = bindparam("per_host", type_=deliveries.c.id.type)

# Written out, not bound: a partial index is used only for a condition known beforehand.
_WAITING: ColumnElement[Any] = literal_column("'waiting'")
_IN_FLIGHT: ColumnElement[Any] = literal_column("'in_flight'")


def is_open(table: FromClause = deliveries) -> ColumnElement[bool]:
    """Return the condition that a row waits or is on its way."""
    state: ColumnElement[Any] = table.c.state
    return state.in_([_WAITING, _IN_FLIGHT])


def claim(tx: WriteTx, limit: int, lease: timedelta, *, per_host: int) -> list[Claimed]:
    """Take up to `limit` deliveries that are due, for as long as `lease`.

    At most `per_host` of a host are on their way at a time, over all workers; of one that
    never answered, or failed last, one.
    """
    if tx.conn.execute(_ANYTHING, {"now": tx.now}).first() is None:
        return []
    statement = _CLAIM_LATERAL if tx.conn.dialect.name == "postgresql" else _CLAIM_SQLITE
    values = {"now": tx.now, "until": tx.now + lease, "per_host": per_host, "most": limit}
    taken = tx.conn.execute(statement, values).scalars().all()
    if not taken:
        return []
    return [Claimed(**row._mapping) for row in tx.conn.execute(_CLAIMED, {"taken": taken})]


def finish(tx: WriteTx, outcomes: Sequence[Outcome]) -> None:
    """Write down how a batch ended, for each delivery and for each host.

    A delivery that is no longer on its way (its lease ran out and somebody else ended it)
    stays as it is. The first answer of a host that was failing makes all that waits for it
    due now; a host that is given a rest takes all that waits for it along.
    """
    if not outcomes:
        return
    answered = _by_host(each for each in outcomes if each.host_answered)
    failing = _by_host(each for each in outcomes if not each.host_answered)
    failing = {host: each for host, each in failing.items() if host not in answered}
    resting = [each for each in _by_host(outcomes).values() if each.rest_until]
    _each(tx, _WAKE, [{"of_host": host, "now": tx.now} for host in answered])
    _each(tx, _FINISH, [_row(each, tx.now) for each in sorted(outcomes, key=lambda one: one.id)])
    _each(tx, _ANSWERED, [_host_row(each, tx.now) for each in answered.values()])
    _each(tx, _FAILING, [_host_row(each, tx.now) for each in failing.values()])
    _each(tx, _REST, [{"of_host": each.host, "until": each.rest_until} for each in resting])


def release(tx: WriteTx, ids: Sequence[int]) -> None:
    """Give back deliveries that were claimed and not tried, due at once."""
    _each(tx, _RELEASE, [{"row": delivery, "now": tx.now} for delivery in sorted(ids)])


def _by_host(outcomes: Any) -> dict[str, Outcome]:
    """Return the last outcome of each host, but one that gives it a rest before any other."""
    found: dict[str, Outcome] = {}
    for each in outcomes:
        known = found.get(each.host)
        if known is None or each.rest_until or not known.rest_until:
            found[each.host] = each
    return dict(sorted(found.items()))  # one order for all workers: no deadlocks


def _row(outcome: Outcome, now: datetime) -> dict[str, Any]:
    is_over = outcome.state in (DeliveryState.DONE, DeliveryState.FAILED)
    return {
        "row": outcome.id,
        "new_state": outcome.state.value,
        "tried": outcome.attempts,
        "again": outcome.due,
        "answer": outcome.status,
        "complaint": outcome.error,
        "over_at": now if is_over else None,
    }


def _host_row(outcome: Outcome, now: datetime) -> dict[str, Any]:
    return {
        "of_host": outcome.host,
        "until": outcome.rest_until,
        "took": outcome.scheme,
        "now": now,
    }


def _each(tx: WriteTx, statement: Update, rows: list[dict[str, Any]]) -> None:
    if rows:
        tx.conn.execute(statement, rows)


# -- statements, built once so that each is compiled once ------------------------------------

_ANYTHING = select(deliveries.c.id).where(is_open(), deliveries.c.due <= _NOW).limit(1)


def _is_held_back(row: FromClause) -> ColumnElement[bool]:
    """Whether something earlier must reach the host before this row."""
    earlier = deliveries.alias("earlier")
    same_object = exists().where(
        earlier.c.host == row.c.host,
        earlier.c.object_uri == row.c.object_uri,
        earlier.c.id < row.c.id,
        earlier.c.activity_id != row.c.activity_id,
        is_open(earlier),
    )
    # One inside the other, not a join: so the few activities with a key are looked at first,
    # whatever the database believes about the sizes of tables.
    news = deliveries.alias("news")
    on_its_way = (
        select(news.c.id)
        .where(
            news.c.activity_id == activities.c.id,
            news.c.host == row.c.host,
            news.c.id < row.c.id,
            is_open(news),
        )
        .correlate(activities, row)
        .exists()
    )
    new_key = select(activities.c.id).where(activities.c.key_id.is_not(None), on_its_way).exists()
    return or_(same_object, new_key)


def _first_of_host(row: FromClause) -> Select[Any]:
    """Return the rows of `hosts`' current host that may go next, the longest due first."""
    return (
        select(row.c.id, row.c.due)
        .where(row.c.host == hosts.c.host, is_open(row), row.c.due <= _NOW, ~_is_held_back(row))
        .order_by(row.c.due, row.c.id)
        .limit(_PER_HOST)
        .correlate(hosts)
    )


def _due(*, lateral: bool) -> Select[Any]:
    """Return the ids to claim, over all hosts, the longest due first."""
    row, busy = deliveries.alias("candidate"), hosts_in(deliveries, is_open)
    theirs = busy.join(hosts, hosts.c.host == busy.c.host)
    found: FromClause
    if lateral:
        found = _first_of_host(row).lateral("found")
        source = theirs.join(found, true())
    else:  # SQLite knows no LATERAL, but looks at a correlated IN once for each host
        found = deliveries.alias("found")
        ids = _first_of_host(row).with_only_columns(row.c.id)
        source = theirs.join(found, found.c.id.in_(ids))
    flying = deliveries.alias("flying")
    in_flight = (
        select(func.count())
        .select_from(flying)
        .where(flying.c.host == hosts.c.host, flying.c.state == _IN_FLIGHT, flying.c.due > _NOW)
        .correlate(hosts)
        .scalar_subquery()
    )
    # A host that never answered, or failed last, is tried by one delivery, not by all that wait:
    # a hundred hosts that hang then hold a hundred places, not four hundred.
    is_unproved = or_(hosts.c.failures > 0, hosts.c.last_success_at.is_(None))
    allowed = case((is_unproved, 1), else_=_PER_HOST)
    place = func.row_number().over(partition_by=hosts.c.host, order_by=(found.c.due, found.c.id))
    candidates = (
        select(found.c.id, found.c.due, (place + in_flight <= allowed).label("may_go"))
        .select_from(source)
        .where(or_(hosts.c.rest_until.is_(None), hosts.c.rest_until <= _NOW))
        .subquery("candidates")
    )
    return (
        select(candidates.c.id)
        .where(candidates.c.may_go)
        .order_by(candidates.c.due, candidates.c.id)
        .limit(bindparam("most"))
    )


def _claim(*, lateral: bool) -> Any:
    # Looked at again under the lock: another worker may have taken the row meanwhile.
    locked = (
        select(deliveries.c.id)
        .where(deliveries.c.id.in_(_due(lateral=lateral)), is_open(), deliveries.c.due <= _NOW)
        .with_for_update(skip_locked=True)
    )
    ids = locked if lateral else _due(lateral=False)
    return (
        update(deliveries)
        .where(deliveries.c.id.in_(ids))
        .values(state=_IN_FLIGHT, due=_UNTIL, lease_until=_UNTIL)
        .returning(deliveries.c.id)
    )


_CLAIM_LATERAL = _claim(lateral=True)
_CLAIM_SQLITE = _claim(lateral=False)
_CLAIMED = (
    select(
        deliveries.c.id,
        deliveries.c.inbox,
        deliveries.c.host,
        activities.c.actor_id,
        activities.c.key_id,
        activities.c.body,
        activities.c.digest,
        deliveries.c.attempts,
        deliveries.c.first_due,
        hosts.c.scheme,
    )
    .join(activities, activities.c.id == deliveries.c.activity_id)
    .join(hosts, hosts.c.host == deliveries.c.host)
    .where(deliveries.c.id.in_(bindparam("taken", expanding=True)))
    .order_by(deliveries.c.id)
)

_of_row = deliveries.c.id == bindparam("row")
_of_host = bindparam("of_host", type_=hosts.c.host.type)
_FINISH = (
    update(deliveries)
    .where(_of_row, deliveries.c.state == _IN_FLIGHT)
    .values(
        state=bindparam("new_state"),
        attempts=bindparam("tried"),
        due=func.coalesce(bindparam("again", type_=Instant()), deliveries.c.due),
        lease_until=None,
        status=bindparam("answer"),
        error=bindparam("complaint"),
        finished_at=bindparam("over_at"),
    )
)
_RELEASE = (
    update(deliveries)
    .where(_of_row, deliveries.c.state == _IN_FLIGHT)
    .values(state=_WAITING, due=_NOW, lease_until=None)
)
_WAKE = (
    update(deliveries)
    .where(
        deliveries.c.host == _of_host,
        deliveries.c.state == _WAITING,
        is_open(),
        deliveries.c.due > _NOW,
        exists().where(hosts.c.host == _of_host, hosts.c.failures > 0),
    )
    .values(due=_NOW)
)
_REST = (
    update(deliveries)
    .where(
        deliveries.c.host == _of_host,
        deliveries.c.state == _WAITING,
        is_open(),
        deliveries.c.due < _UNTIL,
    )
    .values(due=_UNTIL)
)
_scheme = func.coalesce(bindparam("took", type_=hosts.c.scheme.type), hosts.c.scheme)
_ANSWERED = (
    update(hosts)
    .where(hosts.c.host == _of_host)
    .values(failures=0, failing_since=None, rest_until=_UNTIL, last_success_at=_NOW, scheme=_scheme)
)
_FAILING = (
    update(hosts)
    .where(hosts.c.host == _of_host)
    .values(
        failures=hosts.c.failures + 1,
        failing_since=func.coalesce(hosts.c.failing_since, _NOW),
        rest_until=func.coalesce(_UNTIL, hosts.c.rest_until),
        scheme=_scheme,
    )
)
