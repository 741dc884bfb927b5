"""The small readers, and what counts as an id, an address or an instant."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedi_chapter.vocab import shape
from fedi_chapter.vocab.activities import PUBLIC

NOON = datetime(2026, 9, 19, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-09-19T12:00:00Z",
        "2026-09-19T12:00Z",
        "2026-09-19t12:00:00z",
        "2026-09-19T12:00:00.000000000Z",
        "2026-09-19T14:00:00+02:00",
        "2026-09-19T14:00:00+0200",
        "2026-09-19 12:00",
        "2026-09-19T12:00:00",
    ],
)
def test_an_instant_is_read_in_every_form_it_is_written_in(text: str) -> None:
    assert shape.instant_of(text) == NOON


def test_a_local_time_is_read_in_its_zone() -> None:
    assert shape.instant_of("2026-09-19T14:00", ZoneInfo("Europe/Berlin")) == NOON
    assert shape.instant_of("2026-01-19T13:00", ZoneInfo("Europe/Berlin")) == NOON.replace(month=1)


def test_a_bare_date_is_midnight_in_its_zone() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    assert shape.instant_of("2026-09-19", berlin) == datetime(2026, 9, 18, 22, tzinfo=UTC)
    assert shape.is_date_only("2026-09-19")
    assert not shape.is_date_only("2026-09-19T00:00")


@pytest.mark.parametrize(
    "text",
    [
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "2026-02-30T10:00:00Z",
        "2026-09-19T12:00:60Z",
        "2026-09-19T25:00:00Z",
        "2026-09-19T12:00:00+99:00",
        "2026-W01-1",
        "20260919",
        "yesterday",
        "",
        None,
        1_789_000_000,
        ["2026-09-19T12:00:00Z"],
        "２０２６-09-19T12:00:00Z",
    ],
)
def test_what_is_no_instant_in_range_is_none(text: object) -> None:
    assert shape.instant_of(text) is None


@given(st.datetimes(timezones=st.timezones()), st.timezones())
def test_no_date_overflows(at: datetime, zone: ZoneInfo) -> None:
    for text in (at.isoformat(), at.replace(tzinfo=None).isoformat()):
        found = shape.instant_of(text, zone)
        assert found is None or found.utcoffset() == UTC.utcoffset(None)


@pytest.mark.parametrize(
    "uri",
    [
        "https://social.example/users/ana",
        "https://microblog.example",
        "https://social.example/users/ana#likes/1",
        "http://127.0.0.1:8001/chapter",
        "http://[::1]:8001/chapter",
        "https://gancio.example/federation/m/https://other.example/federation/u/relay#follow",
        "https://wordpress.example/日本/",
    ],
)
def test_an_id_is_kept_to_the_letter(uri: str) -> None:
    assert shape.id_of(uri) == shape.id_of({"id": uri}) == uri


@pytest.mark.parametrize(
    "value",
    [
        "",
        "tag:social.example,2020:1",
        "javascript:alert(1)",
        "ftp://social.example/1",
        "//social.example/1",
        "https://ana:secret@social.example/1",
        "https://social.example\\@evil.example/1",
        "https://evil.example%2F.social.example/1",
        "https://sociаl.example/1",
        "https://social.example/a b",
        "https://social.example/\n1",
        "https://social.example/\x00",
        "https://social.example/" + "a" * 2_048,
        {"id": None},
        {"id": ["https://social.example/1"]},
        5,
        True,
        None,
        ["https://social.example/1"],
    ],
)
def test_what_is_no_plain_web_address_is_no_id(value: object) -> None:
    assert shape.id_of(value) is None


def test_ids_come_from_strings_objects_and_lists_each_once() -> None:
    value = ["as:Public", {"id": "https://a.example/1"}, "https://a.example/1", None, 4, "Public"]
    assert shape.ids_of(value) == (PUBLIC, "https://a.example/1")
    assert shape.ids_of("https://a.example/1") == ("https://a.example/1",)
    assert shape.ids_of(None) == ()


@pytest.mark.parametrize(
    "uri",
    [
        "https://social.example/2",
        "https://SOCIAL.example/2",
        "https://social.example:443/2",
        "https://social.example./2",
        "https://social.example.:443",
        "http://social.example:80/2",
    ],
)
def test_one_host_has_one_spelling(uri: str) -> None:
    assert shape.same_host("https://social.example/1", uri)


def test_ports_and_subdomains_are_other_hosts() -> None:
    for other in ("https://social.example:8443/", "https://a.social.example/", "no address", ""):
        assert not shape.same_host("https://social.example/1", other)
    assert not shape.same_host("", "")


def test_the_page_comes_first_among_many_links() -> None:
    links = [
        {"type": "Link", "mediaType": "video/mp4", "href": "https://a.example/1.mp4"},
        {"type": "Link", "mediaType": "text/html", "href": "https://a.example/w/1"},
    ]
    assert shape.link_of(links) == "https://a.example/w/1"
    assert shape.link_of({"type": "Image", "url": "https://a.example/i.png"}) is not None
    assert shape.link_of([None, 4, "javascript:alert(1)"]) is None


def test_a_text_map_stands_in_for_a_missing_text() -> None:
    assert shape.text_of({"nameMap": {"de": "Hallo"}}, "name") == "Hallo"
    assert shape.text_of({"name": None, "nameMap": None}, "name") == ""
    assert shape.language_of({"contentMap": {"pt-BR": "Oi"}}) == "pt-BR"
    assert shape.language_of({"contentMap": {"und": "Oi"}}) is None
    assert shape.language_of({"inLanguage": {"identifier": "fr", "name": "Français"}}) == "fr"


def test_a_name_is_one_line_without_controls() -> None:
    assert shape.line_of({"name": "A\n\u202eB\x07" + "́" * 5_000}, "name", 50).startswith("A B")
    assert len(shape.line_of({"name": "x" * 5_000}, "name", 50)) <= 50


@pytest.mark.parametrize(
    ("value", "number"),
    [("52.5", 52.5), (" -0.1 ", -0.1), (52, 52.0), (True, None), ("nan", None), ([1], None)],
)
def test_numbers_may_come_as_text(value: object, number: float | None) -> None:
    assert shape.number_of(value) == number
