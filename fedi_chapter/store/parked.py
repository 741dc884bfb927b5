"""What was set aside: activities that came in, happenings here, and notices, that no try finished.

Counted, listed and taken up again for operators, by the `queue` commands and the organizers'
page. The queues themselves are `inbox`, `outbox` and `notice_queue`; they set aside. An activity
whose body has been forgotten since can't be taken up and doesn't count. Whom a notice was for,
only the answer it was about still tells: without one it is lost, which is counted for itself.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import (
    ColumnElement,
    CursorResult,
    case,
    false,
    func,
    literal,
    null,
    select,
    union_all,
    update,
)

from fedi_chapter.domain.notice import NoticeRoute, NoticeState
from fedi_chapter.store.tables import inbox, notices, outbox, rsvps
from fedi_chapter.store.tx import ReadTx, WriteTx

_CAME_IN = (inbox.c.state == "parked", inbox.c.body.is_not(None))
_HAPPENED = outbox.c.parked_at.is_not(None)
_MAILBOX = func.lower(rsvps.c.email)
_READER = (
    select(case((notices.c.route == NoticeRoute.DIRECT, rsvps.c.actor_uri), else_=_MAILBOX))
    .where(rsvps.c.id == notices.c.rsvp_id)
    .scalar_subquery()
)
_UNTOLD = notices.c.state == NoticeState.FAILED
_LOST = _READER.is_(None)
_INBOX_JOBS = select(
    literal("inbox").label("queue"),
    case((inbox.c.activity_id == "", inbox.c.type), else_=inbox.c.activity_id).label("job"),
    inbox.c.host,
    inbox.c.attempts,
    inbox.c.outcome.label("error"),
    inbox.c.received_at.label("since"),
    false().label("lost"),
).where(*_CAME_IN)
_OUTBOX_JOBS = select(
    literal("outbox").label("queue"),
    outbox.c.kind.label("job"),
    null().label("host"),
    outbox.c.attempts,
    outbox.c.error,
    outbox.c.at.label("since"),
    false().label("lost"),
).where(_HAPPENED)
_NOTICES = select(
    literal("notices").label("queue"),
    notices.c.kind.label("job"),
    null().label("host"),
    notices.c.attempts,
    notices.c.error,
    notices.c.created_at.label("since"),
    _LOST.label("lost"),
).where(_UNTOLD)


@dataclass(frozen=True, slots=True)
class ParkedCounts:
    """How many jobs of each queue are set aside."""

    inbox: int
    outbox: int
    notices: int
    lost: int
    """Notices besides, to people of whom nothing is kept: they can't be tried again."""

    @property
    def to_retry(self) -> int:
        """How many of them can be taken up again."""
        return self.inbox + self.outbox + self.notices


@dataclass(frozen=True, slots=True)
class ParkedJob:
    """A job that was set aside, as an operator sees it."""

    queue: Literal["inbox", "notices", "outbox"]
    job: str
    """The id of the activity that came in, its type where it has none; or the kind of what
    happened here or was to be told."""
    host: str | None
    attempts: int
    error: str | None
    since: datetime
    lost: bool = False
    """Nobody knows any more whom it was for: it can't be tried again."""


def counts(tx: ReadTx) -> ParkedCounts:
    """Return how many jobs are set aside, and how many can't be taken up again."""
    came_in = select(func.count()).select_from(inbox).where(*_CAME_IN).scalar_subquery()
    happened = select(func.count()).select_from(outbox).where(_HAPPENED).scalar_subquery()
    untold = select(func.count()).select_from(notices).where(_UNTOLD)
    to_tell = untold.where(~_LOST).scalar_subquery()
    lost = untold.where(_LOST).scalar_subquery()
    return ParkedCounts(*tx.conn.execute(select(came_in, happened, to_tell, lost)).one())


def listing(tx: ReadTx, *, host: str | None = None, limit: int = 100) -> list[ParkedJob]:
    """Return the jobs set aside, of one host or all, those of the inbox first, oldest first."""
    all_jobs = union_all(_INBOX_JOBS, _OUTBOX_JOBS, _NOTICES)
    jobs = (_INBOX_JOBS.where(inbox.c.host == host) if host else all_jobs).subquery()
    order = jobs.c.queue, jobs.c.since, jobs.c.job
    rows = tx.conn.execute(select(jobs).order_by(*order).limit(limit))
    return [ParkedJob(*row) for row in rows]


def retry(tx: WriteTx, *, host: str | None = None) -> int:
    """Take the jobs set aside up again, as if never tried; return how many.

    With a `host` only what came in from it: all the rest is no one host's. What is lost stays.
    """
    again = {"attempts": 0, "due": tx.now}
    theirs: list[ColumnElement[bool]] = [inbox.c.host == host] if host else []
    came_in: CursorResult[Any] = tx.conn.execute(
        update(inbox).where(*_CAME_IN, *theirs).values(state="waiting", outcome=None, **again)
    )
    if host:
        return came_in.rowcount
    happened: CursorResult[Any] = tx.conn.execute(
        update(outbox).where(_HAPPENED).values(parked_at=None, error=None, **again)
    )
    to_tell: CursorResult[Any] = tx.conn.execute(
        update(notices)
        .where(_UNTOLD, ~_LOST)
        .values(state=NoticeState.WAITING, recipient=_READER, error=None, ended_at=None, **again)
    )
    return came_in.rowcount + happened.rowcount + to_tell.rowcount
