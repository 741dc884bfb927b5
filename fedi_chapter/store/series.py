"""Series of events: their rules. The events made for them are found in `store.events`.

Called by `services.series` and by the pages. Rows go in and out as `Series`.
"""

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, func, select, update

from fedi_chapter.domain.chapter import ActorId
from fedi_chapter.domain.event import EventId
from fedi_chapter.domain.rule_reading import read_rule
from fedi_chapter.domain.series import Series, SeriesId
from fedi_chapter.store.tables import events, series
from fedi_chapter.store.tx import ReadTx, WriteTx


def get(tx: ReadTx, series_id: SeriesId) -> Series | None:
    """Return a series; one that has ended too."""
    row = tx.conn.execute(select(series).where(series.c.id == series_id)).one_or_none()
    return None if row is None else _series(row)


def lock(tx: WriteTx, series_id: SeriesId) -> Series | None:
    """Return a series that nobody else changes or adds events to until this unit ends."""
    row = tx.conn.execute(
        select(series).where(series.c.id == series_id).with_for_update()
    ).one_or_none()
    return None if row is None else _series(row)


def listing(tx: ReadTx, actor_id: ActorId) -> list[Series]:
    """Return all series of an actor, the newest first."""
    rows = tx.conn.execute(
        select(series).where(series.c.actor_id == actor_id).order_by(series.c.id.desc())
    )
    return [_series(row) for row in rows]


def everything(tx: ReadTx) -> list[Series]:
    """Return the series of all our actors."""
    return [_series(row) for row in tx.conn.execute(select(series).order_by(series.c.id))]


def last_published(tx: ReadTx, series_id: SeriesId) -> datetime | None:
    """Return when an event of the series was last published; nothing while all are drafts."""
    found: datetime | None = tx.conn.execute(
        select(func.max(events.c.published_at)).where(events.c.series_id == series_id)
    ).scalar_one()
    return found


def insert(tx: WriteTx, made: Series) -> None:
    """Add a series; its template is stored before."""
    tx.conn.execute(
        series.insert().values(
            id=made.id, actor_id=made.actor_id, created_at=made.created_at, **_changeable(made)
        )
    )


def change(tx: WriteTx, changed: Series) -> None:
    """Replace everything that is known of a series but its maker and its beginning."""
    tx.conn.execute(update(series).where(series.c.id == changed.id).values(**_changeable(changed)))


def _changeable(made: Series) -> dict[str, Any]:
    return {
        "template_id": made.template_id,
        "rule": str(made.rule),
        "timezone": made.timezone,
        "begins": made.begins.isoformat(),
        "skipped": [day.isoformat() for day in made.skipped],
        "updated_at": made.updated_at,
        "revision": made.revision,
    }


def _series(row: Row[Any]) -> Series:
    return Series(
        id=SeriesId(row.id),
        actor_id=ActorId(row.actor_id),
        template_id=EventId(row.template_id),
        rule=read_rule(row.rule, ZoneInfo(row.timezone)),
        timezone=row.timezone,
        begins=datetime.fromisoformat(row.begins),
        created_at=row.created_at,
        skipped=tuple(date.fromisoformat(day) for day in row.skipped),
        updated_at=row.updated_at,
        revision=row.revision,
    )
