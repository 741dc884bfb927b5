"""What a device remembers of an answer: the link to its page, in a cookie for that event alone.

Put only by answering, sent back only to the pages of the one event, gone soon after it. It is
worth what the link is worth (`web.members.own`); nothing else is kept by it, here or there.
"""

from datetime import timedelta

from starlette.requests import Request
from starlette.responses import Response

from fedi_chapter.deps import Deps
from fedi_chapter.domain.event import Event, EventId
from fedi_chapter.domain.rsvp import Rsvp, RsvpId
from fedi_chapter.store.rsvps import get
from fedi_chapter.web.negotiate import deps_of
from fedi_chapter.web.private import Cookie, to
from fedi_chapter.web.same_site import check_same_site

AFTERWARDS = timedelta(days=1)
"""How long after the event its answer is still remembered."""


def remember(response: Response, deps: Deps, event: Event, rsvp_id: RsvpId) -> None:
    """Let the device that answered find its answer again on the event's page."""
    lasts = event.over_at + AFTERWARDS - deps.clock.now()
    if lasts > timedelta(0):
        _cookie(event.id, lasts).give(response, deps, deps.links.make("rsvp", rsvp_id))


def forget(response: Response, deps: Deps, event_id: EventId) -> None:
    """Let the device forget that it answered."""
    _cookie(event_id).take(response, deps)


async def remembered(request: Request, event: Event) -> Rsvp | None:
    """Return the answer the asking device gave to an event, if it is still there."""
    deps, token = deps_of(request), _cookie(event.id).token(request)
    known = deps.links.read("rsvp", token) if token else None
    if known is None:
        return None
    rsvp = await deps.db.read(lambda tx: get(tx, RsvpId(known[0])))
    return rsvp if rsvp is not None and rsvp.event_id == event.id else None


async def forget_here(request: Request) -> Response:
    """Forget on this device what it answered; the answer itself stays."""
    check_same_site(request)
    event_id = EventId(str(request.path_params["id"]))
    response = to(f"/events/{event_id}")
    forget(response, deps_of(request), event_id)
    return response


def _cookie(event_id: EventId, lasts: timedelta = timedelta(0)) -> Cookie:
    return Cookie("answer", lasts, path=f"/events/{event_id}")
