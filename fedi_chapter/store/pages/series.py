"""The page of a series: its rule and its next dates."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from fedi_chapter.core.errors import Missing
from fedi_chapter.domain.event import Event
from fedi_chapter.domain.local_time import local_at
from fedi_chapter.domain.series import Series, SeriesId
from fedi_chapter.store import events
from fedi_chapter.store import series as store
from fedi_chapter.store.pages.site import Site, site
from fedi_chapter.store.pages.voices import SafeHtml
from fedi_chapter.store.tx import ReadTx

MOST_DATES = 8
MOST_MOVED = timedelta(days=366)
"""An event that was put off for longer is no date of its series any more."""


@dataclass(frozen=True, slots=True)
class SeriesDate:
    """One date to come, and its event as soon as there is one."""

    at: datetime
    event: Event | None


@dataclass(frozen=True, slots=True)
class SeriesPage:
    """A series, what its events have in common, and its next dates; none if it has ended."""

    site: Site
    series: Series
    event: Event
    """What its events are made after."""
    description: SafeHtml
    dates: tuple[SeriesDate, ...]


@dataclass(frozen=True, slots=True)
class SeriesFeed:
    """A series with all its events, for calendar programs, and when it last changed."""

    site: Site
    series: Series
    event: Event
    made: tuple[Event, ...]
    changed_at: datetime


def series_page(tx: ReadTx, series_id: SeriesId) -> SeriesPage:
    """Return the page of a series that anybody with the address may read.

    Raises:
        Missing: there is no such series, or none of its events has a page.

    """
    series, event = _readable(tx, series_id)
    return SeriesPage(
        site=site(tx),
        series=series,
        event=event,
        description=SafeHtml(event.description_html),
        dates=_dates(tx, series),
    )


def series_feed(tx: ReadTx, series_id: SeriesId) -> SeriesFeed:
    """Return a series for calendar programs.

    Raises:
        Missing: as `series_page` says.

    """
    series, event = _readable(tx, series_id)
    made = tuple(events.of_series(tx, series.id))
    changes = [at for each in made for at in (each.published_at, each.updated_at, each.deleted_at)]
    around = site(tx)
    changes += [series.created_at, series.updated_at, around.chapter.updated_at]
    return SeriesFeed(
        site=around,
        series=series,
        event=event,
        made=made,
        changed_at=max(at for at in changes if at),
    )


def series_of(tx: ReadTx, event: Event) -> Series | None:
    """Return the series an event belongs to."""
    return None if event.series_id is None else store.get(tx, SeriesId(event.series_id))


def _readable(tx: ReadTx, series_id: SeriesId) -> tuple[Series, Event]:
    series = store.get(tx, series_id)
    event = events.get(tx, series.template_id) if series else None
    if series is None or event is None or not event.visibility.has_page:
        raise Missing("there is no series here")
    if store.last_published(tx, series.id) is None:
        raise Missing("there is no series here")
    return series, event


def _dates(tx: ReadTx, series: Series) -> tuple[SeriesDate, ...]:
    """Return the next dates, those whose event was moved where it was moved to."""
    named = list(islice(series.dates_after(tx.now), MOST_DATES))
    known = events.of_series(tx, series.id, since=local_at(tx.now - MOST_MOVED, series.zone))
    taken = {event.occurrence for event in known if event.published_at or event.deleted_at}
    shown = [
        SeriesDate(event.starts_at, event)
        for event in known
        if event.published_at and event.deleted_at is None and event.over_at > tx.now
    ]
    open_dates = [SeriesDate(series.starts(local), None) for local in named if local not in taken]
    return tuple(sorted([*shown, *open_dates], key=lambda each: each.at)[:MOST_DATES])
