"""What hangs on an event or a post: pictures, tags, mentions.

Called by `events` and `posts` only. Those of a whole page are loaded with one query each,
however long the page is.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Select, bindparam, delete, select

from fedi_chapter.core.text import fold_tag
from fedi_chapter.domain.media import Media
from fedi_chapter.domain.post import Mention
from fedi_chapter.store import media
from fedi_chapter.store.prepared import Prepared, Row
from fedi_chapter.store.tables import attachments, mentions, tags
from fedi_chapter.store.tables import media as media_table
from fedi_chapter.store.tx import ReadTx, WriteTx


class _OfOwners:
    """A query for what hangs on owners; built once, because one is read for every answer to it."""

    def __init__(self, query: Select[Any], owner: Any) -> None:
        self._many = query.where(owner.in_(bindparam("owners", expanding=True)))
        self._one = Prepared(query.where(owner == bindparam("owner")))

    def rows(self, tx: ReadTx, owners: Sequence[str]) -> Iterable[Row]:
        if len(owners) == 1:
            return self._one.rows(tx, owner=owners[0])
        return tx.conn.execute(self._many, {"owners": owners}).mappings() if owners else ()


_IMAGES = _OfOwners(
    select(attachments.c.owner_id, *media.COLUMNS)
    .join(media_table, media_table.c.id == attachments.c.media_id)
    .order_by(attachments.c.owner_id, attachments.c.position),
    attachments.c.owner_id,
)
_TAGS = _OfOwners(
    select(tags.c.owner_id, tags.c.name).order_by(tags.c.owner_id, tags.c.position),
    tags.c.owner_id,
)


def images(tx: ReadTx, owners: Sequence[str]) -> dict[str, tuple[Media, ...]]:
    """Return the pictures of each owner, in order."""
    found: defaultdict[str, list[Media]] = defaultdict(list)
    for row in _IMAGES.rows(tx, owners):
        found[row["owner_id"]].append(media.read(row))
    return {owner: tuple(own) for owner, own in found.items()}


def tag_names(tx: ReadTx, owners: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return the tags of each owner as they were written, in order."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for row in _TAGS.rows(tx, owners):
        found[row["owner_id"]].append(row["name"])
    return {owner: tuple(own) for owner, own in found.items()}


def mentioned(tx: ReadTx, owners: Sequence[str]) -> dict[str, tuple[Mention, ...]]:
    """Return who is mentioned in each owner."""
    found: defaultdict[str, list[Mention]] = defaultdict(list)
    if owners:
        rows = tx.conn.execute(
            select(mentions)
            .where(mentions.c.owner_id.in_(owners))
            .order_by(mentions.c.owner_id, mentions.c.handle, mentions.c.uri)
        )
        for row in rows:
            found[row.owner_id].append(Mention(row.uri, row.url, row.handle))
    return {owner: tuple(own) for owner, own in found.items()}


def set_images(tx: WriteTx, owner: str, pictures: Sequence[Media]) -> None:
    """Make `pictures` the owner's, in this order; the images themselves are in `media`."""
    tx.conn.execute(delete(attachments).where(attachments.c.owner_id == owner))
    if pictures:
        tx.conn.execute(
            attachments.insert(),
            [
                {"owner_id": owner, "position": position, "media_id": picture.id}
                for position, picture in enumerate(pictures)
            ],
        )


def set_tags(tx: WriteTx, owner: str, names: Sequence[str]) -> None:
    """Make `names` the owner's tags; one that differs only in letter case is left out."""
    tx.conn.execute(delete(tags).where(tags.c.owner_id == owner))
    folded: dict[str, str] = {}
    for name in names:
        folded.setdefault(fold_tag(name), name)
    if folded:
        tx.conn.execute(
            tags.insert(),
            [
                {"owner_id": owner, "folded": key, "name": name, "position": position}
                for position, (key, name) in enumerate(folded.items())
            ],
        )


def set_mentions(tx: WriteTx, owner: str, people: Sequence[Mention]) -> None:
    """Make `people` those whom the owner mentions."""
    tx.conn.execute(delete(mentions).where(mentions.c.owner_id == owner))
    once = {person.uri: person for person in people}
    if once:
        tx.conn.execute(
            mentions.insert(),
            [
                {"owner_id": owner, "uri": uri, "url": person.url, "handle": person.handle}
                for uri, person in once.items()
            ],
        )
