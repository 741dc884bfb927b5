"""At the door: who came, written down by any number of greeters, counted once.

Called by the greeters' pages inside their transaction, and by the clock. Whatever order the
entries of several phones arrive in, and however often, the end is the same (`domain.door`).
Somebody who stands at the door is a fact: no capacity turns them away, and nobody in line is
moved because of them.
"""

from dataclasses import replace
from datetime import timedelta

from fedi_chapter.core.errors import Conflict, FormInvalid, Missing, NumberInvalid
from fedi_chapter.core.graphemes import is_visible
from fedi_chapter.core.text import one_line
from fedi_chapter.domain.door import Entry, EntryKind, arrival
from fedi_chapter.domain.event import Event
from fedi_chapter.domain.rsvp import (
    MOST_GUESTS,
    RANKS,
    Answer,
    Party,
    Route,
    Rsvp,
    RsvpId,
    RsvpStatus,
)
from fedi_chapter.services.rsvps import key_of, tally_changed
from fedi_chapter.store import door, events, rsvps, tallies
from fedi_chapter.store.tx import WriteTx

NO_SHOW_AFTER = timedelta(hours=6)
"""How long after the end it is said that somebody did not come: a phone may be late to tell."""
NO_SHOW_UNTIL = timedelta(days=2)
LONGEST_NAME = 80


def record(tx: WriteTx, event: Event, entry: Entry, *, name: str = "") -> Rsvp:
    """Write an entry down and return how the person stands; a known entry changes nothing.

    `name` is a walk-in's.

    Raises:
        Missing: nobody answered this event under the entry's RSVP.
        Conflict: nobody may come: the event is cancelled, or still a draft.
        FormInvalid: a walk-in without a name, or more guests than anybody may bring.

    """
    if event.is_draft or event.is_cancelled:
        raise Conflict("this event does not take place")
    tallies.lock(tx, event.id)
    if not door.is_known(tx, entry.id):
        _check(event, entry, name)
        if entry.kind is EntryKind.WALK_IN and rsvps.get(tx, entry.rsvp_id) is None:
            rsvps.insert(tx, _walk_in(tx, event, entry, name))
        door.put(tx, entry)
    known = rsvps.get(tx, entry.rsvp_id)
    if known is None or known.event_id != event.id:
        raise Missing("nobody answered this event under that id")
    return _settle(tx, event, known)


def mark_no_shows(tx: WriteTx) -> int:
    """Say of who was expected and never came that they did not; return of how many.

    Only where greeters wrote somebody down: elsewhere nobody knows who came.
    """
    marked = 0
    over = events.ended(tx, after=tx.now - NO_SHOW_UNTIL, until=tx.now - NO_SHOW_AFTER)
    for event in over:
        if not tallies.lock(tx, event.id).attended:
            continue
        for expected in rsvps.of_event(tx, event.id):
            if expected.status is RsvpStatus.GOING:
                _put(tx, expected, replace(expected, status=RsvpStatus.NO_SHOW))
                marked += 1
    return marked


def _check(event: Event, entry: Entry, name: str) -> None:
    if entry.guests is not None and not 0 <= entry.guests <= MOST_GUESTS:
        raise NumberInvalid("guests", least=0, most=MOST_GUESTS)
    if entry.kind is not EntryKind.WALK_IN:
        return
    if entry.rsvp_id != entry.id:
        raise FormInvalid("a walk-in is known by the id of its entry")
    if not event.counts_only and not is_visible(one_line(name, LONGEST_NAME)):
        raise FormInvalid("the name is missing", cure="any name will do", field="name")


def _walk_in(tx: WriteTx, event: Event, entry: Entry, name: str) -> Rsvp:
    at = min(entry.at, tx.now)
    return Rsvp(
        id=RsvpId(entry.id),
        event_id=event.id,
        key=key_of(tx, event, Party(key=f"door:{entry.id}")),
        status=RsvpStatus.NONE,
        route=Route.DOOR,
        said_at=at,
        said_rank=RANKS[Answer.GOING],
        said_guests=entry.guests or 0,
        created_at=tx.now,
        changed_at=tx.now,
        guests=entry.guests or 0,
        name=None if event.counts_only else one_line(name, LONGEST_NAME),
    )


def _settle(tx: WriteTx, event: Event, known: Rsvp) -> Rsvp:
    """Bring one person's state in line with all that was written about them."""
    came, before = arrival(door.of_rsvp(tx, known.id)), door.before(tx, known.id)
    announced = before.guests if before else known.guests
    if came is not None:
        if before is None:
            door.put_before(tx, known, _unmarked(known.status))
        guests = announced if came.guests is None else came.guests
        # A phone's clock may be ahead; its entries keep their order, and nobody comes tomorrow.
        at = min(came.at, tx.now)
        after = replace(known, status=RsvpStatus.ATTENDED, guests=guests, checked_in_at=at)
    elif before is not None:
        door.remove_before(tx, known.id)
        after = replace(known, status=before.status, guests=announced, checked_in_at=None)
    else:
        return known
    if after == known:
        return known
    _put(tx, known, after)  # not `changed_at`: a check-in tells them nothing
    tally_changed(tx, event)
    return after


def _unmarked(status: RsvpStatus) -> RsvpStatus:
    """Return how somebody stood before anybody said that they did not come."""
    return RsvpStatus.GOING if status is RsvpStatus.NO_SHOW else status


def _put(tx: WriteTx, before: Rsvp, after: Rsvp) -> None:
    rsvps.change(tx, after)
    tallies.move(tx, after.event_id, before, after)
