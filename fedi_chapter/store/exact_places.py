"""Where exactly an event meets whose place is not for all.

Kept apart from `places`, so that nothing that writes pages, feeds or documents can come by
it: only the page of somebody who has a seat, and the organizers' own pages, ask here.
"""

from sqlalchemy import delete, select

from fedi_chapter.domain.event import EventId
from fedi_chapter.domain.place import Place, Point
from fedi_chapter.store.tables import exact_places
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


def put(tx: WriteTx, event_id: EventId, place: Place | None) -> None:
    """Keep the exact place of an event, in the place of the one before."""
    tx.conn.execute(delete(exact_places).where(exact_places.c.event_id == event_id))
    if place is None:
        return
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
