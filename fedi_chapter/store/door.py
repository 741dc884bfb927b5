"""What greeters wrote down at the door. Called by `services.door` in its transaction."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import CursorResult, bindparam, delete, func, select

from fedi_chapter.domain.door import Entry, EntryKind
from fedi_chapter.domain.event import EventId
from fedi_chapter.domain.rsvp import Rsvp, RsvpId, RsvpStatus
from fedi_chapter.store.tables import door_before, door_entries, events
from fedi_chapter.store.tx import ReadTx, WriteTx
from fedi_chapter.store.upsert import insert

_OF_RSVP = select(door_entries).where(door_entries.c.rsvp_id == bindparam("of"))
_BEFORE = select(door_before).where(door_before.c.rsvp_id == bindparam("of"))


@dataclass(frozen=True, slots=True)
class Before:
    """How somebody stood before they came."""

    status: RsvpStatus
    guests: int


def put(tx: WriteTx, entry: Entry) -> bool:
    """Keep an entry; return False when it is known already."""
    row = insert(door_entries).values(
        id=entry.id,
        event_id=entry.event_id,
        rsvp_id=entry.rsvp_id,
        kind=entry.kind,
        at=entry.at,
        device=entry.device,
        guests=entry.guests,
    )
    return bool(tx.conn.execute(row.on_conflict_do_nothing(index_elements=["id"])).rowcount)


def is_known(tx: ReadTx, entry_id: str) -> bool:
    """Tell whether an entry arrived before."""
    query = select(door_entries.c.id).where(door_entries.c.id == entry_id)
    return tx.conn.execute(query).one_or_none() is not None


def of_rsvp(tx: ReadTx, rsvp_id: RsvpId) -> list[Entry]:
    """Return all entries about one person."""
    return [
        Entry(
            id=row.id,
            event_id=EventId(row.event_id),
            rsvp_id=RsvpId(row.rsvp_id),
            kind=EntryKind(row.kind),
            at=row.at,
            device=row.device,
            guests=row.guests,
        )
        for row in tx.conn.execute(_OF_RSVP, {"of": rsvp_id})
    ]


def last(tx: ReadTx, event_id: EventId) -> dict[RsvpId, datetime]:
    """Return when something was last written about each person."""
    columns = door_entries.c
    query = select(columns.rsvp_id, func.max(columns.at).label("at"))
    rows = tx.conn.execute(query.where(columns.event_id == event_id).group_by(columns.rsvp_id))
    return {RsvpId(row.rsvp_id): row.at for row in rows}


def before(tx: ReadTx, rsvp_id: RsvpId) -> Before | None:
    """Return how somebody who has come stood until then."""
    row = tx.conn.execute(_BEFORE, {"of": rsvp_id}).one_or_none()
    return None if row is None else Before(RsvpStatus(row.status), row.guests)


def put_before(tx: WriteTx, rsvp: Rsvp, status: RsvpStatus) -> None:
    """Note how somebody stands who comes now."""
    values = {"event_id": rsvp.event_id, "status": status, "guests": rsvp.guests}
    tx.conn.execute(insert(door_before).values(rsvp_id=rsvp.id, **values))


def remove_before(tx: WriteTx, rsvp_id: RsvpId) -> None:
    """Forget how somebody stood; they stand so again."""
    tx.conn.execute(delete(door_before).where(door_before.c.rsvp_id == rsvp_id))


def purge(tx: WriteTx, before: datetime) -> int:
    """Forget what was written at events that were over before an instant; return how much."""
    over = select(events.c.id).where(events.c.over_at < before)
    tx.conn.execute(delete(door_before).where(door_before.c.event_id.in_(over)))
    gone: CursorResult[Any] = tx.conn.execute(
        delete(door_entries).where(door_entries.c.event_id.in_(over))
    )
    return gone.rowcount
