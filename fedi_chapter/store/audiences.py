"""Questions about those we are about to tell something.

Called by `federation.publish` and `federation.discover`. The inboxes themselves are resolved
by `deliveries`, in one statement.
"""

from sqlalchemy import or_, select

from fedi_chapter.domain.follower import FollowState
from fedi_chapter.domain.host import ASK_AGAIN
from fedi_chapter.store.tables import followers, hosts, quotes, remote_actors
from fedi_chapter.store.tx import ReadTx


def hosts_to_ask(tx: ReadTx, limit: int) -> list[str]:
    """Return hosts of followers that were never asked what they run, or over a week ago."""
    query = (
        select(remote_actors.c.host)
        .join(followers, followers.c.uri == remote_actors.c.uri)
        .outerjoin(hosts, hosts.c.host == remote_actors.c.host)
        .where(followers.c.state == FollowState.ACCEPTED)
        .where(or_(hosts.c.asked_at.is_(None), hosts.c.asked_at < tx.now - ASK_AGAIN))
    )
    return list(tx.conn.execute(query.distinct().limit(limit)).scalars())


def quoting_actor(tx: ReadTx, quote_id: str) -> str | None:
    """Return who was given the consent `quote_id`, also when it was taken back since."""
    return tx.conn.execute(
        select(quotes.c.actor_uri).where(quotes.c.id == quote_id)
    ).scalar_one_or_none()
