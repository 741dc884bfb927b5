"""Posts: write, edit, delete.

Called by the command line and the organizers' pages, inside their transaction. The people
mentioned and the post replied to have been looked up before: no network here.
"""

from dataclasses import dataclass, replace

from fedi_chapter.core.errors import Conflict, FormInvalid, Gone, Missing
from fedi_chapter.core.markdown import prose, render
from fedi_chapter.core.text import one_line
from fedi_chapter.domain.audience import Visibility
from fedi_chapter.domain.chapter import LocalActor
from fedi_chapter.domain.happening import PostChanged, PostDeleted, PostPublished
from fedi_chapter.domain.media import Media
from fedi_chapter.domain.post import Mention, Post, PostId
from fedi_chapter.domain.urls import Urls
from fedi_chapter.services.checks import edited_at, language_tag, tags_of, text_of
from fedi_chapter.store import media, outbox, posts
from fedi_chapter.store.tx import ReadTx, WriteTx

LONGEST_TITLE = 200
LONGEST_WARNING = 500
MOST_IMAGES = 4
"""Mastodon shows no more."""


@dataclass(frozen=True, slots=True)
class PostFields:
    """What an organizer writes. None leaves a field as it is."""

    text: str | None = None
    """Markdown."""
    title: str | None = None
    warning: str | None = None
    """What people are to read first; empty takes it away."""
    visibility: Visibility | None = None
    language: str | None = None
    in_reply_to: str | None = None
    """The id of the post answered."""
    mentions: tuple[Mention, ...] | None = None
    """Those who were found among the handles in the text, and the author answered."""
    images: tuple[Media, ...] | None = None
    """New pictures, already in the media folder; they replace the old ones."""


def create_post(tx: WriteTx, actor: LocalActor, fields: PostFields, urls: Urls) -> Post:
    """Publish a post of `actor`.

    Raises:
        FormInvalid: there is nothing in it, or a field is wrong.

    """
    blank = Post(
        id=PostId(tx.new_id()),
        actor_id=actor.id,
        published_at=tx.now,
        source="",
        html="",
        language=actor.language,
        visibility=fields.visibility or Visibility.PUBLIC,
        in_reply_to=fields.in_reply_to,
    )
    post = _apply(blank, fields, urls)
    _store_images(tx, fields)
    posts.insert(tx, post)
    outbox.put(tx, PostPublished(post.id))
    return post


def edit_post(tx: WriteTx, post_id: PostId, fields: PostFields, urls: Urls) -> Post:
    """Change a post; it is announced as changed when anything did change.

    Raises:
        FormInvalid: a field is wrong.
        Conflict: visibility and the post answered can't change: it is out already.
        Missing, Gone: there is no such post.

    """
    old = _there(posts.lock(tx, post_id))
    if fields.visibility not in (None, old.visibility):
        raise Conflict("a post can't change its visibility", cure="delete it and write a new one")
    if fields.in_reply_to not in (None, old.in_reply_to):
        raise Conflict("a post can't move to another thread", cure="delete it and write a new one")
    post = _apply(old, fields, urls)
    if post == old:
        return old
    _store_images(tx, fields)
    updated_at = edited_at(tx.now, old.updated_at or old.published_at)
    post = replace(post, updated_at=updated_at, revision=old.revision + 1)
    posts.change(tx, post)
    outbox.put(tx, PostChanged(post.id))
    return post


def delete_post(tx: WriteTx, post_id: PostId) -> None:
    """Delete a post; its address answers "gone" from now on.

    Raises:
        Missing, Gone: there is no such post.

    """
    post = _there(posts.lock(tx, post_id))
    posts.change(tx, replace(post, deleted_at=tx.now))
    outbox.put(tx, PostDeleted(post.id))


def own_post(tx: ReadTx, post_id: PostId) -> Post:
    """Return one of our posts.

    Raises:
        Missing: there never was one.
        Gone: it was deleted.

    """
    return _there(posts.get(tx, post_id))


def _there(post: Post | None) -> Post:
    if post is None:
        raise Missing("there is no such post", cure="`post list` shows them all")
    if post.deleted_at is not None:
        raise Gone("this post has been deleted")
    return post


def _apply(old: Post, fields: PostFields, urls: Urls) -> Post:
    source = old.source if fields.text is None else text_of(fields.text, "text")
    images = old.images if fields.images is None else fields.images
    if not source and not images:
        raise FormInvalid("there is nothing in this post", cure="write something")
    if len(images) > MOST_IMAGES:
        raise FormInvalid(
            f"a post has at most {MOST_IMAGES} pictures", cure="put the others into a second post"
        )
    mentions = old.mentions if fields.mentions is None else fields.mentions
    return replace(
        old,
        source=source,
        html=render(
            source,
            mentions={mention.handle: mention.url for mention in mentions},
            tag_url=urls.tag,
        ),
        title=old.title if fields.title is None else one_line(fields.title, LONGEST_TITLE) or None,
        warning=(
            old.warning
            if fields.warning is None
            else one_line(fields.warning, LONGEST_WARNING) or None
        ),
        language=old.language if fields.language is None else language_tag(fields.language),
        tags=tags_of((), prose(source)),
        mentions=mentions,
        images=images,
    )


def _store_images(tx: WriteTx, fields: PostFields) -> None:
    for image in fields.images or ():
        media.insert(tx, image)
