"""The page of one post."""

from dataclasses import dataclass

from fedi_chapter.core.errors import Gone, Missing
from fedi_chapter.domain.chapter import LocalActor
from fedi_chapter.domain.post import Post, PostId
from fedi_chapter.domain.urls import Urls
from fedi_chapter.store import local_actors, posts
from fedi_chapter.store.pages.site import Site, site
from fedi_chapter.store.pages.voices import Conversation, SafeHtml, conversation
from fedi_chapter.store.tx import ReadTx


@dataclass(frozen=True, slots=True)
class PostPage:
    """A post, who wrote it, and what others say under it."""

    site: Site
    post: Post
    author: LocalActor
    body: SafeHtml
    conversation: Conversation


def post_page(tx: ReadTx, post_id: PostId, urls: Urls, replies: int = 1) -> PostPage:
    """Return the page of a post that anybody with the address may read.

    `replies` is the number of the page of replies.

    Raises:
        Missing: there is no such post, or it is for followers only.
        Gone: it has been deleted.

    """
    post = posts.get_shown(tx, post_id, lambda each: each.has_page)
    if post is None:
        raise Missing("there is no post here")
    if post.deleted_at is not None:
        raise Gone("this post has been deleted")
    around = site(tx)
    return PostPage(
        site=around,
        post=post,
        author=local_actors.get(tx, post.actor_id) or around.chapter,
        body=SafeHtml(post.html),
        conversation=conversation(tx, [urls.post(post.id)], urls, replies),
    )
