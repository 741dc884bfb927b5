"""What an id is to us, asked in one query: the handlers' first question about every note.

Called by the inbox handlers before they read or write the thing itself, and when they need
to know who answers for something of ours.
"""

from enum import StrEnum

from sqlalchemy import Text, bindparam, literal, select, union_all

from fedi_chapter.domain.audience import Visibility
from fedi_chapter.domain.chapter import ActorId
from fedi_chapter.store.prepared import Prepared, Row
from fedi_chapter.store.tables import (
    events,
    messages,
    neighbour_events,
    neighbour_posts,
    posts,
    replies,
    tombstones,
)
from fedi_chapter.store.tx import ReadTx


class Known(StrEnum):
    """As what we keep somebody's note or event; deleted comes first."""

    DELETED = "deleted"
    MESSAGE = "message"
    REPLY = "reply"
    POST = "post"
    EVENT = "event"


_URI = bindparam("uri", type_=Text)
_KEPT = (
    (Known.DELETED, tombstones.c.uri),
    (Known.MESSAGE, messages.c.uri),
    (Known.REPLY, replies.c.uri),
    (Known.POST, neighbour_posts.c.uri),
    (Known.EVENT, neighbour_events.c.uri),
)
_AS_WHAT = Prepared(
    union_all(
        *(select(literal(kind.value).label("kind")).where(uri == _URI) for kind, uri in _KEPT)
    )
)
_POST = Prepared(
    select(posts.c.actor_id, posts.c.visibility).where(
        posts.c.id == bindparam("id"), posts.c.deleted_at.is_(None)
    )
)
_EVENT = Prepared(
    select(events.c.actor_id, events.c.visibility).where(
        events.c.id == bindparam("id"),
        events.c.deleted_at.is_(None),
        events.c.published_at.is_not(None),
    )
)


def as_what(tx: ReadTx, uri: str) -> Known | None:
    """Return as what we keep `uri`, DELETED if it was deleted, None if it is new to us."""
    kinds = {row["kind"] for row in _AS_WHAT.rows(tx, uri=uri)}
    return next((kind for kind in Known if kind in kinds), None) if kinds else None


def post_owner(tx: ReadTx, post_id: str) -> tuple[ActorId, Visibility] | None:
    """Return whose post that is and for whom, unless it was deleted."""
    return _owner(_POST.first(tx, id=post_id))


def event_owner(tx: ReadTx, event_id: str) -> tuple[ActorId, Visibility] | None:
    """Return whose event that is and for whom, unless it is a draft or was deleted."""
    return _owner(_EVENT.first(tx, id=event_id))


def _owner(row: Row | None) -> tuple[ActorId, Visibility] | None:
    return None if row is None else (ActorId(row["actor_id"]), Visibility(row["visibility"]))
