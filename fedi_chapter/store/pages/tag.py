"""The page of one hashtag: our own events and posts that carry it."""

from dataclasses import dataclass

from sqlalchemy import select

from fedi_chapter.core.errors import Missing
from fedi_chapter.core.text import fold_tag
from fedi_chapter.domain.event import Event, EventId
from fedi_chapter.domain.post import Post, PostId
from fedi_chapter.store import events, posts
from fedi_chapter.store.pages.site import Site, site
from fedi_chapter.store.tables.content import tags
from fedi_chapter.store.tx import ReadTx

MOST = 50


@dataclass(frozen=True, slots=True)
class TagPage:
    """What carries the tag `name`: the newest first."""

    site: Site
    name: str
    events: tuple[Event, ...]
    posts: tuple[Post, ...]


def tag_page(tx: ReadTx, name: str) -> TagPage:
    """Return the listed events and posts tagged `name`, in any spelling of case.

    Raises:
        Missing: nothing that anybody may see carries it.

    """
    rows = tx.conn.execute(
        select(tags.c.owner_id, tags.c.name)
        .where(tags.c.folded == fold_tag(name))
        .order_by(tags.c.owner_id.desc())  # ids are in the order of their making
        .limit(MOST)
    ).all()
    tagged_events = [_listed_event(tx, row.owner_id) for row in rows]
    tagged_posts = [_listed_post(tx, row.owner_id) for row in rows]
    page = TagPage(
        site=site(tx),
        name=rows[0].name if rows else name,
        events=tuple(event for event in tagged_events if event),
        posts=tuple(post for post in tagged_posts if post),
    )
    if not page.events and not page.posts:
        raise Missing("nothing here carries this tag")
    return page


def _listed_event(tx: ReadTx, owner_id: str) -> Event | None:
    event = events.get(tx, EventId(owner_id))
    if event is None or event.is_draft or event.deleted_at or not event.visibility.listed:
        return None
    return event


def _listed_post(tx: ReadTx, owner_id: str) -> Post | None:
    post = posts.get(tx, PostId(owner_id))
    if post is None or post.deleted_at or not post.visibility.listed:
        return None
    return post
