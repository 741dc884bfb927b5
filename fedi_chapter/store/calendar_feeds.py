"""Which address of a member's own calendar feed is the valid one.

Called by `services.members`. The address itself is made by `sig.links` and kept nowhere.
"""

from sqlalchemy import select

from fedi_chapter.store.tables import calendar_feeds
from fedi_chapter.store.tx import ReadTx, WriteTx
from fedi_chapter.store.upsert import insert


def turn(tx: ReadTx, actor_uri: str) -> int | None:
    """Return the turn of a member's feed; None when there is no feed."""
    query = select(calendar_feeds.c.turn).where(calendar_feeds.c.actor_uri == actor_uri)
    return tx.conn.execute(query).scalar_one_or_none()


def renew(tx: WriteTx, actor_uri: str) -> None:
    """Give a member's feed a turn it never had, also when it was erased in between."""
    milliseconds = int(tx.now.timestamp() * 1000)
    added = insert(calendar_feeds).values(actor_uri=actor_uri, turn=milliseconds)
    raised = {"turn": calendar_feeds.c.turn + 1}
    tx.conn.execute(added.on_conflict_do_update(index_elements=["actor_uri"], set_=raised))
