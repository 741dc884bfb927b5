"""`event`: create, edit, publish, cancel, delete, list, show."""

from collections.abc import Callable
from typing import Any

import click

from fedi_chapter.cli.frame import Noun, Setup, ask, chapter_of, pass_setup
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
from fedi_chapter.deps import Deps
from fedi_chapter.domain.event import Event, EventId, RsvpMode
from fedi_chapter.domain.media import Media
from fedi_chapter.domain.urls import Urls
from fedi_chapter.services import events as service
from fedi_chapter.services.events import EventFields
from fedi_chapter.services.places import PlaceFields
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
        "--timezone", help="Time zone, such as America/New_York (default: the chapter's)."
    ),
    click.option("--place", help="Name of the place; empty takes the place away."),
    click.option("--address", help="Its address."),
    click.option("--lat", type=float, help="Latitude in degrees."),
    click.option("--lon", type=float, help="Longitude in degrees."),
    click.option("--online-url", help="Where to join online."),
    click.option("--description", help="Markdown; - reads it from standard input."),
    click.option(
        "--rsvp",
        type=click.Choice([str(each) for each in RsvpMode]),
        help="Sign-up: external sends people to --external-url; on comes with a later release.",
    ),
    click.option("--external-url", help="Where people sign up elsewhere."),
    click.option("--capacity", type=int, help="Seats; 0 takes the limit away."),
    click.option("--approval/--no-approval", default=None, help="An organizer confirms."),
    click.option("--tag", "tags", multiple=True, help="A hashtag; may be repeated."),
    image_options,
    language_option,
    visibility_option,
)


def _field_options(function: Any) -> Any:
    for option in reversed(_FIELDS):
        function = option(function)
    return function


@click.group(cls=Noun)
def event() -> None:
    """Events of the chapter."""


@event.command("create", epilog=EXAMPLE)
@click.option("--name", required=True, help="What it is called.")
@click.option("--start", required=True, help="When it starts: 2026-09-19T10:00, local time.")
@_field_options
@click.option("--draft", is_flag=True, help="Keep it to the organizers for now.")
@pass_setup
def create(setup: Setup, /, *, draft: bool, **words: Any) -> None:
    """Make an event and publish it."""
    words["description"] = text_from(words["description"])

    async def work(deps: Deps) -> tuple[Event, Urls]:
        fields = _fields(words, take_images(deps, words["files"], words["alts"]))

        def write(tx: WriteTx) -> Event:
            return service.create_event(tx, chapter_of(tx), fields, deps.urls, draft=draft)

        return await deps.db.write(write), deps.urls

    made, urls = ask(setup, work)
    told = summary(made, urls)
    setup.tell(told, f"{'kept as a draft' if draft else 'published'}: {told['url']}")


@event.command("edit")
@click.argument("event_id", metavar="ID")
@click.option("--name", help="What it is called.")
@click.option("--start", help="When it starts: 2026-09-19T10:00, local time.")
@_field_options
@pass_setup
def edit(setup: Setup, /, *, event_id: str, **words: Any) -> None:
    """Change an event. What is not named stays as it is; pictures replace the old ones."""
    check_something(words)
    words["description"] = text_from(words["description"])

    async def work(deps: Deps) -> tuple[Event, Urls]:
        bare = _id(event_id, deps)
        await deps.db.read(lambda tx: service.own_event(tx, bare))
        fields = _fields(words, take_images(deps, words["files"], words["alts"]))
        return (
            await deps.db.write(lambda tx: service.edit_event(tx, bare, fields, deps.urls)),
            deps.urls,
        )

    changed, urls = ask(setup, work)
    told = summary(changed, urls)
    setup.tell(told, f"changed: {told['url']}")


@event.command("publish")
@click.argument("event_id", metavar="ID")
@pass_setup
def publish(setup: Setup, event_id: str) -> None:
    """Publish a draft."""
    _change(setup, event_id, service.publish_event, "published")


@event.command("cancel")
@click.argument("event_id", metavar="ID")
@click.option("--reason", help="Why, for everyone to read.")
@pass_setup
def cancel(setup: Setup, event_id: str, reason: str | None) -> None:
    """Say that an event will not take place."""
    _change(setup, event_id, lambda tx, bare: service.cancel_event(tx, bare, reason), "cancelled")


