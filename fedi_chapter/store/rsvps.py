"""Who answered an event. Counts are in `tallies`, and kept there by who changes a row.

Called by services inside their transaction, and by the organizers' and members' own screens.
"""

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, delete, func, literal_column, select, tuple_, update

from fedi_chapter.domain.event import EventId
from fedi_chapter.domain.rsvp import Rank, Route, Rsvp, RsvpId, RsvpStatus
from fedi_chapter.store.prepared import Prepared
from fedi_chapter.store.tables import remote_actors, rsvps
from fedi_chapter.store.tx import ReadTx, WriteTx

_GET = select(rsvps).where(rsvps.c.id == bindparam("id"))
_FIND = Prepared(
    select(rsvps).where(rsvps.c.event_id == bindparam("event_id"), rsvps.c.key == bindparam("key"))
)
_INSERT = Prepared(rsvps.insert(), given=rsvps.c.keys())
_CHANGE = Prepared(
    update(rsvps)
    .where(rsvps.c.id == bindparam("of"))
    .values({column.name: bindparam(column.name) for column in rsvps.c if column.name != "id"})
)
_FIRST_IN_LINE = Prepared(
    select(rsvps)
    .where(
        rsvps.c.event_id == bindparam("event_id"),
        rsvps.c.status == literal_column(f"'{RsvpStatus.WAITLIST}'"),
        1 + rsvps.c.guests <= bindparam("most"),
    )
    .order_by(rsvps.c.queued_at, rsvps.c.id)
    .limit(literal_column("1"))
)
_OF_HOST = select(remote_actors.c.uri).where(remote_actors.c.host == bindparam("host"))
_KNOWN_OF_HOST = select(func.count()).select_from(_OF_HOST.limit(bindparam("most")).subquery())
_LATELY_OF_HOST = select(func.count()).select_from(
    select(rsvps.c.id)
    .join(remote_actors, remote_actors.c.uri == rsvps.c.key)
    .where(
        rsvps.c.event_id == bindparam("event_id"),
        rsvps.c.changed_at > bindparam("since", type_=rsvps.c.changed_at.type),
        rsvps.c.status.in_([RsvpStatus.GOING, RsvpStatus.PENDING, RsvpStatus.WAITLIST]),
        remote_actors.c.host == bindparam("host"),
    )
    .limit(bindparam("most"))
    .subquery()
)


def get(tx: ReadTx, rsvp_id: RsvpId) -> Rsvp | None:
    """Return one answer."""
    return _one(tx.conn.execute(_GET, {"id": rsvp_id}).one_or_none())


def find(tx: ReadTx, event_id: EventId, key: str) -> Rsvp | None:
    """Return what one person answered to an event."""
    row = _FIND.first(tx, event_id=event_id, key=key)
    return None if row is None else _rsvp(row)


def by_form(tx: ReadTx, event_id: EventId, form_number: str) -> Rsvp | None:
    """Return the answer to an event that came by a form, if nobody has opened its page yet."""
    query = select(rsvps).where(rsvps.c.form_number == form_number, rsvps.c.event_id == event_id)
    return _one(tx.conn.execute(query.limit(1)).one_or_none())


def insert(tx: WriteTx, rsvp: Rsvp) -> None:
    """Add somebody's first answer."""
    _INSERT.run(tx, **_row(rsvp))


def change(tx: WriteTx, rsvp: Rsvp) -> None:
    """Replace what is known of an answer."""
    _CHANGE.run(tx, **_row(rsvp), of=rsvp.id)


def remove(tx: WriteTx, rsvp_id: RsvpId) -> None:
    """Forget an answer; the caller keeps the tally right."""
    tx.conn.execute(delete(rsvps).where(rsvps.c.id == rsvp_id))


def of_event(tx: ReadTx, event_id: EventId) -> list[Rsvp]:
    """Return everyone who answered and did not take it back, in the order they first came."""
    query = select(rsvps).where(rsvps.c.event_id == event_id, rsvps.c.status != RsvpStatus.NONE)
    return [read(row) for row in tx.conn.execute(query.order_by(rsvps.c.created_at, rsvps.c.id))]


