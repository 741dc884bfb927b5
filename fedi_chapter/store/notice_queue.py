"""How the notice loop takes and ends rows of the queue of notices.

Called by the loop, by `federation.telling` and by the sweeping out. A claim moves a row's `due`
to the end of its lease, as everywhere here; whom a row was for is forgotten when it ends.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CursorResult,
    Update,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    literal,
    literal_column,
    or_,
    select,
    update,
)

from fedi_chapter.domain.delivery import DeliveryState
from fedi_chapter.domain.event import EventId
from fedi_chapter.domain.notice import (
    NEWS,
    QUESTIONS,
    URGENCY,
    Notice,
    NoticeId,
    NoticeKind,
    NoticeRoute,
    NoticeState,
)
from fedi_chapter.domain.rsvp import RsvpId
from fedi_chapter.store.tables import activities, deliveries, events, notices
from fedi_chapter.store.tx import ReadTx, WriteTx

_WAITING = notices.c.state == literal_column("'waiting'")
_MAILED = and_(
    notices.c.route == literal_column("'mail'"), notices.c.state == literal_column("'sent'")
)
_NOW = bindparam("now", type_=notices.c.due.type)
_UNTIL = bindparam("until", type_=notices.c.due.type)
_CHANGE = notices.alias()
_NOT_BEFORE_A_CHANGE = or_(
    notices.c.kind != NoticeKind.REMINDER,
    ~exists().where(
        _CHANGE.c.rsvp_id == notices.c.rsvp_id,
        _CHANGE.c.kind.in_(sorted(NEWS)),
        _CHANGE.c.state == NoticeState.WAITING,
    ),
)
"""Nobody is reminded of what they were not told yet."""
_RANK = case(*((notices.c.kind.in_(sorted(kinds)), rank) for rank, kinds in enumerate(URGENCY)))
"""Mail is little at a time: what calls an event off goes first, and last what strangers cause."""


def _claiming(*order: ColumnElement[Any]) -> Update:
    due = (
        select(notices.c.id)
        .where(_WAITING, notices.c.route == bindparam("by"), notices.c.due <= _NOW)
        .where(_NOT_BEFORE_A_CHANGE)
        .order_by(*order)
        .limit(bindparam("most"))
        .with_for_update(of=notices, skip_locked=True)
    )
    return (
        update(notices)
        .where(notices.c.id.in_(due.scalar_subquery()))
        .values(due=_UNTIL, lease_until=_UNTIL, attempts=notices.c.attempts + 1)
        .returning(notices)
    )


_CLAIM = {
    NoticeRoute.DIRECT: _claiming(notices.c.due, notices.c.id),
    NoticeRoute.MAIL: _claiming(_RANK, notices.c.due, notices.c.id),
}
_END = (
    update(notices)
    .where(notices.c.id == bindparam("of"), _WAITING)
    .values(
        state=bindparam("state"),
        error=bindparam("reason"),
        recipient=bindparam("trace"),
        ended_at=_NOW,
        lease_until=None,
        in_reply_to=None,
    )
)


@dataclass(frozen=True, slots=True)
class NoticeJob:
    """A notice that a worker has leased; `attempts` counts this claim."""

    notice: Notice
    attempts: int
    created_at: datetime

    @property
    def id(self) -> NoticeId:
        """The row's id."""
        return self.notice.id


def claim(tx: WriteTx, limit: int, lease: timedelta, route: NoticeRoute) -> list[NoticeJob]:
    """Take up to `limit` due notices of a route for as long as `lease`, in the order put."""
    values = {"now": tx.now, "most": limit, "until": tx.now + lease, "by": route}
    rows = tx.conn.execute(_CLAIM[route], values)
    return [_job(row) for row in sorted(rows, key=lambda row: (row.created_at, row.id))]


def finish(tx: WriteTx, notice_id: NoticeId, *, trace: str = "") -> None:
    """Mark a notice as sent and forget whom it was for; `trace` counts in their place."""
    _end(tx, notice_id, NoticeState.SENT, None, trace)


def drop(tx: WriteTx, notice_id: NoticeId, reason: str) -> None:
    """Mark a notice as not sent, because it is no longer true or no longer wanted."""
    _end(tx, notice_id, NoticeState.DROPPED, reason, "")


def retry(tx: WriteTx, notice_id: NoticeId, due: datetime, error: str) -> None:
    """Give a notice back until `due`."""
    back = update(notices).where(notices.c.id == notice_id, _WAITING)
    tx.conn.execute(back.values(lease_until=None, due=due, error=error))


def park(tx: WriteTx, notice_id: NoticeId, error: str) -> None:
    """Set a notice aside that can't be sent, and forget whom it was for."""
    _end(tx, notice_id, NoticeState.FAILED, error, "")


