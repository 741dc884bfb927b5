"""Direct messages of ours: a Note to one actor alone, which no address ever shows.

Called by `federation.telling`. Its audience is that actor and nobody else, so every server
shows it as a private message (mastodon.md §4).
"""

from collections.abc import Sequence
from datetime import datetime

from fedi_chapter.core.html import escape
from fedi_chapter.domain.remote_actor import RemoteActor
from fedi_chapter.vocab.context import POST, in_context, in_thread
from fedi_chapter.vocab.notice_parts import Line, Link, Paragraph, Words
from fedi_chapter.vocab.shape import Document
from fedi_chapter.vocab.when import stamp

SHOWN = 40
"""Characters of an address that are shown."""


def write_direct(
    uri: str,
    words: Words,
    *,
    by: str,
    to: RemoteActor,
    at: datetime,
    in_reply_to: str | None = None,
) -> Document:
    """Return the Note `uri` that tells `to` alone these words; `by` is our actor's id.

    The Mention makes it a notification, and lets the answer find its way back.
    """
    content = _content(words.paragraphs, to)
    return in_context(
        POST,
        {
            "id": uri,
            "type": "Note",
            "attributedTo": by,
            "to": [to.uri],
            "inReplyTo": in_reply_to,
            **in_thread(uri),
            "content": content,
            "contentMap": {words.language: content},
            "published": stamp(at),
            "sensitive": False,
            "tag": [{"type": "Mention", "name": f"@{to.handle}", "href": to.uri}],
        },
    )


def _content(paragraphs: Sequence[Paragraph], to: RemoteActor) -> str:
    first, *others = (_lines(each) for each in paragraphs)
    return f"<p>{_mention(to)} {first}</p>" + "".join(f"<p>{each}</p>" for each in others)


def _mention(to: RemoteActor) -> str:
    return (
        f'<span class="h-card"><a href="{escape(to.url or to.uri)}" class="u-url mention">'
        f"@<span>{escape(to.username)}</span></a></span>"
    )


def _lines(paragraph: Paragraph) -> str:
    return "<br>".join(_line(each) for each in paragraph)


def _line(line: Line) -> str:
    if isinstance(line, Link):
        return f"{escape(line.words)} {_anchor(line.url)}"
    return escape(line)


def _anchor(url: str) -> str:
    """Return a link whose long secret end is not shown."""
    scheme, slashes, rest = url.partition("//")
    shown, hidden = rest[:SHOWN], rest[SHOWN:]
    end = f'<span class="invisible">{escape(hidden)}</span>' if hidden else ""
    style = ' class="ellipsis"' if hidden else ""
    return (
        f'<a href="{escape(url)}"><span class="invisible">{scheme}{slashes}</span>'
        f"<span{style}>{escape(shown)}</span>{end}</a>"
    )