@event.command("delete")
@click.argument("event_id", metavar="ID")
@pass_setup
def delete(setup: Setup, event_id: str) -> None:
    """Delete an event, here and on other servers. To call it off, cancel it instead."""

    async def work(deps: Deps) -> str:
        bare = _id(event_id, deps)
        await deps.db.write(lambda tx: service.delete_event(tx, bare))
        return deps.urls.event(bare)

    uri = ask(setup, work)
    setup.tell({"id": uri, "deleted": True}, f"deleted: {uri}")


@event.command("list")
@pass_setup
def listing(setup: Setup) -> None:
    """List all events with drafts, newest first."""

    async def work(deps: Deps) -> tuple[list[Event], Urls]:
        def read(tx: ReadTx) -> list[Event]:
            return [*events.listing(tx, chapter_of(tx).id)]

        return await deps.db.read(read), deps.urls

    found, urls = ask(setup, work)
    setup.tell([summary(each, urls) for each in found], *(_line(each, urls) for each in found))


@event.command("show")
@click.argument("event_id", metavar="ID")
@pass_setup
def show(setup: Setup, event_id: str) -> None:
    """Show one event."""

    async def work(deps: Deps) -> tuple[Event, Urls]:
        bare = _id(event_id, deps)
        return await deps.db.read(lambda tx: service.own_event(tx, bare)), deps.urls

    found, urls = ask(setup, work)
    told = summary(found, urls)
    setup.tell(told, *(f"{name}: {value}" for name, value in told.items() if value))


def summary(event: Event, urls: Urls) -> dict[str, object]:
    """Return an event as the command line tells it; times in the event's own zone."""
    place = event.place
    return {
        "id": urls.event(event.id),
        "url": urls.event(event.id),
        "face": urls.face(event.id),
        "ics": urls.event_ics(event.id),
        "name": event.name,
        "start": event.starts_at.astimezone(event.zone).isoformat(),
        "end": event.ends_at.astimezone(event.zone).isoformat() if event.ends_at else None,
        "timezone": event.timezone,
        "place": place.name if place else None,
        "address": place.address if place else None,
        "online_url": event.online_url,
        "rsvp": str(event.rsvp),
        "external_url": event.external_url,
        "capacity": event.capacity,
        "status": "draft" if event.is_draft else str(event.status),
        "cancel_reason": event.cancel_reason,
        "visibility": str(event.visibility),
        "tags": list(event.tags),
        "images": [urls.media(image) for image in event.images],
        "description": event.description,
        "revision": event.revision,
    }


def _change(
    setup: Setup, event_id: str, verb: Callable[[WriteTx, EventId], Event], done: str
) -> None:
    async def work(deps: Deps) -> tuple[Event, Urls]:
        bare = _id(event_id, deps)
        return await deps.db.write(lambda tx: verb(tx, bare)), deps.urls

    changed, urls = ask(setup, work)
    told = summary(changed, urls)
    setup.tell(told, f"{done}: {told['url']}")


def _fields(words: dict[str, Any], images: tuple[Media, ...] | None) -> EventFields:
    return EventFields(
        name=words["name"],
        start=words["start"],
        end=words["end"],
        timezone=words["timezone"],
        place=PlaceFields(words["place"], words["address"], words["lat"], words["lon"]),
        online_url=words["online_url"],
        description=words["description"],
        rsvp=RsvpMode(words["rsvp"]) if words["rsvp"] else None,
        external_url=words["external_url"],
        capacity=words["capacity"],
        approval=words["approval"],
        visibility=visibility_of(words["visibility"]),
        language=words["language"],
        tags=words["tags"] or None,
        images=images,
    )


def _id(text: str, deps: Deps) -> EventId:
    return EventId(own_id(text, deps.urls, "event"))


def _line(event: Event, urls: Urls) -> str:
    state = "draft" if event.is_draft else str(event.status)
    start = event.starts_at.astimezone(event.zone)
    return f"{start:%Y-%m-%d %H:%M}  {state:<11}  {event.name}  {urls.event(event.id)}"
