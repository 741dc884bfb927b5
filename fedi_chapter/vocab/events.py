"""Events: foreign ones read with tolerance, our own written for the strictest reader.

Called by `vocab.read` and by `federation`. What is omitted here is omitted on purpose:
Mobilizon refuses or crashes on null, on lists where it expects one object, and on words it
does not know; Gancio on attachments without a media type.
"""

import re
from datetime import UTC, datetime, timedelta, tzinfo

from fedi_chapter.core.errors import BadDocument
from fedi_chapter.core.html import escape, plain
from fedi_chapter.core.text import find_hashtags, fold_tag
from fedi_chapter.domain.chapter import LocalActor
from fedi_chapter.domain.event import LONGEST, Event, EventStatus, RsvpMode
from fedi_chapter.domain.neighbour import NeighbourEvent
from fedi_chapter.domain.tally import Tally, taking_part
from fedi_chapter.domain.urls import Urls
from fedi_chapter.vocab.activities import EventDocument
from fedi_chapter.vocab.audience import write_audience, write_policy
from fedi_chapter.vocab.collections import replies_to_be_fetched
from fedi_chapter.vocab.context import EVENT, in_context, in_thread
from fedi_chapter.vocab.event_text import event_text
from fedi_chapter.vocab.pictures import read_picture, write_picture, write_pictures
from fedi_chapter.vocab.places import read_location, write_online, write_place
from fedi_chapter.vocab.posts import write_hashtags
from fedi_chapter.vocab.shape import (
    LONGEST_HTML,
    Document,
    id_of,
    ids_of,
    instant_of,
    is_date_only,
    line_of,
    link_of,
    mapping,
    mappings,
    same_host,
    seen_line,
    text_of,
    type_of,
    zone_of,
    zone_of_offset,
)
from fedi_chapter.vocab.terms import JOIN_MODES
from fedi_chapter.vocab.when import local_stamp, stamp
from fedi_chapter.vocab.wording import heading, summary, title

__all__ = ["read_event", "write_event", "write_place"]

CATEGORY = "COMMUNITY"
MOST_TAGS = 10
LONGEST_TAG = 60

_MAILTO = re.compile(r"mailto:[!-~]{3,320}")
_BBCODE = re.compile(r"\[/?[A-Za-z*][^\]\n]{0,200}\]")
_CANCELLED = frozenset({"eventcancelled", "cancelled", "canceled"})
_STATUS = {
    EventStatus.SCHEDULED: ("CONFIRMED", "EventScheduled"),
    EventStatus.TENTATIVE: ("TENTATIVE", "EventTentative"),
    EventStatus.RESCHEDULED: ("CONFIRMED", "EventRescheduled"),
    EventStatus.POSTPONED: ("TENTATIVE", "EventPostponed"),
    EventStatus.MOVED_ONLINE: ("CONFIRMED", "EventMovedOnline"),
    EventStatus.CANCELLED: ("CANCELLED", "EventCancelled"),
}
"""What Mobilizon and iCalendar call a status, and what FEP-8a8e calls it."""


# -- reading -------------------------------------------------------------------------------


def read_event(document: Document) -> EventDocument:
    """Return the Event in `document`, normalised; only id, author, name and start are needed.

    Raises:
        BadDocument: it is none, lacks one of these, or its times make no sense.

    """
    uri = id_of(document)
    if uri is None:
        raise BadDocument("an event without a usable id")
    if type_of(document, {"Event"}) is None:
        raise BadDocument(f"{uri} is not an event")
    authors = _authors(document, uri)
    if not authors:
        raise BadDocument(f"the event {uri} names no author on its own host")
    # Older Hubzilla servers write the title into `summary`.
    name = line_of(document, "name") or seen_line(plain(text_of(document, "summary")), 200)
    if not name:
        raise BadDocument(f"the event {uri} has no name")
    zone = (
        zone_of(document.get("timezone"))
        or zone_of(document.get("eventTimezone"))
        or zone_of_offset(_start(document))
    )
    starts_at, ends_at = _times(document, uri, zone or UTC)
    place, picture = read_location(document.get("location")), read_picture(document)
    updated_at = instant_of(document.get("updated"))
    return EventDocument(
        event=NeighbourEvent(
            uri=uri,
            actor_uri=authors[0],
            name=name,
            starts_at=starts_at,
            url=link_of(document.get("url")) or uri,
            published_at=instant_of(document.get("published")) or updated_at or starts_at,
            ends_at=ends_at,
            timezone=zone.key if zone else None,
            all_day=is_date_only(document.get("startTime")),
            place_name=place.name,
            address=place.address,
            lat=place.lat,
            lon=place.lon,
            online_url=place.online_url or _website(document),
            html=_description(document),
            cancelled=_is_cancelled(document),
            join_mode=_join_mode(document),
            sign_up_url=_sign_up(document),
            updated_at=updated_at,
            tags=_tags(document),
            picture_url=picture.url if picture else None,
            picture_alt=picture.alt if picture else "",
        ),
        attributed_to=authors,
        to=ids_of(document.get("to")),
        cc=ids_of(document.get("cc")),
    )


