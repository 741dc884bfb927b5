"""Events: create, edit, publish, cancel, delete.

Called by the command line and the organizers' pages, inside their transaction. Each verb ends
by writing down what happened; telling other servers is not its business.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from fedi_chapter.core.errors import AlreadyCancelled, Conflict, FormInvalid, Gone, Missing
from fedi_chapter.core.markdown import render
from fedi_chapter.core.text import hashtags, one_line
from fedi_chapter.domain.audience import Visibility
from fedi_chapter.domain.chapter import LocalActor
from fedi_chapter.domain.event import (
    NAME_LENGTHS,
    Event,
    EventId,
    EventStatus,
    RsvpMode,
    check_times,
    zone_named,
)
from fedi_chapter.domain.happening import EventChanged, EventDeleted, EventPublished
from fedi_chapter.domain.media import Media
from fedi_chapter.domain.urls import Urls
from fedi_chapter.services.checks import (
    edited_at,
    instant,
    language_tag,
    tags_of,
    text_of,
    web_address,
)
from fedi_chapter.services.places import UNCHANGED, PlaceFields, settle_place
from fedi_chapter.store import events, media, outbox
from fedi_chapter.store.tx import ReadTx, WriteTx

LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class EventFields:
    """What an organizer says about an event. None leaves a field as it is; "" or 0 empties it."""

    name: str | None = None
    start: str | None = None
    """ISO 8601; without an offset in the event's time zone. So is `end`."""
    end: str | None = None
    timezone: str | None = None
    place: PlaceFields = UNCHANGED
    online_url: str | None = None
    description: str | None = None
    rsvp: RsvpMode | None = None
    external_url: str | None = None
    capacity: int | None = None
    approval: bool | None = None
    visibility: Visibility | None = None
    language: str | None = None
    tags: tuple[str, ...] | None = None
    images: tuple[Media, ...] | None = None
    """New pictures, already in the media folder; they replace the old ones."""


def create_event(
    tx: WriteTx, actor: LocalActor, fields: EventFields, urls: Urls, *, draft: bool = False
) -> Event:
    """Make an event of `actor` and, unless it is a draft, publish it.

    Raises:
        FormInvalid: a field is missing or wrong, or the event would already be over.

    """
    if not fields.name or not fields.start:
        raise FormInvalid("an event needs a name and a start", cure="give both")
    zone = fields.timezone or actor.timezone
    blank = Event(
        id=EventId(tx.new_id()),
        actor_id=actor.id,
        name=fields.name,
        starts_at=instant(fields.start, zone_named(zone), "start"),
        timezone=zone,
        created_at=tx.now,
        language=actor.language,
        visibility=fields.visibility or Visibility.PUBLIC,
    )
    event = _apply(tx, blank, fields, urls)
    if not draft:
        event = _published(event, tx.now)
    _store_images(tx, fields)
    events.insert(tx, event)
    if not draft:
        outbox.put(tx, EventPublished(event.id))
    return event


def edit_event(tx: WriteTx, event_id: EventId, fields: EventFields, urls: Urls) -> Event:
    """Change an event; a published one is announced as changed when anything did change.

    Raises:
        FormInvalid: a field is wrong.
        Conflict: the visibility of a published event can't change: it is out already.
        Missing, Gone: there is no such event.

    """
    old = own_event(tx, event_id)
    if old.is_draft:
        old = replace(old, visibility=fields.visibility or old.visibility)
    elif fields.visibility not in (None, old.visibility):
        raise Conflict(
            "a published event can't change its visibility",
            cure="delete it and create a new one",
        )
    event = _apply(tx, old, fields, urls)
    _store_images(tx, fields)
    if old.is_draft:
        events.change(tx, event)
        return event
    if event == old:
        return old
    if event.starts_at != old.starts_at and not old.is_cancelled:
        event = replace(event, status=EventStatus.RESCHEDULED, previous_starts_at=old.starts_at)
    return _announce_change(tx, event)


def publish_event(tx: WriteTx, event_id: EventId) -> Event:
    """Take an event out of draft.

    Raises:
        Conflict: it is published already.
        FormInvalid: it is already over.
        Missing, Gone: there is no such event.

    """
    event = own_event(tx, event_id)
    if not event.is_draft:
        raise Conflict("this event is published already")
    event = _published(event, tx.now)
    events.change(tx, event)
    outbox.put(tx, EventPublished(event.id))
    return event


