"""What our organizers write, as HTML: CommonMark with mentions, hashtags and bare links.

Called by the services when a text is saved. Raw HTML is not part of it, and a picture by address
is a link to it: pictures are handed over as files, with words for those who can't see them.
HTML of strangers belongs to `core.html`.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from fedi_chapter.core.names import ascii_host
from fedi_chapter.core.text import HANDLE, find_hashtags

_SCHEMES = frozenset({"http", "https", "mailto"})
_H1, _H6 = 1, 6


def render(source: str, *, mentions: Mapping[str, str], tag_url: Callable[[str], str]) -> str:
    """Return the Markdown `source` as HTML.

    `mentions` names the profile page of every `name@host` that is to become a link; other
    handles stay text. `tag_url` gives the page of a hashtag. The classes are those Mastodon
    recognises mentions and hashtags by.
    """
    html: str = _parser().render(source, {"mentions": mentions, "tag_url": tag_url})
    return html.strip()


def prose(source: str) -> str:
    """Return the texts in no code and no link, one a line: there names and hashtags count."""
    parts: list[str] = []
    _parser().parse(source, {"prose": parts})
    return "\n".join(parts)


@cache
def _parser() -> MarkdownIt:
    parser = _Parser("commonmark", {"html": False, "linkify": True, "breaks": True})
    parser.enable(["linkify", "strikethrough"])
    assert parser.linkify is not None  # noqa: S101 — asked for one line above
    # Only whole addresses become links: a guess would take `name@host` for mail.
    parser.linkify.set({"fuzzy_link": False, "fuzzy_email": False})
    parser.core.ruler.after("linkify", "social", _social)
    parser.core.ruler.push("headings", _lower_headings)
    return parser


class _Parser(MarkdownIt):
    def validateLink(self, url: str) -> bool:
        """Take absolute web and mail addresses only."""
        try:
            parts = urlsplit(url)
        except ValueError:
            return False
        return parts.scheme in _SCHEMES and bool(parts.netloc or parts.scheme == "mailto")


def _lower_headings(state: StateCore) -> None:
    # The page's own title is its only first-level heading.
    for token in state.tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(int(token.tag[_H1:]) + 1, _H6)}"


def _social(state: StateCore) -> None:
    for block in state.tokens:
        if block.type != "inline" or not block.children:
            continue
        if "prose" in state.env:
            state.env["prose"] += _free_texts(block.children)
        else:
            block.children = list(_linked(block.children, state.env))


def _free_texts(tokens: list[Token]) -> Iterator[str]:
    """Yield the texts that are no link's."""
    inside_link = 0
    for token in tokens:
        inside_link += (token.type == "link_open") - (token.type == "link_close")
        if token.type == "text" and not inside_link:
            yield token.content


def _linked(tokens: list[Token], env: Mapping[str, Any]) -> Iterator[Token]:
    inside_link = 0
    for token in tokens:
        inside_link += (token.type == "link_open") - (token.type == "link_close")
        if token.type == "text" and not inside_link:
            yield from _split(token.content, env)
        elif token.type == "image":
            yield from _pointed_at(token, is_linked=inside_link > 0)
        else:
            yield token


def _pointed_at(image: Token, *, is_linked: bool) -> Iterator[Token]:
    """Yield a link to a picture; only its words inside another link, or without an address."""
    address = str(image.attrs["src"])
    words = _text(image.content or address)
    if is_linked or not address:
        yield words
        return
    yield Token("link_open", "a", 1, attrs={"href": address})
    yield words
    yield Token("link_close", "a", -1)


def _split(text: str, env: Mapping[str, Any]) -> Iterator[Token]:
    done = 0
    for start, end, link in sorted(_links(text, env), key=lambda found: found[:2]):
        if start < done:
            continue
        yield _text(text[done:start])
        yield from link
        done = end
    yield _text(text[done:])


def _links(text: str, env: Mapping[str, Any]) -> Iterator[tuple[int, int, Iterator[Token]]]:
    """Yield what becomes a link in a text: from where to where, and as what."""
    for tag in find_hashtags(text):
        yield tag.start, tag.end, _hashtag(tag.name, env["tag_url"](tag.name))
    for match in HANDLE.finditer(text):
        if url := env["mentions"].get(f"{match[1]}@{ascii_host(match[2])}"):
            yield match.start(), match.end(), _mention(match[1], url)


def _mention(name: str, url: str) -> Iterator[Token]:
    yield Token("span_open", "span", 1, attrs={"class": "h-card"})
    yield Token("link_open", "a", 1, attrs={"href": url, "class": "u-url mention"})
    yield _text("@")
    yield from _span(name)
    yield Token("link_close", "a", -1)
    yield Token("span_close", "span", -1)


def _hashtag(name: str, url: str) -> Iterator[Token]:
    yield Token("link_open", "a", 1, attrs={"href": url, "class": "mention hashtag", "rel": "tag"})
    yield _text("#")
    yield from _span(name)
    yield Token("link_close", "a", -1)


def _span(text: str) -> Iterator[Token]:
    yield Token("span_open", "span", 1)
    yield _text(text)
    yield Token("span_close", "span", -1)


def _text(content: str) -> Token:
    return Token("text", "", 0, content=content)
