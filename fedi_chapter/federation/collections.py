"""The collections a peer may GET: outbox, featured, followers, replies and the like.

Called by `web.fedi`; each function is one read, built at the moment of asking. What a
collection belongs to decides who may see it (`federation.documents`).
"""

from collections.abc import Sequence
from datetime import datetime

from fedi_chapter.domain.chapter import LocalActor
from fedi_chapter.domain.event import Event
from fedi_chapter.domain.post import Post
from fedi_chapter.domain.remote_actor import GROUP_LIKE
from fedi_chapter.domain.tally import taking_part
from fedi_chapter.domain.urls import Urls
from fedi_chapter.federation import documents, threads
from fedi_chapter.store import events, followers, following, posts, tallies
from fedi_chapter.store.tx import ReadTx
from fedi_chapter.vocab.collections import collection, collection_page
from fedi_chapter.vocab.envelopes import create
from fedi_chapter.vocab.events import write_event
from fedi_chapter.vocab.posts import write_post
from fedi_chapter.vocab.shape import Document

PAGE = 20
FEATURED = 3
LOOKED_THROUGH = 20
"""Upcoming events among which those to pin are looked for."""


def outbox(tx: ReadTx, local: LocalActor, urls: Urls) -> Document:
    """Return the outbox with its first page embedded.

    Gancio and Mobilizon read the first page when they follow us, and only embedded Creates
    in it: that is how a new follower there gets the coming events.
    """
    uri = urls.outbox(local)
    first = outbox_page(tx, local, urls)
    return collection(uri, _public_count(tx, local), first=first)


def outbox_page(
    tx: ReadTx, local: LocalActor, urls: Urls, before: datetime | None = None
) -> Document:
    """Return one page of public Creates, newest first, older than `before` where given."""
    own: list[Event | Post] = [
        *events.published(tx, local.id, limit=2 * PAGE, before=before),
        *posts.published(tx, local.id, limit=2 * PAGE, before=before),
    ]
    newest = sorted(own, key=_published, reverse=True)
    # A page ends with an instant: the next one begins before it, and would lose the others.
    shown = newest[:PAGE]
    shown += [thing for thing in newest[PAGE:] if _published(thing) == _published(shown[-1])]
    uri = urls.outbox(local)
    return collection_page(
        _page_uri(uri, before),
        uri,
        [create(_written(tx, thing, local, urls), urls.actor(local)) for thing in shown],
        next_page=_page_uri(uri, _published(shown[-1])) if len(shown) < len(newest) else None,
    )


def featured(tx: ReadTx, local: LocalActor, urls: Urls) -> Document:
    """Return the pinned objects: the faces of the next three events, as ids.

    Mastodon backfills nothing else on a freshly found profile. It fetches each id and takes
    what the actor wrote on its own host; a face is what it shows in full. A cancelled event
    is nothing to come to, and keeps no place from one that is.
    """
    soon = events.upcoming(tx, local.id, limit=LOOKED_THROUGH)
    pinned = [urls.face(each.id) for each in soon if each.takes_place][:FEATURED]
    return collection(urls.featured(local), len(pinned), items=pinned)


def upcoming(tx: ReadTx, local: LocalActor, urls: Urls) -> Document:
    """Return all public events that are not over, the next first, embedded (FEP-8a8e)."""
    soon = events.upcoming(tx, local.id, limit=100)
    written = [_written(tx, each, local, urls) for each in soon]
    return collection(urls.upcoming(local), len(soon), items=written)


def followers_of(tx: ReadTx, local: LocalActor, urls: Urls, page: int | None) -> Document:
    """Return the followers collection, or a page of it.

    It counts everyone and names only chapters, groups and servers: who of the members
    follows a civic group is theirs to tell.
    """
    uri = urls.followers(local)
    total = followers.count(tx, local.id)
    if page is None:
        return collection(uri, total, first=f"{uri}?page=1")
    listed = followers.listing_of_types(
        tx, local.id, GROUP_LIKE, limit=PAGE, offset=(page - 1) * PAGE
    )
    return _numbered_page(uri, page, listed, total)


def following_of(tx: ReadTx, local: LocalActor, urls: Urls, page: int | None) -> Document:
    """Return the collection of those an actor follows, or a page of it."""
    uri = urls.following(local)
    total = following.count(tx, local.id)
    if page is None:
        return collection(uri, total, first=f"{uri}?page=1")
    listed = following.accepted_uris(tx, local.id, limit=PAGE, offset=(page - 1) * PAGE)
    return _numbered_page(uri, page, listed, total)


def event_replies(tx: ReadTx, event_id: str, urls: Urls, page: int | None) -> Document:
    """Return the ids of all shown replies to an event and to its face, and of our answers."""
    documents.readable_event(tx, event_id, urls)
    return threads.below(
        tx,
        urls,
        urls.event_part(event_id, "replies"),
        (urls.event(event_id), urls.face(event_id)),
        page,
    )


def post_replies(tx: ReadTx, post_id: str, urls: Urls, page: int | None) -> Document:
    """Return the ids of all shown replies to a post, and of our own answers."""
    documents.post(tx, post_id, urls)
    return threads.below(tx, urls, urls.post_replies(post_id), (urls.post(post_id),), page)


def attendees(tx: ReadTx, event_id: str, urls: Urls) -> Document:
    """Return the attendees collection: a count, never names."""
    event, _ = documents.readable_event(tx, event_id, urls)
    heads = taking_part(event, tallies.get(tx, event.id))
    return collection(urls.event_part(event_id, "attendees"), heads, ordered=False)


def organizers(tx: ReadTx, event_id: str, urls: Urls) -> Document:
    """Return who organizes an event (FEP-8a8e)."""
    _, owner = documents.readable_event(tx, event_id, urls)
    return collection(
        urls.event_part(event_id, "organizers"), 1, items=[urls.actor(owner)], ordered=False
    )


def _published(thing: Event | Post) -> datetime:
    return (
        thing.published_at or thing.created_at if isinstance(thing, Event) else thing.published_at
    )


def _written(tx: ReadTx, thing: Event | Post, local: LocalActor, urls: Urls) -> Document:
    if isinstance(thing, Event):
        return write_event(thing, local, urls, tallies.get(tx, thing.id))
    return write_post(thing, local, urls, thread=threads.thread_of(tx, urls, thing))


def _public_count(tx: ReadTx, local: LocalActor) -> int:
    return events.count(tx, local.id) + posts.count(tx, local.id)


def _page_uri(uri: str, before: datetime | None) -> str:
    if before is None:
        return f"{uri}?page=true"
    return f"{uri}?page=true&before={int(before.timestamp() * 1_000_000)}"


def _numbered_page(uri: str, page: int, items: Sequence[str], total: int) -> Document:
    return collection_page(
        f"{uri}?page={page}",
        uri,
        list(items),
        next_page=f"{uri}?page={page + 1}" if len(items) == PAGE else None,
        total=total,
    )
