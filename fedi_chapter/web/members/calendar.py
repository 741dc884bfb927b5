"""A member's own calendar, under an address only they know: no cookie, no sign-in."""

from starlette.requests import Request
from starlette.responses import Response

from fedi_chapter.core.errors import Missing
from fedi_chapter.feeds.ics import write_calendar
from fedi_chapter.services import members
from fedi_chapter.store.pages.site import site
from fedi_chapter.store.tx import ReadTx
from fedi_chapter.web.negotiate import answer, deps_of

PRIVATE = {"Cache-Control": "private, no-cache, no-transform", "X-Robots-Tag": "noindex"}


async def own_calendar(request: Request) -> Response:
    """Serve the events that whoever holds this address said yes or perhaps to."""
    deps = deps_of(request)
    known = deps.links.read("calendar", str(request.path_params["token"]))
    if known is None:
        raise Missing("there is no such calendar")

    def work(tx: ReadTx) -> bytes:
        return write_calendar(site(tx).chapter.name, members.calendar_of(tx, *known), deps.urls)

    body = await deps.db.read(work)
    return answer(request, body, "text/calendar; charset=utf-8", headers=PRIVATE)
