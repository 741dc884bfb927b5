"""The page of one event."""

from dataclasses import dataclass

from fedi_chapter.core.errors import Gone, Missing
from fedi_chapter.domain.chapter import LocalActor
from fedi_chapter.domain.event import Event, EventId
from fedi_chapter.domain.urls import Urls
from fedi_chapter.store import events, local_actors
from fedi_chapter.store.pages.site import Site, site
from fedi_chapter.store.pages.voices import Conversation, SafeHtml, conversation
from fedi_chapter.store.tx import ReadTx


@dataclass(frozen=True, slots=True)
class EventPage:
    """An event, its host, and what others say under it and under its microblog face."""

    site: Site
    event: Event
    host: LocalActor
    description: SafeHtml
    conversation: Conversation
    is_over: bool


def event_page(tx: ReadTx, event_id: EventId, urls: Urls) -> EventPage:
    """Return the page of an event that anybody with the address may read.

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
        conversation=conversation(tx, [urls.event(event.id), urls.face(event.id)]),
        is_over=event.over_at <= tx.now,
    )


def readable_event(tx: ReadTx, event_id: EventId) -> Event:
    """Return an event that has a page; what never had one looks the same as nothing at all.

    Raises:
        Missing: there is no such event, or it is a draft or for followers only.
        Gone: it has been deleted.

    """
    event = events.get(tx, event_id)
    if event is None or event.is_draft or not event.visibility.has_page:
        raise Missing("there is no event here")
    if event.deleted_at is not None:
        raise Gone("this event has been deleted")
    return event
