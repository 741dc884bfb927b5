"""What a reply in plain words says about coming: the fifth dialect of RSVP.

Called by the handler of replies. The words are data (`locale/answers.LANGUAGE.toml`), all
languages are tried. Careful on purpose: a reply counts only when nothing else is in it, for a
comment must never become a promise. What looks like an answer but is not plain enough is
`Unsure`, and the chapter asks back; everything else is just a reply.
"""

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files

from fedi_chapter.core.html import plain

MOST_WORDS = 12
"""Longer texts are conversation: neither an answer nor a reason to ask back."""

LONGEST = 2_000
"""Characters of HTML, mentions and links included; what is longer is not looked into."""
FEW_WORDS = 6
"""In so short a text a single word such as "going" at either end may be meant as the answer."""


class Meaning(StrEnum):
    """What a reply means. The first four are the answers of `domain.rsvp`."""

    GOING = "going"
    MAYBE = "maybe"
    NO = "no"
    NONE = "none"
    MUTE = "mute"
    UNMUTE = "unmute"
    FORGET = "forget"
    UNSURE = "unsure"
    """It may be an answer, but not surely: ask back."""


@dataclass(frozen=True, slots=True)
class Words:
    """A reply that was understood; `guests` only with going."""

    meaning: Meaning
    guests: int = 0


@dataclass(frozen=True, slots=True)
class _Language:
    phrases: Mapping[tuple[str, ...], Meaning]
    courtesies: frozenset[tuple[str, ...]]
    plus: frozenset[tuple[str, ...]]
    guests: frozenset[tuple[str, ...]]
    numbers: Mapping[str, int]


def read_reply(html: str) -> Words | None:
    """Return what a reply says about coming, None when it is just a reply."""
    if len(html) > LONGEST:
        return None
    text = plain(html)
    if "?" in text or "¿" in text:
        return None
    words = _words(text)
    if not 0 < len(words) <= MOST_WORDS:
        return None
    readings = {found for language in _languages() if (found := _read(words, language))}
    sure = {found for found in readings if found.meaning is not Meaning.UNSURE}
    if len(sure) == 1:
        return sure.pop()
    return Words(Meaning.UNSURE) if readings else None


def _read(words: tuple[str, ...], language: _Language) -> Words | None:
    rest, guests = _without_guests(words, language)
    rest = _without_courtesies(rest, language)
    meaning = language.phrases.get(rest) or language.phrases.get(words)
    if meaning is None and not rest and guests:
        meaning = Meaning.GOING  # "+2" alone: the writer and two more
    if meaning is Meaning.GOING:
        return Words(meaning, guests)
    if meaning is not None:
        return Words(meaning) if not guests else Words(Meaning.UNSURE)
    return Words(Meaning.UNSURE) if _smells_of_an_answer(rest, language) else None


def _smells_of_an_answer(words: tuple[str, ...], language: _Language) -> bool:
    """Tell whether a phrase stands at either end; one word alone only of a short text."""
    return any(
        phrase in (words[: len(phrase)], words[-len(phrase) :])
        for phrase in language.phrases
        if len(phrase) > 1 or len(words) <= FEW_WORDS
    )


def _without_guests(words: tuple[str, ...], language: _Language) -> tuple[tuple[str, ...], int]:
    """Take "+2", "plus two" or "and 2 friends" out, and return how many that is."""
    for start, word in enumerate(words):
        before, number = words[:start], word
        if word.startswith("+") and word[1:].isdecimal():
            number = word[1:]
        else:
            cut = next(
                (size for size in (2, 1) if before[len(before) - size :] in language.plus), 0
            )
            if not cut:
                continue
            before = before[:-cut]
        count = int(number) if number.isdecimal() else language.numbers.get(number, 0)
        after = words[start + 1 :]
        named = next((size for size in (2, 1) if after[:size] in language.guests), 0)
        is_plain = word.startswith("+") or number.isdecimal() or named
        if 0 < count < 100 and is_plain:
            return before + after[named:], count
    return words, 0


def _without_courtesies(words: tuple[str, ...], language: _Language) -> tuple[str, ...]:
    shortened = True
    while shortened and words:
        shortened = False
        for size in (4, 3, 2, 1):
            # A phrase that is an answer by itself is no courtesy ("im in" is not "im" and "in").
            if words in language.phrases:
                return words
            if len(words) > size and words[:size] in language.courtesies:
                words, shortened = words[size:], True
            elif len(words) > size and words[-size:] in language.courtesies:
                words, shortened = words[:-size], True
    return () if words in language.courtesies else words


def _words(text: str) -> tuple[str, ...]:
    """Return lower-case words without accents, mentions, tags, links, emoji and punctuation."""
    text = re.sub(r"(?:https?://|[@#])\S+", " ", text)
    folded = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(each for each in folded if not unicodedata.combining(each))
    bare = re.sub(r"['’`]", "", bare)
    bare = re.sub(r"\+\s*(\d)", r" +\1", bare)
    return tuple(re.findall(r"\+?\w+", bare))


@cache
def _languages() -> tuple[_Language, ...]:
    return tuple(_loaded())


def _loaded() -> Iterator[_Language]:
    for file in sorted(files("fedi_chapter").joinpath("locale").iterdir(), key=lambda f: f.name):
        if not (file.name.startswith("answers.") and file.name.endswith(".toml")):
            continue
        data = tomllib.loads(file.read_text(encoding="utf-8"))
        meanings = [each for each in Meaning if each is not Meaning.UNSURE]
        yield _Language(
            phrases={split: each for each in meanings for split in _split(data[each.value])},
            courtesies=frozenset(_split(data["courtesies"])),
            plus=frozenset(_split(data["plus"])),
            guests=frozenset(_split(data["guests"])),
            numbers=data["numbers"],
        )


def _split(phrases: Sequence[str]) -> Iterator[tuple[str, ...]]:
    return (tuple(phrase.split()) for phrase in phrases)
