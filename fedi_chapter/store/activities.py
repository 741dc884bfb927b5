"""The activities we sent or will send: one stored body each, whoever gets it.

Called by whoever publishes, and by the page that shows an activity under its id. Who gets
it is in `deliveries`.
"""

from sqlalchemy import bindparam, select

from fedi_chapter.domain.chapter import ActorId
from fedi_chapter.store.tables import activities
from fedi_chapter.store.tx import ReadTx, WriteTx
from fedi_chapter.store.upsert import insert

_PUT = insert(activities).on_conflict_do_nothing()
_BODY = select(activities.c.body).where(activities.c.uri == bindparam("uri"))
_ID = select(activities.c.id).where(activities.c.uri == bindparam("uri"))


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
    row = {
        "uri": uri,
        "type": type,
        "actor_id": actor_id,
        "object_uri": object_uri,
        "body": body,
        "digest": digest,
        "key_id": key_id,
        "at": tx.now,
    }
    tx.conn.execute(_PUT, row)
    return int(tx.conn.execute(_ID, {"uri": uri}).scalar_one())


def get(tx: ReadTx, uri: str) -> bytes | None:
    """Return the body of the activity `uri`."""
    return tx.conn.execute(_BODY, {"uri": uri}).scalar_one_or_none()
