"""Foreign markup taken apart in one pass: texts and tags, in their order.

Called by `core.html` alone. Every step moves on in the text and none goes back, so the work
grows with the length and with nothing else. It follows the tokenizer of HTML closely enough to
read what people write; whether a tag is harmless is not decided here.
"""

import html as standard
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

VOID = frozenset({"br", "hr", "img", "input", "link", "meta", "wbr"})
UNSEEN = frozenset(
    {"iframe", "noembed", "noframes", "noscript", "script", "style", "template", "textarea"}
    | {"title", "xmp"}
)
"""Elements whose content is no text of the page."""
MOST_ATTRIBUTES = 20

_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/>]*)")
_ATTRIBUTE = re.compile(
    r"[\s/]*([^\s/>=][^\s/>=]*)"
    r"(?:\s*=\s*(?:\"([^\"]*)(?:\"|\Z)|'([^']*)(?:'|\Z)|([^\s>]*)))?"
)
_END = re.compile(r"[^>]*(?:>|\Z)")


@dataclass(frozen=True, slots=True)
class Tag:
    """The start or the end of an element, its name in lower case, of its attributes the first."""

    name: str
    is_end: bool = False
    attributes: dict[str, str] = field(default_factory=dict)


def tokens(html: str) -> Iterator[str | Tag]:
    """Yield the texts of `html`, character references resolved, and its tags."""
    at = 0
    while at < len(html):
        opens = html.find("<", at)
        if opens < 0:
            yield standard.unescape(html[at:])
            return
        if opens > at:
            yield standard.unescape(html[at:opens])
        tag, at = _tag_at(html, opens)
        if isinstance(tag, Tag) and not tag.is_end and tag.name in UNSEEN:
            at = _behind(html, tag.name, at)
        elif tag is not None:
            yield tag


def _tag_at(html: str, opens: int) -> tuple[Tag | str | None, int]:
    """Return what stands at a `<`, nothing for a comment, and where it ends."""
    match = _TAG.match(html, opens)
    if match is not None:
        attributes, at = _attributes(html, match.end())
        return Tag(match[2].lower(), bool(match[1]), attributes), at
    if html.startswith("<!--", opens):
        ends = html.find("-->", opens + 2)
        return None, len(html) if ends < 0 else ends + 3
    if html.startswith(("<!", "<?", "</"), opens):
        ends = html.find(">", opens)
        return None, len(html) if ends < 0 else ends + 1
    return "<", opens + 1


def _attributes(html: str, at: int) -> tuple[dict[str, str], int]:
    found: dict[str, str] = {}
    while len(found) < MOST_ATTRIBUTES and (match := _ATTRIBUTE.match(html, at)):
        value = match[2] or match[3] or match[4] or ""
        found.setdefault(match[1].lower(), standard.unescape(value))
        at = match.end()
    end = _END.match(html, at)
    return found, end.end() if end else len(html)


def _behind(html: str, name: str, at: int) -> int:
    ends = re.compile(rf"</{name}(?![^\s/>])[^>]*(?:>|\Z)", re.IGNORECASE).search(html, at)
    return ends.end() if ends else len(html)
