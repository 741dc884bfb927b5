"""The home page: what this chapter is, what comes next, what it says, what neighbours do."""

from dataclasses import dataclass
from datetime import datetime

from fedi_chapter.core.text import one_line
from fedi_chapter.domain.event import Event
from fedi_chapter.domain.neighbour import NeighbourPost
from fedi_chapter.domain.post import Post
from fedi_chapter.store import neighbours
from fedi_chapter.store.pages import listed
from fedi_chapter.store.pages.neighbour_dates import TITLE, NeighbourDate, neighbour_dates
from fedi_chapter.store.pages.site import Site, site
from fedi_chapter.store.pages.voices import Author, SafeHtml, authors, short_address
from fedi_chapter.store.tx import ReadTx

MOST_EVENTS = 6
MOST_ON = 20
"""How many that last for days may go on at once without pushing out what comes next."""
MOST_POSTS = 4
MOST_NEIGHBOURS = 6


@dataclass(frozen=True, slots=True)
class NeighbourNote:
    """A neighbour's post in short: where it stands in full is one link away."""

    author: Author
    title: str
    excerpt: str
    url: str
    published_at: datetime
    language: str | None
    warning: str | None


@dataclass(frozen=True, slots=True)
class HomePage:
    """Everything on the home page.

    The first event `is_on` already; `more_events` than fit come; something `has_been` before.
    """

    site: Site
    summary: SafeHtml
    events: tuple[Event, ...]
    is_on: bool
    more_events: bool
    has_been: bool
    posts: tuple[Post, ...]
    neighbour_dates: tuple[NeighbourDate, ...]
    neighbour_notes: tuple[NeighbourNote, ...]


def home_page(tx: ReadTx) -> HomePage:
    """Return the home page as of this transaction."""
    around = site(tx)
    chapter = around.chapter
    coming = _in_order(listed.coming(tx, chapter.id, MOST_EVENTS + 1 + MOST_ON), tx.now)
    near_notes = neighbours.posts(tx, MOST_NEIGHBOURS)
    known = authors(tx, {post.actor_uri for post in near_notes})
    return HomePage(
        site=around,
        summary=SafeHtml(chapter.summary_html),
        events=coming[:MOST_EVENTS],
        is_on=any(_is_on(event, tx.now) for event in coming[:1]),
        more_events=len(coming) > MOST_EVENTS,
        has_been=bool(listed.past(tx, chapter.id, 1)),
        posts=listed.news(tx, chapter.id, MOST_POSTS),
        neighbour_dates=neighbour_dates(tx, chapter.timezone, MOST_NEIGHBOURS),
        neighbour_notes=tuple(_note(item, known[item.actor_uri]) for item in near_notes),
    )


def _in_order(coming: tuple[Event, ...], now: datetime) -> tuple[Event, ...]:
    """Return what comes next first; behind it what has been going on, or is postponed.

    So an exhibition is on the poster until it opens, and then only when there is nothing else.
    """

    def rank(event: Event) -> int:
        if event.is_postponed:
            return 2
        return 1 if listed.is_going_on(event, now) else 0

    return tuple(sorted(coming, key=rank))


def _is_on(event: Event, now: datetime) -> bool:
    return event.starts_at <= now and event.takes_place


def _note(post: NeighbourPost, author: Author) -> NeighbourNote:
    return NeighbourNote(
        author=author,
        title=one_line(post.title or "", TITLE),
        excerpt=post.excerpt or "",
        warning=post.warning,
        url=short_address(post.url),
        published_at=post.published_at,
        language=post.language,
    )
