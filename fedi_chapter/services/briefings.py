"""What a notice stands on, read at the moment it is sent: nobody is told what is no longer so.

Called by `federation.telling`, in the transaction that ends the notice or just before it.
"""

from datetime import timedelta

from fedi_chapter.domain.chapter import ActorId
from fedi_chapter.domain.event import Event
from fedi_chapter.domain.event_message import EventMessageId
from fedi_chapter.domain.notice import (
    MUTABLE,
    Briefing,
    Notice,
    NoticeKind,
    Overtaken,
)
from fedi_chapter.domain.rsvp import Rsvp, RsvpStatus
from fedi_chapter.services.notices import AUDIENCES, TURN
from fedi_chapter.store import event_messages, events, local_actors, rsvps
from fedi_chapter.store.tx import ReadTx

FARTHEST_REMINDER = timedelta(hours=25)
"""A reminder of an event farther ahead than this was put for a time that no longer holds."""
LATEST_THANKS = timedelta(days=3)
"""Thanks that are still not sent so long after the end would only puzzle people."""

_ANSWERS = frozenset(
    {
        NoticeKind.GOING,
        NoticeKind.MAYBE,
        NoticeKind.NO,
        NoticeKind.TAKEN_BACK,
        NoticeKind.PENDING,
        NoticeKind.WAITLIST,
        NoticeKind.PROMOTED,
        NoticeKind.DECLINED,
    }
)
"""What says how somebody stands; only the last of them is true."""
_VOID_WHEN_OVER = frozenset(
    {
        NoticeKind.GOING,
        NoticeKind.MAYBE,
        NoticeKind.PENDING,
        NoticeKind.WAITLIST,
        NoticeKind.PROMOTED,
        NoticeKind.CHANGED,
        NoticeKind.POSTPONED,
        NoticeKind.REOPENED,
        NoticeKind.CONFIRM_MAIL,
    }
)
"""What looks ahead."""
_VOID_WHEN_CANCELLED = _VOID_WHEN_OVER | {NoticeKind.REMINDER, NoticeKind.THANKS}
_TRUE_WHILE = {
    NoticeKind.CANCELLED: lambda event: event.is_cancelled,
    NoticeKind.POSTPONED: lambda event: event.is_postponed,
    NoticeKind.REOPENED: lambda event: event.takes_place,
    NoticeKind.REMINDER: lambda event: event.takes_place,
    NoticeKind.THANKS: lambda event: event.takes_place,
}
"""What says how the plan stands; only the last of them is true."""
_NEEDS_NO_RSVP = frozenset({NoticeKind.REFUSED, NoticeKind.UNSURE, NoticeKind.FORGOTTEN})


def brief(tx: ReadTx, notice: Notice) -> Briefing | Overtaken:
    """Return all that is needed to word a notice, or why it must not be sent any more."""
    event = events.get(tx, notice.event_id)
    host = local_actors.get(tx, ActorId(event.actor_id)) if event else None
    is_gone = event is not None and event.deleted_at is not None
    if event is None or host is None or (is_gone and notice.kind is not NoticeKind.CANCELLED):
        return Overtaken("the event was deleted")
    rsvp = rsvps.get(tx, notice.rsvp_id) if notice.rsvp_id else None
    reason = _why_not(tx, notice, event, rsvp)
    if reason is not None:
        return Overtaken(reason)
    message = None
    if notice.kind is NoticeKind.MESSAGE:
        message = event_messages.get(tx, EventMessageId(notice.facts["message"]))
        if message is None:
            return Overtaken("the message was withdrawn")
    in_line = rsvp is not None and rsvp.status is RsvpStatus.WAITLIST
    thanks = notice.kind is NoticeKind.THANKS
    return Briefing(
        notice=notice,
        event=event,
        host=host,
        rsvp=rsvp,
        place_in_line=rsvps.place_in_line(tx, rsvp) if rsvp and in_line else 0,
        next_event=next(iter(events.upcoming(tx, host.id, limit=1)), None) if thanks else None,
        message=message.text if message else None,
        urgent=message.urgent if message else False,
    )


def _why_not(tx: ReadTx, notice: Notice, event: Event, rsvp: Rsvp | None) -> str | None:
    kind = notice.kind
    if event.is_cancelled and kind in _VOID_WHEN_CANCELLED:
        return "the event was cancelled"
    if kind in _TRUE_WHILE and not _TRUE_WHILE[kind](event):
        return "the plan has changed since"
    if event.over_at <= tx.now and kind in _VOID_WHEN_OVER:
        return "the event is over"
    if kind is NoticeKind.REMINDER and not tx.now < event.starts_at <= tx.now + FARTHEST_REMINDER:
        return "the event is not about to begin"
    if kind is NoticeKind.THANKS and event.over_at + LATEST_THANKS <= tx.now:
        return "the event is too long ago"
    if kind in _NEEDS_NO_RSVP:
        return None
    if rsvp is None:
        return "the answer was erased"
    return _overtaken_by_answer(notice, rsvp)


def _overtaken_by_answer(notice: Notice, rsvp: Rsvp) -> str | None:
    kind = notice.kind
    if kind in _ANSWERS and notice.facts.get(TURN) != str(rsvp.turn):
        return "the answer has changed since"
    if kind in AUDIENCES and rsvp.status not in AUDIENCES[kind]:
        return "this person no longer comes"
    if kind in MUTABLE and rsvp.muted:
        return "muted"
    if kind is NoticeKind.CONFIRM_MAIL and rsvp.email_confirmed_at is not None:
        return "the address is confirmed"
    return None
