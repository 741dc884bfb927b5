"""Events as each kind of server writes them, and answers to what we said about them.

The documents are made here, after the shapes those servers are known to send.
"""

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest

from fedi_chapter.core.errors import BadDocument
from fedi_chapter.domain.neighbour import NeighbourEvent
from fedi_chapter.vocab import activities as act
from fedi_chapter.vocab.events import LONGEST_TAG, MOST_TAGS, read_event
from fedi_chapter.vocab.read import read_activity
from fedi_chapter.vocab.shape import LONGEST_HTML, parse

HOST = "https://there.example"
URI = f"{HOST}/events/1"
US = "https://elm.example.org/chapter"
SAID = "https://elm.example.org/attendances/0197c1b2-7a10-7cc2-9f5e-000000000009"


def read(**members: Any) -> NeighbourEvent:
    document = {
        "id": URI,
        "type": "Event",
        "attributedTo": f"{HOST}/hall",
        "name": "Plant swap",
        "startTime": "2026-10-03T14:00:00+02:00",
        **members,
    }
    return read_event(parse(json.dumps(document).encode())).event


# -- how each server writes its events -------------------------------------------------------


def test_wordpress_sends_everybody_to_its_own_page() -> None:
    found = read(
        location={
            "type": "Place",
            "name": "Library",
            "address": {"type": "PostalAddress", "addressLocality": "Graz"},
        },
        contentMap={"de": "<p>Alle sind willkommen.</p>"},
        summary="<p>3. Oktober, Library</p>",
        category="MEETING",
        joinMode="external",
        externalParticipationUrl=f"{HOST}/pflanzen",
        status="CONFIRMED",
    )
    assert (found.join_mode, found.sign_up_url) == ("external", f"{HOST}/pflanzen")
    assert found.html == "<p>Alle sind willkommen.</p>"
    assert (found.place_name, found.address) == ("Library", "Graz")
    assert not found.takes_rsvp


def test_mobilizon_takes_who_comes_itself() -> None:
    found = read(joinMode="restricted", category="arts", draft=False, participantCount=3)
    assert found.join_mode == "restricted"
    assert found.takes_rsvp
    assert found.sign_up_url is None


def test_gancio_names_a_place_beside_the_web_and_no_way_to_sign_up() -> None:
    found = read(
        location=[
            {"type": "Place", "name": "Cellar", "address": "Long Lane 3", "latitude": 47},
            {"type": "VirtualLocation", "url": f"{HOST}/stream"},
        ],
        attachment=[{"type": "Document", "mediaType": "image/jpeg", "url": f"{HOST}/a.jpg"}],
        endTime=None,
    )
    assert (found.place_name, found.address) == ("Cellar", "Long Lane 3")
    assert (found.lat, found.lon) == (None, None)
    assert found.online_url == f"{HOST}/stream"
    assert found.join_mode is None


def test_friendica_and_hubzilla_may_send_nothing_but_bbcode_and_coordinates_as_text() -> None:
    found = read(
        name=None,
        summary="Choir",
        location={"type": "Place", "content": "Chapel", "latitude": "48.2", "longitude": "16.3"},
        source={"mediaType": "text/bbcode", "content": "[b]Sing[/b] with us"},
        startTime="2026-10-03T12:00:00Z",
    )
    assert (found.name, found.place_name) == ("Choir", "Chapel")
    assert (found.lat, found.lon) == (48.2, 16.3)
    assert found.html == "<p>Sing with us</p>"


def test_everycal_calls_the_zone_by_another_name_and_writes_whole_days() -> None:
    found = read(startTime="2026-10-03", endTime="2026-10-03", eventTimezone="Europe/Vienna")
    assert found.all_day
    assert found.starts_at == datetime(2026, 10, 2, 22, tzinfo=UTC)
    assert found.ends_at == datetime(2026, 10, 3, 22, tzinfo=UTC)


def test_pavillion_names_everything_in_maps_of_languages() -> None:
    found = read(
        name=None,
        nameMap={"fr": "Bal", "en": "Ball"},
        content=None,
        contentMap={"fr": "<p>Dansez!</p>"},
        eventStatus="EventRescheduled",
    )
    assert (found.name, found.html, found.cancelled) == ("Bal", "<p>Dansez!</p>", False)


