"""Series: events that come again by a rule; begin one, publish what is next, skip a day, end it.

Called by the command line and the organizers' pages, inside their transaction, and by the
clock, which publishes the next few. Every date becomes an event of its own, with its own
answers; what is done to a single one is done by `services.events`, a change from one date on by
`services.series_change`. A date whose event was cancelled or deleted keeps its row, and so is
never made again.
"""

from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import islice, takewhile

from fedi_chapter.core.errors import AlreadyCancelled, Conflict, FormInvalid, Missing
from fedi_chapter.domain.chapter import LocalActor
from fedi_chapter.domain.event import Event, EventId
from fedi_chapter.domain.local_time import local_at
from fedi_chapter.domain.rule_reading import new_rule
from fedi_chapter.domain.series import Series, SeriesId
from fedi_chapter.domain.urls import Urls
from fedi_chapter.services.event_fields import EventFields
from fedi_chapter.services.events import (
    cancel_event,
    create_event,
    delete_event,
    own_event,
    publish_event,
)
from fedi_chapter.store import events, exact_places, tallies
from fedi_chapter.store import series as store
from fedi_chapter.store.tx import ReadTx, WriteTx

AHEAD = 3
"""So many of the next dates have their event published."""
HORIZON = timedelta(days=60)
"""No event is published earlier, except the first of a series."""
PACE = timedelta(hours=12)
"""Followers hear of one new event of a series, and of the next so much later at the soonest."""


# -- begin, and go on ----------------------------------------------------------------------


def create_series(
    tx: WriteTx,
    actor: LocalActor,
    fields: EventFields,
    rule: str,
    urls: Urls,
    *,
    draft: bool = False,
) -> Event:
    """Begin a series whose first event is that of `fields`; return it, published unless a draft.

    A series goes on once its first event is published.

    Raises:
        FormInvalid: a field or the rule is wrong, or the first event would already be over.

    """
    template = create_event(tx, actor, fields, urls, draft=True)
    begins = local_at(template.starts_at, template.zone)
    series = Series(
        id=SeriesId(tx.new_id()),
        actor_id=actor.id,
        template_id=template.id,
        rule=new_rule(rule, begins, template.zone),
        timezone=template.timezone,
        begins=begins,
        created_at=tx.now,
    )
    template = replace(template, series_id=series.id)
    events.change(tx, template)
    store.insert(tx, series)
    first = _make(tx, series, template, begins)
    return first if draft else publish_event(tx, first.id)


def running(tx: ReadTx) -> list[SeriesId]:
    """Return the series that have an event to publish now."""
    return [each.id for each in store.everything(tx) if _due(tx, each)]


def publish_next(tx: WriteTx, series_id: SeriesId) -> Event | None:
    """Publish the next event of a series, if it is time for it.

    After a pause only dates to come are made up for, and those one by one.
    """
    series = _locked(tx, series_id)
    local = _due(tx, series)
    if local is None:
        return None
    made = _make(tx, series, own_event(tx, series.template_id), local)
    return publish_event(tx, made.id)


def _due(tx: ReadTx, series: Series) -> datetime | None:
    """Return the date whose event is to be published now."""
    last = store.last_published(tx, series.id)
    if last is None or tx.now - last < PACE:
        return None
    near = takewhile(
        lambda local: series.starts(local) <= tx.now + HORIZON, series.dates_after(tx.now)
    )
    following = list(islice(near, AHEAD))
    if not following:
        return None
    made = {event.occurrence for event in events.of_series(tx, series.id, since=following[0])}
    return next((local for local in following if local not in made), None)


def _make(tx: WriteTx, series: Series, template: Event, local: datetime) -> Event:
    """Store the event of one date of a series, as a draft."""
    event = replace(
        series.planned(template, local),
        id=EventId(tx.new_id()),
        created_at=tx.now,
        occurrence=local,
    )
    events.insert(tx, event)
    exact_places.copy(tx, template.id, event.id)
    return event


# -- skip, and end ---------------------------------------------------------------------------


