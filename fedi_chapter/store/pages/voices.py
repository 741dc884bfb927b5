"""What others say, made fit to be shown: authors by handle, texts sanitised, reactions counted.

Used by the pages of events and posts and by the neighbours' part of the home page. Foreign
HTML leaves this file only as `SafeHtml`; names are cut, on one line, without controls.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy import select

from fedi_chapter.core.html import sanitise
from fedi_chapter.core.text import one_line
from fedi_chapter.domain.conversation import Reply
from fedi_chapter.domain.post import Post, PostId
from fedi_chapter.domain.urls import Urls
from fedi_chapter.store import local_actors, posts, reactions, replies
from fedi_chapter.store.tables.content import posts as post_table
from fedi_chapter.store.tables.peers import remote_actors
from fedi_chapter.store.tx import ReadTx

NAME_LENGTH = 60
HANDLE_LENGTH = 120
MOST_REPLIES = 100
DEEPEST = 10
"""How often question and answer may alternate in what is shown."""


@dataclass(frozen=True, slots=True)
class SafeHtml:
    """HTML that may stand in a page as it is: the only thing a template doesn't escape."""

    html: str

    def __html__(self) -> str:
        """Return the HTML; autoescaping template engines ask for it."""
        return self.html


@dataclass(frozen=True, slots=True)
class Author:
    """Somebody elsewhere. The handle is always shown: a name alone proves nothing."""

    name: str
    handle: str
    url: str


@dataclass(frozen=True, slots=True)
class ShownReply:
    """One reply as it stands under an event or a post, somebody's or our own."""

    author: Author
    body: SafeHtml
    published_at: datetime
    url: str
    language: str | None
    edited: bool
    is_ours: bool = False


@dataclass(frozen=True, slots=True)
class Conversation:
    """Everything others did with one thing of ours, and what we answered."""

    replies: tuple[ShownReply, ...]
    likes: int
    boosts: int


def conversation(tx: ReadTx, roots: Sequence[str], urls: Urls) -> Conversation:
    """Return what stands below the objects `roots`, which make up one page; oldest first."""
    below, answers = _thread(tx, roots, urls)
    shown = replies.thread(tx, below, MOST_REPLIES)
    known = authors(tx, (reply.actor_uri for reply in shown))
    said = [_shown(reply, known[reply.actor_uri]) for reply in shown]
    said += [_ours(tx, post, urls) for post in answers]
    likes, boosts = reactions.counts(tx, roots)
    return Conversation(
        replies=tuple(sorted(said, key=lambda each: each.published_at)), likes=likes, boosts=boosts
    )


def _thread(tx: ReadTx, roots: Sequence[str], urls: Urls) -> tuple[list[str], list[Post]]:
    """Return under what replies to this page stand, and our answers among them.

    What is said to an answer of ours stands under that answer, and may be answered again.
    """
    below, ids = list(roots), list[PostId]()
    for _ in range(DEEPEST):
        ids = posts.answers(tx, below)
        news = [uri for uri in map(urls.post, ids) if uri not in below]
        if not news:
            break
        below += news
    rows = tx.conn.execute(select(post_table).where(post_table.c.id.in_(ids))) if ids else ()
    return below, posts.read(tx, list(rows))


def authors(tx: ReadTx, uris: Iterable[str]) -> dict[str, Author]:
    """Return the author behind each actor id; one we know nothing of is named by its host."""
    wanted = set(uris)
    table = remote_actors.c
    columns = select(table.uri, table.name, table.username, table.handle, table.url)
    rows = tx.conn.execute(columns.where(table.uri.in_(wanted))).all() if wanted else ()
    found = {uri: Author(_host(uri), _host(uri), uri) for uri in wanted}
    for row in rows:
        handle = one_line(row.handle, HANDLE_LENGTH)
        name = one_line(row.name, NAME_LENGTH) or one_line(row.username, NAME_LENGTH) or handle
        found[row.uri] = Author(name, f"@{handle}", row.url)
    return found


def _shown(reply: Reply, author: Author) -> ShownReply:
    return ShownReply(
        author=author,
        body=SafeHtml(sanitise(reply.html)),
        published_at=reply.published_at,
        url=reply.url,
        language=reply.language,
        edited=reply.updated_at is not None,
    )


def _ours(tx: ReadTx, post: Post, urls: Urls) -> ShownReply:
    actor = local_actors.get(tx, post.actor_id)
    name, handle = (actor.name, f"@{urls.handle(actor)}") if actor else (urls.domain, urls.domain)
    return ShownReply(
        author=Author(name, handle, urls.actor_page(actor) if actor else f"{urls.base}/"),
        body=SafeHtml(post.html),
        published_at=post.published_at,
        url=urls.post(post.id),
        language=post.language,
        edited=post.updated_at is not None,
        is_ours=True,
    )


def _host(uri: str) -> str:
    try:
        return urlsplit(uri).netloc or uri
    except ValueError:
        return uri
