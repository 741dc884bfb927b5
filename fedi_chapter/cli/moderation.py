"""`block`, `unblock`, `blocks`, `allow`, `replies`: whom we deal with, whose words show."""

import click

from fedi_chapter.cli.frame import Noun, Setup, Verb, ask, pass_setup
from fedi_chapter.core.errors import ChapterError
from fedi_chapter.core.html import plain
from fedi_chapter.core.text import one_line
from fedi_chapter.deps import Deps
from fedi_chapter.domain.conversation import Reply, ReplyState
from fedi_chapter.domain.moderation import Block
from fedi_chapter.federation import discover
from fedi_chapter.services import moderation as service
from fedi_chapter.store import blocks as store_blocks
from fedi_chapter.store import remote_actors
from fedi_chapter.store import replies as store_replies
from fedi_chapter.store.tx import ReadTx


@click.command(cls=Verb)
@click.argument("target")
@pass_setup
def block(setup: Setup, target: str) -> None:
    """Refuse a host or an actor.

    TARGET is a host, such as bad.example, and means its subdomains too; or one actor's address
    or handle.
    """

    async def work(deps: Deps) -> Block:
        wanted = await _target(deps, target)
        return await deps.db.write(lambda tx: service.block(tx, wanted, deps.urls))

    made = ask(setup, work)
    setup.tell(_block(made), f"blocked {made.kind}: {made.target}")


@click.command(cls=Verb)
@click.argument("target")
@pass_setup
def unblock(setup: Setup, target: str) -> None:
    """Deal with a host or an actor again."""

    async def work(deps: Deps) -> str:
        known = await deps.db.read(lambda tx: _known(tx, target))
        wanted = known or await _target(deps, target)
        return await deps.db.write(lambda tx: service.unblock(tx, wanted))

    done = ask(setup, work)
    setup.tell({"target": done, "blocked": False}, f"no longer blocked: {done}")


@click.command(cls=Verb)
@pass_setup
def blocks(setup: Setup) -> None:
    """List what is blocked."""

    async def work(deps: Deps) -> list[Block]:
        return await deps.db.read(lambda tx: [*store_blocks.listing(tx)])

    found = ask(setup, work)
    setup.tell(
        [_block(each) for each in found],
        *(f"{each.since:%Y-%m-%d}  {each.kind:<5}  {each.target}" for each in found),
    )


@click.command(cls=Verb)
@click.argument("host")
@pass_setup
def allow(setup: Setup, host: str) -> None:
    """Let HOST through, where strangers wait.

    That is so where the setting FEDERATION is hold or allowlist.
    """

    async def work(deps: Deps) -> str:
        return await deps.db.write(lambda tx: service.allow(tx, host))

    name = ask(setup, work)
    setup.tell({"host": name, "allowed": True}, f"allowed: {name}")


@click.group(cls=Noun)
def replies() -> None:
    """What others say under the chapter's events and posts."""


@replies.command("list")
@pass_setup
def listing(setup: Setup) -> None:
    """List the replies held for an organizer."""

    async def work(deps: Deps) -> list[Reply]:
        return await deps.db.read(lambda tx: [*store_replies.held(tx)])

    found = ask(setup, work)
    setup.tell(
        [_reply(each) for each in found],
        *(f"{each.uri}  {each.actor_uri}  {_words(each)}" for each in found),
    )


@replies.command("show")
@click.argument("uri")
@pass_setup
def show(setup: Setup, uri: str) -> None:
    """Show a reply on the chapter's pages."""
    _judge(setup, uri, ReplyState.SHOWN)


@replies.command("hide")
@click.argument("uri")
@pass_setup
def hide(setup: Setup, uri: str) -> None:
    """Hide a reply from the chapter's pages."""
    _judge(setup, uri, ReplyState.HIDDEN)


def _judge(setup: Setup, uri: str, state: ReplyState) -> None:
    async def work(deps: Deps) -> Reply:
        return await deps.db.write(lambda tx: service.judge_reply(tx, uri, state))

    reply = ask(setup, work)
    setup.tell(_reply(reply), f"{reply.state}: {reply.uri}")


def _known(tx: ReadTx, word: str) -> str | None:
    """Return the blocked actor with a handle that was seen here: its server may be gone."""
    handle = word.strip().removeprefix("@").lower()
    return next(
        (
            each.target
            for each in store_blocks.listing(tx)
            if each.kind == "actor"
            and (actor := remote_actors.get(tx, each.target))
            and actor.handle.lower() == handle
        ),
        None,
    )


async def _target(deps: Deps, word: str) -> str:
    """Return what to block; a handle is looked up, for actors are known by their id."""
    if "@" not in word.strip().removeprefix("@") or word.startswith(("https://", "http://")):
        return word
    try:
        return (await discover.resolve(deps, word)).uri
    except ChapterError as error:
        raise ChapterError(
            f"{word} can't be looked up: {error.message}",
            cure="give the actor's address, or block the whole host",
        ) from error


def _block(made: Block) -> dict[str, object]:
    return {"target": made.target, "kind": made.kind, "since": made.since.isoformat()}


def _reply(reply: Reply) -> dict[str, object]:
    return {
        "id": reply.uri,
        "actor": reply.actor_uri,
        "in_reply_to": reply.in_reply_to,
        "state": str(reply.state),
        "published": reply.published_at.isoformat(),
        "warning": reply.warning,
        "text": plain(reply.html + reply.attached),
    }


def _words(reply: Reply) -> str:
    """Return the words of a reply on one line, its content warning before them."""
    words = one_line(plain(reply.html + reply.attached), 80)
    return f"[{reply.warning}] {words}" if reply.warning else words
