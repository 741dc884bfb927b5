"""An event as its organizers see it: who comes by which way, who waits, what they were told."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import exists, or_, select

from fedi_chapter.domain.attendee import Attendee, in_line
from fedi_chapter.domain.chapter import ActorId
from fedi_chapter.domain.event import Event, EventId
from fedi_chapter.domain.rsvp import Route, RsvpStatus
from fedi_chapter.store import events, rsvps, tallies
from fedi_chapter.store.pages.attendees import attendees
from fedi_chapter.store.tables import events as event_table
from fedi_chapter.store.tables import rsvps as rsvp_table
from fedi_chapter.store.tables import tallies as tally_table
from fedi_chapter.store.tallies import Tally
from fedi_chapter.store.tx import ReadTx

LATELY = timedelta(days=30)
MOST = 100
_ASKS_FOR_GUESTS = exists().where(
    rsvp_table.c.event_id == event_table.c.id, rsvp_table.c.asked_guests.is_not(None)
)


@dataclass(frozen=True, slots=True)
class HostedEvent:
    """An event in the organizers' list, with its numbers."""

    event: Event
    tally: Tally
    asking: int
    """How many people wait for an organizer's yes, for themselves or for more guests."""


@dataclass(frozen=True, slots=True)
class EventDesk:
    """One event, and everyone who answered it."""

    event: Event
    tally: Tally
    people: list[Attendee]

    def those(self, status: str) -> list[Attendee]:
        """Return who stands so, the longest waiting first."""
        return in_line(self.people, RsvpStatus(status))

    @property
    def numbers(self) -> dict[str, dict[str, int]]:
        """People by status and by the way they came; only what there is."""
        counted = Counter((each.rsvp.status, each.rsvp.route) for each in self.people)
        return {
            status.value: {route.value: counted[status, route] for route in routes}
            for status in RsvpStatus
            if (routes := [route for route in Route if counted[status, route]])
        }

    @property
    def asking_for_guests(self) -> list[Attendee]:
        """Return whose guests wait for a yes, who asked first first."""
        asking = [each for each in self.people if each.rsvp.asked_guests is not None]
        return sorted(asking, key=lambda each: (each.rsvp.said_at, each.rsvp.id))

    @property
    def unused(self) -> int:
        """How many seats are free although people wait: too few for the parties in line."""
        capacity = self.event.capacity
        return 0 if capacity is None or not self.tally.waitlist else capacity - self.tally.heads

    @property
    def over(self) -> int:
        """How many people more than there are seats."""
        capacity = self.event.capacity
        return 0 if capacity is None else max(0, self.tally.heads - capacity)


def event_desk(tx: ReadTx, event: Event, *, mail: Callable[[str], str] | None = None) -> EventDesk:
    """Return an event with everyone who answered it; `mail` as `attendees` wants it."""
    return EventDesk(event, tallies.get(tx, event.id), attendees(tx, event.id, mail=mail))


def asking(tx: ReadTx, actor_id: ActorId) -> list[HostedEvent]:
    """Return the events ahead that people asked to come to and wait for a yes, the next first."""
    columns = event_table.c
    found = tx.conn.execute(
        select(columns.id)
        .join(tally_table, tally_table.c.event_id == columns.id)
        .where(columns.actor_id == actor_id, columns.deleted_at.is_(None))
        .where(columns.over_at > tx.now, or_(tally_table.c.pending > 0, _ASKS_FOR_GUESTS))
        .order_by(columns.starts_at, columns.id)
        .limit(MOST)
    ).scalars()
    return _hosted(tx, found.all())


def hosted(tx: ReadTx, actor_id: ActorId) -> tuple[list[HostedEvent], list[HostedEvent]]:
    """Return what is not over yet, the next one first; and what lately was, the last one first."""
    columns = event_table.c
    found = tx.conn.execute(
        select(columns.id)
        .where(columns.actor_id == actor_id, columns.deleted_at.is_(None))
        .where(columns.over_at > tx.now - LATELY, events.IS_NO_TEMPLATE)
        .order_by(columns.starts_at, columns.id)
        .limit(MOST)
    ).scalars()
    each = _hosted(tx, found.all())
    coming = [one for one in each if one.event.over_at > tx.now]
    past = [one for one in each if one.event.over_at <= tx.now]
    return coming, past[::-1]


def _hosted(tx: ReadTx, ids: Sequence[str]) -> list[HostedEvent]:
    known = [events.get(tx, EventId(each)) for each in ids]
    return [_numbered(tx, event) for event in known if event]


def _numbered(tx: ReadTx, event: Event) -> HostedEvent:
    tally = tallies.get(tx, event.id)
    return HostedEvent(event, tally, tally.pending + len(rsvps.asking_for_guests(tx, event.id)))
