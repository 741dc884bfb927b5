"""What came in and waits to be understood: the first of the three queues.

Put by the inbox's door, claimed (see `inbox_claims`) and finished by the inbox worker. A row
stays after it is done, without its body: what was said, and the date it was signed with, is the
ledger against replays. The same id may come again with something else, and the same words signed
anew.

Places in line: of those of one host that wait, who sends much stands behind those who send little.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import (
    ARRAY,
    ColumnElement,
    CursorResult,
    Select,
    Text,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    or_,
    select,
    true,
    update,
)

from fedi_chapter.domain.inbox import InboxJob, Incoming
from fedi_chapter.store import dropped
from fedi_chapter.store.inbox_claims import LONGEST_RUN, LOOKED_AT, claim, is_waiting
from fedi_chapter.store.prepared import Prepared
from fedi_chapter.store.sqlite import driver
from fedi_chapter.store.tables import inbox
from fedi_chapter.store.tables.base import Instant
from fedi_chapter.store.tx import ReadTx, WriteTx
from fedi_chapter.store.upsert import insert

__all__ = [
    "LONGEST_RUN",
    "LOOKED_AT",
    "claim",
    "finish",
    "forget_sender",
    "give_back",
    "hinted",
    "park",
    "purge",
    "put_many",
    "release",
    "retry",
    "room",
    "waiting",
]

APART = timedelta(minutes=1)
"""What one actor sends stands so far apart in line, however quickly it comes: as long as a slow
one may take."""
FARTHEST = timedelta(days=1)

_WAITING = is_waiting(inbox)

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
    _later.c.actor_uri == _ACTOR, _later.c.id > bindparam("job"), is_waiting(_later)
)
_FINISH = Prepared(
    update(inbox)
    .where(inbox.c.id == bindparam("job"))
    .values(state="done", body=None, lease_until=None, outcome=bindparam("said"))
    .returning(_HAS_MORE.label("has_more"))
)


def _last_of_actor(actor: ColumnElement[Any]) -> Select[Any]:
    own = inbox.alias("own")
    return (
        select(own.c.place)
        .where(own.c.actor_uri == actor, is_waiting(own), ~own.c.stands_aside)
        .order_by(own.c.actor_uri.desc(), own.c.id.desc())
        .limit(1)
    )


def _last_of_host(host: ColumnElement[Any]) -> Select[Any]:
    own = inbox.alias("own")
    return (
        select(own.c.place)
        .where(own.c.host == host, is_waiting(own))
        .order_by(own.c.host.desc(), own.c.place.desc())
        .limit(1)
    )


class _LastPlace:
    """The last place in line of each of many names, of those that wait."""

    def __init__(self, last_of: Callable[[ColumnElement[Any]], Select[Any]]) -> None:
        names = func.unnest(bindparam("names", type_=ARRAY(Text)))
        asked = names.table_valued("name").render_derived("asked")
        last = last_of(asked.c.name).correlate(asked).lateral("last")
        self._postgres = select(asked.c.name, last.c.place).select_from(asked.join(last, true()))
        each = func.json_each(bindparam("names", type_=Text)).table_valued("value", name="asked")
        place = last_of(each.c.value).correlate(each).scalar_subquery()
        self._sqlite = Prepared(select(each.c.value.label("name"), place.label("place")))

    def of(self, tx: ReadTx, names: Collection[str]) -> dict[str, datetime]:
        """Return the places of those names of whom something waits."""
        if not names:
            return {}
        if _is_sqlite(tx):
            rows = self._sqlite.rows(tx, names=orjson.dumps(list(names)).decode())
            return {row["name"]: row["place"] for row in rows if row["place"] is not None}
        return {
            row.name: row.place for row in tx.conn.execute(self._postgres, {"names": list(names)})
        }


_LAST_OF_ACTOR, _LAST_OF_HOST = _LastPlace(_last_of_actor), _LastPlace(_last_of_host)


def put_many(tx: WriteTx, incoming: Sequence[Incoming]) -> None:
    """Store verified activities; replays of what we had before are left out, and counted.

    What nobody proved stands aside: nobody's own words wait for what others say in their name.
    """
    if not incoming:
        return
    placed = list(zip(incoming, _places(tx, incoming), strict=True))
    stored = _put_sqlite(tx, placed) if _is_sqlite(tx) else _put_postgres(tx, placed)
    if stored < len(incoming):
        dropped.add(tx, dropped.REPLAY, len(incoming) - stored)


def _is_sqlite(tx: ReadTx) -> bool:
    return tx.conn.dialect.name == "sqlite"


def _places(tx: ReadTx, incoming: Sequence[Incoming]) -> list[datetime]:
    """Return a place in line for each: now, or behind the last of its actor that waits.

    What nobody proved stands behind all of its host.
    """
    last = _LAST_OF_ACTOR.of(tx, {each.actor_uri for each in incoming if each.proved})
    last |= _LAST_OF_HOST.of(tx, {each.host for each in incoming if not each.proved})
    places = []
    for each in incoming:
        name = each.actor_uri if each.proved else each.host
        before = last.get(name)
        place = tx.now
        if before is not None:
            place = min(max(tx.now, before + APART), tx.now + FARTHEST)
        last[name] = place
        places.append(place)
    return places


def _put_postgres(tx: WriteTx, placed: Sequence[tuple[Incoming, datetime]]) -> int:
    stored = tx.conn.execute(
        _PUT,
        [
            {
                "activity_id": each.activity_id,
                "digest": each.digest,
                "signed_at": each.signed_at,
                "place": place,
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
            for each, place in placed
        ],
    )
    return len(stored.all())


def _put_sqlite(tx: WriteTx, placed: Sequence[tuple[Incoming, datetime]]) -> int:
    def number(at: datetime) -> int | None:
        return Instant().process_bind_param(at, tx.conn.dialect)

    values: list[object] = [number(tx.now)]
    for each, place in placed:
        values += (each.activity_id, each.digest, number(each.signed_at), number(place))
        values += (each.proved, not each.proved, each.host, each.actor_uri, each.type, each.body)
    rows = ", ".join([_ROW_SQLITE] * len(placed))
    return int(driver(tx.conn).execute(_PUT_SQLITE.format(rows=rows), values).rowcount)


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
    _hold_up_later(tx, job_id, due)


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
        stands_aside=true() if stands_aside else inbox.c.stands_aside,
        attempts=inbox.c.attempts - 1,
    )
    _hold_up_later(tx, job_id, due)


def release(tx: WriteTx, job: InboxJob) -> None:
    """Give an activity back that was leased and not begun; a lease of somebody else's stays."""
    is_ours = and_(inbox.c.id == job.id, inbox.c.lease_until == job.lease_until)
    tx.conn.execute(
        update(inbox)
        .where(is_ours)
        .values(due=tx.now, lease_until=None, attempts=inbox.c.attempts - 1)
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


def _hold_up_later(tx: WriteTx, job_id: int, due: datetime) -> None:
    """Let the later ones of an actor wait in line behind one that was given back.

    In front of it they would keep the claims from reaching it, and all others of their host.
    """
    held = inbox.alias("held")
    actor = select(held.c.actor_uri).where(held.c.id == job_id, ~held.c.stands_aside)
    was_leased = inbox.c.lease_until.is_not(None)
    tx.conn.execute(
        update(inbox)
        .where(inbox.c.actor_uri == actor.scalar_subquery(), inbox.c.id > job_id)
        .where(_WAITING, ~inbox.c.stands_aside)
        .values(
            due=due,
            place=due,
            lease_until=None,
            attempts=inbox.c.attempts - case((was_leased, 1), else_=0),
        )
    )
