"""`follow`, `unfollow`, `followers`, `following`."""

import asyncio
import time

import click

from fedi_chapter.cli.frame import Setup, Verb, ask, chapter_of, note, pass_setup
from fedi_chapter.core.errors import Missing
from fedi_chapter.deps import Deps
from fedi_chapter.domain.follower import Follower, Following, FollowState
from fedi_chapter.federation import discover
from fedi_chapter.services.following import request_follow, withdraw_follow
from fedi_chapter.store import followers as store_followers
from fedi_chapter.store import following as store_following
from fedi_chapter.store import local_actors
from fedi_chapter.store.tx import ReadTx, WriteTx

GLANCE = 0.2
"""Seconds between two looks at whether the answer has come."""


@click.command(cls=Verb)
@click.argument("target")
@click.option(
    "--wait", default=5.0, show_default=True, help="Seconds to wait for the answer; 0 does not."
)
@pass_setup
def follow(setup: Setup, target: str, wait: float) -> None:
    """Follow TARGET: @name@host, name@host or an actor's address."""

    async def work(deps: Deps) -> Following:
        remote = await discover.resolve(deps, target)

        def write(tx: WriteTx) -> Following:
            return request_follow(tx, chapter_of(tx), remote, deps.urls)

        return await _answer(deps, await deps.db.write(write), wait)

    made = ask(setup, work)
    setup.tell(_following(made), f"{made.handle or made.uri}: {made.state}")
    if made.state is FollowState.PENDING:
        note("the request goes out while the server runs; `following` shows the answer")


@click.command(cls=Verb)
@click.argument("target")
@pass_setup
def unfollow(setup: Setup, target: str) -> None:
    """Stop following TARGET: a handle or an actor's address."""

    async def work(deps: Deps) -> str:
        def write(tx: WriteTx) -> str:
            chapter = chapter_of(tx)
            known = _known(store_following.listing(tx, chapter.id), target)
            withdraw_follow(tx, chapter, known.uri)
            return known.uri

        return await deps.db.write(write)

    uri = ask(setup, work)
    setup.tell({"actor": uri, "following": False}, f"no longer followed: {uri}")


@click.command(cls=Verb)
@pass_setup
def followers(setup: Setup) -> None:
    """List who follows the chapter, or the whole server."""

    async def work(deps: Deps) -> tuple[list[Follower], str | None]:
        def read(tx: ReadTx) -> tuple[list[Follower], str | None]:
            server = local_actors.instance_actor(tx)
            ours = [chapter_of(tx), *([server] if server else [])]
            found = [
                each
                for actor in ours
                for listed in (store_followers.listing, store_followers.pending)
                for each in listed(tx, actor.id)
            ]
            return found, server.id if server else None

        return await deps.db.read(read)

    found, server = ask(setup, work)
    setup.tell(
        [
            {
                "actor": each.uri,
                "handle": each.handle,
                "state": str(each.state),
                "since": each.since.isoformat(),
                "follows": "server" if each.actor_id == server else "chapter",
            }
            for each in found
        ],
        *(
            f"{each.handle}  {each.uri}  {each.state}"
            + ("  follows the server (/actor)" if each.actor_id == server else "")
            for each in found
        ),
    )


@click.command(cls=Verb)
@pass_setup
def following(setup: Setup) -> None:
    """List whom the chapter follows, and who was asked."""

    async def work(deps: Deps) -> list[Following]:
        return await deps.db.read(lambda tx: [*store_following.listing(tx, chapter_of(tx).id)])

    found = ask(setup, work)
    setup.tell(
        [_following(each) for each in found],
        *(f"{each.handle}  {each.uri}  {each.state}" for each in found),
    )


async def _answer(deps: Deps, made: Following, patience: float) -> Following:
    """Wait for the other server's answer, which a running server takes in."""
    until, follow_id = time.monotonic() + patience, made.id
    while made.state is FollowState.PENDING and time.monotonic() < until:
        await asyncio.sleep(GLANCE)
        now = await deps.db.read(lambda tx: store_following.get(tx, follow_id))
        if now is None:
            break
        made = now
    return made


def _known(follows: list[Following], target: str) -> Following:
    word = target.strip().removeprefix("@").removeprefix("acct:").casefold()
    for follow in follows:
        if word in (follow.uri.casefold(), follow.handle.removeprefix("@").casefold()):
            return follow
    raise Missing(f"{target} is not followed", cure="`following` shows whom we follow")


def _following(follow: Following) -> dict[str, object]:
    return {
        "actor": follow.uri,
        "handle": follow.handle,
        "state": str(follow.state),
        "since": follow.since.isoformat(),
    }
