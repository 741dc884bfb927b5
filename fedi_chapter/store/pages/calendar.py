"""The calendar: everything that is coming, and a little of what has been."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from fedi_chapter.domain.event import Event
from fedi_chapter.store import events
from fedi_chapter.store.pages import listed
from fedi_chapter.store.pages.neighbour_dates import NeighbourDate, neighbour_dates
from fedi_chapter.store.pages.site import Site, site
from fedi_chapter.store.tx import ReadTx

MOST_COMING = 200
MOST_OF_NEIGHBOURS = 50
MOST_PAST = 12
MOST_KEPT = 200
"""So many events that are over stand in a calendar to subscribe to."""


@dataclass(frozen=True, slots=True)
class CalendarPage:
    """All listed events in order: those to come, the next first; past ones, the last first.

    Those to come are ours and our neighbours'; all others are ours.
    """

    site: Site
    going_on: tuple[Event, ...]
    """What lasts for days and has begun."""
    coming: tuple[Event | NeighbourDate, ...]
    postponed: tuple[Event, ...]
    past: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class CalendarFeed:
    """What a calendar program subscribes to, and when it last changed."""

    site: Site
    events: tuple[Event, ...]
    changed_at: datetime


def calendar_page(tx: ReadTx) -> CalendarPage:
    """Return the calendar as of this transaction."""
    around = site(tx)
    ahead = listed.coming(tx, around.chapter.id, MOST_COMING)
    on = tuple(event for event in ahead if listed.is_going_on(event, tx.now))
    postponed = tuple(event for event in ahead if event.is_postponed)
    ours = [event for event in ahead if event not in (*on, *postponed)]
    theirs = neighbour_dates(tx, around.chapter.timezone, MOST_OF_NEIGHBOURS)
    return CalendarPage(
        site=around,
        going_on=on,
        coming=tuple(sorted((*ours, *theirs), key=lambda each: each.starts_at)),
        postponed=postponed,
        past=listed.past(tx, around.chapter.id, MOST_PAST),
    )


def calendar_feed(tx: ReadTx, *, kept: timedelta = timedelta()) -> CalendarFeed:
    """Return the coming public events, for feeds, and those `kept` although they are over."""
    around = site(tx)
    mine = around.chapter.id
    past = events.lately(tx, mine, tx.now - kept, limit=MOST_KEPT) if kept else []
    changed_at = events.last_change(tx, mine, kept=kept)
    return CalendarFeed(
        site=around,
        events=(*reversed(past), *events.upcoming(tx, mine, limit=MOST_COMING)),
        changed_at=max(filter(None, (changed_at, around.chapter.updated_at))),
    )
