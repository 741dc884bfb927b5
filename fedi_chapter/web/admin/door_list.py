"""The greeters' list as it is shown and sent to their phones: what they need and nothing else."""

import hashlib
from dataclasses import asdict, dataclass
from datetime import datetime

import orjson

from fedi_chapter.deps import Deps
from fedi_chapter.domain.attendee import Attendee
from fedi_chapter.domain.event import Event
from fedi_chapter.store import door, tallies
from fedi_chapter.store.pages.attendees import attendees
from fedi_chapter.store.tx import ReadTx
from fedi_chapter.web.door_pass import door_pass


@dataclass(frozen=True, slots=True)
class DoorPerson:
    """One line of the list; no mail address, no note."""

    id: str
    name: str
    handle: str
    status: str
    guests: int
    came: str | None
    """Since when they are here, ISO 8601."""
    last: str | None
    """When something was last written about them: what a phone writes next is later."""
    code: str
    url: str
    """What their pass says."""


@dataclass(frozen=True, slots=True)
class DoorList:
    """Everybody who answered, by name, and how many seats are taken."""

    people: list[DoorPerson]
    here: int
    """Heads that have come."""
    taken: int
    capacity: int | None

    @property
    def over(self) -> int:
        """How many people more than there are seats."""
        return 0 if self.capacity is None else max(0, self.taken - self.capacity)

    @property
    def version(self) -> str:
        """A word that changes when anything of it does."""
        return hashlib.blake2b(orjson.dumps(asdict(self)), digest_size=8).hexdigest()


def door_list(tx: ReadTx, event: Event, deps: Deps) -> DoorList:
    """Return the list of an event."""
    tally, written = tallies.get(tx, event.id), door.last(tx, event.id)
    people = [_person(each, written.get(each.rsvp.id), deps) for each in attendees(tx, event.id)]
    return DoorList(
        people=sorted(people, key=lambda each: (each.name.casefold(), each.id)),
        here=tally.attended_heads,
        taken=tally.heads,
        capacity=event.capacity,
    )


def _person(each: Attendee, last: datetime | None, deps: Deps) -> DoorPerson:
    rsvp = each.rsvp
    shown = door_pass(deps, rsvp.id)
    return DoorPerson(
        id=rsvp.id,
        name=each.name,
        handle=each.handle,
        status=rsvp.status.value,
        guests=rsvp.guests,
        came=_iso(rsvp.checked_in_at),
        last=_iso(last),
        code=shown.code,
        url=shown.url,
    )


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