def test_fep_8a8e_allows_a_mail_address_to_sign_up_and_nothing_worse() -> None:
    mail = "mailto:hall@there.example"
    assert read(joinMode="external", externalParticipationUrl=mail).sign_up_url == mail
    for worse in ("javascript:alert(1)", "mailto:a b", "mailto:" + "x" * 400, 5, {}, None):
        assert read(externalParticipationUrl=worse).sign_up_url is None


def test_whoever_organizes_is_the_author_where_nobody_else_is_named() -> None:
    circle = [f"{HOST}/circle", "https://else.example/club"]
    whole, paged = {"items": circle}, {"first": {"orderedItems": [{"id": each} for each in circle]}}
    for organizers in (whole, paged):
        assert read(attributedTo=None, organizers=organizers).actor_uri == f"{HOST}/circle"


def test_coordinates_may_be_nested_and_a_virtual_place_may_stand_in_an_address() -> None:
    nested = {"type": "GeoCoordinates", "latitude": "1.5", "longitude": 2}
    online = {"type": "VirtualLocation", "url": f"{HOST}/meet"}
    found = read(location={"type": "Place", "name": "X", "sc:geo": nested, "address": online})
    assert (found.lat, found.lon, found.online_url) == (1.5, 2.0, f"{HOST}/meet")


@pytest.mark.parametrize("mode", ["none", "invite", "external", "NONE"])
def test_what_the_event_says_about_signing_up_is_kept_in_small_letters(mode: str) -> None:
    assert read(joinMode=mode).join_mode == mode.lower()


@pytest.mark.parametrize("mode", ["dance", "", None, 5, ["free"], {"id": "free"}])
def test_a_way_to_sign_up_that_nobody_knows_is_none(mode: object) -> None:
    assert read(joinMode=mode).join_mode is None


def test_an_event_without_an_end_counts_as_over_after_two_hours() -> None:
    assert read().over_at == datetime(2026, 10, 3, 14, tzinfo=UTC)
    assert read(endTime="2026-10-03T19:00:00Z").over_at == datetime(2026, 10, 3, 19, tzinfo=UTC)


# -- hostile ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "members",
    [
        {"id": f"{HOST}@evil.example/events/1"},
        {"id": "https://evil.example/events/1"},
        {"attributedTo": ["https://evil.example/x", {"type": "Person"}], "actor": None},
        {"name": {"en": "x"}, "summary": [7]},
        {"startTime": ["2026-10-03T14:00:00Z"]},
        {"startTime": {"@value": "2026-10-03T14:00:00Z"}},
        {"startTime": "2026-10-03T24:61:00Z"},
    ],
)
def test_what_can_not_be_an_event_is_refused_with_a_reason(members: dict[str, Any]) -> None:
    with pytest.raises(BadDocument) as refused:
        read(**members)
    assert str(refused.value)


def test_a_huge_event_is_cut_to_what_can_be_shown() -> None:
    found = read(
        name="n" * 50_000,
        content="<p>" + "c" * 500_000,
        location={"type": "Place", "name": "p" * 50_000, "address": "a" * 50_000},
        attachment=[{"type": "Link", "href": f"{HOST}/{number}"} for number in range(5_000)],
        to=[f"{HOST}/{number}" for number in range(5_000)],
    )
    assert len(found.name) <= 200
    assert len(found.html) == LONGEST_HTML
    assert len(found.place_name or "") <= 200
    assert len(found.address or "") <= 300
    assert found.online_url == f"{HOST}/0"


@pytest.mark.parametrize("junk", [None, 0, True, "", "x", [], [[]], {}, {"id": 5}, [{"id": None}]])
@pytest.mark.parametrize(
    "member",
    [
        *("attachment", "attributedTo", "actor", "cc", "content", "contentMap", "displayEndTime"),
        *("endTime", "eventStatus", "externalParticipationUrl", "joinMode", "location", "name"),
        *("nameMap", "published", "source", "startTime", "status", "summary", "timezone", "to"),
        *("type", "updated", "url"),
    ],
)
def test_junk_in_any_place_is_read_around_or_refused_and_nothing_else(
    member: str, junk: object
) -> None:
    with suppress(BadDocument):
        assert read(**{member: junk}).uri == URI


