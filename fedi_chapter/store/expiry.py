"""Rows whose time is over, deleted. Called by `services.retention`, which decides when."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CursorResult,
    Delete,
    Update,
    and_,
    delete,
    exists,
    func,
    literal_column,
    or_,
    select,
    update,
)

from fedi_chapter.domain.conversation import ReplyState
from fedi_chapter.domain.delivery import DeliveryState
from fedi_chapter.store.tables import (
    activities,
    attendances,
    blocks,
    boosts,
    calendar_feeds,
    deliveries,
    events,
    followers,
    following,
    inbox,
    member_sessions,
    mentions,
    messages,
    neighbour_events,
    neighbour_posts,
    notices,
    outbox,
    posts,
    quotes,
    reactions,
    remote_actors,
    replies,
    reports,
    rsvps,
    sessions,
    sign_in_links,
    tombstones,
)
from fedi_chapter.store.tx import ReadTx, WriteTx

_SPENT = ("Accept", "Reject", "Ignore", "Undo")
_AT_ONCE = 500
_OVER = deliveries.c.state.in_([DeliveryState.DONE, DeliveryState.FAILED])

# Large tables that are looked up by actor, one step each; small ones are read once as a whole.
_INDEXED = (
    calendar_feeds.c.actor_uri,
    followers.c.uri,
    following.c.uri,
    member_sessions.c.actor_uri,
    messages.c.actor_uri,
    neighbour_events.c.actor_uri,
    neighbour_posts.c.actor_uri,
    replies.c.actor_uri,
    rsvps.c.actor_uri,
)
_READ_WHOLE = (
    select(blocks.c.target),
    select(boosts.c.author_uri),
    select(mentions.c.uri),
    select(quotes.c.actor_uri),
    select(reports.c.reporter),
    # Written out: the index of what waits is used only for a condition known beforehand.
    select(inbox.c.actor_uri).where(inbox.c.state == literal_column("'waiting'")),
)
_REACTED = exists().where(
    reactions.c.kind.in_(("like", "boost")), reactions.c.actor_uri == remote_actors.c.uri
)
_IS_STRANGER = and_(
    *(~exists().where(named == remote_actors.c.uri) for named in _INDEXED),
    ~_REACTED,
    *(remote_actors.c.uri.not_in(named) for named in _READ_WHOLE),
)


def empty_bodies(tx: WriteTx, before: datetime) -> int:
    """Forget what parked activities said that came in before an instant; their ids stay."""
    return _run(
        tx,
        update(inbox)
        .where(inbox.c.state == "parked", inbox.c.body.is_not(None))
        .where(inbox.c.received_at < before)
        .values(body=None),
    )


def messages_before(tx: WriteTx, before: datetime) -> int:
    """Delete the private messages that came in before an instant."""
    return _run(tx, delete(messages).where(messages.c.received_at < before))


def held_replies(tx: WriteTx, before: datetime) -> int:
    """Delete the replies that came in before an instant and that no organizer has judged."""
    is_held = replies.c.state == ReplyState.HELD
    return _run(tx, delete(replies).where(is_held, replies.c.received_at < before))


def hidden_words(tx: WriteTx, before: datetime) -> int:
    """Forget what hidden replies said that came in before an instant; that they are hidden stays.

    Without its row an edit would bring the reply back.
    """
    is_hidden = replies.c.state == ReplyState.HIDDEN, replies.c.html != ""
    return _run(
        tx,
        update(replies)
        .where(*is_hidden, replies.c.received_at < before)
        .values(html="", attached="", warning=None, body=None),
    )


def neighbour_things(tx: WriteTx, before: datetime, keep: int) -> int:
    """Delete posts of neighbours from before an instant, but for the newest `keep`, and events.

    Of events those that were over by then, and of which we did not say that we come.
    """
    newest = neighbour_posts.c.published_at.desc(), neighbour_posts.c.uri
    kept = select(neighbour_posts.c.uri).order_by(*newest).limit(keep).subquery()
    over = func.coalesce(neighbour_events.c.ends_at, neighbour_events.c.starts_at) < before
    is_ours = exists().where(attendances.c.event_uri == neighbour_events.c.uri)
    return _run(
        tx,
        delete(neighbour_posts)
        .where(neighbour_posts.c.published_at < before)
        .where(neighbour_posts.c.uri.not_in(select(kept.c.uri))),
    ) + _run(tx, delete(neighbour_events).where(over, ~is_ours))


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


def strangers(tx: ReadTx, before: datetime, limit: int) -> list[str]:
    """Return ids of actors not seen since an instant who mean nothing to anything kept here."""
    query = select(remote_actors.c.uri).where(*_unseen_since(before)).limit(limit)
    return list(tx.conn.execute(query).scalars())


def forget_strangers(tx: WriteTx, uris: Sequence[str], before: datetime) -> int:
    """Delete those of `uris` who are strangers still, with their keys; return how many.

    Whom something that happened here names is to be told of it first, and stays.
    """
    happenings = tx.conn.execute(select(outbox.c.fields)).scalars()
    to_be_told = {value for fields in happenings for value in fields.values()}
    waiting = select(notices.c.recipient).where(notices.c.state == literal_column("'waiting'"))
    to_be_told.update(tx.conn.execute(waiting).scalars())
    meant = remote_actors.c.uri.in_([uri for uri in uris if uri not in to_be_told])
    return _run(tx, delete(remote_actors).where(meant, *_unseen_since(before)))


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


def spent_answers(tx: WriteTx, before: datetime, limit: int) -> int:
    """Delete up to `limit` answers and withdrawals that were delivered, or given up, before then.

    Nothing refers to them: what they answered or took back is settled. Each names its reader,
    who may have left the network since.
    """
    is_old = activities.c.type.in_(_SPENT), activities.c.at < before
    waits = exists().where(deliveries.c.activity_id == activities.c.id, ~_OVER)
    oldest = select(activities.c.id).where(*is_old, ~waits).order_by(activities.c.id).limit(limit)
    ids = tx.conn.execute(oldest).scalars().all()
    for start in range(0, len(ids), _AT_ONCE):
        part = ids[start : start + _AT_ONCE]
        _run(tx, delete(deliveries).where(deliveries.c.activity_id.in_(part)))
        _run(tx, delete(activities).where(activities.c.id.in_(part)))
    return len(ids)


def _unseen_since(before: datetime) -> tuple[ColumnElement[bool], ...]:
    gone = remote_actors.c.gone_at
    return remote_actors.c.fetched_at < before, or_(gone.is_(None), gone < before), _IS_STRANGER


def _run(tx: WriteTx, statement: Delete | Update) -> int:
    done: CursorResult[Any] = tx.conn.execute(statement)
    return done.rowcount
