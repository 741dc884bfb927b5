"""HTML from strangers made harmless, and HTML turned into plain text.

Called where foreign text is shown, and where text is needed from it. Foreign HTML is stored
as it came and sanitised each time it is shown, so a better rule helps old rows too. What our
own organizers write is Markdown and belongs to `core.markdown`.
"""

import html as standard
import re
from html.parser import HTMLParser
from typing import TypedDict
from urllib.parse import urlsplit, urlunsplit

import nh3

LONGEST = 20_000
"""Bytes of foreign HTML that are looked at; the rest is cut off (a sanitiser is quadratic)."""
LONGEST_PLAIN = 200_000
"""Characters of HTML that `plain` looks at."""
DEEPEST = 100
"""Elements that may stand inside each other; what lies deeper is cut off."""


class _Cleaning(TypedDict):
    tags: set[str]
    attributes: dict[str, set[str]]
    clean_content_tags: set[str]
    link_rel: str | None


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_TAGS = _words(
    "a abbr b blockquote br code del em h2 h3 h4 h5 h6 hr i ins li ol p pre q s small span "
    "strong sub sup u ul"
)
_ATTRIBUTES = {"*": {"lang", "dir"}, "a": {"href"}, "ol": {"start", "reversed"}}
_CLASSES = {
    "a": {"mention", "hashtag", "u-url"},
    "span": {"h-card", "invisible", "ellipsis"},
}
_SCHEMES = frozenset({"http", "https", "mailto"})
_VOID = _words("area base br col embed hr img input link meta source track wbr")
_BREAKS = _words("blockquote br div h1 h2 h3 h4 h5 h6 hr li ol p pre tr ul")
_HIDDEN = _words("head noscript script style template title")
_IN_ORDER: _Cleaning = {
    "tags": set(_BREAKS),
    "attributes": {},
    "clean_content_tags": set(_HIDDEN),
    "link_rel": None,
}
_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/>]*)")


def escape(text: str) -> str:
    """Return `text` so that it stands for itself in HTML, also inside an attribute."""
    return standard.escape(text)


def sanitise(html: str) -> str:
    """Return foreign `html` with nothing left in it but text, structure and absolute links.

    Never raises: what the sanitiser can't judge is shown as escaped text.
    """
    short = _not_too_deep(html.encode("utf-8", "ignore")[:LONGEST].decode("utf-8", "ignore"))
    try:
        return nh3.clean(
            short,
            tags=set(_TAGS),
            attributes={tag: set(names) for tag, names in _ATTRIBUTES.items()},
            allowed_classes={tag: set(names) for tag, names in _CLASSES.items()},
            url_schemes=set(_SCHEMES),
            url_relative="deny",
            link_rel="nofollow noopener noreferrer ugc",
            attribute_filter=_judge_attribute,
        )
    except Exception:  # whatever a parser of strangers' input fails at, the page must stand
        return escape(short)


def plain(html: str) -> str:
    """Return the text of `html`, its paragraphs and breaks as line breaks.

    It is put in order first: Python's own parser fails at some broken markup, and takes the
    square of the time for other.
    """
    reader = _TextReader()
    reader.feed(nh3.clean(_not_too_deep(html[:LONGEST_PLAIN]), **_IN_ORDER))
    reader.close()
    lines = ("".join(reader.parts)).split("\n")
    return re.sub(r"\n{3,}", "\n\n", "\n".join(" ".join(line.split()) for line in lines)).strip()


def _not_too_deep(html: str) -> str:
    open_tags: list[str] = []
    for match in _TAG.finditer(html):
        name = match[2].lower()
        if match[1]:
            # Only a closing tag that closes something makes the document shallower.
            if name in open_tags:
                while open_tags.pop() != name:
                    pass
        elif name not in _VOID:
            open_tags.append(name)
            if len(open_tags) > DEEPEST:
                return html[: match.start()]
    return html


def _judge_attribute(tag: str, name: str, value: str) -> str | None:
    if (tag, name) != ("a", "href"):
        return value
    try:
        parts = urlsplit(value)
        host = parts.hostname
    except ValueError:
        return None
    if parts.scheme == "mailto":
        return value
    if not host:
        return None
    # A name and password before the host serve only to make one server look like another.
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


class _TextReader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "br":
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag == "p":
            self.parts.append("\n\n")
        elif tag in _BREAKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        self.parts.append(data.replace("\n", " "))
