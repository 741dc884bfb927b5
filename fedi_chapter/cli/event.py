"""`event`: create, edit, publish, delete, list, show."""

from typing import Any

import click

from fedi_chapter.cli import event_plans
from fedi_chapter.cli.attend import attend, attending
from fedi_chapter.cli.event_plans import FOLLOWING, bare_id, change
from fedi_chapter.cli.event_rsvps import COMMANDS
from fedi_chapter.cli.event_told import hidden, line, plain, summary
from fedi_chapter.cli.frame import Noun, Setup, ask, chapter_of, pass_setup
from fedi_chapter.cli.words import (
    check_something,
    image_options,
    language_option,
    take_images,
    text_from,
    visibility_of,
    visibility_option,
)
from fedi_chapter.deps import Deps
from fedi_chapter.domain.event import Event, PlaceShown, RsvpMode
from fedi_chapter.domain.media import Media
from fedi_chapter.domain.urls import Urls
from fedi_chapter.services import events as service
from fedi_chapter.services import series as series_service
from fedi_chapter.services import series_change
from fedi_chapter.services.event_fields import EventFields
from fedi_chapter.services.places import Meeting, PlaceFields, meeting_of
from fedi_chapter.store import events
from fedi_chapter.store.tx import ReadTx, WriteTx

EXAMPLE = """\b
Example:
  fedi-chapter event create --name "Repair café" --start 2026-12-05T14:00 \\
    --end 2026-12-05T18:00 --place "Mill Hall" --address "12 Mill Lane" \\
    --description "Bring what is broken. #repair"
"""
_FIELDS = (
    click.option("--end", help="When it ends, written as the start is."),
    click.option(
        "--all-day/--no-all-day",
        default=None,
        help="Whole days without hours: --start and --end are the first and the last one.",
    ),
    click.option(
        "--timezone", help="Time zone, such as America/New_York (default: the chapter's)."
    ),
    click.option("--place", help="Name of the place; empty takes the place away."),
    click.option("--address", help="Its address; a place without a name is called by it."),
    click.option("--lat", type=float, help="Latitude in degrees."),
    click.option("--lon", type=float, help="Longitude in degrees."),
    click.option(
        "--place-shown",
        type=click.Choice([str(each) for each in PlaceShown]),
        help="Who learns the place and the online link: all, or who is going; the others see"
        " the area.",
    ),
    click.option("--area", help="What the area is called (default: the chapter's area)."),
    click.option(
        "--online-url",
        help="Where to join online; told only to those who are going, where the place is or an"
        " organizer confirms.",
    ),
    click.option("--description", help="Markdown; - reads it from standard input."),
    click.option(
        "--rsvp",
        type=click.Choice([str(each) for each in RsvpMode]),
        help="Who comes: on asks by poll, reply and page (default); external sends people to"
        " --external-url; off asks nobody.",
    ),
    click.option(
        "--rsvp-until",
        help="Until when people can answer (default: the start; of what lasts for days, the end).",
    ),
    click.option(
        "--count-only/--no-count-only",
        "counts_only",
        default=None,
        help="Keep how many come, and never who.",
    ),
    click.option("--external-url", help="Where people sign up elsewhere."),
    click.option("--capacity", type=int, help="Seats; 0 takes the limit away."),
    click.option("--approval/--no-approval", default=None, help="An organizer confirms."),
    click.option("--bring", help="What to bring, one line; empty takes it away."),
    click.option("--tag", "tags", multiple=True, help="A hashtag; may be repeated."),
    image_options,
    language_option,
    visibility_option,
)


_RRULE = click.option(
    "--rrule", help="Comes again by this rule, such as FREQ=MONTHLY;BYDAY=1TU (RFC 5545)."
)
_PAST = click.option("--past", is_flag=True, help="Write down an event that has been.")


def _field_options(function: Any) -> Any:
    for option in reversed(_FIELDS):
        function = option(function)
    return function


@click.group(cls=Noun)
def event() -> None:
    """Events of the chapter."""


for _command in (*COMMANDS, *event_plans.COMMANDS, attend, attending):
    event.add_command(_command)


@event.command("create", epilog=EXAMPLE)
@click.option("--name", required=True, help="What it is called.")
@click.option("--start", required=True, help="When it starts: 2026-09-19T10:00, local time.")
@_field_options
@_RRULE
@click.option("--draft", is_flag=True, help="Keep it to the organizers for now.")
@_PAST
@pass_setup
def create(setup: Setup, /, *, draft: bool, past: bool, rrule: str | None, **words: Any) -> None:
    """Make an event and publish it. With --rrule it is the first of a series."""
    if rrule is not None and past:
        raise click.UsageError("a series is of events to come: leave out --past")
    words["description"] = text_from(words["description"])

    async def work(deps: Deps) -> tuple[Event, Urls]:
        fields = _fields(words, take_images(deps, words["files"], words["alts"]))

        def write(tx: WriteTx) -> Event:
            if rrule is not None:
                return series_service.create_series(
                    tx, chapter_of(tx), fields, rrule, deps.urls, draft=draft
                )
            return service.create_event(
                tx, chapter_of(tx), fields, deps.urls, draft=draft, past=past
            )

        return await deps.db.write(write), deps.urls

    made, urls = ask(setup, work)
    told = summary(made, urls)
    series = [f"its series: {told['series']}"] if told["series"] else []
    setup.tell(told, f"{'kept as a draft' if draft else 'published'}: {told['url']}", *series)


