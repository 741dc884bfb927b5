"""Events as the command line tells them: in JSON, and on one line."""

from datetime import datetime

from fedi_chapter.domain.event import Event, EventStatus
from fedi_chapter.domain.urls import Urls
from fedi_chapter.services.places import Meeting


def plain(value: object) -> str:
    """Return a value as a line of words."""
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def summary(event: Event, urls: Urls) -> dict[str, object]:
    """Return an event as the command line tells it; times in the event's own zone."""
    place = event.place
    return {
        "id": urls.event(event.id),
        "url": urls.event(event.id),
        "face": urls.face(event.id),
        "ics": urls.event_ics(event.id),
        "name": event.name,
        "start": _when(event, event.starts_at),
        "end": _when(event, event.last_moment if event.all_day else event.ends_at),
        "all_day": event.all_day,
        "timezone": event.timezone,
        "place": place.name if place else None,
        "address": place.address if place else None,
        "online": event.is_online,
        "online_url": event.online_url,
        "rsvp": str(event.rsvp),
        "external_url": event.external_url,
        "capacity": event.capacity,
        "approval": event.approval,
        "rsvp_until": event.rsvp_until.astimezone(event.zone).isoformat()
        if event.rsvp_until
        else None,
        "count_only": event.counts_only,
        "poll": list(event.poll),
        "bring": event.bring or None,
        "status": _status(event),
        "previous_start": _when(event, event.previous_starts_at),
        "cancel_reason": event.cancel_reason,
        "visibility": str(event.visibility),
        "tags": list(event.tags),
        "images": [urls.media(image) for image in event.images],
        "description": event.description,
        "revision": event.revision,
        "series": urls.series(event.series_id) if event.series_id else None,
    }


def _status(event: Event) -> str:
    """Return whether it takes place: an event with a new time does."""
    if event.is_draft:
        return "draft"
    return str(EventStatus.SCHEDULED if event.takes_place else event.status)


def _when(event: Event, at: datetime | None) -> str | None:
    """Return a time as it can be given back: of whole days the day, else with its offset."""
    if at is None:
        return None
    local = at.astimezone(event.zone)
    return local.date().isoformat() if event.all_day else local.isoformat()


def hidden(meeting: Meeting) -> dict[str, object]:
    """Return what the public is not told of a place and a link; organizers are."""
    place, link = meeting.hidden.place, meeting.hidden.link
    told: dict[str, object] = {"online_url": link} if link else {}
    if place is None:
        return told
    return {
        **told,
        "place_shown": str(meeting.shown),
        "exact_place": place.name,
        "exact_address": place.address,
        "exact_position": [place.point.lat, place.point.lon] if place.point else None,
    }


def line(event: Event, urls: Urls) -> str:
    """Return an event on one line of a list."""
    state = _status(event)
    start = event.local(event.starts_at)
    hour = "     " if event.all_day else f"{start:%H:%M}"
    return f"{start:%Y-%m-%d} {hour}  {state:<11}  {event.name}  {urls.event(event.id)}"
