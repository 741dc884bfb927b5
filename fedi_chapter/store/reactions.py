"""Likes and boosts of what is ours: counted, each person once.

Called by the handlers of likes and boosts and by whoever shows the counts.
"""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Literal

from sqlalchemy import ColumnElement, delete, func, select, update

from fedi_chapter.domain.conversation import Reaction
from fedi_chapter.store.prepared import Prepared
from fedi_chapter.store.tables import reactions
from fedi_chapter.store.tx import ReadTx, WriteTx
from fedi_chapter.store.upsert import insert

# Built once: building it costs many times what running it does.
_PUT = Prepared(
    insert(reactions).on_conflict_do_nothing().returning(reactions.c.kind),
    given=reactions.columns.keys(),
)


def put(tx: WriteTx, reaction: Reaction) -> bool:
    """Count a reaction; False when this person's was counted before.

    Then it is known by its newer id, by which it may be taken back.
    """
    if _PUT.first(tx, **asdict(reaction)) is not None:
        return True
    same = _is_of(reaction.kind, reaction.actor_uri, reaction.object_uri)
    tx.conn.execute(update(reactions).where(*same).values(activity_id=reaction.activity_id))
    return False


def remove(tx: WriteTx, kind: Literal["like", "boost"], actor_uri: str, object_uri: str) -> bool:
    """Take a reaction back; tell whether there was one."""
    gone = tx.conn.execute(delete(reactions).where(*_is_of(kind, actor_uri, object_uri)))
    return gone.rowcount > 0


def remove_by_activity(tx: WriteTx, actor_uri: str, activity_id: str) -> bool:
    """Take back the reaction an actor made with the activity `activity_id`."""
    gone = tx.conn.execute(
        delete(reactions).where(
            reactions.c.activity_id == activity_id, reactions.c.actor_uri == actor_uri
        )
    )
    return gone.rowcount > 0


def counts(tx: ReadTx, uris: Sequence[str]) -> tuple[int, int]:
    """Return likes and boosts of any of `uris`, each person once."""
    rows = tx.conn.execute(
        select(reactions.c.kind, func.count(reactions.c.actor_uri.distinct()).label("number"))
        .where(reactions.c.object_uri.in_(uris))
        .group_by(reactions.c.kind)
    )
    by_kind = {row.kind: row.number for row in rows}
    return by_kind.get("like", 0), by_kind.get("boost", 0)


def _is_of(kind: str, actor_uri: str, object_uri: str) -> tuple[ColumnElement[bool], ...]:
    return (
        reactions.c.kind == kind,
        reactions.c.actor_uri == actor_uri,
        reactions.c.object_uri == object_uri,
    )
