"""`event cancel`, `postpone`, `reopen`, `duplicate`: plans that change."""

from collections.abc import Callable

import click

from fedi_chapter.cli.event_told import summary
from fedi_chapter.cli.frame import Setup, Verb, ask, pass_setup
from fedi_chapter.cli.words import own_id
from fedi_chapter.deps import Deps
from fedi_chapter.domain.event import Event, EventId
from fedi_chapter.domain.urls import Urls
from fedi_chapter.services import event_plans
from fedi_chapter.services import events as service
from fedi_chapter.services import series as series_service
from fedi_chapter.store.tx import WriteTx

FOLLOWING = click.option(
    "--following", is_flag=True, help="This one and all that follow it in its series."
)


def bare_id(text: str, deps: Deps) -> EventId:
    """Return the id of one of our events, given whole or bare."""
    return EventId(own_id(text, deps.urls, "event"))


def change(
    setup: Setup, event_id: str, verb: Callable[[WriteTx, EventId], Event], done: str
) -> None:
    """Do something to an event, and tell how it is then."""

    async def work(deps: Deps) -> tuple[Event, Urls]:
        bare = bare_id(event_id, deps)
        return await deps.db.write(lambda tx: verb(tx, bare)), deps.urls

    changed, urls = ask(setup, work)
    told = summary(changed, urls)
    setup.tell(told, f"{done}: {told['url']}")


@click.command("cancel", cls=Verb)
@click.argument("event_id", metavar="ID")
@click.option("--reason", help="Why, for everyone to read.")
@FOLLOWING
@pass_setup
def cancel(setup: Setup, event_id: str, reason: str | None, following: bool) -> None:
    """Say that an event will not take place. With --following its series ends there."""
    verb = series_service.cancel_following if following else service.cancel_event
    change(setup, event_id, lambda tx, bare: verb(tx, bare, reason), "cancelled")


@click.command("postpone", cls=Verb)
@click.argument("event_id", metavar="ID")
@click.option("--start", help="The new date, if it is known; end and deadline keep their hours.")
@click.option("--reason", help="Why, for everyone to read.")
@pass_setup
def postpone(setup: Setup, event_id: str, start: str | None, reason: str | None) -> None:
    """Say that an event is not at its date. Answers are kept, and who comes is told."""
    change(
        setup,
        event_id,
        lambda tx, bare: event_plans.postpone_event(tx, bare, start, reason),
        "moved" if start else "postponed",
    )


@click.command("reopen", cls=Verb)
@click.argument("event_id", metavar="ID")
@pass_setup
def reopen(setup: Setup, event_id: str) -> None:
    """Say that a cancelled or postponed event takes place after all. Who comes is told."""
    change(setup, event_id, event_plans.reopen_event, "takes place")


@click.command("duplicate", cls=Verb)
@click.argument("event_id", metavar="ID")
@click.option("--start", required=True, help="When it starts: 2026-09-19T10:00, local time.")
@pass_setup
def duplicate(setup: Setup, event_id: str, start: str) -> None:
    """Make a draft like an event, at another date. `event publish` shows it to everyone."""
    change(
        setup,
        event_id,
        lambda tx, bare: event_plans.duplicate_event(tx, bare, start),
        "kept as a draft",
    )


COMMANDS = (cancel, postpone, reopen, duplicate)
