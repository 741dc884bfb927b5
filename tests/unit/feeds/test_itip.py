"""An event as a message to one person's calendar, read back by a calendar program's eyes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from icalendar import Calendar

from fedi_chapter.domain.event import EventStatus, PlaceShown
from fedi_chapter.domain.urls import Urls
from fedi_chapter.feeds.ics import write_calendar
from fedi_chapter.feeds.itip import Method, write_invitation
from tests.kit.builders import NOW, an_event

URLS = Urls("https://chapter.example", "chapter.example")


def written(method: Method = "REQUEST", **event: object) -> Calendar:
    body = write_invitation(
        method,
        replace(an_event(), **event),  # type: ignore[arg-type]
        URLS,
        organizer=("Minneapolis\r\nATTENDEE:mailto:evil@example.org", "events@chapter.example"),
        to="ana@mail.example",
        at=NOW + timedelta(hours=1),
    )
    made = Calendar.from_ical(body)
    assert isinstance(made, Calendar)
    return made


def test_an_invitation_names_its_reader_alone_and_asks_for_no_answer() -> None:
    calendar = written()
    (entry,) = calendar.walk("VEVENT")
    assert str(calendar["method"]) == "REQUEST"
    attendee = entry["attendee"]
    assert str(attendee) == "mailto:ana@mail.example"
    assert (attendee.params["PARTSTAT"], attendee.params["RSVP"]) == ("ACCEPTED", "FALSE")
    assert str(entry["organizer"]) == "mailto:events@chapter.example"
    assert "VTIMEZONE" in {each.name for each in calendar.subcomponents}


def test_the_entry_is_the_one_of_the_public_calendar() -> None:
    event = an_event(revision=3)
    public = Calendar.from_ical(write_calendar("all", [event], URLS)).walk("VEVENT")[0]
    (entry,) = written(revision=3).walk("VEVENT")
    for name in ("uid", "sequence", "dtstart", "dtend", "summary", "url"):
        assert (
            entry[name].to_ical() == public[name].to_ical()
            if hasattr(public[name], "to_ical")
            else entry[name] == public[name]
        )
    assert entry.decoded("dtstamp") == datetime(2026, 11, 21, 13, 0, tzinfo=UTC)


def test_a_cancellation_strikes_the_entry_out_whatever_the_event_does() -> None:
    calendar = written("CANCEL", status=EventStatus.SCHEDULED)
    (entry,) = calendar.walk("VEVENT")
    assert str(calendar["method"]) == "CANCEL"
    assert str(entry["status"]) == "CANCELLED"
    assert str(entry["attendee"]) == "mailto:ana@mail.example"


def test_an_invitation_shows_no_more_of_the_place_than_everybody_knows() -> None:
    (entry,) = written(place_shown=PlaceShown.TO_GOING).walk("VEVENT")
    assert "geo" not in entry
