"""Plain text: what people type, cleaned and shortened.

Called by services and by the readers of foreign documents. HTML lives in `core.html`,
Markdown in `core.markdown`.
"""

import re
import unicodedata

from fedi_chapter.core.graphemes import cut
from fedi_chapter.core.names import ascii_host

HASHTAG = re.compile(r"(?<![\w/&])#(\w*[^\W\d_]\w*)")
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
_BIDI_CONTROLS = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F])


def one_line(text: str, limit: int) -> str:
    """Return `text` without control and direction characters, on one line, cut at `limit`."""
    kept = "".join(
        " " if character.isspace() else character
        for character in text.translate(_BIDI_CONTROLS)
        if character.isspace() or unicodedata.category(character) not in {"Cc", "Cs"}
    )
    return shorten(" ".join(kept.split()), limit)


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


def hashtags(text: str) -> tuple[str, ...]:
    """Return the hashtags in `text` without `#`, first spelling kept, each once."""
    found: dict[str, str] = {}
    for match in HASHTAG.finditer(text):
        found.setdefault(match[1].casefold(), match[1])
    return tuple(found.values())


def handles(text: str) -> tuple[tuple[str, str], ...]:
    """Return the fediverse handles in `text` as (name, host in plain ASCII), each once."""
    found = ((match[1], ascii_host(match[2])) for match in HANDLE.finditer(text))
    return tuple(dict.fromkeys((name, host) for name, host in found if host))
