"""Characters counted as people see them, and what has nothing to see."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedi_chapter.core.graphemes import cut, graphemes, is_visible, length
from fedi_chapter.core.text import one_line

FAMILY = "👨‍👩‍👧‍👦"


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("", 0),
        ("茶会", 2),
        ("I <3 pie", 8),
        (FAMILY * 40, 40),
        ("cafe\u0301", 4),
        ("🇩🇪🇫🇷", 2),
        ("👍🏽👍", 2),
        ("🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", 1),
        ("1\ufe0f\u20e3", 1),
        ("\u1112\u1161\u11ab", 1),
        ("한글", 2),
        ("❤️‍🔥", 1),
        ("🧑🏿‍🚀", 1),
        ("🫨", 1),
        ("🧑\u200d🫩", 1),
        ("नमस्ते", 4),
        ("a\r\nb", 4),
        ("e" + "\u0301" * 63, 2),
    ],
)
def test_characters_are_counted_as_people_see_them(text: str, seen: int) -> None:
    assert length(text) == seen


@pytest.mark.parametrize("text", ["茶", "!", "<3", "١", "🎉", "𓀀", "é", "—", "\u200bA"])
def test_a_letter_a_digit_a_sign_and_a_picture_can_be_seen(text: str) -> None:
    assert is_visible(text)


@pytest.mark.parametrize("text", ["🫨", "🪿", "🫩", "\U0001faff", "\U0001fffd"])
def test_an_emoji_newer_than_this_python_can_be_seen(text: str) -> None:
    assert is_visible(text)


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "\u200b\u200d", "\u3164", "\uffa0", "\u115f\u1160", "\u2800", "\u0301"),
        *("\u00ad", "\u2060", "\ufe0f", "\u180e", "\U000e0041", "\u202e", "\ue000", "\ufffc"),
        *("\U00013441\U00013442", "\ufdd0", "\U0001ffff", "\U000e0100", "\u0378"),
    ],
)
def test_blank_letters_and_signs_without_width_can_not(text: str) -> None:
    assert not is_visible(text)


@given(st.text(max_size=40), st.integers(0, 40))
def test_a_cut_text_is_its_own_beginning_and_whole_characters(text: str, most: int) -> None:
    short = cut(text, most)
    assert text.startswith(short)
    assert len(short) <= most
    parts = list(graphemes(text))
    assert "".join(parts) == text
    assert list(graphemes(short)) == parts[: length(short)]


def test_what_is_shortened_cuts_no_family_apart() -> None:
    assert one_line(FAMILY * 3, 16) == f"{FAMILY * 2}…"
