"""A time zone's rules as iCalendar tells them: every switch of the clocks, by its date.

Called by `feeds.ics`; pure. Written here because a switch must be told in the time before it
(RFC 5545 §3.6.5), to the second, and only for the years that are needed.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from icalendar import Timezone, TimezoneDaylight, TimezoneStandard

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


def write_zone(name: str, first: datetime, last: datetime) -> Timezone:
    """Return the VTIMEZONE called `name` with what holds from `first` to `last`."""
    there = ZoneInfo(name)
    first, last = first.replace(microsecond=0), last.replace(microsecond=0)
    zone = Timezone()
    zone.add("tzid", name)
    zone.add_component(_observance(first, first, there))
    for switch in _switches(there, first, last):
        zone.add_component(_observance(switch - SECOND, switch, there))
    return zone


def _switches(there: ZoneInfo, first: datetime, last: datetime) -> Iterator[datetime]:
    """Return the instants from which another offset or name holds."""
    day = first
    while day < last:
        if _rule(day, there) != _rule(day + DAY, there):
            yield _exact(day, day + DAY, there)
        day += DAY


def _exact(before: datetime, after: datetime, there: ZoneInfo) -> datetime:
    while after - before > SECOND:
        middle = (before + (after - before) / 2).replace(microsecond=0)
        if middle <= before:
            break
        if _rule(middle, there) == _rule(before, there):
            before = middle
        else:
            after = middle
    return after


def _rule(at: datetime, there: ZoneInfo) -> tuple[timedelta | None, str | None]:
    local = at.astimezone(there)
    return local.utcoffset(), local.tzname()


def _observance(
    before: datetime, onset: datetime, there: ZoneInfo
) -> TimezoneDaylight | TimezoneStandard:
    earlier, local = before.astimezone(there), onset.astimezone(there)
    offset_before = earlier.utcoffset() or timedelta()
    observance = TimezoneDaylight() if local.dst() else TimezoneStandard()
    observance.add("dtstart", (onset.astimezone(UTC) + offset_before).replace(tzinfo=None))
    observance.add("tzoffsetfrom", offset_before)
    observance.add("tzoffsetto", local.utcoffset() or timedelta())
    observance.add("tzname", local.tzname() or str(there))
    return observance
