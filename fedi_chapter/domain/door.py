"""At the door: what greeters wrote down, and who has come by it.

Several greeters write at the same time, some of them without a network for a while, and what
they wrote arrives in any order and more than once. So who has come is a function of the set of
entries alone. Storing and counting are the business of `services.door`.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from fedi_chapter.domain.event import Event, EventId
from fedi_chapter.domain.rsvp import RsvpId

KEPT_AFTER = timedelta(hours=12)
"""How long after the end a greeter sees the list; what a phone has not sent yet it keeps longer."""
LONG_BEFORE = timedelta(hours=4)
"""Who is checked in so long before the start is perhaps checked in by mistake."""


def is_long_before(event: Event, now: datetime) -> bool:
    """Tell whether checking somebody in needs a second yes, because the event begins much later."""
    return now < event.starts_at - LONG_BEFORE


def is_open_to_greeters(event: Event, now: datetime) -> bool:
    """Tell whether the event takes place today: greeters see no other, nor its name."""
    if event.is_draft or event.is_cancelled or event.deleted_at is not None:
        return False
    is_its_day = event.local(now).date() >= event.local(event.starts_at).date()
    return (is_its_day or not is_long_before(event, now)) and now < event.over_at + KEPT_AFTER


class EntryKind(StrEnum):
    """What a greeter did."""

    CAME = "came"
    WALK_IN = "walk-in"
    """Came without having answered; the answer made for them has the entry's id."""
    UNDONE = "undone"
    """Takes back whatever was written of that person before."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line in a greeter's book."""

    id: str
    """Made by the device, in the order of its entries: a line sent twice is one line."""
    event_id: EventId
    rsvp_id: RsvpId
    kind: EntryKind
    at: datetime
    device: str
    """Which phone, by a word it made up."""
    guests: int | None = None
    """How many came along; None: as many as were announced."""

    @property
    def order(self) -> tuple[datetime, str]:
        """Of two entries about one person, which came later."""
        return self.at, self.id


def arrival(entries: Collection[Entry]) -> Entry | None:
    """Return the entry by which one person has come: the earliest that was not taken back."""
    undone = [entry.order for entry in entries if entry.kind is EntryKind.UNDONE]
    standing = [
        entry
        for entry in entries
        if entry.kind is not EntryKind.UNDONE and all(entry.order > each for each in undone)
    ]
    return min(standing, key=lambda entry: entry.order, default=None)
