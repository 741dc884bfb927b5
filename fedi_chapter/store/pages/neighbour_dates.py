"""Neighbours' events as our pages show them: in short, at the hour of their own place.

Used by the home page and the calendar.
"""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from fedi_chapter.core.errors import FormInvalid
from fedi_chapter.core.text import one_line
from fedi_chapter.domain.event import MOMENT, zone_named
from fedi_chapter.domain.neighbour import NeighbourEvent
from fedi_chapter.store import neighbours
from fedi_chapter.store.pages.voices import Author, authors, short_address
from fedi_chapter.store.tx import ReadTx

TITLE = 120


@dataclass(frozen=True, slots=True)
class NeighbourDate:
    """A neighbour's event in short."""

    author: Author
    name: str
    place: str
    url: str
    starts_at: datetime
    ends_at: datetime | None
    timezone: str
    """Its own; ours where it names none, and UTC for days, which are the same everywhere."""
    all_day: bool
    names_zone: bool
    """Whether the hours are not those of our own clocks, or nobody said whose they are."""
    cancelled: bool
    sign_up_url: str | None
    """Where people sign up, when the neighbour names an address for it."""
    takes_rsvp: bool
    """Whether whoever wants to come can say so from an event server of their own."""
    tags: tuple[str, ...]
    picture_url: str
    """Where its picture is, to be followed by people only; empty where there is none."""
    picture_alt: str

    @property
    def zone(self) -> ZoneInfo:
        """The zone its times are shown in."""
        return ZoneInfo(self.timezone)

    @property
    def last_moment(self) -> datetime:
        """A moment of its last day."""
        return max(self.starts_at, self.ends_at - MOMENT) if self.ends_at else self.starts_at

    @property
    def is_postponed(self) -> bool:
        """Tell whether it has no date now; neighbours' events always have one."""
        return False

    @property
    def last_day(self) -> date:
        """Its last day."""
        return self.last_moment.astimezone(self.zone).date()


def neighbour_dates(tx: ReadTx, our_zone: str, limit: int) -> tuple[NeighbourDate, ...]:
    """Return the neighbours' listed events that are not over, the next first."""
    found = neighbours.events(tx, limit)
    known = authors(tx, {event.actor_uri for event in found})
    return tuple(_date(event, known[event.actor_uri], our_zone) for event in found)


def _date(event: NeighbourEvent, author: Author, our_zone: str) -> NeighbourDate:
    named = _zone(event.timezone)
    timezone = named or ("UTC" if event.all_day else our_zone)
    there, here = (
        event.starts_at.astimezone(ZoneInfo(name)).utcoffset() for name in (timezone, our_zone)
    )
    return NeighbourDate(
        author=author,
        name=one_line(event.name, TITLE),
        place=one_line(event.place_name or event.address or "", TITLE),
        url=event.url,
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        timezone=timezone,
        all_day=event.all_day,
        names_zone=not event.all_day and (named is None or there != here),
        cancelled=event.cancelled,
        sign_up_url=event.sign_up_url,
        takes_rsvp=event.takes_rsvp,
        tags=event.tags,
        picture_url=short_address(event.picture_url or ""),
        picture_alt=one_line(event.picture_alt, TITLE),
    )


def _zone(name: str | None) -> str | None:
    """Return the name of a zone, unless this machine knows none of that name any more."""
    try:
        return zone_named(name).key if name else None
    except FormInvalid:
        return None
