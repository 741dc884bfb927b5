"""Series, changed from one date on: the series is cut in two, and what is published follows.

Called by the command line and the organizers' pages, inside their transaction. Everything else
that is done to a series stands in `services.series`.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import takewhile

from fedi_chapter.domain.event import Event, EventId, moved_to
from fedi_chapter.domain.local_time import local_at
from fedi_chapter.domain.recurrence import matched
from fedi_chapter.domain.rule_reading import new_rule
from fedi_chapter.domain.series import Series, SeriesId
from fedi_chapter.domain.urls import Urls
from fedi_chapter.services.event_fields import EventFields
from fedi_chapter.services.events import edit_event, held_event, own_event
from fedi_chapter.services.series import (
    call_off,
    date_of,
    held_from,
    in_series,
    revise,
)
from fedi_chapter.store import events, exact_places
from fedi_chapter.store import series as store
from fedi_chapter.store.tx import WriteTx


@dataclass(frozen=True, slots=True)
class _Change:
    """What became of a series from the event `named` on."""

    named: EventId
    old: Series
    new: Series
    template: Event
    fields: EventFields
    urls: Urls


def edit_following(
    tx: WriteTx, event_id: EventId, fields: EventFields, urls: Urls, *, rule: str | None = None
) -> Event:
    """Change an event of a series and all after it; those before stay as they are.

    Times in `fields` are those of this event, the others follow at their own dates. Events
    that are published already change or move, and who comes is told as of any change; one
    that the new rule has no date for is cancelled.

    Raises:
        FormInvalid: a field or the rule is wrong, or the rule does not fit the new start.
        Conflict: it belongs to no series, is over, or its visibility would change.
        Missing, Gone: there is no such event.

    """
    event, old = in_series(tx, event_id)
    later = held_from(tx, old, event)
    template = edit_event(tx, _template_from(tx, event, old).id, fields, urls)
    new = _continued(tx, event, old, template, rule)
    moves = _moves(old, new, later)
    _hand_over(tx, old, new, moves)
    change = _Change(event.id, old, new, template, fields, urls)
    for each in later:
        _follow(tx, each, moves[date_of(each)], change)
    return own_event(tx, event_id)


def _is_whole(event: Event, series: Series) -> bool:
    """Tell whether nothing of the series comes before this event."""
    return next(series.dates(), None) == event.occurrence


def _template_from(tx: WriteTx, event: Event, old: Series) -> Event:
    """Return the template for this event and the following, at this event's own date."""
    template = held_event(tx, old.template_id)
    there = moved_to(template, old.starts(date_of(event)), old.timezone)
    if _is_whole(event, old):
        events.change(tx, there)
        return there
    copied = replace(there, id=EventId(tx.new_id()), created_at=tx.now)
    events.insert(tx, copied)
    exact_places.copy(tx, template.id, copied.id)
    return copied


def _continued(tx: WriteTx, event: Event, old: Series, template: Event, rule: str | None) -> Series:
    """Return the series from this event on: the old one if it is the whole of it."""
    zone = template.zone
    begins = date_of(event)
    if (template.starts_at, zone) != (old.starts(begins), old.zone):
        begins = local_at(template.starts_at, zone)
    if rule is None:
        left = old.rule.from_date(old.begins, old.zone, date_of(event))
        rule = str(left.in_zone(old.zone, zone))
    made = new_rule(rule, begins, zone)
    if _is_whole(event, old):
        return replace(old, rule=made, timezone=template.timezone, begins=begins)
    return Series(
        id=SeriesId(tx.new_id()),
        actor_id=old.actor_id,
        template_id=template.id,
        rule=made,
        timezone=template.timezone,
        begins=begins,
        created_at=tx.now,
    )


def _moves(old: Series, new: Series, later: list[Event]) -> dict[datetime, datetime | None]:
    """Tell where the old dates go for which there is an event, or which are skipped."""
    first = date_of(later[0])
    every = old.rule.dates(old.begins, old.zone)
    last = max(date_of(later[-1]).date(), *old.skipped, date.min)
    skipped = [
        local
        for local in takewhile(lambda local: local.date() <= last, every)
        if local.date() in old.skipped and local >= first
    ]
    return matched(sorted({*map(date_of, later), *skipped}), new.rule.dates(new.begins, new.zone))


def _hand_over(
    tx: WriteTx, old: Series, new: Series, moves: dict[datetime, datetime | None]
) -> None:
    """Store both series: the old one ends where the new one begins."""
    gone = {local.date() for local in moves}
    kept = tuple(day for day in old.skipped if day not in gone)
    went = [at for local, at in moves.items() if at and local.date() in old.skipped]
    if new.id == old.id:
        revise(tx, replace(new, skipped=(*kept, *(at.date() for at in went))))
        return
    first = min(moves)
    revise(tx, replace(old, skipped=kept, rule=old.rule.ended_before(old.starts(first))))
    store.insert(tx, replace(new, skipped=tuple(at.date() for at in went)))
    template = own_event(tx, new.template_id)
    events.change(tx, replace(template, series_id=new.id))


def _follow(tx: WriteTx, event: Event, to: datetime | None, change: _Change) -> None:
    """Change one event as its series changed; it goes to the date `to`."""
    if to is None:
        call_off(tx, event, None)
        return
    events.change(tx, replace(event, series_id=change.new.id, occurrence=to))
    if event.deleted_at is None and not event.is_cancelled and event.over_at > tx.now:
        edit_event(tx, event.id, _told(event, to, change), change.urls)


def _told(event: Event, to: datetime, change: _Change) -> EventFields:
    """Return the fields for one event: times are its own; one that was moved alone stays there."""
    if event.id == change.named:
        return change.fields
    fields, starts_at = change.fields, event.starts_at
    # What is postponed alone waits for a date of its own.
    moves = to != date_of(event) and not event.is_postponed
    if moves:
        starts_at = change.new.starts(to)
    is_planned = starts_at == change.new.starts(to)
    local = to if is_planned else local_at(starts_at, change.new.zone)
    target = change.new.planned(change.template, local)
    deadline = fields.rsvp_until is not None or (moves and event.rsvp_until is not None)
    return replace(
        fields,
        start=_start(target) if moves else None,
        end=None if fields.end is None else _end(target),
        rsvp_until=_written(target.rsvp_until) if deadline else None,
    )


def _start(event: Event) -> str:
    """Return the start as an organizer writes it: an instant, or a day."""
    if event.all_day:
        return event.local(event.starts_at).date().isoformat()
    return _written(event.starts_at)


def _end(event: Event) -> str:
    return event.last_day.isoformat() if event.all_day else _written(event.ends_at)


def _written(at: datetime | None) -> str:
    return at.isoformat(timespec="seconds") if at else ""
