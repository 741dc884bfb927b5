"""The page of one event."""

from dataclasses import dataclass

from fedi_chapter.core.errors import Gone, Missing
from fedi_chapter.domain.chapter import LocalActor
from fedi_chapter.domain.event import Event, EventId, RsvpMode
from fedi_chapter.domain.rsvp import terms
from fedi_chapter.domain.series import Series
from fedi_chapter.domain.urls import Urls
from fedi_chapter.store import events, local_actors, tallies
from fedi_chapter.store.pages.series import series_of
from fedi_chapter.store.pages.site import Site, site
from fedi_chapter.store.pages.voices import Conversation, SafeHtml, conversation
from fedi_chapter.store.tx import ReadTx


@dataclass(frozen=True, slots=True)
class Answers:
    """How many come: numbers, never names; and whether one more may answer."""

    going: int
    """Heads: people with their guests."""
    maybe: int
    waiting: int
    seats_left: int | None
    """None without a limit; nobody passes those who wait, so none is left while anybody does."""
    is_open: bool

    @property
    def is_counted(self) -> bool:
        """Tell whether there is a number to show."""
        return bool(self.going or self.maybe or self.waiting)


@dataclass(frozen=True, slots=True)
class EventPage:
    """An event, its host, and what others say under it and under its microblog face."""

    site: Site
    event: Event
    host: LocalActor
    description: SafeHtml
    conversation: Conversation
    is_over: bool
    answers: Answers | None = None
    """None where nobody is asked whether they come."""
    series: Series | None = None
    """The series it belongs to."""


def event_page(tx: ReadTx, event_id: EventId, urls: Urls, replies: int = 1) -> EventPage:
    """Return the page of an event that anybody with the address may read.

    `replies` is the number of the page of replies.

    Raises:
        Missing: there is no such event, or it is a draft or for followers only.
        Gone: it has been deleted.

    """
    event = readable_event(tx, event_id)
    around = site(tx)
    return EventPage(
        site=around,
        event=event,
        host=local_actors.get(tx, event.actor_id) or around.chapter,
        description=SafeHtml(event.description_html),
        conversation=conversation(tx, [urls.event(event.id), urls.face(event.id)], urls, replies),
        is_over=event.over_at <= tx.now,
        answers=answers_to(tx, event),
        series=series_of(tx, event),
    )


def answers_to(tx: ReadTx, event: Event) -> Answers | None:
    """Return how an event is answered, None where nobody is asked, or not any more."""
    if event.rsvp is not RsvpMode.ON or event.is_cancelled:
        return None
    tally, allowed = tallies.get(tx, event.id), terms(event, tx.now)
    left = None if event.capacity is None else max(0, event.capacity - tally.heads)
    return Answers(
        going=tally.heads,
        maybe=tally.maybe,
        waiting=tally.waitlist,
        seats_left=0 if left and tally.waitlist else left,
        is_open=allowed.is_on and not allowed.is_closed,
    )


def readable_event(tx: ReadTx, event_id: EventId) -> Event:
    """Return an event that has a page; what never had one looks the same as nothing at all.

    Raises:
        Missing: there is no such event, or it is a draft or for followers only.
        Gone: it has been deleted.

    """
    event = events.get_shown(tx, event_id, lambda each: each.has_page)
    if event is None:
        raise Missing("there is no event here")
    if event.deleted_at is not None:
        raise Gone("this event has been deleted")
    return event
