"""An event as a message to one person's calendar (iTIP, RFC 5546): "enter this", "strike this out".

Called by `federation.telling` for mail; pure. The UID is the one of the public calendar, so the
entry is the same; nobody but its reader is named as attendee.
"""

from datetime import UTC, datetime
from typing import Literal

from icalendar import Calendar, vCalAddress

from fedi_chapter.core.text import one_line
from fedi_chapter.domain.event import Event
from fedi_chapter.domain.urls import Urls
from fedi_chapter.feeds.ics import PRODUCT, TITLE, add_zones, write_entry

Method = Literal["REQUEST", "CANCEL"]


def write_invitation(
    method: Method, event: Event, urls: Urls, *, organizer: tuple[str, str], to: str, at: datetime
) -> bytes:
    """Return the file that asks the calendar of `to` to enter `event`, or to strike it out.

    `organizer` is a name and a mail address; `at` is the instant of sending, by which calendars
    tell a later word from an earlier one of the same revision.
    """
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", method)
    add_zones(calendar, [event])
    entry = write_entry(event, urls.event(event.id))
    del entry["dtstamp"]
    entry.add("dtstamp", at.astimezone(UTC).replace(microsecond=0))
    name, address = organizer
    entry.add("organizer", _person(address, {"CN": one_line(name, TITLE)}))
    if method == "REQUEST":
        entry.add("attendee", _person(to, {"PARTSTAT": "ACCEPTED", "RSVP": "FALSE"}))
    else:
        entry.add("attendee", _person(to, {}))
        entry["status"] = "CANCELLED"
    calendar.add_component(entry)
    text: bytes = calendar.to_ical()
    return text


def _person(address: str, parameters: dict[str, str]) -> vCalAddress:
    person = vCalAddress(f"mailto:{address}")
    person.params.update(parameters)
    return person
