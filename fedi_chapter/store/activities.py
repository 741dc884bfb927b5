"""The activities we sent or will send: one stored body each, whoever gets it.

Called by whoever publishes, and by the page that shows an activity under its id. Who gets
it is in `deliveries`.
"""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import bindparam, select

from fedi_chapter.domain.chapter import ActorId
from fedi_chapter.store.prepared import Prepared
from fedi_chapter.store.tables import activities, deliveries
from fedi_chapter.store.tx import ReadTx, WriteTx
from fedi_chapter.store.upsert import insert

_PUT = Prepared(
    insert(activities).on_conflict_do_nothing().returning(activities.c.id),
    given=[column.name for column in activities.columns if column.name != "id"],
)
_BODY = select(activities.c.body).where(activities.c.uri == bindparam("uri"))
_ID = Prepared(select(activities.c.id).where(activities.c.uri == bindparam("uri")))


@dataclass(frozen=True, slots=True)
class Undo:
    """An Undo that was sent, and by whom."""

    actor_id: ActorId
    body: bytes


def put(  # noqa: PLR0913 - one named argument for each column
    tx: WriteTx,
    *,
    uri: str,
    type: str,
    actor_id: ActorId,
    object_uri: str,
    body: bytes,
    digest: str,
    key_id: str | None = None,
) -> int:
    """Keep an activity and return its row; the same `uri` again returns the first row.

    `digest` is the base64 of the body's SHA-256. With `key_id` it is signed with that key
    rather than the actor's current one.
    """
    new = _PUT.first(
        tx,
        uri=uri,
        type=type,
        actor_id=actor_id,
        object_uri=object_uri,
        body=body,
        digest=digest,
        key_id=key_id,
        at=tx.now,
    )
    return int((new or _ID.one(tx, uri=uri))["id"])


def undos_among(tx: ReadTx, delivery_ids: Collection[int]) -> list[Undo]:
    """Return the Undos that these deliveries carried."""
    rows = tx.conn.execute(
        select(activities.c.actor_id, activities.c.body)
        .join(deliveries, deliveries.c.activity_id == activities.c.id)
        .where(deliveries.c.id.in_(delivery_ids), activities.c.type == "Undo")
    )
    return [Undo(ActorId(row.actor_id), row.body) for row in rows]


def get(tx: ReadTx, uri: str) -> bytes | None:
    """Return the body of the activity `uri`."""
    return tx.conn.execute(_BODY, {"uri": uri}).scalar_one_or_none()