def news_waits(tx: ReadTx, rsvp_id: RsvpId) -> bool:
    """Tell whether somebody was not told yet of a change of the event."""
    found = exists().where(notices.c.rsvp_id == rsvp_id, notices.c.kind.in_(sorted(NEWS)), _WAITING)
    return bool(tx.conn.execute(select(found)).scalar_one())


def mails_before(tx: ReadTx, job: NoticeJob, since: datetime, *, trace: str) -> int:
    """Return how many mails of this kind this address was to get before this one."""
    return _count(
        tx,
        notices.c.recipient.in_([job.notice.recipient, trace]),
        notices.c.kind == job.notice.kind,
        notices.c.created_at > since,
        _is_before(job),
    )


def mails_since(tx: ReadTx, job: NoticeJob, since: datetime) -> int:
    """Return how many mails were sent since an instant, or are about to be before this one.

    Only what is as urgent counts, or more: nothing waits for less. Questions to addresses that
    nobody has confirmed are counted apart.
    """
    kind = job.notice.kind
    rank = next(rank for rank, kinds in enumerate(URGENCY) if kind in kinds)
    counted = (
        QUESTIONS if kind in QUESTIONS else frozenset[NoticeKind]().union(*URGENCY[: rank + 1])
    )
    alike = notices.c.kind.in_(sorted(counted))
    sent = _count(tx, _MAILED, notices.c.ended_at > since, alike)
    in_hand = notices.c.lease_until > tx.now
    by_mail = notices.c.route == NoticeRoute.MAIL
    return sent + _count(tx, _WAITING, in_hand, by_mail, alike, _is_before(job))


def _is_before(job: NoticeJob) -> ColumnElement[bool]:
    return or_(
        notices.c.created_at < job.created_at,
        and_(notices.c.created_at == job.created_at, notices.c.id < job.id),
    )


def _count(tx: ReadTx, *conditions: ColumnElement[bool]) -> int:
    query = select(func.count()).select_from(notices).where(*conditions)
    return tx.conn.execute(query).scalar_one()


def next_due(tx: ReadTx) -> datetime | None:
    """Return when the next notice is to be sent; None when nothing waits."""
    first: datetime | None = tx.conn.execute(
        select(func.min(notices.c.due)).where(_WAITING)
    ).scalar_one()
    return first


def purge(tx: WriteTx, before: datetime) -> int:
    """Forget what was told about events that were over before an instant; return how much."""
    over = select(events.c.id).where(events.c.over_at < before)
    gone: CursorResult[Any] = tx.conn.execute(
        delete(notices).where(notices.c.ended_at < before, notices.c.event_id.in_(over))
    )
    return gone.rowcount


def forget_words(tx: WriteTx, prefix: str, before: datetime) -> int:
    """Forget direct messages that arrived, or were given up, before an instant.

    Their objects begin with `prefix`.
    """
    over = deliveries.c.state.in_([DeliveryState.DONE, DeliveryState.FAILED])
    of_notices = deliveries.c.object_uri.startswith(prefix, autoescape=True)
    tx.conn.execute(delete(deliveries).where(of_notices, over, deliveries.c.finished_at < before))
    on_their_way = select(deliveries.c.activity_id).where(of_notices)
    about = activities.c.object_uri.startswith(prefix, autoescape=True)
    gone: CursorResult[Any] = tx.conn.execute(
        delete(activities).where(
            about, activities.c.at < before, activities.c.id.not_in(on_their_way)
        )
    )
    return gone.rowcount


def forget_words_to_heads(tx: WriteTx, prefix: str, before: datetime) -> int:
    """Forget direct messages of before an instant about events where heads are only counted.

    Also those that have not arrived: each names who answered.
    """
    notice = select(literal(prefix) + notices.c.id)
    among = notice.join(events, events.c.id == notices.c.event_id).where(events.c.counts_only)
    old = select(activities.c.id).where(
        activities.c.object_uri.in_(among), activities.c.at < before
    )
    tx.conn.execute(delete(deliveries).where(deliveries.c.activity_id.in_(old)))
    gone: CursorResult[Any] = tx.conn.execute(delete(activities).where(activities.c.id.in_(old)))
    return gone.rowcount


def _end(
    tx: WriteTx, notice_id: NoticeId, state: NoticeState, reason: str | None, trace: str
) -> None:
    tx.conn.execute(
        _END,
        {"of": notice_id, "state": state, "reason": reason, "trace": trace, "now": tx.now},
    )


def _job(row: Any) -> NoticeJob:
    notice = Notice(
        id=NoticeId(row.id),
        event_id=EventId(row.event_id),
        kind=NoticeKind(row.kind),
        route=NoticeRoute(row.route),
        recipient=row.recipient,
        once=row.once,
        due=row.due,
        rsvp_id=RsvpId(row.rsvp_id) if row.rsvp_id else None,
        language=row.language,
        in_reply_to=row.in_reply_to,
        facts=row.facts,
    )
    return NoticeJob(notice, row.attempts, row.created_at)
