"""Pictures we serve: what is known of each file in the media folder.

Called by services when an image is attached, by whoever shows one, and by the clock, which
forgets those that nobody sees any more. The bytes lie in the media folder, not here.
"""

from typing import Any

from sqlalchemy import ColumnElement, CursorResult, bindparam, delete, select, union

from fedi_chapter.domain.media import Media, MediaId
from fedi_chapter.store.prepared import Prepared, Row
from fedi_chapter.store.tables import attachments, events, local_actors, media, posts
from fedi_chapter.store.tx import ReadTx, WriteTx
from fedi_chapter.store.upsert import insert as insert_row

COLUMNS: tuple[ColumnElement[Any], ...] = (
    media.c.id,
    media.c.media_type,
    media.c.width,
    media.c.height,
    media.c.size,
    media.c.alt,
    media.c.blurhash,
    media.c.focus_x,
    media.c.focus_y,
)

# Built once: the pictures of an actor of ours are read along with it.
_ONE = Prepared(select(*COLUMNS).where(media.c.id == bindparam("id")))


def read(row: Row) -> Media:
    """Turn a row with `COLUMNS` into a Media."""
    focus = None if row["focus_x"] is None else (row["focus_x"], row["focus_y"])
    return Media(
        id=MediaId(row["id"]),
        media_type=row["media_type"],
        width=row["width"],
        height=row["height"],
        size=row["size"],
        alt=row["alt"],
        blurhash=row["blurhash"],
        focus=focus,
    )


def get(tx: ReadTx, media_id: MediaId) -> Media | None:
    """Return the image called `media_id`."""
    row = _ONE.first(tx, id=media_id)
    return None if row is None else read(row)


def insert(tx: WriteTx, image: Media) -> None:
    """Remember a stored image; events of one series may share it."""
    focus_x, focus_y = image.focus or (None, None)
    tx.conn.execute(
        insert_row(media)
        .values(
            id=image.id,
            media_type=image.media_type,
            width=image.width,
            height=image.height,
            size=image.size,
            alt=image.alt,
            blurhash=image.blurhash,
            focus_x=focus_x,
            focus_y=focus_y,
            created_at=tx.now,
        )
        .on_conflict_do_nothing()
    )


def names(tx: ReadTx) -> frozenset[str]:
    """Return the ids of all images."""
    return frozenset(tx.conn.execute(select(media.c.id)).scalars())


def forget_unused(tx: WriteTx) -> int:
    """Forget images that were replaced, or belonged to what is deleted; return how many."""
    tx.conn.execute(delete(attachments).where(attachments.c.owner_id.in_(_DELETED)))
    gone: CursorResult[Any] = tx.conn.execute(delete(media).where(media.c.id.not_in(_IN_USE)))
    return gone.rowcount


_DELETED = union(
    *(select(table.c.id).where(table.c.deleted_at.is_not(None)) for table in (events, posts))
)
_IN_USE = union(
    select(attachments.c.media_id),
    *(
        select(column).where(column.is_not(None))  # one NULL in a list makes nothing "not in" it
        for column in (local_actors.c.icon_id, local_actors.c.header_id)
    ),
)
