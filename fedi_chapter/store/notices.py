"""What people are told about events: the queue of notices, one row for each person told.

Put by services in the transaction of what they tell. Nothing is sent without a row here, and a
row is made only once (`once`). How the notice loop takes and ends rows is in `notice_queue`.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import CursorResult, and_, case, func, literal, null, or_, select, update

from fedi_chapter.domain.delivery import DeliveryState
from fedi_chapter.domain.event import EventId
from fedi_chapter.domain.notice import (
    Notice,
    NoticeCount,
    NoticeKind,
    NoticeRoute,
    NoticeState,
)
from fedi_chapter.domain.rsvp import Route, RsvpId, RsvpStatus
from fedi_chapter.store.prepared import Prepared
from fedi_chapter.store.tables import deliveries, notices, rsvps
from fedi_chapter.store.tx import ReadTx, WriteTx
from fedi_chapter.store.upsert import insert

_EMPTY = {"lease_until", "error", "ended_at"}  # of a row that was never taken
_PUT = Prepared(
    insert(notices).on_conflict_do_nothing(index_elements=["once"]).returning(notices.c.id),
    given=[column.name for column in notices.c if column.name not in _EMPTY],
)
_FROM_RSVPS = (
    "id",
    "event_id",
    "rsvp_id",
    "kind",
    "route",
    "recipient",
    "once",
    "language",
    "in_reply_to",
    "facts",
    "state",
    "due",
    "attempts",
    "created_at",
)


def put(tx: WriteTx, notice: Notice) -> bool:
    """Queue a notice; return False when the same was queued before."""
    row = _PUT.first(
        tx,
        id=notice.id,
        event_id=notice.event_id,
        rsvp_id=notice.rsvp_id,
        kind=notice.kind,
        route=notice.route,
        recipient=notice.recipient,
        once=notice.once,
        language=notice.language,
        in_reply_to=notice.in_reply_to,
        facts=notice.facts,
        state=NoticeState.WAITING,
        due=notice.due,
        attempts=0,
        created_at=tx.now,
    )
    return row is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToMany:
    """One notice to all who answered in certain ways, each told once for the `occasion`."""

    event_id: EventId
    kind: NoticeKind
    occasion: str
    among: Collection[RsvpStatus]
    spares_muted: bool = False
    by_protocol: bool = False
    """Who came by Join hears of it from its own server."""
    answered_by: datetime | None = None
    """Who answered later knows it already."""
    facts: Mapping[str, str]


def put_many(tx: WriteTx, wanted: ToMany) -> int:
    """Queue it for everybody there is a way to tell; return for how many it is new."""
    by_mail = and_(rsvps.c.email.is_not(None), rsvps.c.email_confirmed_at.is_not(None))
    who = [
        rsvps.c.event_id == wanted.event_id,
        rsvps.c.status.in_([status.value for status in wanted.among]),
        or_(rsvps.c.actor_uri.is_not(None), by_mail),
    ]
    if wanted.spares_muted:
        who.append(rsvps.c.muted.is_(False))
    if wanted.by_protocol:
        who.append(rsvps.c.route != Route.JOIN)
    if wanted.answered_by is not None:
        who.append(rsvps.c.changed_at <= wanted.answered_by)
    # Two ids end in two times sixty-two random bits: together they make one nobody used before.
    row_id = func.substr(literal(tx.new_id()), 20) + "." + func.substr(rsvps.c.id, 20)
    query = select(
        row_id,
        rsvps.c.event_id,
        rsvps.c.id,
        literal(wanted.kind.value),
        case(
            (rsvps.c.actor_uri.is_not(None), literal(NoticeRoute.DIRECT.value)),
            else_=literal(NoticeRoute.MAIL.value),
        ),
        func.coalesce(rsvps.c.actor_uri, rsvps.c.email),
        rsvps.c.id + literal(f" {wanted.kind} {wanted.occasion}"),
        rsvps.c.language,
        null(),
        literal(dict(wanted.facts), notices.c.facts.type),
        literal(NoticeState.WAITING.value),
        literal(tx.now, notices.c.due.type),
        literal(0),
        literal(tx.now, notices.c.due.type),
    ).where(*who)
    put_all = insert(notices).from_select(_FROM_RSVPS, query)
    done: CursorResult[Any] = tx.conn.execute(
        put_all.on_conflict_do_nothing(index_elements=["once"])
    )
    return done.rowcount


def withdraw(tx: WriteTx, rsvp_id: RsvpId, reason: str) -> None:
    """Drop all that waits to be sent to somebody, and forget whom it was for."""
    is_waiting = notices.c.state == NoticeState.WAITING
    waiting = update(notices).where(is_waiting, notices.c.rsvp_id == rsvp_id)
    tx.conn.execute(
        waiting.values(
            state=NoticeState.DROPPED,
            error=reason,
            recipient="",
            ended_at=tx.now,
            lease_until=None,
            in_reply_to=None,
        )
    )


def of_event(
    tx: ReadTx, event_id: EventId, *, occasion: str | None = None, prefix: str
) -> list[NoticeCount]:
    """Return how many of an event's notices came how far, by route.

    With `occasion` only those of one. A direct message is sent when its delivery is done; its
    object's id is `prefix` and the notice's.
    """
    fate = case(
        (deliveries.c.state == DeliveryState.FAILED, literal(NoticeState.FAILED.value)),
        (deliveries.c.state != DeliveryState.DONE, literal(NoticeState.WAITING.value)),
        else_=notices.c.state,
    )
    counted = (
        select(notices.c.route, fate.label("state"))
        .outerjoin(deliveries, deliveries.c.object_uri == literal(prefix) + notices.c.id)
        .where(notices.c.event_id == event_id)
    )
    if occasion is not None:
        counted = counted.where(notices.c.once.endswith(f" {occasion}", autoescape=True))
    each = counted.subquery()
    rows = tx.conn.execute(
        select(each.c.route, each.c.state, func.count().label("number")).group_by(
            each.c.route, each.c.state
        )
    )
    found = [NoticeCount(NoticeRoute(r.route), NoticeState(r.state), r.number) for r in rows]
    return sorted(found, key=lambda one: (one.route, one.state))


def event_of(tx: ReadTx, notice_id: str) -> EventId | None:
    """Return which event a notice was about."""
    query = select(notices.c.event_id).where(notices.c.id == notice_id)
    found = tx.conn.execute(query).scalar_one_or_none()
    return EventId(found) if found else None


def told_since(tx: ReadTx, rsvp_id: RsvpId, since: datetime) -> int:
    """Return how many notices about one answer were put since an instant."""
    query = select(func.count()).where(notices.c.rsvp_id == rsvp_id, notices.c.created_at > since)
    return tx.conn.execute(query).scalar_one()
