"""What every Event of ours must keep so that the strictest readers take it."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedi_chapter.core.html import plain
from fedi_chapter.domain.audience import Visibility
from fedi_chapter.domain.event import Event, EventStatus, PlaceShown, RsvpMode
from fedi_chapter.domain.place import Place, Point
from fedi_chapter.domain.tally import NOBODY, Tally
from fedi_chapter.vocab.activities import PUBLIC
from fedi_chapter.vocab.envelopes import create
from fedi_chapter.vocab.events import read_event, write_event
from fedi_chapter.vocab.shape import Document, encode, parse
from tests.kit.examples import ASKING, CHAPTER, EVENT, HALL, PICTURE, URLS

BARE = replace(
    EVENT, place=None, images=(), tags=(), capacity=None, description_html="", ends_at=None
)
ONLINE = replace(BARE, online_url="https://meet.example/room")
HYBRID = replace(EVENT, online_url="https://meet.example/room")
CANCELLED = replace(EVENT, status=EventStatus.CANCELLED, cancel_reason="storm <warning>")
MOVED = replace(
    EVENT,
    status=EventStatus.RESCHEDULED,
    previous_starts_at=datetime(2026, 9, 18, 15, tzinfo=UTC),
    updated_at=datetime(2026, 9, 5, tzinfo=UTC),
)
GERMAN = replace(EVENT, language="de", timezone="Europe/Berlin", name="Offene <Versammlung>")
EVERY_KIND = [EVENT, BARE, ONLINE, HYBRID, CANCELLED, MOVED, GERMAN]

every_kind = pytest.mark.parametrize("event", EVERY_KIND)


def written(event: Event) -> Document:
    return parse(encode(write_event(event, CHAPTER, URLS, NOBODY)))


def members(node: object) -> Iterator[object]:
    if isinstance(node, dict):
        node = list(node.values())
    if isinstance(node, list):
        for each in node:
            yield each
            yield from members(each)


@every_kind
def test_nothing_is_null(event: Event) -> None:
    assert None not in list(members(written(event)))


@every_kind
def test_the_location_is_one_place_or_absent_with_both_coordinates_or_none(event: Event) -> None:
    location = written(event).get("location", {"type": "Place", "name": "absent"})
    assert isinstance(location, dict)
    assert location["type"] == "Place"
    assert location["name"]
    assert [type(location.get(name)) for name in ("latitude", "longitude")] in (
        [float, float],
        [type(None), type(None)],
    )


def test_coordinates_are_floats_also_on_a_whole_degree() -> None:
    assert b'"longitude":-89.0' in encode(write_event(EVENT, CHAPTER, URLS, NOBODY))


def test_a_changed_place_has_another_id() -> None:
    moved = replace(EVENT, place=Place(id="another", name="Library"))
    assert written(moved)["location"] == {
        "id": "https://elm.example.org/places/another",
        "type": "Place",
        "name": "Library",
    }
    assert HALL.id != "another"


@every_kind
def test_attachments_are_a_list_pictures_first_each_with_type_media_type_and_name(
    event: Event,
) -> None:
    attachments = written(event)["attachment"]
    assert isinstance(attachments, list)
    assert all(each["type"] and each["mediaType"] and each["name"] for each in attachments)
    types = [each["type"] for each in attachments]
    assert types == sorted(types, key=["Image", "Link"].index)


def test_a_picture_brings_its_words_sizes_and_focus() -> None:
    banner = written(EVENT)["attachment"][0]  # type: ignore[index]
    assert banner == {
        "type": "Image",
        "mediaType": "image/jpeg",
        "url": "https://elm.example.org/media/poster.jpg",
        "name": PICTURE.alt,
        "summary": PICTURE.alt,
        "width": 1200,
        "height": 600,
        "blurhash": PICTURE.blurhash,
        "focalPoint": [0.0, 0.25],
        "isBannerImage": True,
    }


def test_at_most_four_pictures_are_sent() -> None:
    many = replace(EVENT, images=(PICTURE,) * 6)
    assert len(written(many)["attachment"]) == 4  # type: ignore[arg-type]


def test_the_online_address_is_a_link_named_website() -> None:
    assert written(ONLINE)["attachment"] == [
        {
            "type": "Link",
            "mediaType": "text/html",
            "name": "Website",
            "href": "https://meet.example/room",
        }
    ]
    assert written(ONLINE)["isOnline"] is True
    assert written(HYBRID)["isOnline"] is False


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("茶会", "茶会 · 2026-09-19"),
        ("I <3 pie", "I ‹3 pie"),
        ("x" * 300, f"{'x' * 199}…"),
        ("👨‍👩‍👧‍👦" * 40, f"{'👨‍👩‍👧‍👦' * 28}…"),
    ],
)
def test_a_title_has_a_length_that_others_take(name: str, told: str) -> None:
    assert written(replace(EVENT, name=name))["name"] == told


def test_an_address_is_told_once() -> None:
    place = Place("p", "12 Mill Lane", "12 Mill Lane")
    document = written(replace(EVENT, place=place))
    assert "address" not in document["location"]  # type: ignore[operator]
    assert str(document["summary"]).count("Mill Lane") == 1


def test_a_kept_link_is_told_by_the_page_alone() -> None:
    kept = written(replace(BARE, link_kept=True))
    assert kept["isOnline"] is True
    assert kept["location"]["address"] == {"type": "VirtualLocation", "url": URLS.event(BARE.id)}  # type: ignore[call-overload, index]
    assert kept["attachment"] == []
    assert "Online (link after RSVP)" in str(kept["summary"])


@every_kind
def test_the_image_is_one_object_or_absent(event: Event) -> None:
    image = written(event).get("image")
    if event.images:
        assert isinstance(image, dict)
        assert {"type", "url", "name", "mediaType"} <= image.keys()
    else:
        assert image is None


@pytest.mark.parametrize(
    ("zone", "utc", "local"),
    [
        ("America/Chicago", "2026-03-08T07:59", "2026-03-08T01:59:00-06:00"),
        ("America/Chicago", "2026-03-08T08:00", "2026-03-08T03:00:00-05:00"),
        ("America/Chicago", "2026-11-01T06:30", "2026-11-01T01:30:00-05:00"),
        ("America/Chicago", "2026-11-01T07:30", "2026-11-01T01:30:00-06:00"),
        ("Europe/Berlin", "2026-03-29T00:59", "2026-03-29T01:59:00+01:00"),
        ("Europe/Berlin", "2026-03-29T01:00", "2026-03-29T03:00:00+02:00"),
        ("Europe/Berlin", "2026-10-25T00:30", "2026-10-25T02:30:00+02:00"),
        ("Europe/Berlin", "2026-10-25T01:30", "2026-10-25T02:30:00+01:00"),
        ("Asia/Kathmandu", "2026-06-01T12:00", "2026-06-01T17:45:00+05:45"),
        ("UTC", "2026-06-01T12:00", "2026-06-01T12:00:00+00:00"),
    ],
)
def test_the_start_has_seconds_and_the_offset_of_that_very_hour(
    zone: str, utc: str, local: str
) -> None:
    starts_at = datetime.fromisoformat(utc).replace(tzinfo=UTC)
    event = replace(EVENT, timezone=zone, starts_at=starts_at, ends_at=None)
    assert written(event)["startTime"] == local


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2060, 1, 1)),  # noqa: DTZ001
    st.timedeltas(timedelta(minutes=1), timedelta(days=300)),
    st.sampled_from(["America/Chicago", "Europe/Berlin", "Australia/Lord_Howe", "UTC"]),
)
def test_what_we_write_about_time_reads_back_as_the_same_instants(
    start: datetime, lasting: timedelta, zone: str
) -> None:
    starts_at = start.replace(microsecond=0, tzinfo=UTC)
    ends_at = starts_at + timedelta(seconds=round(lasting.total_seconds()))
    event = replace(EVENT, starts_at=starts_at, ends_at=ends_at, timezone=zone)
    found = read_event(written(event)).event
    assert (found.starts_at, found.ends_at, found.timezone) == (starts_at, ends_at, zone)
    stated = datetime.fromisoformat(str(written(event)["startTime"]))
    assert stated.utcoffset() == starts_at.astimezone(ZoneInfo(zone)).utcoffset()


@every_kind
def test_an_end_after_the_start_is_always_named(event: Event) -> None:
    document = written(event)
    start, end = (datetime.fromisoformat(str(document[name])) for name in ("startTime", "endTime"))
    assert end > start
    assert document["displayEndTime"] is (event.ends_at is not None)


@every_kind
def test_the_name_is_plain_text_of_a_length_mobilizon_takes(event: Event) -> None:
    name = written(event)["name"]
    assert isinstance(name, str)
    assert 3 <= len(name) <= 200
    assert not set("<>") & set(name)
    assert written(event)["nameMap"] == {event.language: name}


def test_a_long_name_stays_within_its_limit_when_cancelled() -> None:
    assert len(str(written(replace(CANCELLED, name="n" * 200))["name"])) <= 200


@every_kind
def test_the_summary_tells_date_zone_and_place_and_holds_no_link(event: Event) -> None:
    summary = str(written(event)["summary"])
    assert summary.startswith("<p>")
    assert summary.endswith("</p>")
    assert "2026" in summary
    assert re.search(r"\b(CDT|MESZ)\b", summary)
    assert "<a" not in summary
    assert len(plain(summary)) <= 500
    assert set(re.findall(r"<[^>]+>", summary)) <= {"<p>", "</p>", "<br>"}
    if event.place:
        assert event.place.name in summary


def test_a_long_description_is_cut_to_what_a_summary_may_hold() -> None:
    long = replace(EVENT, description_html="<p>" + "word " * 500 + "</p>")
    text = plain(str(written(long)["summary"]))
    assert 400 < len(text) <= 500
    assert text.endswith("…")


@every_kind
def test_who_shows_events_as_notes_is_told_title_date_and_place_in_a_preview(event: Event) -> None:
    preview = plain(str(written(event)["preview"]["content"]))  # type: ignore[index, call-overload]
    assert written(event)["name"] in preview
    assert "2026" in preview
    assert event.place is None or event.place.name in preview


@pytest.mark.parametrize(
    ("visibility", "to", "cc"),
    [
        (Visibility.PUBLIC, [PUBLIC], ["https://elm.example.org/chapter/followers"]),
        (Visibility.UNLISTED, ["https://elm.example.org/chapter/followers"], [PUBLIC]),
        (Visibility.FOLLOWERS, ["https://elm.example.org/chapter/followers"], []),
    ],
)
def test_the_audience_stands_on_the_object_and_on_its_envelope(
    visibility: Visibility, to: list[str], cc: list[str]
) -> None:
    document = write_event(replace(EVENT, visibility=visibility), CHAPTER, URLS, NOBODY)
    for each in (document, create(document, URLS.actor(CHAPTER))):
        assert (each["to"], each["cc"]) == (to, cc)
    assert isinstance(document["tag"], list)


def test_a_local_event_never_becomes_a_document() -> None:
    with pytest.raises(ValueError, match="only for this server"):
        write_event(replace(EVENT, visibility=Visibility.LOCAL), CHAPTER, URLS, NOBODY)


@pytest.mark.parametrize(
    ("status", "ical", "fep"),
    [
        (EventStatus.SCHEDULED, "CONFIRMED", "EventScheduled"),
        (EventStatus.TENTATIVE, "TENTATIVE", "EventTentative"),
        (EventStatus.CANCELLED, "CANCELLED", "EventCancelled"),
        (EventStatus.POSTPONED, "TENTATIVE", "EventPostponed"),
        (EventStatus.RESCHEDULED, "CONFIRMED", "EventRescheduled"),
        (EventStatus.MOVED_ONLINE, "CONFIRMED", "EventMovedOnline"),
    ],
)
def test_old_and_new_status_agree(status: EventStatus, ical: str, fep: str) -> None:
    document = written(replace(EVENT, status=status))
    assert (document["status"], document["eventStatus"]) == (ical, fep)


@pytest.mark.parametrize(
    "change",
    [
        {"starts_at": datetime(2026, 9, 19, 16, tzinfo=UTC)},
        {"ends_at": datetime(2026, 9, 19, 19, tzinfo=UTC)},
        {"timezone": "America/Denver"},
        {"place": Place(id="another", name="Library")},
        {"status": EventStatus.CANCELLED},
        {"status": EventStatus.POSTPONED},
        {"cancel_reason": "storm", "status": EventStatus.CANCELLED},
    ],
)
def test_a_change_that_matters_changes_the_text_mastodon_compares(
    change: dict[str, object],
) -> None:
    assert written(replace(EVENT, **change))["summary"] != written(EVENT)["summary"]  # type: ignore[arg-type]


def test_a_cancelled_event_says_so_in_name_and_text() -> None:
    document = written(CANCELLED)
    assert str(document["name"]).startswith("Cancelled: ")
    assert str(document["summary"]).startswith("<p>Cancelled: storm &lt;warning&gt;<br>")
    assert read_event(document).event.cancelled


def test_a_rescheduled_event_names_its_previous_start() -> None:
    assert written(MOVED)["previousStartTime"] == "2026-09-18T10:00:00-05:00"


@every_kind
def test_where_nobody_is_asked_taking_part_happens_on_the_web(event: Event) -> None:
    document = written(event)
    assert document["joinMode"] == "external"
    assert document["externalParticipationUrl"] == document["id"]
    assert document["participantCount"] == document["attendees"]["totalItems"] == 0  # type: ignore[index]


def test_an_external_sign_up_is_named() -> None:
    outside = replace(EVENT, rsvp=RsvpMode.EXTERNAL, external_url="https://tickets.example/1")
    assert written(outside)["externalParticipationUrl"] == "https://tickets.example/1"


@pytest.mark.parametrize(("approval", "mode"), [(False, "free"), (True, "restricted")])
def test_where_it_is_asked_who_comes_a_join_is_welcome(approval: bool, mode: str) -> None:
    document = written(replace(ASKING, approval=approval))
    assert document["joinMode"] == mode
    assert document["anonymousParticipationEnabled"] is True
    assert "externalParticipationUrl" not in document


def test_the_numbers_are_people_with_their_guests_and_never_below_zero() -> None:
    tally = Tally(going=10, going_heads=12, attended=1, attended_heads=2, waitlist=7, maybe=3)
    document = write_event(ASKING, CHAPTER, URLS, tally)
    assert document["participantCount"] == document["attendees"]["totalItems"] == 14  # type: ignore[index]
    assert "items" not in document["attendees"]  # type: ignore[operator]
    assert document["maximumAttendeeCapacity"] == 40
    assert document["remainingAttendeeCapacity"] == 26
    over = write_event(replace(ASKING, capacity=5), CHAPTER, URLS, tally)
    assert over["remainingAttendeeCapacity"] == 0


def test_only_the_area_stands_in_an_event_whose_place_is_for_those_who_come() -> None:
    area = Place(id="area", name="Riverside, Springfield", point=Point(39.8, -89.0))
    document = written(replace(ASKING, place=area, place_shown=PlaceShown.TO_GOING))
    assert document["location"]["name"] == "Riverside, Springfield"  # type: ignore[index]
    assert "Riverside, Springfield (exact place after RSVP)" in str(document["summary"])


def test_the_first_publication_has_no_updated() -> None:
    assert "updated" not in written(EVENT)
    assert written(MOVED)["updated"] == "2026-09-05T00:00:00Z"


@every_kind
def test_actor_and_author_are_the_same_group_in_two_forms(event: Event) -> None:
    document = write_event(event, CHAPTER, URLS, NOBODY)
    chapter = "https://elm.example.org/chapter"
    assert document["actor"] == {"id": chapter, "type": "Group"}
    assert document["attributedTo"] == chapter
    assert create(document, chapter)["actor"] == chapter


@every_kind
def test_uuid_category_and_counters_are_what_mobilizon_can_store(event: Event) -> None:
    document = written(event)
    assert UUID(str(document["uuid"]))
    assert document["category"] == "COMMUNITY"
    if event.capacity is not None:
        assert document["maximumAttendeeCapacity"] == document["remainingAttendeeCapacity"] == 40


def test_our_own_event_reads_back() -> None:
    found = read_event(written(EVENT)).event
    assert found.name == EVENT.name
    assert (found.place_name, found.address) == ("Community Hall", "100 Main St, Springfield")
    assert (found.lat, found.lon) == (39.8017, -89.0)


def test_on_mastodon_the_event_reads_as_a_post() -> None:
    document = written(EVENT)
    shown = f"<p><strong>{document['name']}</strong></p>{document['summary']}{document['url']}"
    assert shown == (
        "<p><strong>Spring clean</strong></p>"
        "<p>🗓 Sat, Sep 19, 2026, 10:00 AM–1:00 PM CDT<br>"
        "📍 Community Hall, 100 Main St, Springfield</p>"
        "<p>Brooms are there. Bring gloves &amp; friends.</p>"
        "https://elm.example.org/events/0197c1b2-7a10-7cc2-9f5e-3d2b8a4e6c11"
    )


def test_whole_days_are_told_as_days_and_end_within_the_last_one() -> None:
    first = datetime(2026, 9, 19, 5, tzinfo=UTC)  # midnight in Chicago
    festival = replace(EVENT, all_day=True, starts_at=first, ends_at=first + timedelta(days=3))
    document = written(festival)
    assert document["startTime"] == "2026-09-19T00:00:00-05:00"
    assert document["endTime"] == "2026-09-21T23:59:59-05:00"
    assert "Sat, Sep 19, 2026 – Mon, Sep 21, 2026" in str(document["summary"])
    assert "Chicago" not in str(document["summary"])