def of_actor(tx: ReadTx, actor_uri: str) -> list[Rsvp]:
    """Return all answers of one actor, the newest first."""
    query = select(rsvps).where(rsvps.c.actor_uri == actor_uri)
    return [read(row) for row in tx.conn.execute(query.order_by(rsvps.c.created_at.desc()))]


def by_activity(tx: ReadTx, actor_uri: str, activity_id: str) -> Rsvp | None:
    """Return the answer of an actor that stands on the activity with this id."""
    query = select(rsvps).where(rsvps.c.actor_uri == actor_uri, rsvps.c.activity_id == activity_id)
    return _one(tx.conn.execute(query.limit(1)).one_or_none())


def named(tx: ReadTx) -> list[Rsvp]:
    """Return all answers of which it is known whose account gave them."""
    return [
        read(row) for row in tx.conn.execute(select(rsvps).where(rsvps.c.actor_uri.is_not(None)))
    ]


def lately_of_host(tx: ReadTx, event_id: EventId, host: str, since: datetime, most: int) -> int:
    """Return how many people of a host came to want a seat since an instant; counts to `most`.

    A host of which fewer people are known at all costs no more than a look at the index.
    """
    values = {"host": host, "most": most}
    known: int = tx.conn.execute(_KNOWN_OF_HOST, values).scalar_one()
    if known < most:
        return 0
    wanted = {"event_id": event_id, "since": since, **values}
    return int(tx.conn.execute(_LATELY_OF_HOST, wanted).scalar_one())


def waiting(tx: ReadTx, event_id: EventId, status: RsvpStatus) -> list[Rsvp]:
    """Return who waits for an organizer's yes, or for a seat, the longest first."""
    query = select(rsvps).where(rsvps.c.event_id == event_id, rsvps.c.status == status)
    return [read(row) for row in tx.conn.execute(query.order_by(rsvps.c.queued_at, rsvps.c.id))]


def asking_for_guests(tx: ReadTx, event_id: EventId) -> list[Rsvp]:
    """Return whose guests wait for an organizer's yes, who asked first first."""
    query = select(rsvps).where(rsvps.c.event_id == event_id, rsvps.c.asked_guests.is_not(None))
    return [read(row) for row in tx.conn.execute(query.order_by(rsvps.c.said_at, rsvps.c.id))]


def first_in_line(tx: ReadTx, event_id: EventId, free: int | None) -> Rsvp | None:
    """Return who waits longest of those for whom the free seats suffice; None: no limit."""
    most = 1_000_000 if free is None else free
    row = _FIRST_IN_LINE.first(tx, event_id=event_id, most=most)
    return None if row is None else _rsvp(row)


def place_in_line(tx: ReadTx, rsvp: Rsvp) -> int:
    """Return how many people stand in line up to and including this one."""
    before = tuple_(rsvps.c.queued_at, rsvps.c.id) <= tuple_(
        bindparam("queued_at", rsvp.queued_at, type_=rsvps.c.queued_at.type), rsvp.id
    )
    query = select(func.count()).where(
        rsvps.c.event_id == rsvp.event_id, rsvps.c.status == RsvpStatus.WAITLIST, before
    )
    return tx.conn.execute(query).scalar_one()


def _row(rsvp: Rsvp) -> dict[str, Any]:
    return {field.name: getattr(rsvp, field.name) for field in fields(rsvp)}


def _one(row: Row[Any] | None) -> Rsvp | None:
    return None if row is None else read(row)


def read(row: Row[Any]) -> Rsvp:
    """Turn a row of the table into an Rsvp."""
    return _rsvp(row._mapping)


def _rsvp(row: Mapping[Any, Any]) -> Rsvp:
    return Rsvp(
        **{
            **row,
            "id": RsvpId(row["id"]),
            "event_id": EventId(row["event_id"]),
            "status": RsvpStatus(row["status"]),
            "route": Route(row["route"]),
            "said_rank": Rank(row["said_rank"]),
        }
    )