def cancel_event(tx: WriteTx, event_id: EventId, reason: str | None = None) -> Event:
    """Say that an event will not take place; it stays visible.

    Raises:
        AlreadyCancelled: it was cancelled before.
        Conflict: it is a draft.
        Missing, Gone: there is no such event.

    """
    event = own_event(tx, event_id)
    if event.is_draft:
        raise Conflict("nobody has seen this draft yet", cure="delete it instead")
    if event.is_cancelled:
        raise AlreadyCancelled
    reason = one_line(reason or "", LONGEST_REASON) or None
    cancelled = replace(event, status=EventStatus.CANCELLED, cancel_reason=reason)
    return _announce_change(tx, cancelled)


def delete_event(tx: WriteTx, event_id: EventId) -> None:
    """Delete an event; its address answers "gone" from now on.

    Raises:
        Missing, Gone: there is no such event.

    """
    event = own_event(tx, event_id)
    events.change(tx, replace(event, deleted_at=tx.now))
    if not event.is_draft:
        outbox.put(tx, EventDeleted(event.id))


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


def _apply(tx: WriteTx, old: Event, fields: EventFields, urls: Urls) -> Event:
    event = _with_times(old, fields)
    event = _with_words(event, fields, urls)
    event = _with_rsvp(event, fields)
    return replace(
        event,
        place=settle_place(tx, old.place, fields.place),
        online_url=_address(fields.online_url, old.online_url, "online address"),
        language=old.language if fields.language is None else language_tag(fields.language),
        images=old.images if fields.images is None else fields.images,
    )


def _with_times(old: Event, fields: EventFields) -> Event:
    timezone = fields.timezone or old.timezone
    zone = zone_named(timezone)
    starts_at = instant(fields.start, zone, "start") if fields.start else old.starts_at
    ends_at = old.ends_at
    if fields.end is not None:
        ends_at = instant(fields.end, zone, "end") if fields.end else None
    elif ends_at is not None:
        # A moved event keeps its length.
        ends_at += starts_at - old.starts_at
    check_times(starts_at, ends_at)
    return replace(old, timezone=timezone, starts_at=starts_at, ends_at=ends_at)


def _with_words(old: Event, fields: EventFields, urls: Urls) -> Event:
    name = old.name if fields.name is None else _name(fields.name)
    description = old.description
    if fields.description is not None:
        description = text_of(fields.description, "description")
    given = fields.tags
    if given is None:
        written = {tag.casefold() for tag in hashtags(old.description)}
        given = tuple(tag for tag in old.tags if tag.casefold() not in written)
    return replace(
        old,
        name=_name(name),
        description=description,
        description_html=render(description, mentions={}, tag_url=urls.tag),
        tags=tags_of(given, description),
    )


def _with_rsvp(old: Event, fields: EventFields) -> Event:
    external_url = _address(fields.external_url, old.external_url, "external address")
    rsvp = fields.rsvp or (RsvpMode.EXTERNAL if fields.external_url else old.rsvp)
    if rsvp is RsvpMode.EXTERNAL and external_url is None:
        raise FormInvalid(
            "people are to sign up elsewhere, but it is not said where",
            cure="give the external address (--external-url)",
        )
    capacity = old.capacity if fields.capacity is None else fields.capacity or None
    if capacity is not None and capacity < 1:
        raise FormInvalid("the capacity is less than one", cure="give 1 or more, or leave it out")
    approval = old.approval if fields.approval is None else fields.approval
    return replace(old, rsvp=rsvp, external_url=external_url, capacity=capacity, approval=approval)


def _name(text: str) -> str:
    name = one_line(text, NAME_LENGTHS.stop)
    if len(name) not in NAME_LENGTHS:
        raise FormInvalid(
            f"an event's name has {NAME_LENGTHS.start} to {NAME_LENGTHS.stop - 1} characters",
            cure="say the rest in the description",
        )
    if "<" in name or ">" in name:
        raise FormInvalid("an event's name is plain text", cure="leave out < and >")
    return name


def _address(given: str | None, old: str | None, what: str) -> str | None:
    if given is None:
        return old
    return web_address(given, what) if given else None


def _published(event: Event, now: datetime) -> Event:
    if event.over_at <= now:
        raise FormInvalid(
            "this event is already over", cure="check the date, or keep it as a draft"
        )
    return replace(event, published_at=now)


def _store_images(tx: WriteTx, fields: EventFields) -> None:
    for image in fields.images or ():
        media.insert(tx, image)


def _announce_change(tx: WriteTx, event: Event) -> Event:
    updated_at = edited_at(tx.now, event.updated_at or event.published_at or event.created_at)
    changed = replace(event, updated_at=updated_at, revision=event.revision + 1)
    events.change(tx, changed)
    outbox.put(tx, EventChanged(event.id))
    return changed
