"""Rows whose time is over, deleted. Called by `services.retention`, which decides when."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import CursorResult, Delete, Update, delete, or_, select, update

from fedi_chapter.domain.delivery import DeliveryState
from fedi_chapter.store.tables import (
    activities,
    deliveries,
    events,
    inbox,
    posts,
    sessions,
    sign_in_links,
    tombstones,
)
from fedi_chapter.store.tx import ReadTx, WriteTx

_OVER = deliveries.c.state.in_([DeliveryState.DONE, DeliveryState.FAILED])


def empty_bodies(tx: WriteTx, before: datetime) -> int:
    """Forget what parked activities said that came in before an instant; their ids stay."""
    return _run(
        tx,
        update(inbox)
        .where(inbox.c.state == "parked", inbox.c.body.is_not(None))
        .where(inbox.c.received_at < before)
        .values(body=None),
    )


def sign_in(tx: WriteTx, before: datetime) -> int:
    """Delete sign-in links that were used or ran out before an instant."""
    over = or_(sign_in_links.c.used_at < before, sign_in_links.c.expires_at < before)
    return _run(tx, delete(sign_in_links).where(over))


def idle_sessions(tx: WriteTx, before: datetime) -> int:
    """Delete the sessions that nobody has used since an instant."""
    return _run(tx, delete(sessions).where(sessions.c.seen_at < before))


def foreign_tombstones(tx: WriteTx, before: datetime) -> int:
    """Forget that others deleted something before an instant."""
    is_theirs = tombstones.c.ours.is_(False)
    return _run(tx, delete(tombstones).where(is_theirs, tombstones.c.at < before))


def deleted_things(tx: ReadTx, before: datetime) -> tuple[list[str], list[str]]:
    """Return the ids of our events and of our posts that were deleted before an instant."""
    gone_events = select(events.c.id).where(events.c.deleted_at < before)
    gone_posts = select(posts.c.id).where(posts.c.deleted_at < before)
    return (
        list(tx.conn.execute(gone_events).scalars()),
        list(tx.conn.execute(gone_posts).scalars()),
    )


def deliveries_about(tx: WriteTx, uris: Sequence[str], before: datetime) -> int:
    """Delete the ledger of things nobody will hear of again, and then what was said of them.

    Only deliveries that ended before the instant; an activity goes with its last delivery.
    """
    gone = 0
    for uri in uris:
        about = deliveries.c.object_uri == uri
        gone += _run(tx, delete(deliveries).where(about, _OVER, deliveries.c.finished_at < before))
        used = select(deliveries.c.activity_id).where(about)
        _run(
            tx,
            delete(activities)
            .where(activities.c.object_uri == uri, activities.c.at < before)
            .where(activities.c.id.not_in(used)),
        )
    return gone


def _run(tx: WriteTx, statement: Delete | Update) -> int:
    done: CursorResult[Any] = tx.conn.execute(statement)
    return done.rowcount
