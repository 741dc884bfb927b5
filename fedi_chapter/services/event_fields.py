"""What an organizer says about an event: each field checked, and put in its place.

Called by the verbs for events. Pure: what goes into the database is their business, and where an
event meets is that of `services.places`.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from fedi_chapter.core.errors import Conflict, FormInvalid
from fedi_chapter.core.markdown import prose, render
from fedi_chapter.core.text import fold_tag, hashtags, one_line
from fedi_chapter.domain.audience import Visibility
from fedi_chapter.domain.event import LONGEST_NAME, Event, RsvpMode
from fedi_chapter.domain.media import Media
from fedi_chapter.domain.urls import Urls
from fedi_chapter.services.checks import (
    instant,
    language_tag,
    name_line,
    tags_of,
    text_of,
    web_address,
)
from fedi_chapter.services.event_times import with_times
from fedi_chapter.services.places import UNCHANGED, PlaceFields

LONGEST_BRING = 200
MOST_SEATS = 1_000_000


@dataclass(frozen=True, slots=True)
class EventFields:
    """What an organizer says about an event. None leaves a field as it is; "" or 0 empties it."""

    name: str | None = None
    start: str | None = None
    """ISO 8601; without an offset in the event's time zone. So is `end`."""
    end: str | None = None
    all_day: bool | None = None
    """Whether it is whole days: then `start` and `end` are the first and the last one."""
    timezone: str | None = None
    place: PlaceFields = UNCHANGED
    online_url: str | None = None
    description: str | None = None
    rsvp: RsvpMode | None = None
    external_url: str | None = None
    capacity: int | None = None
    approval: bool | None = None
    rsvp_until: str | None = None
    """Until when people can say that they come; written as `start` is."""
    counts_only: bool | None = None
    bring: str | None = None
    visibility: Visibility | None = None
    language: str | None = None
    tags: tuple[str, ...] | None = None
    images: tuple[Media, ...] | None = None
    """New pictures, already in the media folder; they replace the old ones."""


def with_fields(old: Event, fields: EventFields, urls: Urls) -> Event:
    """Return the event as `fields` change it; where it meets stays as it is.

    Raises:
        FormInvalid: a field is wrong.
        Conflict: a field can't change any more.

    """
    event = with_times(
        old,
        start=fields.start,
        end=fields.end,
        timezone=fields.timezone,
        all_day=fields.all_day,
    )
    event = _with_words(event, fields, urls)
    event = _with_rsvp(event, fields)
    return replace(
        event,
        online_url=_address(fields.online_url, old.online_url, "online address"),
        language=old.language if fields.language is None else language_tag(fields.language),
        images=old.images if fields.images is None else fields.images,
    )


def _with_words(old: Event, fields: EventFields, urls: Urls) -> Event:
    name = old.name if fields.name is None else fields.name
    description = old.description
    if fields.description is not None:
        description = text_of(fields.description, "description")
    given = fields.tags
    if given is None:
        written = {fold_tag(tag) for tag in hashtags(old.description)}
        given = tuple(tag for tag in old.tags if fold_tag(tag) not in written)
    return replace(
        old,
        name=name_line(name, LONGEST_NAME, "an event's name"),
        description=description,
        description_html=render(description, mentions={}, tag_url=urls.tag),
        tags=tags_of(given, prose(description)),
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
    if capacity is not None and capacity > MOST_SEATS:
        raise FormInvalid(f"more than {MOST_SEATS:,} seats", cure="leave the capacity out")
    approval = old.approval if fields.approval is None else fields.approval
    return replace(
        old,
        rsvp=rsvp,
        external_url=external_url,
        capacity=capacity,
        approval=approval,
        rsvp_until=_deadline(old, fields),
        counts_only=_counting(old, fields),
        bring=old.bring if fields.bring is None else one_line(fields.bring, LONGEST_BRING),
    )


def _deadline(old: Event, fields: EventFields) -> datetime | None:
    if fields.rsvp_until is None:
        return old.rsvp_until
    if not fields.rsvp_until:
        return None
    until = instant(fields.rsvp_until, old.zone, "last moment to answer")
    if until > old.finish:
        raise FormInvalid(
            "people could still answer when the event is over",
            cure="give a last moment before its end, or leave it out: then it is the start",
        )
    return until


def _counting(old: Event, fields: EventFields) -> bool:
    if fields.counts_only in (None, old.counts_only):
        return old.counts_only
    if not old.is_draft:
        raise Conflict(
            "whether a published event only counts can't change: people have answered already",
            cure="cancel it and create a new one",
        )
    return bool(fields.counts_only)


def _address(given: str | None, old: str | None, what: str) -> str | None:
    if given is None:
        return old
    return web_address(given, what) if given else None