def _authors(document: Document, uri: str) -> tuple[str, ...]:
    """Return who holds the event, each once; nobody on another host can be made its author."""
    organizers = mapping(document.get("organizers"))
    pages = organizers, mapping(organizers.get("first"))
    stated = (
        *ids_of(document.get("attributedTo")),
        *ids_of(document.get("actor")),
        *(uri for page in pages for uri in ids_of(page.get("items") or page.get("orderedItems"))),
    )
    return tuple(dict.fromkeys(each for each in stated if same_host(each, uri)))


def _start(document: Document) -> object:
    return document.get("startTime") or document.get("previousStartTime")


def _times(document: Document, uri: str, zone: tzinfo) -> tuple[datetime, datetime | None]:
    starts_at = instant_of(_start(document), zone)
    if starts_at is None:
        raise BadDocument(f"the event {uri} has no readable start")
    end = document.get("endTime")
    ends_at = instant_of(end, zone)
    if ends_at is None or document.get("displayEndTime") is False:
        return starts_at, None
    if is_date_only(end):
        # The last day belongs to the event; a day has 23 to 25 hours, so count in its zone.
        ends_at = (ends_at.astimezone(zone) + timedelta(days=1)).astimezone(UTC)
    if not starts_at <= ends_at <= starts_at + LONGEST:
        raise BadDocument(f"the event {uri} ends before it starts, or lasts for years")
    return starts_at, ends_at if ends_at > starts_at else None


def _website(document: Document) -> str | None:
    """Return the online address: Mobilizon's Link named Website, else the first Link."""
    links = [each for each in mappings(document.get("attachment")) if type_of(each, {"Link"})]
    links.sort(key=lambda each: each.get("name") != "Website")
    return next(filter(None, (link_of(each.get("href")) for each in links)), None)


def _tags(document: Document) -> tuple[str, ...]:
    """Return the first few hashtags, each once; a name that is no hashtag as a whole is none."""
    found: dict[str, str] = {}
    for each in mappings(document.get("tag")):
        if len(found) == MOST_TAGS or not type_of(each, {"Hashtag"}):
            continue
        word = f"#{line_of(each, 'name', LONGEST_TAG + 2).removeprefix('#')}"
        tag = next(find_hashtags(word), None)
        if tag and tag.end == len(word) <= LONGEST_TAG + 1:
            found.setdefault(fold_tag(tag.name), tag.name)
    return tuple(found.values())


def _join_mode(document: Document) -> str | None:
    """Return how people sign up, as the event says it; a word nobody knows is kept as none."""
    stated = document.get("joinMode")
    mode = stated.lower() if isinstance(stated, str) else None
    return mode if mode in JOIN_MODES else None


def _sign_up(document: Document) -> str | None:
    """Return where people sign up; FEP-8a8e allows a mail address."""
    stated = document.get("externalParticipationUrl")
    if isinstance(stated, str) and _MAILTO.fullmatch(stated):
        return stated
    return link_of(stated)


def _description(document: Document) -> str:
    # Where there is no name, the summary was taken for it.
    stated = text_of(document, "summary") if line_of(document, "name") else ""
    text = text_of(document, "content") or stated
    if text:
        return text
    # Hubzilla and Friendica may send nothing but the bbcode the author wrote.
    source = text_of(mapping(document.get("source")), "content")
    return f"<p>{escape(_BBCODE.sub('', source))}</p>"[:LONGEST_HTML] if source else ""


def _is_cancelled(document: Document) -> bool:
    for member in ("eventStatus", "status", "ical:status"):
        stated = document.get(member)
        if isinstance(stated, str) and stated:
            return re.split(r"[/#:]", stated)[-1].lower() in _CANCELLED
    return False


