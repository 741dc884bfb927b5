"""Questions about those we are about to tell something.

Called by `federation.publish` and `federation.discover`. Followers, past recipients and voters
are resolved to inboxes by `deliveries`, in one statement.
"""

from datetime import timedelta

from sqlalchemy import and_, exists, func, or_, select

from fedi_chapter.domain.delivery import DeliveryState
from fedi_chapter.domain.event import EventId
from fedi_chapter.domain.follower import FollowState
from fedi_chapter.domain.moderation import host_and_parents
from fedi_chapter.domain.rsvp import Route
from fedi_chapter.store import blocks, tables
from fedi_chapter.store.tables import deliveries, followers, hosts, quotes, remote_actors, rsvps
from fedi_chapter.store.tx import ReadTx

LATELY = timedelta(days=2)


def hosts_to_ask(tx: ReadTx, limit: int) -> list[str]:
    """Return hosts of followers that are due to be asked what they run."""
    query = (
        select(followers.c.host)
        .outerjoin(hosts, hosts.c.host == followers.c.host)
        .where(followers.c.state == FollowState.ACCEPTED)
        .where(or_(hosts.c.ask_again_at.is_(None), hosts.c.ask_again_at <= tx.now))
    )
    return list(tx.conn.execute(query.distinct().limit(limit)).scalars())


def followers_behind_closed_inboxes(tx: ReadTx) -> list[str]:
    """Return the followers whose inbox, their own or a shared one, answered 410 lately."""
    closed = select(deliveries.c.inbox).where(
        deliveries.c.state == DeliveryState.FAILED,
        deliveries.c.status == 410,
        deliveries.c.finished_at > tx.now - LATELY,
    )
    query = (
        select(remote_actors.c.uri)
        .join(followers, followers.c.uri == remote_actors.c.uri)
        .where(or_(remote_actors.c.inbox.in_(closed), remote_actors.c.shared_inbox.in_(closed)))
        .distinct()
    )
    return list(tx.conn.execute(query.order_by(remote_actors.c.uri)).scalars())


def quoting_actor(tx: ReadTx, quote_id: str) -> str | None:
    """Return who was given the consent `quote_id`, also when it was taken back since."""
    return tx.conn.execute(
        select(quotes.c.actor_uri).where(quotes.c.id == quote_id)
    ).scalar_one_or_none()


def inboxes_of_joiners(tx: ReadTx, event_id: EventId, face_uri: str) -> list[str]:
    """Return the inboxes, shared where there is one, of those who answered by the Event itself.

    Who joined hears of its changes in no other way. Who answered otherwise is told in words
    besides, and left out where the server got the event's face. So is who is blocked.
    """
    got_face = exists().where(
        deliveries.c.object_uri == face_uri, deliveries.c.host == remote_actors.c.host
    )
    inbox = func.coalesce(remote_actors.c.shared_inbox, remote_actors.c.inbox).label("inbox")
    rows = tx.conn.execute(
        select(inbox, remote_actors.c.host)
        .join(rsvps, rsvps.c.actor_uri == remote_actors.c.uri)
        .where(rsvps.c.event_id == event_id, remote_actors.c.gone_at.is_(None))
        .where(or_(rsvps.c.route == Route.JOIN, and_(rsvps.c.route == Route.ANSWER, ~got_face)))
        .where(remote_actors.c.uri.not_in(select(tables.blocks.c.target)))
        .distinct()
    ).all()
    names = {row.host: host_and_parents(row.host) for row in rows}
    refused = blocks.among(tx, {name for each in names.values() for name in each})
    return [row.inbox for row in rows if refused.isdisjoint(names[row.host])]
