"""Foreign events in all their forms become one normalised event, or are refused with a reason."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from fedi_chapter.core.errors import BadDocument
from fedi_chapter.domain.neighbour import NeighbourEvent
from fedi_chapter.vocab import shape
from fedi_chapter.vocab.activities import CreateEvent
from fedi_chapter.vocab.events import read_event
from fedi_chapter.vocab.places import FoundPlace, read_location
from fedi_chapter.vocab.read import read_activity

GOLDEN = Path(__file__).resolve().parents[2] / "golden"
URI = "https://mobilizon.example/events/1"


def document(**members: Any) -> dict[str, Any]:
    return {
        "id": URI,
        "type": "Event",
        "attributedTo": "https://mobilizon.example/@dora",
        "name": "Plant swap",
        "startTime": "2026-10-03T14:00:00+02:00",
        **members,
    }


def event(**members: Any) -> NeighbourEvent:
    return read_event(document(**members)).event


def golden(name: str) -> NeighbourEvent:
    created = read_activity((GOLDEN / f"{name}.json").read_bytes())
    assert isinstance(created, CreateEvent)
    return created.document.event


def test_only_id_author_name_and_start_are_needed() -> None:
    found = event()
    assert found.starts_at == datetime(2026, 10, 3, 12, tzinfo=UTC)
    assert found.ends_at is None
    assert found.url == URI
    assert found.published_at == found.starts_at
    assert not found.takes_rsvp


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"id": None}, "id"),
        ({"id": "tag:example.com,2011:event"}, "id"),
        ({"type": "Note"}, "not an event"),
        ({"name": None}, "name"),
        ({"name": " \n"}, "name"),
        ({"startTime": None}, "start"),
        ({"startTime": "2026-02-30T10:00:00Z"}, "start"),
        ({"startTime": "9999-12-31T23:59:59-14:00"}, "start"),
        ({"endTime": "2026-10-03T13:00:00+02:00"}, "ends before"),
        ({"endTime": "2126-10-03T13:00:00+02:00"}, "years"),
        ({"attributedTo": None}, "author"),
        ({"attributedTo": "https://other.example/@dora"}, "author"),
    ],
)
def test_an_event_that_makes_no_sense_is_refused_with_the_reason(
    members: dict[str, Any], reason: str
) -> None:
    with pytest.raises(BadDocument, match=reason):
        event(**members)


def test_a_mobilizon_event_is_read_whole() -> None:
    found = read_event(json.loads((GOLDEN / "mobilizon/event.json").read_text()))
    assert found.is_public
    assert found.attributed_to == (
        "https://mobilizon.example/@park_friends",
        "https://mobilizon.example/@dora",
    )
    assert found.event.actor_uri == "https://mobilizon.example/@park_friends"
    assert found.event.ends_at == datetime(2026, 10, 3, 14, tzinfo=UTC)
    assert found.event.timezone == "Europe/Paris"
    assert found.event.place_name == "Parc"
    assert found.event.address == "2 rue du Lac, 69000 Lyon, France"
    assert (found.event.lat, found.event.lon) == (45.76, 4.84)
    assert found.event.online_url == "https://plants.example/"
    assert found.event.html == "<p>Bring a plant, take a plant.</p>"
    assert found.event.takes_rsvp


def test_gancios_list_of_places_is_a_place_and_an_address_on_the_web() -> None:
    found = golden("gancio/create-event")
    assert (found.place_name, found.address) == ("Cellar", "Long Lane 3")
    assert found.online_url == "https://stream.example/cellar"


def test_hubzilla_may_put_the_title_into_summary_and_the_text_into_bbcode() -> None:
    found = golden("hubzilla/create-event")
    assert found.name == "Choir"
    assert found.place_name == "Chapel, Hill Road"
    assert "Sing with us" in event(source={"content": "[b]Sing[/b] with us"}).html
    assert event(source={"content": "[url=javascript:x]<b>[/url]"}).html == "<p>&lt;b&gt;</p>"


def test_everycals_bare_dates_are_whole_days_in_their_zone_the_last_one_included() -> None:
    found = golden("everycal/create-all-day-event")
    assert found.all_day
    assert found.timezone == "Europe/Vienna"
    assert found.starts_at == datetime(2026, 10, 23, 22, tzinfo=UTC)
    assert found.ends_at == datetime(2026, 10, 25, 23, tzinfo=UTC)  # the clocks went back
    assert found.place_name == "Market square"
    assert found.url == "https://everycal.example/@gil/market"


def test_owncasts_stream_is_online_open_ended_cancelled_and_takes_no_rsvp() -> None:
    found = golden("owncast/create-event")
    assert found.online_url == "https://owncast.example/"
    assert found.place_name is None
    assert found.ends_at is None
    assert found.cancelled
    assert not found.takes_rsvp


@pytest.mark.parametrize("mode", ["free", "restricted", "RESTRICTED"])
def test_an_rsvp_is_offered_only_where_the_server_takes_it(mode: str) -> None:
    assert event(joinMode=mode).takes_rsvp


@pytest.mark.parametrize("mode", ["none", "external", "invite", "dance", None, ["free"], {}])
def test_no_other_mode_offers_an_rsvp(mode: object) -> None:
    assert not event(joinMode=mode).takes_rsvp


@pytest.mark.parametrize(
    "members",
    [
        {"eventStatus": "EventCancelled"},
        {"eventStatus": "https://schema.org/EventCancelled"},
        {"eventStatus": None, "status": "CANCELLED"},
        {"ical:status": "cancelled"},
    ],
)
def test_a_cancellation_is_understood_in_every_spelling(members: dict[str, Any]) -> None:
    assert event(**members).cancelled


def test_the_newer_status_counts_before_the_older_one() -> None:
    assert not event(eventStatus="EventScheduled", status="CANCELLED").cancelled


def test_a_postponed_event_stands_at_its_previous_start() -> None:
    assert event(startTime=None, previousStartTime="2026-10-03T14:00:00+02:00") == event()


def test_an_end_not_to_be_shown_is_not_stored() -> None:
    assert event(endTime="2026-10-03T15:00:00+02:00", displayEndTime=False).ends_at is None
    assert event(endTime="2026-10-03T14:00:00+02:00").ends_at is None


@pytest.mark.parametrize("zone", ["Mars/Base", "../../etc/passwd", "Europe", "x" * 9_000, 5, ""])
def test_an_unknown_zone_is_no_zone(zone: object) -> None:
    assert event(timezone=zone, startTime="2026-10-03T12:00:00Z").timezone is None


def test_a_naive_time_is_read_in_the_events_zone() -> None:
    found = event(startTime="2026-10-03 14:00", timezone="Europe/Paris")
    assert found.starts_at == event().starts_at


@pytest.mark.parametrize(
    ("location", "place"),
    [
        (None, FoundPlace()),
        (5, FoundPlace()),
        ([], FoundPlace()),
        ("Old town", FoundPlace(name="Old town")),
        ({"type": "Place"}, FoundPlace()),
        ({"type": "Place", "name": "Hall"}, FoundPlace(name="Hall")),
        ({"type": "Place", "name": "Hall", "address": "Row 1"}, FoundPlace("Hall", "Row 1")),
        ({"type": "Place", "address": "Row 1"}, FoundPlace("Row 1")),
        (
            {"type": "Place", "name": "Us", "address": {"type": "VirtualLocation", "url": URI}},
            FoundPlace("Us", online_url=URI),
        ),
        ({"type": "VirtualLocation", "url": URI}, FoundPlace(online_url=URI)),
        (
            {"type": "Place", "name": "X", "latitude": "1.5", "longitude": -2},
            FoundPlace("X", lat=1.5, lon=-2.0),
        ),
        (
            {"type": "Place", "name": "X", "geo": {"latitude": 1.5, "longitude": 2}},
            FoundPlace("X", lat=1.5, lon=2.0),
        ),
        ({"type": "Place", "name": "X", "latitude": 1.5}, FoundPlace("X")),
        ({"type": "Place", "name": "X", "latitude": 91, "longitude": 0}, FoundPlace("X")),
    ],
)
def test_a_location_is_read_in_every_form(location: object, place: FoundPlace) -> None:
    assert read_location(location) == place


@pytest.mark.parametrize(
    ("start", "zone"),
    [
        ("2026-12-05T18:00:00-05:00", "Etc/GMT+5"),
        ("2026-12-05T18:00:00+0100", "Etc/GMT-1"),
        ("2026-12-05T18:00:00Z", None),
        ("2026-12-05T18:00:00+00:00", None),
        ("2026-12-05T18:00:00+05:30", None),
        ("2026-12-05T18:00:00", None),
        ("2026-12-05", None),
        ("2026-12-05T18:00:00-15:00", None),
    ],
)
def test_an_event_without_a_zone_is_at_the_hour_its_offset_says(
    start: str, zone: str | None
) -> None:
    assert shape.zone_of_offset(start) == (ZoneInfo(zone) if zone else None)
