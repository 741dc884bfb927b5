"""Series: events that come again by a rule. Each date becomes an event of its own."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import dropwhile
from typing import NewType
from zoneinfo import ZoneInfo

from fedi_chapter.domain.chapter import ActorId
from fedi_chapter.domain.event import Event, EventId, moved_to
from fedi_chapter.domain.local_time import instant_at
from fedi_chapter.domain.recurrence import Rule

SeriesId = NewType("SeriesId", str)


@dataclass(frozen=True, slots=True)
class Series:
    """A rule, where it begins, and the event its events are made after."""

    id: SeriesId
    actor_id: ActorId
    template_id: EventId
    """A draft that is never published."""
    rule: Rule
    timezone: str
    begins: datetime
    """Local time of the first date, without a zone."""
    created_at: datetime
    skipped: tuple[date, ...] = ()
    """Days left out before an event was made for them."""
    updated_at: datetime | None = None
    revision: int = 0

    @property
    def zone(self) -> ZoneInfo:
        """The time zone whose clocks the rule follows."""
        return ZoneInfo(self.timezone)

    def dates(self) -> Iterator[datetime]:
        """Yield the local starts that were not skipped; there may be no end."""
        skipped = set(self.skipped)
        every = self.rule.dates(self.begins, self.zone)
        return (local for local in every if local.date() not in skipped)

    def dates_after(self, now: datetime) -> Iterator[datetime]:
        """Yield the local starts later than the instant `now`."""
        return dropwhile(lambda local: self.starts(local) <= now, self.dates())

    def starts(self, local: datetime) -> datetime:
        """Return the instant of a local start."""
        return instant_at(local, self.zone)

    def planned(self, template: Event, local: datetime) -> Event:
        """Return the template at another date; end and deadline keep their hours."""
        begins = template.local(template.starts_at)  # of a skipped hour it shows another one
        meant = local if begins == self.begins else None
        return moved_to(template, self.starts(local), self.timezone, meant)
