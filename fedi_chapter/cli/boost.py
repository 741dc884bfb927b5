"""`boost`, `unboost`: pass on what somebody else published."""

import click

from fedi_chapter.cli.frame import Setup, Verb, ask, chapter_of, pass_setup
from fedi_chapter.cli.people import object_at
from fedi_chapter.deps import Deps
from fedi_chapter.domain.boost import Boost
from fedi_chapter.services import boosts as service
from fedi_chapter.store import boosts
from fedi_chapter.store.tx import WriteTx


@click.command(cls=Verb)
@click.argument("url")
@pass_setup
def boost(setup: Setup, url: str) -> None:
    """Share a post or an event with our followers.

    URL is the address of something public, here or elsewhere.
    """

    async def work(deps: Deps) -> tuple[Boost, str]:
        found = await object_at(deps, url)

        def write(tx: WriteTx) -> Boost:
            return service.boost(tx, chapter_of(tx), found.uri, found.author_uri)

        made = await deps.db.write(write)
        return made, deps.urls.activity(made.id)

    made, uri = ask(setup, work)
    setup.tell({"id": uri, "object": made.object_uri}, f"boosted: {made.object_uri}")


@click.command(cls=Verb)
@click.argument("url")
@pass_setup
def unboost(setup: Setup, url: str) -> None:
    """Take the boost of URL back."""

    async def work(deps: Deps) -> tuple[Boost, str]:
        uri = await _boosted(deps, url)

        def write(tx: WriteTx) -> Boost:
            return service.unboost(tx, chapter_of(tx), uri)

        undone = await deps.db.write(write)
        return undone, deps.urls.activity(undone.id)

    undone, uri = ask(setup, work)
    setup.tell({"id": uri, "object": undone.object_uri}, f"no longer boosted: {undone.object_uri}")


async def _boosted(deps: Deps, url: str) -> str:
    """Return the id behind `url`: known by that name already, or asked for."""
    known = await deps.db.read(lambda tx: boosts.active(tx, chapter_of(tx).id, url))
    return url if known is not None else (await object_at(deps, url)).uri
