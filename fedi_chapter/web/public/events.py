"""The page of an event. Its documents for other servers are served by `web.fedi`."""

from contextlib import suppress
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from fedi_chapter.core.errors import Gone, Missing
from fedi_chapter.domain.event import EventId
from fedi_chapter.domain.rsvp import MOST_GUESTS
from fedi_chapter.domain.short_name import meant
from fedi_chapter.feeds.jsonld import Document, write_schema
from fedi_chapter.store import events
from fedi_chapter.store.pages.event import EventPage, readable_event
from fedi_chapter.store.pages.event import event_page as read_event
from fedi_chapter.store.pages.site import Site
from fedi_chapter.store.tx import ReadTx
from fedi_chapter.web.members.answers import OwnAnswer, own_answer
from fedi_chapter.web.members.session import member_of
from fedi_chapter.web.negotiate import deps_of
from fedi_chapter.web.private import ours
from fedi_chapter.web.public.cards import card_of
from fedi_chapter.web.public.paging import replies_page
from fedi_chapter.web.templating import render


@dataclass(frozen=True, slots=True)
class EventScreen:
    """An event's page, and the same event in search engines' words."""

    shown: EventPage
    schema: Document
    own: OwnAnswer | None
    """What a member who is signed in, or a device that answered, sees; others get one page."""
    card: str
    """The name of the picture for previews of links to it."""
    takes_mail: bool
    """Whether this server sends mail, and may ask for an address."""

    @property
    def most_guests(self) -> int:
        """How many people one may bring."""
        return MOST_GUESTS

    @property
    def site(self) -> Site:
        """The chapter around it."""
        return self.shown.site


async def short_address(request: Request) -> Response:
    """Lead from an event's short address to its page; hidden events look like none."""
    short = meant(str(request.path_params["short"]))

    def work(tx: ReadTx) -> EventId:
        found = events.named(tx, short)
        if found is None:
            raise Missing("there is no event of that name")
        with suppress(Gone):  # its page says so
            readable_event(tx, found)
        return found

    deps = deps_of(request)
    return RedirectResponse(deps.urls.event(await deps.db.read(work)), status_code=302)


async def event_page(request: Request) -> Response:
    """Serve the page of the event named in the path."""
    deps = deps_of(request)
    event_id = EventId(str(request.path_params["id"]))
    replies = replies_page(request)
    page = await deps.db.read(lambda tx: read_event(tx, event_id, deps.urls, replies))
    schema = write_schema(page.event, page.host, deps.urls)
    own = await own_answer(request, page.event) if page.answers else None
    card = card_of(page.event, page.site.chapter).name
    screen = EventScreen(page, schema, own, card, takes_mail=deps.mailer is not None)
    member = own.member if own else await member_of(request)
    response = render(request, "public/event.html", screen, keep=own is None, member=member)
    return response if own is None else ours(response)
