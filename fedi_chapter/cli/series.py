"""`series`: list, show, skip. Series are begun, changed and ended by the commands of `event`."""

import re
from datetime import date, datetime
from itertools import islice
from typing import Any

import click

from fedi_chapter.cli.frame import Noun, Setup, ask, chapter_of, pass_setup
from fedi_chapter.core.errors import FormInvalid
from fedi_chapter.core.i18n import translator
from fedi_chapter.deps import Deps
from fedi_chapter.domain.event import Event
from fedi_chapter.domain.recurrence_words import rule_in_words
from fedi_chapter.domain.series import Series, SeriesId
from fedi_chapter.domain.urls import Urls
from fedi_chapter.services import events as event_service
from fedi_chapter.services import series as service
from fedi_chapter.store import events
from fedi_chapter.store import series as store
from fedi_chapter.store.tx import ReadTx, WriteTx

NEXT = 10
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
EXAMPLE = """\b
Example:
  fedi-chapter event create --name "Open evening" --start 2026-12-01T19:00 \\
    --rrule "FREQ=MONTHLY;BYDAY=1TU"
  fedi-chapter series list
"""


@click.group(cls=Noun, epilog=EXAMPLE)
def series() -> None:
    """Events that come again by a rule."""


@series.command("list")
@pass_setup
def listing(setup: Setup) -> None:
    """List all series, newest first."""

    async def work(deps: Deps) -> list[dict[str, Any]]:
        def read(tx: ReadTx) -> list[dict[str, Any]]:
            return [_summary(tx, each, deps.urls) for each in store.listing(tx, chapter_of(tx).id)]

        return await deps.db.read(read)

    found = ask(setup, work)
    setup.tell(found, *(f"{each['name']}  {each['words']}  {each['url']}" for each in found))


@series.command("show")
@click.argument("series_id", metavar="ID")
@pass_setup
def show(setup: Setup, series_id: str) -> None:
    """Show one series with its next dates."""

    async def work(deps: Deps) -> dict[str, Any]:
        bare = _bare(series_id, deps.urls)
        return await deps.db.read(lambda tx: _summary(tx, service.own_series(tx, bare), deps.urls))

    told = ask(setup, work)
    words = {name: value for name, value in told.items() if value and name != "dates"}
    setup.tell(
        told,
        *(f"{name}: {value}" for name, value in words.items()),
        *(f"{each['start']}  {each['event'] or ''}".rstrip() for each in told["dates"]),
    )


@series.command("skip")
@click.argument("series_id", metavar="ID")
@click.argument("day")
@pass_setup
def skip(setup: Setup, series_id: str, day: str) -> None:
    """Leave out DAY, such as 2026-12-24, of which no event is published yet."""
    try:
        skipped = date.fromisoformat(day)
    except ValueError as error:
        raise FormInvalid(f"{day!r} is no day", cure="write it as 2026-12-24") from error

    async def work(deps: Deps) -> dict[str, Any]:
        bare = _bare(series_id, deps.urls)

        def write(tx: WriteTx) -> dict[str, Any]:
            return _summary(tx, service.skip_day(tx, bare, skipped), deps.urls)

        return await deps.db.write(write)

    told = ask(setup, work)
    setup.tell(told, f"left out {day}: {told['url']}")


def _summary(tx: ReadTx, found: Series, urls: Urls) -> dict[str, Any]:
    """Return a series as the command line tells it; times are local in its zone."""
    template = event_service.own_event(tx, found.template_id)
    coming = list(islice(found.dates_after(tx.now), NEXT))
    made = {each.occurrence: each for each in events.of_series(tx, found.id)}
    return {
        "id": urls.series(found.id),
        "url": urls.series(found.id),
        "ics": urls.series_ics(found.id),
        "name": template.name,
        "rule": str(found.rule),
        "words": rule_in_words(found.rule, found.zone, translator("en")),
        "timezone": found.timezone,
        "begins": found.begins.isoformat(),
        "skipped": [day.isoformat() for day in found.skipped],
        "dates": [_date(local, made.get(local), urls) for local in coming],
    }


def _date(local: datetime, event: Event | None, urls: Urls) -> dict[str, Any]:
    return {
        "start": local.isoformat(timespec="minutes"),
        "event": urls.event(event.id) if event else None,
        "status": None if event is None else _status(event),
    }


def _status(event: Event) -> str:
    if event.deleted_at:
        return "deleted"
    return "draft" if event.is_draft else str(event.status)


def _bare(text: str, urls: Urls) -> SeriesId:
    bare = text.strip().removesuffix(".ics").removeprefix(urls.series(""))
    if not _ID.fullmatch(bare.lower()):
        raise FormInvalid(
            f"{text!r} is not one of our series", cure="take an id from `series list`"
        )
    return SeriesId(bare.lower())
