"""Attendees: who answered an event, as its organizers see them. Nothing of it is ever public."""

from dataclasses import dataclass

from fedi_chapter.domain.rsvp import Rsvp, RsvpStatus


@dataclass(frozen=True, slots=True)
class Attendee:
    """One person; of a head that is only counted, name and handle are empty."""

    rsvp: Rsvp
    name: str
    handle: str
    can_be_told: bool = True
    """Whether a message from us reaches them; who is only counted is told nothing anyway."""


def in_line(people: list[Attendee], status: RsvpStatus) -> list[Attendee]:
    """Return those of `people` who wait in one line, the longest waiting first."""
    waiting = [each for each in people if each.rsvp.status is status]
    return sorted(
        waiting, key=lambda each: (each.rsvp.queued_at or each.rsvp.created_at, each.rsvp.id)
    )
