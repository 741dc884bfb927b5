"""Parts of what people are told about an event: when and where, how to undo it, where to look.

Used by `vocab.notice_words` alone, which makes texts of them. An exact place or a link that is
not for everyone is in none: they name the page that shows it.
"""

from dataclasses import dataclass

from fedi_chapter.core.i18n import Translator
from fedi_chapter.core.text import one_line
from fedi_chapter.domain.event import Event, PlaceShown
from fedi_chapter.domain.notice import Briefing, NoticeRoute
from fedi_chapter.vocab.wording import date_of, where

LONGEST_NAME = 120


@dataclass(frozen=True, slots=True)
class Ways:
    """Addresses that a text may name."""

    page: str | None = None
    """The event's page, where anybody can open it."""
    own: str | None = None
    """This person's own page about the event."""
    calendar: str | None = None
    """The event as a calendar file."""
    next_page: str | None = None
    """The page of the host's next event."""
    stop: str | None = None
    """Where all mail to this address ends."""


@dataclass(frozen=True, slots=True)
class Link:
    """A line that ends in an address."""

    words: str
    url: str


Line = str | Link
Paragraph = tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Words:
    """A text, and the language it is in."""

    language: str
    subject: str
    paragraphs: tuple[Paragraph, ...]


@dataclass(frozen=True, slots=True)
class Telling:
    """All that one text is made from."""

    about: Briefing
    event: Event
    """In the reader's language."""
    ways: Ways
    t: Translator

    @property
    def name(self) -> str:
        """The event's name."""
        return one_line(self.event.name, LONGEST_NAME)

    @property
    def by_mail(self) -> bool:
        """Whether a reply in words reaches nobody."""
        return self.about.notice.route is NoticeRoute.MAIL


def when_and_where(telling: Telling) -> Paragraph:
    """Return day, time with its zone, and the place that everyone may know."""
    place = where(telling.event)
    at = (f"📍 {place}",) if place else ()
    return (f"🗓 {date_of(telling.event)}", *at, *_private(telling))


def _private(telling: Telling) -> Paragraph:
    """Return where this person learns the exact place and the link, if not everybody does."""
    event, t = telling.event, telling.t
    rsvp, own = telling.about.rsvp, telling.ways.own
    on_page = own if rsvp and rsvp.has_seat else None
    lines: list[Line] = []
    if event.place_shown is PlaceShown.TO_GOING and event.place:
        lines.append(
            Link(t("The exact place is on your page:"), on_page)
            if on_page
            else t("The exact place is shown to those who have a seat.")
        )
    if event.link_kept:
        lines.append(
            Link(t("The link to join online is on your page:"), on_page)
            if on_page
            else t("The link is shown to those who have a seat.")
        )
    return tuple(lines)


def bring(telling: Telling) -> Paragraph:
    """Return what to bring, if anything."""
    things = telling.event.bring
    return (telling.t("Please bring: {things}", things=things),) if things else ()


def more_guests(telling: Telling) -> Paragraph:
    """Return that guests wait for an organizer, if any do."""
    rsvp = telling.about.rsvp
    if rsvp is None or rsvp.asked_guests is None:
        return ()
    words = telling.t.count(
        "With {number} guest you wait for an organizer’s yes.",
        "With {number} guests you wait for an organizer’s yes.",
        rsvp.asked_guests,
    )
    return (words,)


def undo(telling: Telling) -> Paragraph:
    """Return how to take an answer back or change it, in words and by link."""
    t, own = telling.t, telling.ways.own
    if telling.by_mail:
        return (Link(t("Change of plans? Tell us here:"), own),) if own else ()
    words = t("Change of plans? Reply “can't make it”.")
    return (words, *((Link(t("Or change your answer here:"), own),) if own else ()))


def calendar(telling: Telling) -> Paragraph:
    """Return where the calendar file is."""
    ways = telling.ways
    return (Link(telling.t("For your calendar:"), ways.calendar),) if ways.calendar else ()


def details(telling: Telling) -> Paragraph:
    """Return where to read all of it."""
    page = telling.ways.page or telling.ways.own
    return (Link(telling.t("All about it:"), page),) if page else ()


def change_of_mind(telling: Telling) -> Paragraph:
    """Return how somebody who does not come says that they do after all."""
    t, link = telling.t, telling.ways.own or telling.ways.page
    if telling.by_mail:
        return (Link(t("Changed your mind? Tell us here:"), link),) if link else ()
    words = t("Changed your mind? Reply “going”.")
    return (words, *((Link(t("Or say so here:"), link),) if link else ()))


def signature(telling: Telling) -> Paragraph:
    """Return who writes, and the way out of all mail."""
    t, stop = telling.t, telling.ways.stop
    name = one_line(telling.about.host.name, LONGEST_NAME)
    return (f"— {name}", *((Link(t("No more mail from us:"), stop),) if stop else ()))
