"""Where exactly an event meets, and where it is joined online, when that is not for all.

Kept apart from `places` and `events`, so that nothing that writes pages, feeds or documents can
come by it: only the page of somebody who has a seat, and the organizers' own pages, ask here.
"""

from sqlalchemy import Table, delete, select

from fedi_chapter.domain.event import EventId
from fedi_chapter.domain.place import Place, Point
from fedi_chapter.store.tables import exact_places, private_links
from fedi_chapter.store.tx import ReadTx, WriteTx


def get(tx: ReadTx, event_id: EventId) -> Place | None:
    """Return the exact place of an event; the caller has made sure who asks."""
    row = tx.conn.execute(
        select(exact_places).where(exact_places.c.event_id == event_id)
    ).one_or_none()
    if row is None:
        return None
    return Place(
        row.event_id, row.name, row.address, None if row.lat is None else Point(row.lat, row.lon)
    )


def link(tx: ReadTx, event_id: EventId) -> str | None:
    """Return the online address of an event; the caller has made sure who asks."""
    return tx.conn.execute(
        select(private_links.c.url).where(private_links.c.event_id == event_id)
    ).scalar_one_or_none()


def put(tx: WriteTx, event_id: EventId, place: Place | None, link: str | None = None) -> None:
    """Keep what is private of an event, instead of what was kept before."""
    for table in (exact_places, private_links):
        _clear(tx, table, event_id)
    if place is not None:
        point = place.point
        tx.conn.execute(
            exact_places.insert().values(
                event_id=event_id,
                name=place.name,
                address=place.address,
                lat=point.lat if point else None,
                lon=point.lon if point else None,
            )
        )
    if link is not None:
        tx.conn.execute(private_links.insert().values(event_id=event_id, url=link))


def copy(tx: WriteTx, source: EventId, target: EventId) -> None:
    """Keep the same of another event."""
    put(tx, target, get(tx, source), link(tx, source))


def _clear(tx: WriteTx, table: Table, event_id: EventId) -> None:
    tx.conn.execute(delete(table).where(table.c.event_id == event_id))
