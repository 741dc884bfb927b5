"""Threads of ours: what stands below an event or a post, and in which thread a post stands.

Called by the writers of documents and collections, within their read.
"""

from collections.abc import Sequence

from fedi_chapter.domain.post import Post, PostId
from fedi_chapter.domain.urls import Urls
from fedi_chapter.store import posts, replies
from fedi_chapter.store.tx import ReadTx
from fedi_chapter.vocab.collections import collection, collection_page
from fedi_chapter.vocab.context import bare
from fedi_chapter.vocab.shape import Document

PAGE = 20
DEEPEST = 20
"""Answers of ours to answers of ours that are followed up."""


def below(tx: ReadTx, urls: Urls, uri: str, roots: Sequence[str], page: int | None) -> Document:
    """Return the collection of what stands below `roots`, or a page of it."""
    found = _Below(tx, urls, uri, roots)
    return found.whole(f"{uri}?page=1") if page is None else found.page(page)


def embedded(tx: ReadTx, urls: Urls, uri: str, roots: Sequence[str]) -> Document:
    """Return the collection with its first page inside, to stand in the document of its root."""
    found = _Below(tx, urls, uri, roots)
    return bare(found.whole(found.page(1)))


class _Below:
    """What stands below `roots`.

    Our own answers come first: of the first page Mastodon believes only what lies on our host.
    """

    def __init__(self, tx: ReadTx, urls: Urls, uri: str, roots: Sequence[str]) -> None:
        self._tx, self._uri, self._roots = tx, uri, roots
        self._own = [urls.post(each) for each in posts.answers(tx, roots)]
        self._total = len(self._own) + replies.count(tx, roots)

    def whole(self, first: Document | str) -> Document:
        return collection(self._uri, self._total, first=first, ordered=False)

    def page(self, number: int) -> Document:
        start = (number - 1) * PAGE
        listed = self._own[start : start + PAGE]
        left, offset = PAGE - len(listed), max(0, start - len(self._own))
        listed += replies.uris(self._tx, self._roots, limit=left, offset=offset)
        return collection_page(
            f"{self._uri}?page={number}",
            self._uri,
            listed,
            next_page=f"{self._uri}?page={number + 1}" if start + PAGE < self._total else None,
            total=self._total,
            ordered=False,
        )


def thread_of(tx: ReadTx, urls: Urls, post: Post) -> str:
    """Return the replies collection of what stands at the top of a post's thread.

    An answer to somebody else's post begins a thread as far as we know.
    """
    found: Post | None = post
    for _ in range(DEEPEST):
        if found is None or found.in_reply_to is None:
            break
        above = replies.root_of(tx, found.in_reply_to) or found.in_reply_to
        named = urls.own_object(above)
        if named is None:
            break
        if named.kind != "post":
            return urls.event_part(named.id, "replies")
        post, found = found, posts.get(tx, PostId(named.id))
    return urls.post_replies((found or post).id)
