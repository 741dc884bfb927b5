"""Characters as people see them: what one press of the arrow key passes over (UAX #29).

Called by `core.text` and by the checks of names. An emoji family, a letter with its accents and
a flag are one each. Of the rules those are left out that only join Indic consonants: there a
conjunct counts as its letters.
"""

import unicodedata
from collections.abc import Iterator

_ZWJ = "\u200d"
_MARKS = frozenset({"Mn", "Me", "Mc"})
_JOINED = (
    (0x200C, 0x200D),  # joiners
    (0x1160, 0x11FF),  # vowels and final consonants of Hangul
    (0xFF9E, 0xFF9F),  # voiced marks of narrow Katakana
    (0x1F3FB, 0x1F3FF),  # skin tones
    (0xE0020, 0xE007F),  # tags of a flag
)
_FLAG = range(0x1F1E6, 0x1F200)
# Letters and symbols that are blank: fillers of Hangul, a Braille cell without dots, a note
# without a head, two empty squares of hieroglyphs, and what stands for an object that is not there.
_BLANK = frozenset("\u115f\u1160\u3164\uffa0\u2800\U0001d159\U00013441\U00013442\ufffc")
_PICTURES = (range(0x1F000, 0x1FB00), range(0x1FC00, 0x1FFFE))
"""Kept for emoji (UTS 51, Extended_Pictographic): phones have new ones before Python knows them."""


LONGEST = 32
"""Code points of one character at most: a letter under a thousand marks is many (UAX #15 §13)."""


def graphemes(text: str) -> Iterator[str]:
    """Yield the characters of `text` as people see them; together they are the text."""
    cluster = ""
    for character in text:
        if cluster and _belongs(cluster, character):
            cluster += character
            continue
        if cluster:
            yield cluster
        cluster = character
    if cluster:
        yield cluster


def length(text: str) -> int:
    """Return how many characters people see."""
    return sum(1 for _ in graphemes(text))


def cut(text: str, most: int) -> str:
    """Return as much of the beginning as fits in `most` code points and cuts no character apart."""
    if len(text) <= most:
        return text
    end = 0
    for cluster in graphemes(text[: most + 1]):
        if end + len(cluster) > most:
            break
        end += len(cluster)
    return text[:end]


def is_visible(text: str) -> bool:
    """Tell whether there is anything to see: a letter, digit, sign or picture."""
    return any(
        (unicodedata.category(character)[0] in "LNPS" and character not in _BLANK)
        or _is_new_picture(character)
        for character in text
    )


def _is_new_picture(character: str) -> bool:
    """Tell whether it is an emoji that this Python does not know yet."""
    if unicodedata.category(character) != "Cn":
        return False
    return any(ord(character) in pictures for pictures in _PICTURES)


def _belongs(cluster: str, character: str) -> bool:
    """Tell whether a code point is part of the character that a cluster began."""
    last, point = cluster[-1], ord(character)
    if len(cluster) >= LONGEST:
        return False
    if last in "\r\n" or unicodedata.category(last) == "Cc":
        return False
    if unicodedata.category(character) in _MARKS:
        return True
    if any(first <= point <= end for first, end in _JOINED):
        return True
    if last == _ZWJ:
        return unicodedata.category(character) == "So" or _is_new_picture(character)
    return point in _FLAG and len(cluster) == 1 and ord(last) in _FLAG
