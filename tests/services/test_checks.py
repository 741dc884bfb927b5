import contextlib
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedi_chapter.core.errors import FormInvalid
from fedi_chapter.services.checks import (
    LONGEST_TEXT,
    instant,
    language_tag,
    tags_of,
    text_of,
    web_address,
)

ATLANTA = ZoneInfo("America/New_York")


def test_a_time_without_an_offset_is_local() -> None:
    assert instant("2026-09-19T10:00", ATLANTA, "start") == datetime(2026, 9, 19, 14, tzinfo=UTC)
    assert instant("2026-12-19 10:00", ATLANTA, "start") == datetime(2026, 12, 19, 15, tzinfo=UTC)


def test_a_time_with_an_offset_is_that_instant() -> None:
    assert instant("2026-09-19T10:00Z", ATLANTA, "start").hour == 10
    assert instant("2026-09-19t10:00:30+02:00", ATLANTA, "start").hour == 8


def test_a_time_that_the_clocks_skip_is_refused_with_the_next_one_as_cure() -> None:
    with pytest.raises(FormInvalid) as refused:
        instant("2026-03-08T02:30", ATLANTA, "start")
    assert "2026-03-08T03:30" in (refused.value.cure or "")


def test_a_time_that_comes_twice_means_the_first() -> None:
    assert instant("2026-11-01T01:30", ATLANTA, "start") == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "tomorrow",
        "2026-09-19",
        "2026-02-30T10:00",
        "2026-09-19T25:00",
        "19/09/2026 10:00",
        "2026-W38-6T10:00",
        "0001-01-01T00:00-14:00",
        "9999-12-31T23:59-14:00",
        "2026-09-19T10:00+99:00",
        "２０２６-09-19T10:00",
    ],
)
def test_what_is_not_a_date_with_a_time_is_refused_with_a_cure(text: str) -> None:
    with pytest.raises(FormInvalid) as refused:
        instant(text, ATLANTA, "start")
    assert refused.value.cure


@given(st.text(max_size=40))
def test_any_text_is_an_instant_or_refused(text: str) -> None:
    with contextlib.suppress(FormInvalid):
        assert instant(text, ATLANTA, "start").tzinfo is UTC


@pytest.mark.parametrize(
    ("text", "tag"), [("en", "en"), ("EN", "en"), ("pt-BR", "pt-BR"), ("zh-Hant-TW", "zh-Hant-TW")]
)
def test_a_language_tag_is_taken(text: str, tag: str) -> None:
    assert language_tag(text) == tag


@pytest.mark.parametrize("text", ["", "e", "english", "en_US", "en-", "de-\n", "x" * 50])
def test_what_is_not_a_language_tag_is_refused(text: str) -> None:
    with pytest.raises(FormInvalid):
        language_tag(text)


@pytest.mark.parametrize(
    "text",
    [
        "javascript:alert(1)",
        "//meet.example",
        "meet.example",
        "https://",
        "https://me:pw@meet.example/",
        "https://meet.example/a b",
        "https://meet.example/\r\nX: y",
        "https://meet.example\\@evil.example",
        "https://[::1",
        "https://meet.example:99999/",
        "https://meet.example/" + "x" * 2_048,
    ],
)
def test_what_is_not_a_whole_web_address_is_refused(text: str) -> None:
    with pytest.raises(FormInvalid):
        web_address(text, "online address")


def test_tags_come_from_the_list_and_from_the_text_each_once() -> None:
    assert tags_of(("#Garden", "canvass"), "See #garden and #Spring") == (
        "Garden",
        "canvass",
        "Spring",
    )


@pytest.mark.parametrize("tag", ["", "two words", "a-b", "123", "<b>", "a#b"])
def test_what_can_not_be_a_tag_is_refused(tag: str) -> None:
    with pytest.raises(FormInvalid):
        tags_of((tag,), "")


def test_a_text_that_is_too_long_or_not_text_is_refused() -> None:
    with pytest.raises(FormInvalid):
        text_of("x" * (LONGEST_TEXT + 1), "text")
    with pytest.raises(FormInvalid):
        text_of("\ud800", "text")
    assert text_of("a\0b\r\nc", "text") == "ab\nc"
