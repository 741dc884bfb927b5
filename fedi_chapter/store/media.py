"""Pictures we serve: what is known of each file in the media folder.

Called by services when an image is attached, and by whoever shows one. The bytes lie in
the media folder, not here.
"""

from typing import Any

from sqlalchemy import ColumnElement, Row, select

from fedi_chapter.domain.media import Media, MediaId
from fedi_chapter.store.tables import media
from fedi_chapter.store.tx import ReadTx, WriteTx

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


def read(row: Row[Any]) -> Media:
    """Turn a row with `COLUMNS` into a Media."""
    focus = None if row.focus_x is None else (row.focus_x, row.focus_y)
    return Media(
        id=MediaId(row.id),
        media_type=row.media_type,
        width=row.width,
        height=row.height,
        size=row.size,
        alt=row.alt,
        blurhash=row.blurhash,
        focus=focus,
    )


def get(tx: ReadTx, media_id: MediaId) -> Media | None:
    """Return the image called `media_id`."""
    row = tx.conn.execute(select(*COLUMNS).where(media.c.id == media_id)).one_or_none()
    return None if row is None else read(row)


def insert(tx: WriteTx, image: Media) -> None:
    """Remember a stored image."""
    focus_x, focus_y = image.focus or (None, None)
    tx.conn.execute(
        media.insert().values(
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
    )
