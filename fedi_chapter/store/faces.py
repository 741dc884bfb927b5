"""What the face of each event last said about seats and the end of its poll.

Called by whoever writes faces; kept up by `federation.publish` alone.
"""

from dataclasses import asdict

from sqlalchemy import bindparam, select

from fedi_chapter.domain.event import EventId
from fedi_chapter.domain.face import FaceState
from fedi_chapter.store.prepared import Prepared
from fedi_chapter.store.tables import faces
from fedi_chapter.store.tx import ReadTx, WriteTx
from fedi_chapter.store.upsert import insert

_GET = Prepared(
    select(faces.c.is_full, faces.c.changed_at, faces.c.poll_ends_at).where(
        faces.c.event_id == bindparam("event_id")
    )
)


def get(tx: ReadTx, event_id: EventId) -> FaceState:
    """Return what an event's face last said; of one that was never told, nothing."""
    row = _GET.first(tx, event_id=event_id)
    return FaceState() if row is None else FaceState(**row)


def put(tx: WriteTx, event_id: EventId, state: FaceState) -> None:
    """Remember what an event's face says now."""
    news = asdict(state)
    tx.conn.execute(
        insert(faces)
        .values(event_id=event_id, **news)
        .on_conflict_do_update(index_elements=["event_id"], set_=news)
    )