def cancel_following(tx: WriteTx, event_id: EventId, reason: str | None = None) -> Event:
    """End a series before an event: cancel it and all that are published after it.

    Raises:
        AlreadyCancelled: the series ends before it already.
        Conflict: it belongs to no series, or is over.
        Missing, Gone: there is no such event.

    """
    event, series = in_series(tx, event_id)
    if date_of(event) not in takewhile(lambda local: local <= date_of(event), series.dates()):
        raise AlreadyCancelled
    if event.is_draft:
        raise Conflict("nobody has seen this draft yet", cure="delete it instead")
    revise(tx, replace(series, rule=series.rule.ended_before(series.starts(date_of(event)))))
    for each in held_from(tx, series, event):
        call_off(tx, each, reason)
    return own_event(tx, event_id)


def skip_day(tx: WriteTx, series_id: SeriesId, day: date) -> Series:
    """Leave out one day of a series whose event is not published yet.

    Raises:
        FormInvalid: the series has no such date to come.
        Conflict: its event is there already.
        Missing: there is no such series.

    """
    series = _locked(tx, series_id)
    coming = takewhile(lambda local: local.date() <= day, series.dates_after(tx.now))
    found = [local for local in coming if local.date() == day]
    if not found:
        raise FormInvalid(
            f"the series has no date to come on {day}", cure="`series show ID` lists the next ones"
        )
    if any(event.occurrence == found[0] for event in events.of_series(tx, series.id)):
        raise Conflict(f"the event of {day} is there already", cure="cancel or delete that event")
    return revise(tx, replace(series, skipped=(*series.skipped, day)))


def own_series(tx: ReadTx, series_id: SeriesId) -> Series:
    """Return one of our series.

    Raises:
        Missing: there is no such series.

    """
    return _known(store.get(tx, series_id))


def _locked(tx: WriteTx, series_id: SeriesId) -> Series:
    return _known(store.lock(tx, series_id))


def _known(found: Series | None) -> Series:
    if found is None:
        raise Missing("there is no such series", cure="`series list` shows them all")
    return found


def in_series(tx: WriteTx, event_id: EventId) -> tuple[Event, Series]:
    """Return an event that is not over, and the series it belongs to, locked.

    Raises:
        Conflict: it belongs to no series, or is over.
        Missing, Gone: there is no such event.

    """
    event = own_event(tx, event_id)
    if event.series_id is None or event.occurrence is None:
        raise Conflict("this event belongs to no series", cure="leave out --following")
    if event.over_at <= tx.now:
        raise Conflict("this event is over", cure="name the first one that is to change")
    series = _locked(tx, SeriesId(event.series_id))
    event = own_event(tx, event_id)
    if event.series_id != series.id:  # cut in two while we waited
        return in_series(tx, event_id)
    return event, series


def held_from(tx: WriteTx, series: Series, event: Event) -> list[Event]:
    """Return the events of a locked series from one on, as they stand, and keep them so."""
    for each in events.of_series(tx, series.id, since=event.occurrence):
        tallies.lock(tx, each.id)
    return events.of_series(tx, series.id, since=event.occurrence)


def date_of(event: Event) -> datetime:
    """Return the date that the series gave an event, however often it moved since."""
    if event.occurrence is None:
        raise ValueError(f"the event {event.id} is no date of a series")
    return event.occurrence


def revise(tx: WriteTx, series: Series) -> Series:
    """Store a series that changed; its revision rises, as RFC 5545 wants the SEQUENCE to."""
    changed = replace(series, updated_at=tx.now, revision=series.revision + 1)
    store.change(tx, changed)
    return changed


def call_off(tx: WriteTx, event: Event, reason: str | None) -> None:
    """Cancel an event that is still to come; one that nobody has seen is deleted."""
    if event.deleted_at or event.is_cancelled or event.over_at <= tx.now:
        return
    if event.is_draft:
        delete_event(tx, event.id)
    else:
        cancel_event(tx, event.id, reason)
