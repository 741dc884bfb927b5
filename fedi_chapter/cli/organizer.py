"""`organizer`: who may act for the chapter, and the links that sign them in."""

import click

from fedi_chapter.cli.frame import Noun, Setup, Verb, ask, pass_setup
from fedi_chapter.deps import Deps
from fedi_chapter.domain.organizer import Organizer, Role
from fedi_chapter.services import organizers as service
from fedi_chapter.store import organizers as store


@click.group(cls=Noun)
def organizer() -> None:
    """The people who run the chapter."""


@organizer.command("invite", cls=Verb)
@click.option(
    "--role",
    type=click.Choice([str(each) for each in Role]),
    help="What they may do; needed for somebody new.",
)
@click.option("--name", help="Who it is; somebody known gets a fresh link.")
@pass_setup
def invite(setup: Setup, role: str | None, name: str | None) -> None:
    """Make a sign-in link for an organizer; it works once, within 24 hours."""
    wanted = Role(role) if role else None
    if wanted is None and name is None:
        raise click.UsageError("Missing option '--role', or '--name' of an organizer.")

    async def work(deps: Deps) -> tuple[Organizer, str]:
        invited, token = await deps.db.write(lambda tx: service.invite(tx, name, wanted))
        return invited, deps.urls.sign_in(token)

    invited, url = ask(setup, work)
    setup.tell(
        {"name": invited.name, "role": invited.role, "url": url},
        f"{invited.name} ({invited.role}) signs in here, once, within 24 hours:",
        f"  {url}",
    )


@organizer.command("list")
@pass_setup
def listing(setup: Setup) -> None:
    """List the organizers."""

    async def work(deps: Deps) -> list[Organizer]:
        return await deps.db.read(store.listing)

    found = ask(setup, work)
    setup.tell(
        [
            {"name": each.name, "role": each.role, "since": each.created_at.isoformat()}
            for each in found
        ],
        *(f"{each.role:<9}  {each.name}" for each in found),
    )


@organizer.command("remove")
@click.argument("name")
@pass_setup
def remove(setup: Setup, name: str) -> None:
    """Let an organizer go: signed out everywhere, and open links end."""

    async def work(deps: Deps) -> None:
        await deps.db.write(lambda tx: service.remove(tx, name))

    ask(setup, work)
    setup.tell({"name": name, "removed": True}, f"no longer an organizer: {name}")
