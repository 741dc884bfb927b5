"""`post`: write, edit, delete, list."""

from typing import Any

import click

from fedi_chapter.cli.frame import Noun, Setup, ask, chapter_of, pass_setup
from fedi_chapter.cli.people import mentions_in, object_at
from fedi_chapter.cli.words import (
    check_something,
    image_options,
    language_option,
    own_id,
    take_images,
    text_from,
    visibility_of,
    visibility_option,
)
from fedi_chapter.core.text import one_line
from fedi_chapter.deps import Deps
from fedi_chapter.domain.audience import Visibility
from fedi_chapter.domain.post import Mention, Post, PostId
from fedi_chapter.domain.urls import Urls
from fedi_chapter.services.posts import PostFields, create_post, delete_post, edit_post, own_post
from fedi_chapter.store import posts
from fedi_chapter.store.tx import ReadTx, WriteTx

EXAMPLE = """\b
Example:
  fedi-chapter post create "Thank you all! #garden" \\
    --image swap.jpg --alt "Twelve people around a table of seeds"
"""


@click.group(cls=Noun)
def post() -> None:
    """Posts of the chapter."""


@post.command("create", epilog=EXAMPLE)
@click.argument("text")
@click.option("--title", help="A title above the text.")
@click.option("--warning", help="A content warning: what people read before the rest is shown.")
@visibility_option
@image_options
@language_option
@click.option("--reply-to", help="Address of the post this one answers.")
@pass_setup
def create(setup: Setup, /, **words: Any) -> None:
    """Publish a post. TEXT is Markdown; - reads it from standard input."""
    text = text_from(words["text"]) or ""

    async def work(deps: Deps) -> tuple[Post, Urls]:
        images = take_images(deps, words["files"], words["alts"])
        mentions = await mentions_in(deps, text)
        in_reply_to = None
        if words["reply_to"]:
            answered = await object_at(deps, words["reply_to"])
            in_reply_to = answered.uri
            if answered.author is not None:
                author = answered.author
                mentions = (*mentions, Mention(author.uri, author.url, author.handle))
        fields = PostFields(
            text=text,
            title=words["title"],
            warning=words["warning"],
            visibility=visibility_of(words["visibility"]),
            language=words["language"],
            in_reply_to=in_reply_to,
            mentions=tuple({mention.uri: mention for mention in reversed(mentions)}.values()),
            images=images,
        )

        def write(tx: WriteTx) -> Post:
            return create_post(tx, chapter_of(tx), fields, deps.urls)

        return await deps.db.write(write), deps.urls

    made, urls = ask(setup, work)
    told = _summary(made, urls)
    setup.tell(told, f"published: {told['url']}")


@post.command("edit")
@click.argument("post_id", metavar="ID")
@click.argument("new_text", metavar="[TEXT]", required=False)
@click.option("--text", help="The same as TEXT.")
@click.option("--title", help="The new title; empty takes it away.")
@click.option("--warning", help="The new content warning; empty takes it away.")
@image_options
@language_option
@pass_setup
def edit(setup: Setup, /, **words: Any) -> None:
    """Change a post to TEXT (Markdown; - reads standard input).

    What is not named stays as it is; pictures replace the old ones.
    """
    check_something(words, but=("post_id",))
    text = text_from(words["text"] if words["new_text"] is None else words["new_text"])

    async def work(deps: Deps) -> tuple[Post, Urls]:
        post_id = PostId(own_id(words["post_id"], deps.urls, "post"))
        old = await deps.db.read(lambda tx: own_post(tx, post_id))
        images = take_images(deps, words["files"], words["alts"])
        fields = PostFields(
            text=text,
            title=words["title"],
            warning=words["warning"],
            language=words["language"],
            mentions=None if text is None else await _kept_mentions(deps, old, text),
            images=images,
        )
        return await deps.db.write(lambda tx: edit_post(tx, post_id, fields, deps.urls)), deps.urls

    changed, urls = ask(setup, work)
    told = _summary(changed, urls)
    setup.tell(told, f"changed: {told['url']}")


@post.command("delete")
@click.argument("post_id", metavar="ID")
@pass_setup
def delete(setup: Setup, post_id: str) -> None:
    """Delete a post, here and on other servers."""

    async def work(deps: Deps) -> str:
        bare = PostId(own_id(post_id, deps.urls, "post"))
        await deps.db.write(lambda tx: delete_post(tx, bare))
        return deps.urls.post(bare)

    uri = ask(setup, work)
    setup.tell({"id": uri, "deleted": True}, f"deleted: {uri}")


@post.command("list")
@pass_setup
def listing(setup: Setup) -> None:
    """List the posts, newest first."""

    async def work(deps: Deps) -> tuple[list[Post], Urls]:
        def read(tx: ReadTx) -> list[Post]:
            return [*posts.listing(tx, chapter_of(tx).id)]

        return await deps.db.read(read), deps.urls

    found, urls = ask(setup, work)
    setup.tell(
        [_summary(each, urls) for each in found],
        *(_line(each, urls) for each in found),
    )


async def _kept_mentions(deps: Deps, old: Post, text: str) -> tuple[Mention, ...]:
    """Look up the handles of a new text; whoever was answered stays mentioned."""
    found = await mentions_in(deps, text)
    written = {mention.uri for mention in found}
    answered = old.mentions if old.in_reply_to else ()
    return (*found, *(each for each in answered if each.uri not in written))


def _line(post: Post, urls: Urls) -> str:
    words = one_line(post.title or post.warning or post.source, 60)
    return f"{post.published_at:%Y-%m-%d %H:%M}  {words}  {urls.post(post.id)}"


def _summary(post: Post, urls: Urls) -> dict[str, object]:
    uri = urls.post(post.id)
    return {
        "id": uri,
        "url": uri,
        "title": post.title,
        "warning": post.warning,
        "visibility": str(post.visibility),
        "published": post.published_at.isoformat(),
        "in_reply_to": post.in_reply_to,
        "images": [urls.media(image) for image in post.images],
        "federates": post.visibility is not Visibility.LOCAL,
    }
