"""Plans that change: an event is postponed, takes place after all, or is held again like before.

Called by the command line and the organizers' pages, inside their transaction.
"""

from dataclasses import replace

from fedi_chapter.core.errors import Conflict, FormInvalid
from fedi_chapter.core.text import one_line
from fedi_chapter.domain.event import Event, EventId, EventStatus, RsvpMode
from fedi_chapter.domain.notice import NoticeKind
from fedi_chapter.services import approval
from fedi_chapter.services.event_times import with_times
from fedi_chapter.services.events import (
    LONGEST_REASON,
    announce_change,
    called_off,
    held_event,
    own_event,
    rescheduled,
    tell_attendees,
)
from fedi_chapter.store import events, exact_places
from fedi_chapter.store.tx import WriteTx


def postpone_event(
    tx: WriteTx, event_id: EventId, start: str | None = None, reason: str | None = None
) -> Event:
    """Say that an event is not at its date; with a `start` it takes place then.

    Answers are kept. Without a new date nobody can say anew that they come.

    Raises:
        FormInvalid: the new date is none, or would be over already.
        Conflict: it is a draft, over, or postponed already.
        Missing, Gone: there is no such event.

    """
    event = held_event(tx, event_id)
    if event.is_draft:
        raise Conflict("nobody has seen this draft yet", cure="change its start instead")
    reason = one_line(reason or "", LONGEST_REASON) or None
    if start:
        return _at_new_date(tx, event, start, reason)
    if event.is_postponed and reason in (None, event.cancel_reason):
        raise Conflict("this event is postponed already", cure="say when it takes place (--start)")
    if event.over_at <= tx.now:
        raise Conflict(
            "this event is over",
            cure="say when it takes place (--start 2026-09-19T10:00), or make a new one like it"
            " (`event duplicate ID --start …`)",
        )
    changed = announce_change(tx, called_off(event, EventStatus.POSTPONED, reason))
    tell_attendees(tx, changed, NoticeKind.POSTPONED)
    return changed


def _at_new_date(tx: WriteTx, event: Event, start: str, reason: str | None) -> Event:
    moved = with_times(event, start=start, end=None, timezone=None, all_day=None)
    if moved.finish <= tx.now:
        raise FormInvalid("the new date is over already", cure="check it")
    if moved.starts_at == event.starts_at:
        raise Conflict(
            "this is its date", cure="`event reopen ID` says that it takes place then after all"
        )
    changed = announce_change(tx, replace(rescheduled(event, moved), cancel_reason=reason))
    approval.resettle(tx, event, changed)
    was_off = event.is_cancelled
    tell_attendees(tx, changed, NoticeKind.REOPENED if was_off else NoticeKind.CHANGED)
    return changed


def reopen_event(tx: WriteTx, event_id: EventId) -> Event:
    """Say that a cancelled or postponed event takes place at its date after all.

    Where the date was changed meanwhile, it is one with a new time.

    Raises:
        Conflict: it takes place, or its date is over.
        Missing, Gone: there is no such event.

    """
    event = held_event(tx, event_id)
    if event.takes_place:
        raise Conflict("this event takes place as it is", cure="`event show ID` tells how")
    if event.finish <= tx.now:
        raise Conflict(
            "the date of this event is over",
            cure="give it a new one: `event postpone ID --start 2026-09-19T10:00`",
        )
    again = announce_change(tx, rescheduled(event, event))
    approval.resettle(tx, event, again)
    tell_attendees(tx, again, NoticeKind.REOPENED)
    return again


def duplicate_event(tx: WriteTx, event_id: EventId, start: str) -> Event:
    """Make a draft like an event, at another date; hours, place and pictures are the same.

    One that was only written down as over asked nobody; to come, it does as any new event.

    Raises:
        FormInvalid: the start is none.
        Missing, Gone: there is no such event.

    """
    event = own_event(tx, event_id)
    then = with_times(event, start=start, end=None, timezone=None, all_day=None)
    asks_anew = event.created_at >= event.finish and then.finish > tx.now
    copy = replace(
        then,
        id=EventId(tx.new_id()),
        created_at=tx.now,
        rsvp=RsvpMode.ON if asks_anew and event.rsvp is RsvpMode.OFF else event.rsvp,
        poll=(),
        status=EventStatus.SCHEDULED,
        cancel_reason=None,
        previous_starts_at=None,
        published_at=None,
        updated_at=None,
        revision=0,
        series_id=None,
        occurrence=None,
    )
    events.insert(tx, copy)
    exact_places.copy(tx, event.id, copy.id)
    return copy