# -- writing -------------------------------------------------------------------------------


def write_event(event: Event, actor: LocalActor, urls: Urls, tally: Tally) -> Document:
    """Return the canonical Event.

    `actor` is an object and `attributedTo` a plain id of the same Group, because Mobilizon
    puts an event on a group's page only when the two differ as JSON, and Pleroma takes it
    only when they name the same.
    """
    return in_context(
        EVENT,
        {
            "id": urls.event(event.id),
            "type": "Event",
            "uuid": event.id,
            "url": urls.event(event.id),
            "actor": {"id": urls.actor(actor), "type": "Group"},
            "attributedTo": urls.actor(actor),
            **write_audience(event.visibility, actor, urls),
            **_text(event, urls),
            **_schedule(event),
            "location": _location(event, urls),
            "isOnline": event.place is None and event.is_online,
            "image": write_picture(event.images[0], urls) if event.images else None,
            "attachment": _attachments(event, urls),
            "tag": write_hashtags(event.tags, urls),
            "category": CATEGORY,
            **_taking_part(event, urls, tally),
            "organizers": {
                "id": urls.event_part(event.id, "organizers"),
                "type": "Collection",
                "totalItems": 1,
                "items": [urls.actor(actor)],
            },
            "commentsEnabled": True,
            "repliesModerationOption": "allow_all",
            **in_thread(urls.event_part(event.id, "replies")),
            "replies": replies_to_be_fetched(urls.event_part(event.id, "replies")),
            "interactionPolicy": write_policy(event.visibility),
        },
    )


def _text(event: Event, urls: Urls) -> Document:
    name, text = title(event), event_text(event, urls)
    return {
        "name": name,
        "nameMap": {event.language: name},
        "summary": summary(event),
        "content": text,
        "contentMap": {event.language: text},
        "mediaType": "text/html",
        "inLanguage": event.language,
        "preview": {"type": "Note", "content": heading(event)},
    }


def _schedule(event: Event) -> Document:
    """Return when it is. An end is always named, since FEP-8a8e wants one to compute with."""
    ical, status = _STATUS[event.status]
    moved_from = event.previous_starts_at
    return {
        "published": stamp(event.published_at or event.created_at),
        "updated": stamp(event.updated_at) if event.updated_at else None,
        "startTime": local_stamp(event.starts_at, event),
        # Whole days end with a last second: at midnight others would show one day more.
        "endTime": local_stamp(event.last_moment if event.all_day else event.finish, event),
        "displayEndTime": event.ends_at is not None,
        "timezone": event.timezone,
        "status": ical,
        "eventStatus": status,
        "previousStartTime": local_stamp(moved_from, event) if moved_from else None,
    }


def _location(event: Event, urls: Urls) -> Document | None:
    if event.place:
        return write_place(event.place, urls)
    if not event.is_online:
        return None
    # An address that is not for all is told on the event's page, to those who have a seat.
    return write_online(event.online_url or urls.event(event.id))


def _attachments(event: Event, urls: Urls) -> list[Document]:
    """Return pictures, the banner first, and behind them the online address (Gancio)."""
    pictures = write_pictures(event.images, urls)
    if pictures:
        pictures[0]["isBannerImage"] = True
    if not event.online_url:
        return pictures
    website: Document = {
        "type": "Link",
        "mediaType": "text/html",
        "name": "Website",
        "href": event.online_url,
    }
    return [*pictures, website]


def _taking_part(event: Event, urls: Urls, tally: Tally) -> Document:
    """Return how to take part, and how many do: a number, never names.

    Where nobody is asked, other servers must not offer a button whose Join nobody answers;
    `none` would make Mobilizon refuse the event, so it is sent to the event's page.
    """
    capacity, asks = event.capacity, event.rsvp is RsvpMode.ON
    heads = taking_part(event, tally)
    elsewhere = event.external_url if event.rsvp is RsvpMode.EXTERNAL else None
    here = "restricted" if event.approval else "free"
    return {
        "joinMode": here if asks else "external",
        "externalParticipationUrl": None if asks else elsewhere or urls.event(event.id),
        "anonymousParticipationEnabled": True if asks else None,
        "maximumAttendeeCapacity": capacity,
        "remainingAttendeeCapacity": None if capacity is None else max(capacity - heads, 0),
        "participantCount": heads,
        "attendees": {
            "id": urls.event_part(event.id, "attendees"),
            "type": "Collection",
            "totalItems": heads,
        },
    }
