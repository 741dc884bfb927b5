"""Events and posts in the formats of calendars, readers, maps and search engines."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from fedi_chapter.domain.event import Event, EventStatus
from fedi_chapter.domain.place import Place
from fedi_chapter.feeds.atom import write_feed
from fedi_chapter.feeds.geojson import write_features
from fedi_chapter.feeds.ics import write_calendar
from fedi_chapter.feeds.jsonld import write_schema
from fedi_chapter.feeds.listing import write_item
from tests.kit.examples import CHAPTER, EVENT, POST, PUBLISHED, URLS

ATOM = "{http://www.w3.org/2005/Atom}"
NOW = datetime(2026, 9, 3, tzinfo=UTC)


def entry(event: Event) -> Calendar:
    calendar = Calendar.from_ical(write_calendar("Elm", [event], URLS))
    entries = calendar.walk("VEVENT")
    assert len(entries) == 1
    return entries[0]


def test_an_event_keeps_its_uid_and_counts_its_revisions() -> None:
    before, after = entry(EVENT), entry(replace(EVENT, name="New name", revision=3))
    assert before["uid"] == after["uid"] == URLS.event(EVENT.id)
    assert (before["sequence"], after["sequence"]) == (0, 3)


def test_an_event_stands_in_its_own_zone() -> None:
    made = entry(EVENT)
    assert made.decoded("dtstart").isoformat() == "2026-09-19T10:00:00-05:00"
    assert made["dtstart"].params["TZID"] == "America/Chicago"


@pytest.mark.parametrize(
    ("status", "word"),
    [
        (EventStatus.SCHEDULED, "CONFIRMED"),
        (EventStatus.MOVED_ONLINE, "CONFIRMED"),
        (EventStatus.TENTATIVE, "TENTATIVE"),
        (EventStatus.POSTPONED, "TENTATIVE"),
        (EventStatus.CANCELLED, "CANCELLED"),
    ],
)
def test_the_status_is_told_in_the_calendars_words(status: EventStatus, word: str) -> None:
    assert entry(replace(EVENT, status=status))["status"] == word


def test_the_zone_tells_both_switches_of_the_year_in_the_time_before_them() -> None:
    text = write_calendar("Elm", [EVENT], URLS).decode()
    assert "BEGIN:DAYLIGHT\r\nDTSTART:20260308T020000\r\nTZNAME:CDT\r\nTZOFFSETFROM:-0600" in text
    assert "BEGIN:STANDARD\r\nDTSTART:20261101T020000\r\nTZNAME:CST\r\nTZOFFSETFROM:-0500" in text


@pytest.mark.parametrize(
    "day", [datetime(2026, 3, 7, 18, tzinfo=UTC), datetime(2026, 11, 1, 18, tzinfo=UTC)]
)
def test_a_day_before_and_after_a_switch_keeps_the_local_hour(day: datetime) -> None:
    event = replace(EVENT, starts_at=day, ends_at=None)
    assert entry(event).decoded("dtstart") == day


def test_a_zone_without_switches_and_utc_itself_are_told_too() -> None:
    text = write_calendar("Elm", [replace(EVENT, timezone="Asia/Kolkata")], URLS).decode()
    assert "TZOFFSETTO:+0530" in text
    plain = write_calendar("Elm", [replace(EVENT, timezone="UTC")], URLS).decode()
    assert "DTSTART:20260919T150000Z" in plain
    assert "VTIMEZONE" not in plain


def test_a_line_break_in_a_text_makes_no_second_component() -> None:
    evil = "Party\r\nBEGIN:VALARM\r\nATTENDEE:mailto:x@y;a,b\\c"
    event = replace(
        EVENT,
        name=evil,
        place=Place("p", evil, evil),
        tags=(evil, "a,b;c"),
        cancel_reason=evil,
        online_url="https://x.example/\r\nATTENDEE:x",
    )
    text = write_calendar(evil, [event], URLS).decode()
    lines = text.replace("\r\n ", "").split("\r\n")
    assert not [line for line in lines if line.startswith(("BEGIN:VALARM", "ATTENDEE"))]
    assert entry(event)["summary"] == "Party BEGIN:VALARM ATTENDEE:mailto:x@y;a,b\\c"


@given(st.text(max_size=400))
def test_any_title_comes_back_as_one_line(name: str) -> None:
    made = entry(replace(EVENT, name=name, place=None))
    assert "\n" not in str(made.get("summary", ""))


def test_long_lines_are_folded_between_characters() -> None:
    text = write_calendar("Elm", [replace(EVENT, name="é" * 150)], URLS)
    assert all(len(line) <= 75 for line in text.split(b"\r\n"))
    assert entry(replace(EVENT, name="é" * 150))["summary"] == "é" * 150


def test_the_atom_feed_holds_posts_and_events_with_links_and_dates() -> None:
    body = write_feed(CHAPTER, [POST, EVENT], URLS, changed_at=NOW)
    feed = ElementTree.fromstring(body)
    assert feed.findtext(f"{ATOM}updated") == "2026-09-03T00:00:00Z"
    entries = feed.findall(f"{ATOM}entry")
    assert [made.findtext(f"{ATOM}id") for made in entries] == [
        URLS.post(POST.id),
        URLS.event(EVENT.id),
    ]
    assert entries[0].findtext(f"{ATOM}title") == "What we <found>"
    assert entries[1].findtext(f"{ATOM}published") == "2026-09-01T15:00:00Z"


def fed(event: Event) -> ElementTree.Element:
    found = ElementTree.fromstring(write_feed(CHAPTER, [event], URLS, changed_at=NOW)).find(
        f"{ATOM}entry"
    )
    assert found is not None
    return found


def test_a_feed_reader_is_told_first_that_an_event_is_cancelled_and_why() -> None:
    event = replace(EVENT, status=EventStatus.CANCELLED, cancel_reason="Flood & storm")
    assert fed(event).findtext(f"{ATOM}title") == "CANCELLED: Spring clean"
    assert "<p>Flood &amp; storm</p>" in str(fed(event).findtext(f"{ATOM}content"))
    spanish = fed(replace(event, language="es"))
    assert spanish.findtext(f"{ATOM}title") == "CANCELADA: Spring clean"


def test_when_and_where_stand_in_the_text_a_feed_reader_shows() -> None:
    told = str(
        fed(replace(EVENT, description_html="<p>Bring gloves.</p>")).findtext(f"{ATOM}content")
    )
    assert told.startswith("<p>2026-09-19 10:00 (America/Chicago), ")
    assert told.endswith("</p><p>Bring gloves.</p>")


@given(st.text(max_size=200))
def test_any_text_leaves_the_feed_well_formed(text: str) -> None:
    post = replace(POST, title=text or None, html=f"<p>{text}]]></p>", tags=(text,))
    ElementTree.fromstring(write_feed(CHAPTER, [post], URLS, changed_at=NOW))


def test_a_point_on_the_map_is_longitude_then_latitude() -> None:
    features = write_features([EVENT, replace(EVENT, place=None)], URLS)["features"]
    assert isinstance(features, list)
    assert features[0]["geometry"] == {"type": "Point", "coordinates": [-89, 39.8017]}
    assert features[1]["geometry"] is None
    assert features[0]["properties"]["name"] == "Spring clean"


def test_the_plain_list_tells_times_with_their_offset() -> None:
    item = write_item(EVENT, URLS)
    assert item["starts_at"] == "2026-09-19T10:00:00-05:00"
    assert item["description"] == "Brooms are there. Bring gloves & friends."
    assert write_item(replace(EVENT, ends_at=None, place=None), URLS)["ends_at"] is None


def test_search_engines_are_told_status_mode_and_place() -> None:
    event = replace(
        EVENT,
        status=EventStatus.RESCHEDULED,
        online_url="https://meet.example/x",
        previous_starts_at=EVENT.starts_at - timedelta(days=1),
    )
    schema = write_schema(event, CHAPTER, URLS)
    assert schema["eventStatus"] == "https://schema.org/EventRescheduled"
    assert schema["eventAttendanceMode"] == "https://schema.org/MixedEventAttendanceMode"
    assert schema["previousStartDate"] == "2026-09-18T10:00:00-05:00"
    assert [place["@type"] for place in schema["location"]] == ["Place", "VirtualLocation"]  # type: ignore[attr-defined]


def test_search_engines_are_not_told_what_is_unknown() -> None:
    bare = replace(EVENT, ends_at=None, place=None, images=(), tags=(), capacity=None)
    schema = write_schema(bare, CHAPTER, URLS)
    assert not {"endDate", "location", "image", "keywords"} & schema.keys()


def test_feeds_say_that_a_kept_link_is_told_after_an_answer() -> None:
    event = replace(EVENT, place=None, link_kept=True)
    assert entry(event)["location"] == "Online (link after RSVP)"
    item = write_item(event, URLS)
    assert (item["online"], item["online_url"]) == (True, None)
    schema = write_schema(event, CHAPTER, URLS)
    assert schema["eventAttendanceMode"] == "https://schema.org/OnlineEventAttendanceMode"
    assert schema["location"] == {"@type": "VirtualLocation", "url": URLS.event(event.id)}


def test_a_place_that_is_only_an_address_is_named_once() -> None:
    place = Place("p", "1 Main St", "1 Main St")
    assert entry(replace(EVENT, place=place))["location"] == "1 Main St"


def test_in_a_feed_only_the_warning_of_a_post_can_be_read() -> None:
    post = replace(POST, title=None, warning="Spiders")
    body = write_feed(CHAPTER, [post], URLS, changed_at=NOW)
    made = ElementTree.fromstring(body).find(f"{ATOM}entry")
    assert made is not None
    assert made.findtext(f"{ATOM}title") == made.findtext(f"{ATOM}summary") == "Spiders"
    assert "Thanks" not in body.decode()


def test_whole_days_are_dates_in_every_format() -> None:
    first = datetime(2026, 9, 19, 5, tzinfo=UTC)  # midnight in Chicago
    event = replace(EVENT, all_day=True, starts_at=first, ends_at=first + timedelta(days=3))
    schema = write_schema(event, CHAPTER, URLS)
    assert (schema["startDate"], schema["endDate"]) == ("2026-09-19", "2026-09-21")
    assert write_item(event, URLS)["all_day"] is True
    assert b"2026-09-19 \xe2\x80\x93 2026-09-21, Community Hall" in write_feed(
        CHAPTER, [event], URLS, changed_at=PUBLISHED
    )
