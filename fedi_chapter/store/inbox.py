"""What came in and waits to be understood: the first of the three queues.

Put by the inbox's door, claimed and finished by the inbox worker. A row stays after it is
done, without its body: what was said, and the date it was signed with, is the ledger against
replays. The same id may come again with something else, and the same words signed anew.

A claim moves a row's `due` to the end of its lease, so a worker that dies gives it back by
doing nothing; `attempts` counts claims, so a row that kills its worker is found out. It goes
from host to host by the index, so the flood of one delays no other (ABU-05). Of one actor only
the earliest that waits is taken, whichever worker has it: so what an actor says stays in order.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CursorResult,
    Exists,
    FromClause,
    Select,
    bindparam,
    delete,
    exists,
    func,
    literal_column,
    or_,
    select,
    true,
    update,
)

from fedi_chapter.domain.inbox import InboxJob, Incoming
from fedi_chapter.store import dropped
from fedi_chapter.store.prepared import Prepared
from fedi_chapter.store.sqlite import driver
from fedi_chapter.store.tables import inbox
from fedi_chapter.store.tables.base import Instant
from fedi_chapter.store.turns import hosts_in
from fedi_chapter.store.tx import ReadTx, WriteTx
from fedi_chapter.store.upsert import insert


def _is_waiting(table: FromClause) -> ColumnElement[bool]:
    # Written out, not bound: a partial index is used only for a condition known beforehand.
    return table.c.state == literal_column("'waiting'")


_WAITING = _is_waiting(inbox)

LOOKED_AT = 2
"""Times as many of each host are looked at as are taken: some have to wait for their actor's
earlier ones."""

# Built once: SQLAlchemy then compiles each of them once.
_PUT = (
    insert(inbox)
    .on_conflict_do_nothing(index_elements=["digest", "signed_at"])
    .returning(inbox.c.id)
)
# SQLite gets all rows in one statement: its driver lets the interpreter's lock go for each that
# it runs, and a writer that has to win it back for every row keeps all who wait for the commit.
_PUT_SQLITE = (
    "INSERT INTO inbox"
    " (state, attempts, received_at, due,"
    " activity_id, digest, signed_at, place, proved, stands_aside, host, actor_uri, type, body)"
    " VALUES {rows} ON CONFLICT (digest, signed_at) DO NOTHING"
)
_ROW_SQLITE = "('waiting', 0, ?1, ?1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
# Within RETURNING, SQLAlchemy leaves out the table, and a subquery would mean its own columns.
# What stands outside is an expression: SQLite looks up no index by a mere column of that row.
_OUTER_ID: ColumnElement[Any] = literal_column("inbox.id")
_OUTER_DIGEST: ColumnElement[Any] = literal_column("('' || inbox.digest)")
_NOW = bindparam("now", type_=inbox.c.due.type)
_UNTIL = bindparam("until", type_=inbox.c.due.type)


def _is_behind(row: FromClause) -> ColumnElement[bool]:
    """Whether an earlier activity of the actor of `row` waits, or is being processed."""
    earlier = inbox.alias("earlier")
    first = (
        select(earlier.c.id)
        .where(earlier.c.actor_uri == row.c.actor_uri, earlier.c.id < row.c.id)
        .where(_is_waiting(earlier), ~earlier.c.stands_aside)
        .order_by(earlier.c.actor_uri, earlier.c.id)
        .limit(1)
        .correlate(row)
    )
    # Not EXISTS: PostgreSQL would join all that waits rather than take a step in the index.
    return first.scalar_subquery().is_not(None)


def _due(*, lateral: bool) -> Select[Any]:
    """Return the ids to claim: the first of every host, then the second of every host, …

    Of each host only the first `window` that are due are looked at, however many it has.
    """
    hosts, row = hosts_in(inbox, _is_waiting), inbox.alias("candidate")
    own = (
        select(row.c.id, row.c.place, row.c.actor_uri)
        .where(row.c.host == hosts.c.host, _is_waiting(row))
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
        select(found.c.id, found.c.place, found.c.actor_uri, hosts.c.host, turn.label("turn"))
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
        select(nearest.c.id, nearest.c.place, again.label("turn"))
        .where(~_is_behind(nearest))
        .subquery("free")
    )
    return (
        select(free.c.id)
        .where(free.c.turn <= bindparam("per_host"))
        .order_by(free.c.turn, free.c.place, free.c.id)
        .limit(bindparam("most"))
    )


def _was_said_before() -> Exists:
    before = inbox.alias("before")
    is_earlier = before.c.id + 0 < _OUTER_ID  # with an addition, for SQLite would walk by the id
    return exists().where(before.c.digest == _OUTER_DIGEST, is_earlier)


def _claim(*, lateral: bool) -> Any:
    # Looked at again under the lock: another worker may have taken the row meanwhile.
    locked = (
        select(inbox.c.id)
        .where(inbox.c.id.in_(_due(lateral=lateral)), _WAITING, inbox.c.due <= _NOW)
        .with_for_update(skip_locked=True)
    )
    return (
        update(inbox)
        .where(inbox.c.id.in_(locked if lateral else _due(lateral=False)))
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
            _was_said_before(),
        )
    )


_CLAIM_LATERAL = _claim(lateral=True)
_CLAIM_SQLITE = _claim(lateral=False)
_OF_HOST = (
    select(inbox.c.id)
    .where(_WAITING, inbox.c.host == bindparam("of_host"))
    .limit(bindparam("most", type_=inbox.c.id.type))
)
_COUNT_OF_HOST = Prepared(select(func.count().label("many")).select_from(_OF_HOST.subquery()))
_later = inbox.alias("later")
_own = inbox.alias("own")
_ACTOR = select(_own.c.actor_uri).where(_own.c.id == bindparam("job")).scalar_subquery()
_HAS_MORE = exists().where(
    _later.c.actor_uri == _ACTOR, _later.c.id > bindparam("job"), _is_waiting(_later)
)
_FINISH = Prepared(
    update(inbox)
    .where(inbox.c.id == bindparam("job"))
    .values(state="done", body=None, lease_until=None, outcome=bindparam("said"))
    .returning(_HAS_MORE.label("has_more"))
)


def put_many(tx: WriteTx, incoming: Sequence[Incoming]) -> None:
    """Store verified activities; replays of what we had before are left out, and counted.

    What nobody proved stands aside: nobody's own words wait for what others say in their name.
    """
    if not incoming:
        return
    is_sqlite = tx.conn.dialect.name == "sqlite"
    stored = _put_sqlite(tx, incoming) if is_sqlite else _put_postgres(tx, incoming)
    if stored < len(incoming):
        dropped.add(tx, dropped.REPLAY, len(incoming) - stored)


def _put_postgres(tx: WriteTx, incoming: Sequence[Incoming]) -> int:
    stored = tx.conn.execute(
        _PUT,
        [
            {
                "activity_id": each.activity_id,
                "digest": each.digest,
                "signed_at": each.signed_at,
                "place": each.place,
                "proved": each.proved,
                "stands_aside": not each.proved,
                "host": each.host,
                "actor_uri": each.actor_uri,
                "type": each.type,
                "body": each.body,
                "received_at": tx.now,
                "state": "waiting",
                "attempts": 0,
                "due": tx.now,
            }
            for each in incoming
        ],
    )
    return len(stored.all())


def _put_sqlite(tx: WriteTx, incoming: Sequence[Incoming]) -> int:
    def number(at: datetime) -> int | None:
        return Instant().process_bind_param(at, tx.conn.dialect)

    values: list[object] = [number(tx.now)]
    for each in incoming:
        values += (each.activity_id, each.digest, number(each.signed_at), number(each.place))
        values += (each.proved, not each.proved, each.host, each.actor_uri, each.type, each.body)
    rows = ", ".join([_ROW_SQLITE] * len(incoming))
    return int(driver(tx.conn).execute(_PUT_SQLITE.format(rows=rows), values).rowcount)


def claim(
    tx: WriteTx,
    limit: int,
    lease: timedelta,
    *,
    per_host: int | None = None,
    busy: Collection[str] = (),
) -> list[InboxJob]:
    """Take up to `limit` waiting activities for as long as `lease`, in the order they came.

    At most one of each actor, its earliest, and that only while nobody has an earlier one in
    hand. At most `per_host` of each host, and none of those that are `busy`; the hosts take
    turns. `attempts` of a job counts this claim.
    """
    statement = _CLAIM_LATERAL if tx.conn.dialect.name == "postgresql" else _CLAIM_SQLITE
    values = {
        "now": tx.now,
        "until": tx.now + lease,
        "most": limit,
        "per_host": per_host or limit,
        "window": LOOKED_AT * (per_host or limit),
        "nearest": LOOKED_AT * max(limit, per_host or limit),
        "busy": list(busy),
    }
    rows = tx.conn.execute(statement, values)
    return sorted((InboxJob(*row) for row in rows), key=lambda job: job.id)


def finish(tx: WriteTx, job_id: int, outcome: str) -> bool:
    """Mark an activity as processed and forget its body; `outcome` says what came of it.

    Return whether more of its actor waits.
    """
    return bool(_FINISH.one(tx, job=job_id, said=outcome)["has_more"])


def forget_sender(tx: WriteTx, job_id: int) -> None:
    """Forget who sent an activity that is done; that the same was said stays known."""
    nobody = {"activity_id": "", "actor_uri": "", "host": ""}
    tx.conn.execute(update(inbox).where(inbox.c.id == job_id).values(**nobody))


def retry(tx: WriteTx, job_id: int, due: datetime, error: str) -> None:
    """Give an activity back until `due`; later ones of its actor wait for it."""
    _change(tx, job_id, due=due, place=due, outcome=error)


def give_back(
    tx: WriteTx, job_id: int, due: datetime, error: str, *, stands_aside: bool = False
) -> None:
    """Give an activity back until `due`, as if it had not been claimed this time.

    Later ones of its actor wait unless it `stands_aside`.
    """
    _change(
        *(tx, job_id),
        due=due,
        place=due,
        outcome=error,
        stands_aside=stands_aside,
        attempts=inbox.c.attempts - 1,
    )


def park(tx: WriteTx, job_id: int, error: str) -> None:
    """Set an activity aside that can't be processed; its body stays for a look at it."""
    _change(tx, job_id, state="parked", outcome=error)


