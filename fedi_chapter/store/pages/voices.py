"""What others say, made fit to be shown: authors by handle, reactions counted, texts as stored.

Used by the pages of events and posts and by the neighbours' part of the home page. A text was
sanitised and shortened when it was stored: no foreign markup is worked on here. Names are cut,
on one line, without controls.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy import literal, select, union_all

from fedi_chapter.core.text import one_line
from fedi_chapter.domain.conversation import Message, Reply, ReplyState
from fedi_chapter.domain.post import Post, PostId
from fedi_chapter.domain.urls import Urls
from fedi_chapter.store import local_actors, posts, reactions, replies
from fedi_chapter.store.tables.content import posts as post_table
from fedi_chapter.store.tables.conversation import replies as reply_table
from fedi_chapter.store.tables.peers import remote_actors
from fedi_chapter.store.tx import ReadTx

NAME_LENGTH = 60
HANDLE_LENGTH = 120
PAGE = 20
"""Replies on one page."""
MOST_PAGES = 50
LONGEST_ADDRESS = 500
"""Characters of an address that a page links to; a longer one is left out."""
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
    warning: str | None = None
    is_cut: bool = False
    """Whether there is more of it, at its own address."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """What others did with one thing of ours, and what we answered; of many replies one page."""

    replies: tuple[ShownReply, ...]
    likes: int
    boosts: int
    page: int = 1
    has_more: bool = False


def conversation(tx: ReadTx, roots: Sequence[str], urls: Urls, page: int = 1) -> Conversation:
    """Return what stands below the objects `roots`, which make up one thing; oldest first."""
    below, answers = _thread(tx, roots, urls)
    number = min(max(page, 1), MOST_PAGES)
    listed = _listed(tx, below, answers, number)
    here = listed[:PAGE]
    found = replies.those(tx, [key for key, is_ours in here if not is_ours])
    known = authors(tx, (reply.actor_uri for reply in found))
    said = {reply.uri: shown(reply, known[reply.actor_uri]) for reply in found}
    own = [PostId(key) for key, is_ours in here if is_ours]
    said |= {post.id: _ours(tx, post, urls) for post in _posts(tx, own)}
    likes, boosts = reactions.counts(tx, roots)
    return Conversation(
        replies=tuple(said[key] for key, _ in here),
        likes=likes,
        boosts=boosts,
        page=number,
        has_more=len(listed) > PAGE and number < MOST_PAGES,
    )


def _thread(tx: ReadTx, roots: Sequence[str], urls: Urls) -> tuple[list[str], list[PostId]]:
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
    return below, ids


def _listed(
    tx: ReadTx, below: Sequence[str], answers: Sequence[PostId], page: int
) -> list[tuple[str, bool]]:
    """Return the ids of one page and of one more, and whether each is a post of ours."""
    theirs, own = reply_table.c, post_table.c
    said = union_all(
        select(theirs.uri.label("key"), theirs.published_at.label("at"), literal(0).label("ours"))
        .where(theirs.root.in_(below))
        .where(theirs.state == ReplyState.SHOWN),
        select(own.id, own.published_at, literal(1)).where(own.id.in_(answers)),
    ).subquery()
    rows = tx.conn.execute(
        select(said.c.key, said.c.ours)
        .order_by(said.c.at, said.c.key)
        .limit(PAGE + 1)
        .offset((page - 1) * PAGE)
    )
    return [(row.key, bool(row.ours)) for row in rows]


def _posts(tx: ReadTx, ids: Sequence[PostId]) -> list[Post]:
    if not ids:
        return []
    return posts.read(tx, tx.conn.execute(select(post_table).where(post_table.c.id.in_(ids))).all())


def authors(tx: ReadTx, uris: Iterable[str]) -> dict[str, Author]:
    """Return the author behind each actor id; one we know nothing of is named by its host."""
    wanted = set(uris)
    table = remote_actors.c
    columns = select(table.uri, table.name, table.username, table.handle, table.url)
    rows = tx.conn.execute(columns.where(table.uri.in_(wanted))).all() if wanted else ()
    found = {uri: Author(_host(uri), _host(uri), short_address(uri)) for uri in wanted}
    for row in rows:
        handle = one_line(row.handle, HANDLE_LENGTH)
        name = one_line(row.name, NAME_LENGTH) or one_line(row.username, NAME_LENGTH) or handle
        found[row.uri] = Author(name, f"@{handle}", short_address(row.url))
    return found


def shown(said: Reply | Message, author: Author) -> ShownReply:
    """Return what somebody said as it may stand on a page; what is not judged yet is linked to."""
    reply = said if isinstance(said, Reply) else None
    return ShownReply(
        author=author,
        body=SafeHtml(said.body or ""),
        published_at=said.published_at,
        url=short_address(reply.url if reply else said.uri),
        language=reply.language if reply else None,
        edited=reply is not None and reply.updated_at is not None,
        warning=said.warning,
        is_cut=said.is_cut or not said.body,
    )


def short_address(url: str) -> str:
    """Return an address, or nothing for one that is long enough to fill a page."""
    return url if len(url) <= LONGEST_ADDRESS else ""


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
        warning=post.warning,
    )


def _host(uri: str) -> str:
    try:
        return urlsplit(uri).netloc or uri
    except ValueError:
        return uri
