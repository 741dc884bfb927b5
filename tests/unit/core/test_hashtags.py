"""What counts as a hashtag, in every script that people write here in."""

import unicodedata

import pytest

from fedi_chapter.core.text import find_hashtags, fold_tag, hashtags

WHOLE = [
    "garden",
    "हिन्दी",
    "தமிழ்",
    "বাংলা",
    "ไทยน้ำ",
    "col·lectiu",
    "マイク・ブック",
    "می\u200cخواهم",
    "ශ්\u200dරී",
    "עִבְרִית",
    "snake_case",
    "2026is",
    "_under",
    "café",
    "Ünïcode9",
]


@pytest.mark.parametrize("tag", WHOLE)
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_tag_is_whole_and_composed_in_every_script(tag: str, form: str) -> None:
    written = unicodedata.normalize(form, tag)  # type: ignore[arg-type]
    composed = unicodedata.normalize("NFC", tag)
    for text in (
        f"#{written}",
        f"Come to #{written}!",
        f"(#{written})",
        f"#{written}, #{written}.",
    ):
        assert hashtags(text) == (composed,)
        assert all(text[each.start : each.end] == f"#{written}" for each in find_hashtags(text))


@pytest.mark.parametrize(
    "text",
    [
        "#",
        "# heading",
        "#1",
        "#2026",
        "#1️⃣",
        "#️⃣",
        "#·x",
        "#\u200dx",
        "#_",
        "a#b",
        "é#b",
        unicodedata.normalize("NFD", "é") + "#b",
        "https://x.example/#b",
        "https://x.example/?z=#b",
        "&#b;",
        "##",
        "#🏳️\u200d🌈",
    ],
)
def test_what_is_no_tag(text: str) -> None:
    assert hashtags(text) == ()


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("#a·", ("a",)),
        ("#a··b", ("a··b",)),
        ("#a\u200d", ("a",)),
        ("#love❤️", ("love",)),
        ("#pride🏳️\u200d🌈", ("pride",)),
        ("#a-b", ("a",)),
        ("#a#b", ("a",)),
        ("#a #b", ("a", "b")),
        ("· #a", ("a",)),
        ("·#a", ("a",)),
        ("#Café #CAFE\u0301 #cafe", ("Café", "cafe")),
    ],
)
def test_where_a_tag_ends(text: str, tags: tuple[str, ...]) -> None:
    assert hashtags(text) == tags


def test_a_tag_is_found_in_any_case_and_composition() -> None:
    spellings = ("Übung", "üBUNG", unicodedata.normalize("NFD", "ÜBUNG"))
    assert {fold_tag(each) for each in spellings} == {"übung"}


def test_a_long_text_of_number_signs_is_read_once() -> None:
    assert hashtags("#" * 100_000 + "a") == ("a",)


def test_a_hash_as_wide_as_a_japanese_letter_begins_a_tag() -> None:
    assert hashtags("\uff03茶会 と\uff03庭、 a\uff03b #茶会 \uff03") == ("茶会",)
    assert hashtags("茶会 \uff03庭、\uff03茶") == ("庭", "茶")
