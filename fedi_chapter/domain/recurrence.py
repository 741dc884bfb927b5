"""Recurrence rules: on which local days a series meets (RFC 5545 §3.3.10).

Called by `domain.series`, services and feeds; pure. Days are counted out by python-dateutil in
local wall time, so a meeting at seven stays at seven all year. Which rules are taken is decided
in `domain.rule_reading`; it sees to it that the search for the next day always ends.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import takewhile
from zoneinfo import ZoneInfo

from dateutil.rrule import DAILY, MONTHLY, WEEKLY, YEARLY, rrule, weekday

from fedi_chapter.domain.local_time import instant_at, local_at

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
NEAR = timedelta(days=7)
"""A date that moves less far is still the same date of its series."""
_HALF_A_DAY = timedelta(hours=12)


class Frequency(StrEnum):
    """How often, before the interval; more than once a day is not for events."""

    DAILY = "DAILY"
    WEEKLY = "WEEKLY"
    MONTHLY = "MONTHLY"
    YEARLY = "YEARLY"


_FREQUENCIES = {
    Frequency.DAILY: DAILY,
    Frequency.WEEKLY: WEEKLY,
    Frequency.MONTHLY: MONTHLY,
    Frequency.YEARLY: YEARLY,
}


@dataclass(frozen=True, slots=True)
class Weekday:
    """A weekday, Monday is 0; `nth` is which one of the month, from its end if negative."""

    day: int
    nth: int = 0

    def __str__(self) -> str:
        return f"{self.nth or ''}{WEEKDAYS[self.day]}"


@dataclass(frozen=True, slots=True)
class Rule:
    """One RRULE, complete: what RFC 5545 takes from the start is written out."""

    frequency: Frequency
    interval: int = 1
    days: tuple[Weekday, ...] = ()
    month_days: tuple[int, ...] = ()
    months: tuple[int, ...] = ()
    position: int = 0
    """Which of the `days` of a month, from its end if negative (BYSETPOS)."""
    week_start: int = 0
    count: int | None = None
    until: datetime | None = None
    """The last instant at which a date may start."""

    def __str__(self) -> str:
        """Return the rule as RFC 5545 writes it; UNTIL is in UTC, as §3.3.10 wants it."""
        parts = {
            "FREQ": self.frequency.value,
            "INTERVAL": self.interval if self.interval > 1 else None,
            "BYDAY": ",".join(map(str, self.days)),
            "BYMONTHDAY": ",".join(map(str, self.month_days)),
            "BYMONTH": ",".join(map(str, self.months)),
            "BYSETPOS": self.position,
            "WKST": WEEKDAYS[self.week_start] if self.week_start else None,
            "COUNT": self.count,
            "UNTIL": self.until and f"{self.until.astimezone(UTC):%Y%m%dT%H%M%SZ}",
        }
        return ";".join(f"{name}={value}" for name, value in parts.items() if value)

    def dates(self, begins: datetime, zone: ZoneInfo) -> Iterator[datetime]:
        """Yield the local starts, `begins` first if the rule names it; there may be no end."""
        counted = rrule(
            _FREQUENCIES[self.frequency],
            dtstart=begins,
            interval=self.interval,
            wkst=self.week_start,
            count=self.count,
            bysetpos=self.position or None,
            bymonth=self.months or None,
            bymonthday=self.month_days or None,
            byweekday=[weekday(each.day, each.nth or None) for each in self.days] or None,
        )
        until = self.until
        if until is None:
            return iter(counted)
        return takewhile(lambda local: instant_at(local, zone) <= until, counted)

    def ended_before(self, at: datetime) -> "Rule":
        """Return the rule without the dates that start at the instant `at` or later.

        Dates are a day apart, so it ends in the middle: no other law of the zone and no switch
        of its clocks brings one to the other side.
        """
        return replace(self, count=None, until=at - _HALF_A_DAY)

    def in_zone(self, old: ZoneInfo, new: ZoneInfo) -> "Rule":
        """Return the rule for another zone: its end keeps the hour on the wall."""
        if self.until is None:
            return self
        return replace(self, until=instant_at(local_at(self.until, old), new))

    def from_date(self, begins: datetime, zone: ZoneInfo, date: datetime) -> "Rule":
        """Return the rule for the dates from the local `date` on; a COUNT counts what is left."""
        if self.count is None:
            return self
        gone = sum(1 for _ in takewhile(lambda local: local < date, self.dates(begins, zone)))
        return replace(self, count=self.count - gone)


def matched(old: Sequence[datetime], new: Iterator[datetime]) -> dict[datetime, datetime | None]:
    """Tell where each `old` date of a series goes when its rule becomes the one of `new`.

    The same day first, else the nearest free date less than a week away, else nowhere.
    """
    if not old:
        return {}
    last = old[-1] + NEAR
    free = list(takewhile(lambda local: local < last, new))
    by_day = {local.date(): local for local in free}
    found: dict[datetime, datetime | None] = {date: by_day.get(date.date()) for date in old}
    free = [local for local in free if local not in found.values()]
    for date in old:
        near = [local for local in free if abs(local - date) < NEAR]
        if found[date] is None and near:
            nearest = min(near, key=lambda local: abs(local - date))
            free.remove(nearest)
            found[date] = nearest
    return found