@event.command("edit")
@click.argument("event_id", metavar="ID")
@click.option("--name", help="What it is called.")
@click.option("--start", help="When it starts: 2026-09-19T10:00, local time.")
@_field_options
@_RRULE
@FOLLOWING
@pass_setup
def edit(
    setup: Setup, /, *, event_id: str, rrule: str | None, following: bool, **words: Any
) -> None:
    """Change an event. What is not named stays as it is; pictures replace the old ones.

    With --following all later events of its series change too, each at its own date.
    """
    if rrule is not None and not following:
        raise click.UsageError("--rrule changes what follows: add --following")
    check_something({**words, "rrule": rrule})
    words["description"] = text_from(words["description"])

    async def work(deps: Deps) -> tuple[Event, Urls]:
        bare = bare_id(event_id, deps)
        await deps.db.read(lambda tx: service.own_event(tx, bare))
        fields = _fields(words, take_images(deps, words["files"], words["alts"]))

        def write(tx: WriteTx) -> Event:
            if following:
                return series_change.edit_following(tx, bare, fields, deps.urls, rule=rrule)
            return service.edit_event(tx, bare, fields, deps.urls)

        return await deps.db.write(write), deps.urls

    changed, urls = ask(setup, work)
    told = summary(changed, urls)
    setup.tell(told, f"changed: {told['url']}")


@event.command("publish")
@click.argument("event_id", metavar="ID")
@_PAST
@pass_setup
def publish(setup: Setup, event_id: str, *, past: bool) -> None:
    """Publish a draft."""
    change(
        setup,
        event_id,
        lambda tx, bare: service.publish_event(tx, bare, past=past),
        "published",
    )


@event.command("delete")
@click.argument("event_id", metavar="ID")
@click.option("--anyway", is_flag=True, help="Although people said yes, who will not hear of it.")
@pass_setup
def delete(setup: Setup, event_id: str, *, anyway: bool) -> None:
    """Delete an event, here and on other servers. To call it off, cancel it instead."""

    async def work(deps: Deps) -> str:
        bare = bare_id(event_id, deps)
        await deps.db.write(lambda tx: service.delete_event(tx, bare, anyway=anyway))
        return deps.urls.event(bare)

    uri = ask(setup, work)
    setup.tell({"id": uri, "deleted": True}, f"deleted: {uri}")


@event.command("list")
@pass_setup
def listing(setup: Setup) -> None:
    """List all events with drafts, in the order of their dates."""

    async def work(deps: Deps) -> tuple[list[Event], Urls]:
        def read(tx: ReadTx) -> list[Event]:
            return [*events.listing(tx, chapter_of(tx).id)]

        return await deps.db.read(read), deps.urls

    found, urls = ask(setup, work)
    setup.tell([summary(each, urls) for each in found], *(line(each, urls) for each in found))


@event.command("show")
@click.argument("event_id", metavar="ID")
@pass_setup
def show(setup: Setup, event_id: str) -> None:
    """Show one event, with its exact place and online link."""

    async def work(deps: Deps) -> tuple[Event, Meeting, Urls]:
        bare = bare_id(event_id, deps)

        def read(tx: ReadTx) -> tuple[Event, Meeting]:
            found = service.own_event(tx, bare)
            return found, meeting_of(tx, found)

        return *await deps.db.read(read), deps.urls

    found, meeting, urls = ask(setup, work)
    told = {**summary(found, urls), **hidden(meeting)}
    setup.tell(told, *(f"{name}: {plain(value)}" for name, value in told.items() if value))


def _fields(words: dict[str, Any], images: tuple[Media, ...] | None) -> EventFields:
    return EventFields(
        name=words["name"],
        start=words["start"],
        end=words["end"],
        all_day=words["all_day"],
        timezone=words["timezone"],
        place=_place(words),
        online_url=words["online_url"],
        description=words["description"],
        rsvp=RsvpMode(words["rsvp"]) if words["rsvp"] else None,
        external_url=words["external_url"],
        capacity=words["capacity"],
        approval=words["approval"],
        rsvp_until=words["rsvp_until"],
        counts_only=words["counts_only"],
        bring=words["bring"],
        visibility=visibility_of(words["visibility"]),
        language=words["language"],
        tags=words["tags"] or None,
        images=images,
    )


def _place(words: dict[str, Any]) -> PlaceFields:
    return PlaceFields(
        words["place"],
        words["address"],
        words["lat"],
        words["lon"],
        area=words["area"],
        shown=PlaceShown(words["place_shown"]) if words["place_shown"] else None,
    )
