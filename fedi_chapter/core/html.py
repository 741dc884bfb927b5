"""HTML from strangers made harmless and short, and HTML turned into plain text.

Called where foreign text is stored, and where text is needed from it. What came is kept beside
what is shown, with `RULE`, so that a better rule reaches old rows too. What our own organizers
write is Markdown and belongs to `core.markdown`.
"""

import html as standard
import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit

import nh3

from fedi_chapter.core.markup import VOID, Tag, tokens

RULE = 1
"""The version of what `sanitise` returns: to be raised with every change of it."""
LONGEST = 20_000
"""Characters of foreign HTML that are looked at."""
LONGEST_SHOWN = 2_000
"""Characters of text that `sanitise` leaves."""
LARGEST_SHOWN = 8_000
"""Bytes that `sanitise` returns at most, markup included."""
LONGEST_LINK = 1_000
LONGEST_PLAIN = 200_000
"""Characters of HTML that `plain` looks at."""
DEEPEST = 20
"""Elements that may stand inside each other; of what lies deeper the text stays."""
MOST_TAGS = 600
"""Starts and ends of elements that `sanitise` looks at; the rest is cut off."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_TAGS = _words(
    "a abbr b blockquote br code del div em h2 h3 h4 h5 h6 hr i ins li ol p pre q s small span "
    "strong sub sup u ul"
)
_ATTRIBUTES = {"*": {"lang", "dir"}, "a": {"href"}, "ol": {"start", "reversed"}}
_CLASSES = {
    "a": {"mention", "hashtag", "u-url"},
    "span": {"h-card", "invisible", "ellipsis"},
}
_OPENING = _words("class dir href lang reversed start")
_SCHEMES = frozenset({"http", "https", "mailto"})
_PLAIN_BLOCKS = _words(
    "address article aside caption center dd details dialog div dl dt fieldset figcaption figure "
    "footer form header hgroup legend main menu nav option search section summary table td th tr"
)
"""Blocks that are nothing but blocks when they are shown."""
_BLOCKS = _PLAIN_BLOCKS | _words("blockquote h1 h2 h3 h4 h5 h6 hr li ol p pre ul")


@dataclass(frozen=True, slots=True)
class Shown:
    """Foreign HTML as it may stand on a page; `is_cut` where there was more of it."""

    html: str
    is_cut: bool


def escape(text: str) -> str:
    """Return `text` so that it stands for itself in HTML, also inside an attribute."""
    return standard.escape(text)


def sanitise(html: str) -> Shown:
    """Return foreign `html` with nothing left in it but text, structure and absolute links.

    Never raises: what the sanitiser can't judge is shown as escaped text.
    """
    page = _Page()
    for token in tokens(html[:LONGEST]):
        if not (page.add_tag(token) if isinstance(token, Tag) else page.add_text(token)):
            break
    page.close(0)
    return Shown(_clean(page), page.is_cut or len(html) > LONGEST)


def plain(html: str) -> str:
    """Return the text of `html`, its paragraphs and breaks as line breaks."""
    parts: list[str] = []
    is_new_line = True
    for token in tokens(html[:LONGEST_PLAIN]):
        if isinstance(token, str):
            parts.append(token.replace("\n", " "))
            is_new_line = is_new_line and not token.strip()
        elif token.name == "p" and token.is_end:
            parts.append("\n\n")
            is_new_line = True
        elif token.name == "br" or (token.name in _BLOCKS and not is_new_line):
            parts.append("\n")
            is_new_line = True
    lines = (" ".join(line.split()) for line in "".join(parts).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


@dataclass(slots=True)
class _Page:
    """Markup that is built: every element closed, none too deep, and nothing too long."""

    parts: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)
    letters: int = 0
    tags: int = 0
    is_cut: bool = False

    def add_text(self, text: str) -> bool:
        """Add a text; False when no more is taken."""
        room = LONGEST_SHOWN - self.letters
        if len(text) > room:
            self.is_cut = True
            text = text[: room - 1].rstrip() + "…"
        self.letters += len(text)
        self.parts.append(standard.escape(text, quote=False))
        return not self.is_cut

    def add_tag(self, tag: Tag) -> bool:
        """Start or end an element; False when no more is taken.

        Of an element that is not shown only the content stays.
        """
        name = {"h1": "h2"}.get(tag.name, "div" if tag.name in _PLAIN_BLOCKS else tag.name)
        self.tags += 1
        if self.tags > MOST_TAGS:
            self.is_cut = True
        elif name in _TAGS and tag.is_end:
            self._end(name)
        elif name in _TAGS:
            self._begin(name, tag.attributes)
        return not self.is_cut

    def close(self, depth: int) -> None:
        """End the innermost elements until only `depth` are open."""
        while len(self.open) > depth:
            self.parts.append(f"</{self.open.pop()}>")

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        self._make_room(name)
        if len(self.open) < DEEPEST:
            self.parts.append(_start(name, attributes))
            if name not in VOID:
                self.open.append(name)

    def _end(self, name: str) -> None:
        for depth in range(len(self.open) - 1, -1, -1):
            if self.open[depth] == name:
                self.close(depth)
                return
            if self.open[depth] in _BLOCKS and name not in _BLOCKS:
                return  # the end of a word in bold ends no paragraph

    def _make_room(self, name: str) -> None:
        """End what the new element can't stand in, as browsers do."""
        if name in _BLOCKS and "p" in self.open:
            self.close(self.open.index("p"))
        if name == "li":
            lists = [depth for depth, each in enumerate(self.open) if each in {"ol", "ul"}]
            inside = self.open[lists[-1] + 1 if lists else 0 :]
            if "li" in inside:
                self.close(len(self.open) - len(inside) + inside.index("li"))
        if name == "a" and "a" in self.open:
            self.close(self.open.index("a"))


def _start(name: str, attributes: dict[str, str]) -> str:
    kept = {key: value for key, value in attributes.items() if key in _OPENING}
    if len(kept.get("href", "")) > LONGEST_LINK:
        del kept["href"]
    written = [f' {key}="{escape(value)}"' for key, value in kept.items()]
    return f"<{name}{''.join(written)}>"


def _clean(page: _Page) -> str:
    """Return the markup judged once more, by a sanitiser that reads as browsers do."""
    built = "".join(page.parts)
    try:
        cleaned = nh3.clean(
            built,
            tags=set(_TAGS),
            attributes={tag: set(names) for tag, names in _ATTRIBUTES.items()},
            allowed_classes={tag: set(names) for tag, names in _CLASSES.items()},
            url_schemes=set(_SCHEMES),
            url_relative="deny",
            link_rel="nofollow noopener noreferrer ugc",
            attribute_filter=_judge_attribute,
        )
    except Exception:  # whatever a parser of strangers' input fails at, the page must stand
        cleaned = escape(built)
    if len(cleaned.encode()) <= LARGEST_SHOWN:
        return cleaned
    # More markup than text: then its text alone.
    page.is_cut = True
    text = plain(built).encode()[: LARGEST_SHOWN // 6].decode(errors="ignore")
    return f"<p>{escape(text)}…</p>"


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
