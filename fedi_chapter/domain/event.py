"""Events: what a chapter invites people to, and the rules a date must keep."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NewType
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fedi_chapter.core.errors import FormInvalid
from fedi_chapter.domain.audience import Visibility
from fedi_chapter.domain.chapter import ActorId
from fedi_chapter.domain.local_time import instant_at, local_at
from fedi_chapter.domain.media import Media
from fedi_chapter.domain.place import Place

EventId = NewType("EventId", str)

OPEN_END = timedelta(hours=2)
"""How long an event without an end is taken to last."""
MOMENT = timedelta(seconds=1)
LONGEST = timedelta(days=366)
PUT_OFF = timedelta(days=180)
"""How long a postponed event is kept as one to come, if it gets no new date."""
FOR_DAYS = timedelta(hours=18)
"""What lasts longer goes on for days: people come when they can, not at its start."""
LONGEST_NAME = 200
"""Characters as people see them."""


class EventStatus(StrEnum):
    """Whether the event takes place (FEP-8a8e `eventStatus`)."""

    SCHEDULED = "scheduled"
    TENTATIVE = "tentative"
    RESCHEDULED = "rescheduled"
    POSTPONED = "postponed"
    MOVED_ONLINE = "moved-online"
    CANCELLED = "cancelled"


class RsvpMode(StrEnum):
    """How people say that they come."""

    ON = "on"
    OFF = "off"
    EXTERNAL = "external"


class PlaceShown(StrEnum):
    """Who learns exactly where an event meets; the others see its area."""

    TO_ALL = "all"
    TO_GOING = "going"
    """Whoever has a seat. With approval, that is whom an organizer said yes to."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event; instants are aware and in UTC, shown in `timezone`.

    What is kept is what its clocks show then; the instants are computed (`domain.local_time`).
    """

    id: EventId
    actor_id: ActorId
    name: str
    starts_at: datetime
    timezone: str
    created_at: datetime
    ends_at: datetime | None = None
    all_day: bool = False
    """It has days and no hours: it starts at midnight, and ends at the midnight after its last
    day."""
    description: str = ""
    """Markdown as the organizer wrote it."""
    description_html: str = ""
    place: Place | None = None
    """What everyone may see: the exact place, or the area where `place_shown` is narrower."""
    place_shown: PlaceShown = PlaceShown.TO_ALL
    online_url: str | None = None
    """Where everyone may join online."""
    link_kept: bool = False
    """It can be joined online at an address that only those with a seat are told."""
    rsvp: RsvpMode = RsvpMode.OFF
    external_url: str | None = None
    capacity: int | None = None
    approval: bool = False
    rsvp_until: datetime | None = None
    counts_only: bool = False
    """Who comes is kept as a keyed hash only, whose key dies with the event."""
    poll: tuple[str, ...] = ()
    """The options of its poll: going, maybe, can't. Fixed at publication; none: a plain Note."""
    bring: str = ""
    """What to bring, one line."""
    status: EventStatus = EventStatus.SCHEDULED
    cancel_reason: str | None = None
    """Why it was cancelled or postponed."""
    previous_starts_at: datetime | None = None
    visibility: Visibility = Visibility.PUBLIC
    language: str = "en"
    tags: tuple[str, ...] = ()
    images: tuple[Media, ...] = ()
    published_at: datetime | None = None
    """When it left draft; a draft has none."""
    updated_at: datetime | None = None
    """The last visible edit after publication."""
    deleted_at: datetime | None = None
    revision: int = 0
    """Raised by every visible edit; the SEQUENCE of RFC 5545."""
    series_id: str | None = None
    occurrence: datetime | None = None
    """The local start its series gave it, however often it moved; without it, in a series, the
    event is the template the others are made after (`domain.series`)."""

    @property
    def is_draft(self) -> bool:
        """Tell whether nobody but the organizers has seen it."""
        return self.published_at is None

    @property
    def is_cancelled(self) -> bool:
        """Tell whether it will not take place."""
        return self.status is EventStatus.CANCELLED

    @property
    def is_online(self) -> bool:
        """Tell whether it can be joined online, whoever may know where."""
        return self.link_kept or self.online_url is not None

    @property
    def is_postponed(self) -> bool:
        """Tell whether it is not at its date, and the new one is not known."""
        return self.status is EventStatus.POSTPONED

    @property
    def takes_place(self) -> bool:
        """Tell whether it is at its date, as far as is known."""
        return not (self.is_cancelled or self.is_postponed)

    @property
    def finish(self) -> datetime:
        """When it ends at its date; an open end counts as two hours."""
        return self.ends_at or self.starts_at + OPEN_END

    @property
    def over_at(self) -> datetime:
        """When it is over. One that is postponed waits for its new date a while."""
        return self.finish + PUT_OFF if self.is_postponed else self.finish

    @property
    def lasts_for_days(self) -> bool:
        """Tell whether people come on any of its days, as to a festival or an exhibition."""
        return self.all_day or self.finish - self.starts_at > FOR_DAYS

    @property
    def closes_at(self) -> datetime:
        """Until when people can say that they come, if nothing else was said: the start.

        What lasts for days can be joined until it is over.
        """
        return self.rsvp_until or (self.finish if self.lasts_for_days else self.starts_at)

    @property
    def last_moment(self) -> datetime:
        """An instant of its last day: the end of a day is the midnight that begins the next."""
        return self.ends_at - MOMENT if self.ends_at else self.starts_at

    @property
    def last_day(self) -> date:
        """The last day of it, by the clocks of its zone."""
        return self.local(self.last_moment).date()

    @property
    def zone(self) -> ZoneInfo:
        """The event's own time zone."""
        return ZoneInfo(self.timezone)

    def local(self, at: datetime) -> datetime:
        """Return what the clocks of its zone show at an instant."""
        return local_at(at, self.zone)


