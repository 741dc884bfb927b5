"""An organizer's yes or no: to who asks to come, to guests beyond those agreed to.

Called by the organizers' pages and the command line, and for everybody at once when the terms of
an event change. What an answer itself leads to is settled in `services.rsvps`.
"""

from dataclasses import replace

from fedi_chapter.core.errors import Conflict, Missing
from fedi_chapter.domain.event import Event
from fedi_chapter.domain.notice import NoticeKind
from fedi_chapter.domain.rsvp import Route, Rsvp, RsvpId, RsvpStatus, seat, terms
from fedi_chapter.services import rsvps as room
from fedi_chapter.store import rsvps, tallies
from fedi_chapter.store.tx import ReadTx, WriteTx

_MORE_SEATS = "raise the number of seats (--capacity) first"


def approve(tx: WriteTx, event: Event, rsvp_id: RsvpId) -> Rsvp:
    """Let in who waits for an organizer's yes: the person, or the guests asked for on top.

    The person gets a seat, or a place in line. Who was declined before gets back what they had or
    asked for then, in line the place they first had.

    Raises:
        Missing: there is no such answer to this event.
        Conflict: it does not wait, or there is no room.

    """
    event, tally = room.locked(tx, event)
    waiting = _of_event(tx, event, rsvp_id)
    if waiting.asked_guests is not None:
        return _let_guests_in(tx, event, waiting, waiting.asked_guests, tally)
    if waiting.was_declined and event.over_at > tx.now and not event.is_cancelled:
        since, had = waiting.created_at, waiting.approved_guests
        guests = waiting.said_guests if had is None else had
        waiting = replace(waiting, guests=guests, queued_at=since)
    elif waiting.status is not RsvpStatus.PENDING:
        raise Conflict("this person does not wait for a yes")
    after = _seat(tx, event, waiting, tally)
    if after.status not in (RsvpStatus.GOING, RsvpStatus.WAITLIST):
        raise Conflict(
            "no seat is free, and where heads are only counted nobody can stand in line",
            cure=_MORE_SEATS,
        )
    return after


def decline(tx: WriteTx, event: Event, rsvp_id: RsvpId) -> Rsvp:
    """Say no to somebody who waits for an organizer, or take a seat back.

    Raises:
        Missing: there is no such answer to this event.
        Conflict: it neither waits nor has a seat.

    """
    event, _ = room.locked(tx, event)
    before = _of_event(tx, event, rsvp_id)
    if before.status not in (RsvpStatus.PENDING, RsvpStatus.WAITLIST, RsvpStatus.GOING):
        raise Conflict("this person neither has a seat nor waits for one")
    after = room.changed(tx, replace(before, approved_guests=before.guests), RsvpStatus.NO, 0)
    room.put(tx, before, after)
    room.tell_others(tx, event, after, NoticeKind.DECLINED, "Reject")
    room.tally_changed(tx, event)
    room.promote(tx, event)
    return after


def decline_guests(tx: WriteTx, event: Event, rsvp_id: RsvpId) -> Rsvp:
    """Say no to the guests somebody asks for on top; what the person has stays.

    Raises:
        Missing: there is no such answer to this event.
        Conflict: no more guests are asked for.

    """
    event, _ = room.locked(tx, event)
    before = _of_event(tx, event, rsvp_id)
    if before.asked_guests is None:
        raise Conflict("this person asks for no more guests")
    return _without_more_guests(tx, event, before)


def resettle(tx: WriteTx, old: Event, new: Event) -> None:
    """See who gets a seat after the terms of an event have changed from `old` to `new`.

    When approval has ended, who waited for it is let in; when it has begun, who stands in line
    waits for it too, and a yes gives the place back. Nobody who has a seat loses it.
    """
    tallies.lock(tx, new.id)
    if old.approval and not new.approval:
        for waiting in rsvps.waiting(tx, new.id, RsvpStatus.PENDING):
            _seat(tx, new, waiting, tallies.get(tx, new.id))
        for asking in rsvps.asking_for_guests(tx, new.id):
            _settle_guests(tx, new, asking)
    if new.approval and not old.approval:
        for waiting in rsvps.waiting(tx, new.id, RsvpStatus.WAITLIST):
            _ask_for_yes(tx, new, waiting)
    room.promote(tx, new)


def _seat(tx: WriteTx, event: Event, asks: Rsvp, tally: tallies.Tally) -> Rsvp:
    waiting = replace(asks, approved_guests=asks.guests)
    decision = seat(waiting.guests, terms(event, tx.now), tally.seats, RsvpStatus.PENDING)
    if decision.refusal is not None:
        return waiting
    after = room.changed(tx, waiting, decision.status, waiting.guests)
    room.put(tx, waiting, after)
    if after.status is RsvpStatus.GOING:
        room.tell_others(tx, event, after, NoticeKind.PROMOTED, "Accept")
    else:
        room.tell_others(tx, event, after, NoticeKind.WAITLIST, None)
    room.tally_changed(tx, event)
    return after


def _settle_guests(tx: WriteTx, event: Event, asking: Rsvp) -> None:
    """Let the guests in that nobody need say yes to any more, or say that there is no room."""
    try:
        _let_guests_in(tx, event, asking, asking.asked_guests or 0, tallies.get(tx, event.id))
    except Conflict:
        _without_more_guests(tx, event, asking)


def _let_guests_in(
    tx: WriteTx, event: Event, before: Rsvp, guests: int, tally: tallies.Tally
) -> Rsvp:
    more = guests - before.guests if before.has_seat else 0
    too_large = event.capacity is not None and 1 + guests > event.capacity
    if too_large or (more and not tally.seats.fit(more, event.capacity)):
        raise Conflict("no seats are free for so many guests", cure=_MORE_SEATS)
    after = room.changed(tx, replace(before, approved_guests=guests), before.status, guests)
    room.put(tx, before, after)
    room.tell_change(tx, event, after)
    return after


def _without_more_guests(tx: WriteTx, event: Event, before: Rsvp) -> Rsvp:
    after = room.changed(tx, before, before.status, before.guests)
    room.put(tx, before, after)
    room.tell_no_more_guests(tx, after)
    return after


def _ask_for_yes(tx: WriteTx, event: Event, in_line: Rsvp) -> None:
    """Have somebody wait for an organizer, unless one said yes or wrote the name down."""
    if in_line.approved_guests is not None or in_line.route is Route.HAND:
        return
    after = room.changed(tx, in_line, RsvpStatus.PENDING, in_line.guests)
    room.put(tx, in_line, after)
    room.tell_change(tx, event, after)


def _of_event(tx: ReadTx, event: Event, rsvp_id: RsvpId) -> Rsvp:
    found = rsvps.get(tx, rsvp_id)
    if found is None or found.event_id != event.id:
        raise Missing("nobody answered under that id", cure="`event rsvps ID` shows who did")
    return found