def hinted(tx: ReadTx, actors: Collection[str]) -> set[tuple[str, str]]:
    """Return of which `actors` something unproved waits that nobody has in hand, with its type."""
    is_free = or_(inbox.c.lease_until.is_(None), inbox.c.lease_until <= tx.now)
    found = select(inbox.c.actor_uri, inbox.c.type).where(
        inbox.c.actor_uri.in_(actors), _WAITING, ~inbox.c.proved, is_free
    )
    return {(row.actor_uri, row.type) for row in tx.conn.execute(found.distinct())}


def waiting(tx: ReadTx) -> int:
    """Return how many wait or are being processed."""
    return tx.conn.execute(select(func.count()).select_from(inbox).where(_WAITING)).scalar_one()


def room(tx: ReadTx, host: str, most: int) -> int:
    """Return how many more of a host may wait where `most` may."""
    return most - int(_COUNT_OF_HOST.one(tx, of_host=host, most=most)["many"])


def purge(tx: WriteTx, before: datetime) -> int:
    """Forget what was received before an instant and no longer waits; return how many."""
    gone: CursorResult[Any] = tx.conn.execute(
        delete(inbox).where(inbox.c.received_at < before, inbox.c.state != "waiting")
    )
    return gone.rowcount


def _change(tx: WriteTx, job_id: int, **news: object) -> None:
    tx.conn.execute(update(inbox).where(inbox.c.id == job_id).values(lease_until=None, **news))
