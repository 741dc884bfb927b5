"""What our actors said about events of others, and what became of it.

Called by `services.attendance` and by whoever lists it. A row goes when its event goes.
"""

from typing import Any

from sqlalchemy import Row, Select, func, or_, select, update

from fedi_chapter.domain.attendance import Attendance, AttendanceState
from fedi_chapter.domain.chapter import ActorId
from fedi_chapter.domain.neighbour import NeighbourEvent
from fedi_chapter.domain.rsvp import Answer
from fedi_chapter.store.tables import attendances, neighbour_events
from fedi_chapter.store.tx import ReadTx, WriteTx
from fedi_chapter.store.upsert import insert

_EVENT = [column.label(f"their_{column.name}") for column in neighbour_events.c]


def put(tx: WriteTx, attendance: Attendance) -> None:
    """Remember what an actor says about an event now, instead of what it said before."""
    key = {"actor_id": attendance.actor_id, "event_uri": attendance.event_uri}
    said = {
        "answer_id": attendance.answer_id,
        "status": attendance.status,
        "state": attendance.state,
        "verb": attendance.verb,
        "said_at": attendance.said_at,
        "answered_at": attendance.answered_at,
    }
    tx.conn.execute(
        insert(attendances)
        .values(**key, **said)
        .on_conflict_do_update(index_elements=list(key), set_=said)
    )


def answer(tx: WriteTx, answer_id: str, state: AttendanceState) -> bool:
    """Note what became of one word of ours; tell whether it is still the last one."""
    done = tx.conn.execute(
        update(attendances)
        .where(attendances.c.answer_id == answer_id)
        .values(state=state, answered_at=tx.now)
    )
    return done.rowcount > 0


def get(tx: ReadTx, actor_id: ActorId, event_uri: str) -> Attendance | None:
    """Return what an actor last said about an event."""
    return _one(
        tx,
        select(attendances).where(
            attendances.c.actor_id == actor_id, attendances.c.event_uri == event_uri
        ),
    )


def by_answer(tx: ReadTx, answer_id: str) -> Attendance | None:
    """Return the attendance whose last word has this id."""
    return _one(tx, select(attendances).where(attendances.c.answer_id == answer_id))


def listing(tx: ReadTx, actor_id: ActorId) -> list[tuple[Attendance, NeighbourEvent]]:
    """Return all that an actor said, with the events, the next ones first and the past last."""
    over = neighbour_events.c.starts_at < tx.now
    rows = tx.conn.execute(
        select(attendances, *_EVENT)
        .join(neighbour_events, neighbour_events.c.uri == attendances.c.event_uri)
        .where(attendances.c.actor_id == actor_id)
        .order_by(over, neighbour_events.c.starts_at, neighbour_events.c.uri)
    )
    return [(_read(row), _event(row)) for row in rows]


def called_off(tx: ReadTx, actor_id: ActorId) -> list[NeighbourEvent]:
    """Return the coming events that an actor said it comes to, and that are off: the next first."""
    table = neighbour_events
    is_off = or_(table.c.cancelled.is_(True), table.c.deleted_at.is_not(None))
    rows = tx.conn.execute(
        select(*_EVENT)
        .join(attendances, attendances.c.event_uri == table.c.uri)
        .where(attendances.c.actor_id == actor_id, attendances.c.status != Answer.NO)
        .where(is_off, func.coalesce(table.c.ends_at, table.c.starts_at) > tx.now)
        .order_by(table.c.starts_at, table.c.uri)
    )
    return [_event(row) for row in rows]


def _one(tx: ReadTx, query: Select[Any]) -> Attendance | None:
    row = tx.conn.execute(query).one_or_none()
    return None if row is None else _read(row)


def _read(row: Row[Any]) -> Attendance:
    return Attendance(
        actor_id=ActorId(row.actor_id),
        event_uri=row.event_uri,
        answer_id=row.answer_id,
        status=Answer(row.status),
        state=AttendanceState(row.state),
        verb=row.verb,
        said_at=row.said_at,
        answered_at=row.answered_at,
    )


def _event(row: Row[Any]) -> NeighbourEvent:
    return NeighbourEvent(
        **{column.name: row._mapping[f"their_{column.name}"] for column in neighbour_events.c}
    )
