"""Plain text: what people type, cleaned and shortened.

Called by services and by the readers of foreign documents. HTML lives in `core.html`,
Markdown in `core.markdown`.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from fedi_chapter.core.graphemes import cut
from fedi_chapter.core.names import ascii_host

_ENDS_NAME = (
    r"\x00-\x2c\x2e\x2f\x3a-\x40\x5b-\x60\x7b-\xbf\u060c\u061b\u061f\u0964\u0965"
    r"\u2000-\u206f\u3000-\u303f\uff00-\uff0f\uff1a-\uff20"
)
"""Characters that stand in no label of a host's name: spaces, and punctuation but the hyphen."""
_LABEL = rf"[^{_ENDS_NAME}-](?:[^{_ENDS_NAME}]*[^{_ENDS_NAME}-])?"
HANDLE = re.compile(
    r"(?<![\w@/])@([A-Za-z0-9_]+(?:[.-][A-Za-z0-9_]+)*)"
    rf"@({_LABEL}(?:\.{_LABEL})*(?::[0-9]{{1,5}})?)"
)
_HASH = re.compile("[#\uff03]")
"""Keyboards for Japanese write the second one, as wide as a letter of theirs."""
_TAG_JOINTS = "·・\u200c\u200d"
"""What may stand inside a hashtag, between letters: the Catalan and the Japanese dot, and the
joiners that Persian and the scripts of India are written with."""
_BIDI_CONTROLS = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F])

_TURNS = {*_BIDI_CONTROLS, 0x061C}


def one_line(text: str, limit: int) -> str:
    """Return `text` without control and direction characters, on one line, cut at `limit`."""
    kept = "".join(
        " " if character.isspace() else character
        for character in text.translate(_BIDI_CONTROLS)
        if character.isspace() or unicodedata.category(character) not in {"Cc", "Cs"}
    )
    return shorten(" ".join(kept.split()), limit)


def visible(text: str, keep: str = "") -> str:
    """Return `text` as a terminal may get it.

    What would end a line, move the cursor, colour or turn the text around is spelled out, but for
    the characters in `keep`. Joiners stay: names and emoji are written with them.
    """
    if text.isprintable():
        return text
    return "".join(_spelled(each) if each not in keep and _acts(each) else each for each in text)


def _acts(character: str) -> bool:
    kinds = {"Cc", "Cs", "Zl", "Zp"}
    return ord(character) in _TURNS or unicodedata.category(character) in kinds


def _spelled(character: str) -> str:
    return character.encode("unicode_escape", "surrogatepass").decode()


def shorten(text: str, limit: int) -> str:
    """Return `text`, cut at a word's end with an ellipsis when longer than `limit` characters."""
    if len(text) <= limit:
        return text
    begun = cut(text, limit - 1)
    head, _, _ = begun.rpartition(" ")
    return (head if len(head) > limit // 2 else begun).rstrip(" ,.;:–-") + "…"


def unbracketed(text: str) -> str:
    """Return a name without `<` and `>`, which other servers take for HTML, as like as can be."""
    return text.replace("<", "‹").replace(">", "›")


@dataclass(frozen=True, slots=True)
class Hashtag:
    """A hashtag in a text: its name without `#`, composed (NFC), and where it begins and ends."""

    name: str
    start: int
    end: int


def find_hashtags(text: str) -> Iterator[Hashtag]:
    """Yield the hashtags in `text`.

    One is made of letters, marks, digits, `_` and joints between them, as Mastodon reads it, with
    a letter among them. What stands right behind a letter, or in an address, is none.
    """
    end = 0
    while sign := _HASH.search(text, end):
        start, end = sign.span()
        if start and (text[start - 1] in "/&=" or _is_of_word(text[start - 1])):
            continue
        if not _begins_word(text[end : end + 1]):
            continue
        while end < len(text) and (_is_of_word(text[end]) or text[end] in _TAG_JOINTS):
            end += 1
        word = text[start + 1 : end].rstrip(_TAG_JOINTS)
        end = start + 1 + len(word)
        if any(character.isalpha() for character in word):
            yield Hashtag(unicodedata.normalize("NFC", word), start, end)


def _begins_word(character: str) -> bool:
    return character.isalnum() or character == "_"


def _is_of_word(character: str) -> bool:
    return _begins_word(character) or unicodedata.category(character).startswith("M")


def hashtags(text: str) -> tuple[str, ...]:
    """Return the hashtags in `text` without `#`, first spelling kept, each once."""
    found: dict[str, str] = {}
    for tag in find_hashtags(text):
        found.setdefault(fold_tag(tag.name), tag.name)
    return tuple(found.values())


def fold_tag(name: str) -> str:
    """Return the one spelling by which a hashtag is found, whatever its case and composition."""
    composed = unicodedata.normalize("NFC", name)
    return unicodedata.normalize("NFC", composed.casefold())


def handles(text: str) -> tuple[tuple[str, str], ...]:
    """Return the fediverse handles in `text` as (name, host in plain ASCII), each once."""
    found = ((match[1], ascii_host(match[2])) for match in HANDLE.finditer(text))
    return tuple(dict.fromkeys((name, host) for name, host in found if host))