# -- answers to what we said -------------------------------------------------------------------


def received(verb: str, thing: object) -> act.Activity:
    document = {"id": f"{HOST}/1", "type": verb, "actor": f"{HOST}/hall", "object": thing}
    return read_activity(json.dumps(document).encode())


@pytest.mark.parametrize("verb", ["Accept", "Reject", "Ignore"])
@pytest.mark.parametrize("said_as", ["Join", "Accept", "TentativeAccept"])
def test_an_answer_names_what_we_said_of_which_event(verb: str, said_as: str) -> None:
    inner = {"id": SAID, "type": said_as, "actor": {"id": US}, "object": {"id": URI}}
    found = received(verb, inner)
    assert isinstance(found, act.AttendanceAnswer)
    assert (found.answer, found.said_id, found.said_as) == (verb, SAID, said_as)
    assert (found.attendee, found.event) == (US, URI)


def test_an_ignore_of_a_bare_id_is_matched_by_it() -> None:
    found = received("Ignore", SAID)
    assert isinstance(found, act.AttendanceAnswer)
    assert (found.answer, found.said_id, found.said_as) == ("Ignore", SAID, None)


def test_an_ignore_of_something_else_is_none_of_our_business() -> None:
    assert isinstance(received("Ignore", {"id": SAID, "type": "Follow"}), act.Other)


def test_an_invitation_into_a_group_is_none_of_our_business() -> None:
    assert isinstance(received("Invite", f"{HOST}/group"), act.Other)
    assert isinstance(received("Invite", {"id": f"{HOST}/group", "type": "Group"}), act.Other)


def test_an_invitation_to_an_event_of_the_inviting_is_that_event() -> None:
    event = {
        "id": URI,
        "type": "Event",
        "attributedTo": f"{HOST}/hall",
        "name": "Choir",
        "startTime": "2026-10-03T12:00:00Z",
    }
    assert isinstance(received("Invite", event), act.CreateEvent)
    others = {**event, "id": "https://else.example/events/1"}
    assert isinstance(received("Invite", others), act.CreateByReference)


# -- tags and pictures -----------------------------------------------------------------------


def tagged(*names: object) -> tuple[str, ...]:
    return read(tag=[{"type": "Hashtag", "name": name} for name in names]).tags


def test_tags_are_read_whole_or_not_at_all_and_each_once() -> None:
    assert tagged("#Repair", "repair", "cafe\u0301", "#col·lectiu") == (
        "Repair",
        "café",
        "col·lectiu",
    )
    assert tagged("#two words", "#", "", "2026", "#<b>x", None, 7) == ()
    assert read(tag=[{"type": "Mention", "name": "#hall"}, "#text", None]).tags == ()


def test_tags_are_bounded_in_number_and_length() -> None:
    assert len(tagged(*(f"#tag{number}" for number in range(900)))) == MOST_TAGS
    assert tagged(f"#{'x' * LONGEST_TAG}", f"#{'y' * (LONGEST_TAG + 1)}", "z" * 9_000) == (
        "x" * LONGEST_TAG,
    )


def test_the_picture_is_the_events_image_or_the_first_one_attached() -> None:
    banner = {"type": "Image", "url": f"{HOST}/a.jpg", "summary": "A hall"}
    film = {"type": "Document", "mediaType": "video/mp4", "url": f"{HOST}/b.mp4"}
    first = {"type": "Document", "mediaType": "image/png", "url": f"{HOST}/c.png", "name": "Us"}
    found = read(image=banner, attachment=[first])
    assert (found.picture_url, found.picture_alt) == (f"{HOST}/a.jpg", "A hall")
    found = read(attachment=[film, first])
    assert (found.picture_url, found.picture_alt) == (f"{HOST}/c.png", "Us")
    assert read(image=f"{HOST}/a.jpg").picture_url == f"{HOST}/a.jpg"
    assert read(image={"url": f"{HOST}/a.jpg"}).picture_url == f"{HOST}/a.jpg"
    assert read(image=7, attachment=[film, "x"]).picture_url is None
