"""Events: create, edit, publish, cancel, delete.

Called by the command line and the organizers' pages, inside their transaction. Each verb ends
by writing down what happened; telling other servers is not its business.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from fedi_chapter.core.errors import AlreadyCancelled, Conflict, FormInvalid, Gone, Missing
from fedi_chapter.core.i18n import translator
from fedi_chapter.core.text import one_line
from fedi_chapter.domain.audience import Visibility
from fedi_chapter.domain.chapter import LocalActor
from fedi_chapter.domain.event import Event, EventId, EventStatus, RsvpMode
from fedi_chapter.domain.happening import (
    AttendeesToTell,
    EventChanged,
    EventDeleted,
    EventPublished,
)
from fedi_chapter.domain.local_time import instant_at
from fedi_chapter.domain.notice import NoticeKind
from fedi_chapter.domain.urls import Urls
from fedi_chapter.services import approval
from fedi_chapter.services.checks import edited_at
from fedi_chapter.services.event_fields import EventFields, with_fields
from fedi_chapter.services.places import Meeting, meeting_of, settle_meeting
from fedi_chapter.store import (
    event_secrets,
    events,
    exact_places,
    local_actors,
    media,
    outbox,
    tallies,
)
from fedi_chapter.store.tx import ReadTx, WriteTx

LONGEST_REASON = 500
CHANGES_GATHER = timedelta(minutes=10)
"""So long changes gather until those who come are told of them in one message."""


def create_event(
    tx: WriteTx,
    actor: LocalActor,
    fields: EventFields,
    urls: Urls,
    *,
    draft: bool = False,
    past: bool = False,
) -> Event:
    """Make an event of `actor` and, unless it is a draft, publish it.

    With `past` it is one that has been, written down: nobody is asked whether they come.

    Raises:
        FormInvalid: a field is missing or wrong, or it is over and not meant to be.

    """
    if not fields.name or not fields.start:
        raise FormInvalid("an event needs a name and a start", cure="give both")
    zone = fields.timezone or actor.timezone
    blank = Event(
        id=EventId(tx.new_id()),
        actor_id=actor.id,
        name=fields.name,
        starts_at=tx.now,
        timezone=zone,
        created_at=tx.now,
        language=actor.language,
        visibility=fields.visibility or Visibility.PUBLIC,
        rsvp=RsvpMode.OFF if past else RsvpMode.ON,
    )
    event, meeting = _applied(tx, blank, fields, urls)
    if not draft:
        event = _published(event, tx.now, past=past)
    _store_images(tx, fields)
    events.insert(tx, event)
    exact_places.put(tx, event.id, meeting.hidden.place, meeting.hidden.link)
    if not draft:
        _open(tx, event)
    return event


def edit_event(tx: WriteTx, event_id: EventId, fields: EventFields, urls: Urls) -> Event:
    """Change an event; a published one is announced as changed when anything did change.

    Raises:
        FormInvalid: a field is wrong.
        Conflict: the visibility of a published event can't change: it is out already.
        Missing, Gone: there is no such event.

    """
    old = held_event(tx, event_id)
    if old.is_draft:
        old = replace(old, visibility=fields.visibility or old.visibility)
    elif fields.visibility not in (None, old.visibility):
        raise Conflict(
            "a published event can't change its visibility",
            cure="delete it and create a new one",
        )
    before = meeting_of(tx, old)
    event, meeting = _applied(tx, old, fields, urls)
    _store_images(tx, fields)
    exact_places.put(tx, event.id, meeting.hidden.place, meeting.hidden.link)
    if old.is_draft:
        events.change(tx, event)
        return event
    if (event, meeting) == (old, before):
        return old
    if _has_moved(old, event):
        event = _moved_while_off(old, event) if old.is_cancelled else rescheduled(old, event)
    changed = announce_change(tx, event)
    approval.resettle(tx, old, changed)
    is_news = meeting != before or _is_news_to_attendees(old, changed)
    if is_news and not old.is_cancelled:  # all of it is told should it take place after all
        tell_attendees(tx, changed, NoticeKind.CHANGED)
    return changed


def publish_event(tx: WriteTx, event_id: EventId, *, past: bool = False) -> Event:
    """Take an event out of draft; with `past`, one that has been.

    Raises:
        Conflict: it is published already.
        FormInvalid: it is over and not meant to be.
        Missing, Gone: there is no such event.

    """
    event = held_event(tx, event_id)
    if not event.is_draft:
        raise Conflict("this event is published already")
    event = _published(event, tx.now, past=past)
    events.change(tx, event)
    _open(tx, event)
    return event


def cancel_event(tx: WriteTx, event_id: EventId, reason: str | None = None) -> Event:
    """Say that an event will not take place; it stays visible.

    Who was to come is told, unless it is over: then it only stands so.

    Raises:
        AlreadyCancelled: it was cancelled before.
        Conflict: it is a draft.
        Missing, Gone: there is no such event.

    """
    event = held_event(tx, event_id)
    if event.is_draft:
        raise Conflict("nobody has seen this draft yet", cure="delete it instead")
    if event.is_cancelled:
        raise AlreadyCancelled
    reason = one_line(reason or "", LONGEST_REASON) or None
    cancelled = announce_change(tx, called_off(event, EventStatus.CANCELLED, reason))
    if event.over_at > tx.now:
        tell_attendees(tx, cancelled, NoticeKind.CANCELLED)
    return cancelled


def delete_event(tx: WriteTx, event_id: EventId, *, anyway: bool = False) -> None:
    """Delete an event; its address answers "gone" from now on.

    Raises:
        Conflict: people said yes to it, it is ahead, and nobody told them; not with `anyway`.
        Missing, Gone: there is no such event.

    """
    event = held_event(tx, event_id)
    if not anyway and _is_awaited(tx, event):
        raise Conflict(
            "people said yes to this event, and would not hear that it is gone",
            cure="cancel it first, so that they hear of it; --anyway deletes it all the same",
        )
    events.change(tx, replace(event, deleted_at=tx.now))
    exact_places.put(tx, event.id, None)
    if not event.is_draft:
        outbox.put(tx, EventDeleted(event.id))


def follow_zone_rules(tx: WriteTx, event_id: EventId) -> None:
    """Store an event at the instants its hours have by today's rules of its zone; tell peers.

    Who comes reads the same hour as before, and is not told.
    """
    event = held_event(tx, event_id)
    if event.is_draft:
        events.change(tx, event)
    else:
        announce_change(tx, event)


def own_event(tx: ReadTx, event_id: EventId) -> Event:
    """Return one of our events.

    Raises:
        Missing: there never was one.
        Gone: it was deleted.

    """
    event = events.get(tx, event_id)
    if event is None:
        raise Missing("there is no such event", cure="`event list` shows them all")
    if event.deleted_at is not None:
        raise Gone("this event has been deleted")
    return event


def held_event(tx: WriteTx, event_id: EventId) -> Event:
    """Return one of our events, and keep it so: what is written is written whole.

    Raises:
        Missing, Gone: there is no such event.

    """
    own_event(tx, event_id)  # the lock is a row that only an event has
    tallies.lock(tx, event_id)
    return own_event(tx, event_id)


def _applied(tx: WriteTx, old: Event, fields: EventFields, urls: Urls) -> tuple[Event, Meeting]:
    """Return the event as `fields` change it, and where it meets then."""
    host = local_actors.get(tx, old.actor_id)
    usual_area = host.area.name if host and host.area else ""
    before = meeting_of(tx, old)
    event = with_fields(replace(old, online_url=before.online_url), fields, urls)
    meeting = settle_meeting(tx, before, event, fields.place, usual_area)
    return meeting.in_public(event), meeting


def tell_attendees(tx: WriteTx, event: Event, kind: NoticeKind) -> None:
    """See to it that everyone who comes hears of a change, after what else changes just now.

    Whether it takes place is told at once.
    """
    due = tx.now + CHANGES_GATHER if kind is NoticeKind.CHANGED else tx.now
    outbox.put(
        tx, AttendeesToTell(event.id, kind.value), due=due, coalesce=f"tell {kind} {event.id}"
    )


def _is_news_to_attendees(old: Event, new: Event) -> bool:
    """Tell whether somebody who comes must know: the time, what to bring.

    The time is what clocks show there, and the instant: who joins from elsewhere goes by that.
    """

    def told(event: Event) -> tuple[object, ...]:
        ends_at = event.ends_at
        hours = event.local(event.starts_at), ends_at and event.local(ends_at)
        return *hours, event.starts_at, ends_at, event.bring

    return told(old) != told(new)


def _has_moved(old: Event, new: Event) -> bool:
    """Tell whether people read another day or hour; to correct the zone alone moves nothing."""
    return old.local(old.starts_at) != new.local(new.starts_at)


def called_off(event: Event, status: EventStatus, reason: str | None) -> Event:
    """Return the event as one that is not at its date. What moves from now on, moves from there."""
    known = None if event.takes_place else event.previous_starts_at
    return replace(event, status=status, cancel_reason=reason, previous_starts_at=known)


def rescheduled(old: Event, new: Event) -> Event:
    """Return the event as one that takes place, with the start that people read before."""
    former = _former_start(old, new)
    return replace(
        new,
        status=EventStatus.RESCHEDULED if former else EventStatus.SCHEDULED,
        cancel_reason=None,
        previous_starts_at=former,
    )


def _moved_while_off(old: Event, new: Event) -> Event:
    return replace(new, previous_starts_at=_former_start(old, new))


def _former_start(old: Event, new: Event) -> datetime | None:
    """Return the start that people read last, if it is another; by the clocks of the new zone.

    Of what was called off that is the one it had then.
    """
    former = None if old.takes_place else new.previous_starts_at
    if former is None:
        former = old.starts_at
        if old.timezone != new.timezone:
            former = instant_at(old.local(former), new.zone)
    return former if former != new.starts_at else None


def _is_awaited(tx: WriteTx, event: Event) -> bool:
    if event.is_cancelled or event.over_at <= tx.now:
        return False
    return tallies.lock(tx, event.id).said_going > 0


def _published(event: Event, now: datetime, *, past: bool) -> Event:
    is_over = event.over_at <= now
    if is_over and not past:
        raise FormInvalid(
            "this event is already over",
            cure="check the date; --past writes down one that has been",
        )
    if past and not is_over:
        raise FormInvalid("this event is still to come", cure="check the date, or leave out --past")
    poll: tuple[str, ...] = ()
    if event.rsvp is RsvpMode.ON and not is_over:
        t = translator(event.language)
        poll = (t("Going"), t("Maybe"), t("Can't come"))
    return replace(event, published_at=now, poll=poll)


def _open(tx: WriteTx, event: Event) -> None:
    if event.counts_only:
        event_secrets.put(tx, event.id, tx.ids.token().encode())
    outbox.put(tx, EventPublished(event.id))


def _store_images(tx: WriteTx, fields: EventFields) -> None:
    for image in fields.images or ():
        media.insert(tx, image)


def announce_change(tx: WriteTx, event: Event) -> Event:
    """Store an event as its next revision, and see to it that other servers hear of it."""
    updated_at = edited_at(tx.now, event.updated_at or event.published_at or event.created_at)
    changed = replace(event, updated_at=updated_at, revision=event.revision + 1)
    events.change(tx, changed)
    outbox.put(tx, EventChanged(event.id))
    return changed