def moved_to(
    event: Event, starts_at: datetime, timezone: str, meant: datetime | None = None
) -> Event:
    """Return the event at another start or in another zone.

    End and deadline are as many days later or earlier as the start, and keep their hours. Where
    clocks skip the start, `meant` is the local time it would have had: they don't follow it.
    In another zone the start it had before keeps its hour, too.
    """
    if (starts_at, timezone) == (event.starts_at, event.timezone):
        return event
    zone = ZoneInfo(timezone)
    shift = (meant or local_at(starts_at, zone)) - event.local(event.starts_at)

    def along(at: datetime) -> datetime:
        return instant_at(event.local(at) + shift, zone)

    ends_at = event.ends_at and along(event.ends_at)
    if event.ends_at and ends_at and ends_at <= starts_at:  # clocks skip all of it
        ends_at = starts_at + (event.ends_at - event.starts_at)
    former = event.previous_starts_at
    if former and timezone != event.timezone:
        former = instant_at(event.local(former), zone)
    return replace(
        event,
        timezone=timezone,
        starts_at=starts_at,
        ends_at=ends_at,
        rsvp_until=event.rsvp_until and along(event.rsvp_until),
        previous_starts_at=former,
    )


def zone_named(name: str) -> ZoneInfo:
    """Return the IANA time zone called `name`.

    Raises:
        FormInvalid: there is no such zone.

    """
    try:
        if name == "localtime" or name.startswith(("posix/", "right/")):
            raise ZoneInfoNotFoundError(name)  # this machine's own, or other clocks than UTC's
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise FormInvalid(
            f"there is no time zone called {name!r}",
            cure="use an IANA name such as America/New_York or Europe/Berlin",
        ) from error


def check_times(starts_at: datetime, ends_at: datetime | None) -> None:
    """Refuse an end that is not after the start, or an event of more than a year.

    Raises:
        FormInvalid: with the cure.

    """
    if ends_at is None:
        return
    if ends_at <= starts_at:
        raise FormInvalid("the end is not after the start", cure="give an end after the start")
    if ends_at - starts_at > LONGEST:
        raise FormInvalid(
            "an event can't last longer than a year", cure="split it into several events"
        )
