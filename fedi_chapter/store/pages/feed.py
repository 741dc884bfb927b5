"""The news feed: public posts and newly announced events, the newest first."""

from dataclasses import dataclass
from datetime import datetime

from fedi_chapter.domain.event import Event
from fedi_chapter.domain.post import Post
from fedi_chapter.store import events, posts
from fedi_chapter.store.pages.site import Site, site
from fedi_chapter.store.tx import ReadTx

MOST = 30


@dataclass(frozen=True, slots=True)
class NewsFeed:
    """What a feed reader is told, and when it last changed."""

    site: Site
    items: tuple[Event | Post, ...]
    changed_at: datetime


def news_feed(tx: ReadTx) -> NewsFeed:
    """Return the newest public posts and events."""
    around = site(tx)
    mine = around.chapter.id
    found: list[Event | Post] = [
        *posts.published(tx, mine, limit=MOST),
        *events.published(tx, mine, limit=MOST),
    ]
    newest = sorted(found, key=_published, reverse=True)[:MOST]
    return NewsFeed(
        site=around,
        items=tuple(newest),
        changed_at=max(
            filter(
                None,
                (
                    posts.last_change(tx, mine),
                    events.last_change(tx, mine),
                    around.chapter.updated_at,
                ),
            )
        ),
    )


def _published(item: Event | Post) -> datetime:
    if isinstance(item, Post):
        return item.published_at
    return item.published_at or item.created_at
