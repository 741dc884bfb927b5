"""The chapter's front door: home page, calendar, about."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from fedi_chapter.store.pages.about import about_page as read_about
from fedi_chapter.store.pages.calendar import calendar_page as read_calendar
from fedi_chapter.store.pages.home import home_page as read_home
from fedi_chapter.web.members.session import member_of
from fedi_chapter.web.negotiate import VARY, deps_of, names_activity
from fedi_chapter.web.request_headers import headers_of
from fedi_chapter.web.templating import render


async def home_page(request: Request) -> Response:
    """Serve the home page; programs that want the chapter's document are sent to it."""
    deps = deps_of(request)
    if names_activity(headers_of(request.scope)):
        headers = {"Vary": VARY}
        return RedirectResponse(f"{deps.urls.base}/chapter", status_code=302, headers=headers)
    page = await deps.db.read(read_home)
    return render(request, "public/home.html", page, member=await member_of(request))


async def chapter_page(request: Request) -> Response:
    """Send a person who opened the chapter's id to its page."""
    url = f"{deps_of(request).urls.base}/"
    return RedirectResponse(url, status_code=302, headers={"Vary": VARY})


async def calendar_page(request: Request) -> Response:
    """Serve the list of all events."""
    return render(request, "public/calendar.html", await deps_of(request).db.read(read_calendar))


async def about_page(request: Request) -> Response:
    """Serve what there is to know about this server."""
    return render(request, "public/about.html", await deps_of(request).db.read(read_about))
