"""Local times: what clocks on the wall show in a zone, and the instants they mean.

A date is kept as people say it, day and hour with the zone; its instant follows from the rules
of the zone, which governments change. Pure; used by events and series.
"""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo


def instant_at(local: datetime, zone: ZoneInfo) -> datetime:
    """Return the UTC instant of a local time (RFC 5545 §3.3.5).

    A time that clocks skip is moved forward by as much as they are; of one that occurs twice
    it is the first.
    """
    return local.replace(tzinfo=zone, fold=0).astimezone(UTC)


def local_at(at: datetime, zone: ZoneInfo) -> datetime:
    """Return what the clocks on the wall show at an instant."""
    return at.astimezone(zone).replace(tzinfo=None, fold=0)


def written(at: datetime, zone: ZoneInfo) -> str:
    """Return the local time of an instant as it is kept, to the second, without an offset."""
    return local_at(at, zone).isoformat(timespec="seconds")


def settled(at: datetime, kept: str, zone: ZoneInfo) -> datetime:
    """Return the instant of a kept local time by the rules its zone has today.

    `at` is the instant that an earlier computation gave. It stands while clocks still show the
    kept time then: so it also tells which of two equal hours was meant.
    """
    if not kept or written(at, zone) == kept:
        return at
    return instant_at(datetime.fromisoformat(kept), zone)
