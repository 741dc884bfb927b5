"""The door: to one's own server by a link, and back as a member.

Nobody is sent to another server without seeing its name, and nobody comes back to anything but
a page of ours (ADM-08, ADM-12). The organizers' way in, a link that works once, is `web.admin`.
"""

from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from fedi_chapter.core.errors import (
    BadDocument,
    ChapterError,
    Conflict,
    NotAllowed,
    PeerBlocked,
    RemoteBusy,
    RemoteFailure,
    UnknownHandle,
    Unreachable,
    UnsafeAddress,
)
from fedi_chapter.core.log import get_logger
from fedi_chapter.federation.members import confirm, home
from fedi_chapter.services import members
from fedi_chapter.signin import flow
from fedi_chapter.store.pages.site import Site, site
from fedi_chapter.web.members import session
from fedi_chapter.web.negotiate import deps_of
from fedi_chapter.web.private import Cookie, form_of, ours, own_path, to, word
from fedi_chapter.web.rate_limit import check_rate
from fedi_chapter.web.same_site import check_same_site
from fedi_chapter.web.templating import render

BROWSER = Cookie("sign-in", flow.LASTS)
HOME = "/me"
LONGEST_HANDLE = 320
PROBLEMS: tuple[tuple[type[ChapterError], str, int], ...] = (
    (UnknownHandle, "unknown", 422),
    (Conflict, "ours", 422),
    (PeerBlocked, "blocked", 403),
    (NotAllowed, "stale", 403),
    (Unreachable, "unreachable", 422),
    (RemoteBusy, "unreachable", 422),
    (BadDocument, "untrue", 403),
    (UnsafeAddress, "unknown", 422),
    (RemoteFailure, "refused", 422),
)
"""What the page says of a failure, the first that fits, and the status it says it with."""
log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class DoorPage:
    """The two ways in, and what went wrong on the members' one."""

    site: Site
    next_path: str
    typed: str = ""
    problem: str = ""
    done: str = ""
    """What a button on the member's own page did before it led here."""


@dataclass(frozen=True, slots=True)
class LeavePage:
    """Where the link leads, before anybody goes there."""

    site: Site
    url: str

    @property
    def server(self) -> str:
        """The server as people know it."""
        return urlsplit(self.url).netloc


async def door(request: Request) -> Response:
    """Show both ways in; a member who is in already goes on."""
    next_path = local_path(request.query_params.get("next", ""))
    if await session.visitor(request) is not None:
        return to(next_path)
    done = request.query_params.get("done", "")
    page = DoorPage(await deps_of(request).db.read(site), next_path, done=done)
    return ours(render(request, "members/door.html", page, keep=False))


async def begin(request: Request) -> Response:
    """Find a visitor's server and show the link that leads to its own sign-in."""
    check_same_site(request)
    check_rate(request)
    deps = deps_of(request)
    async with form_of(request) as form:
        typed = word(form, "handle").strip()[:LONGEST_HANDLE]
        next_path = local_path(word(form, "next"))
    page = DoorPage(await deps.db.read(site), next_path, typed)
    try:
        departure = await flow.depart(deps, await home(deps, typed), next_path)
    except (NotAllowed, Conflict, RemoteFailure) as error:
        return _failed(request, page, error)
    leave = LeavePage(page.site, departure.url)
    response = ours(render(request, "members/leave.html", leave, keep=False))
    BROWSER.give(response, deps, departure.browser)
    return response


async def back(request: Request) -> Response:
    """Take a visitor in who comes back from their own server, if it is true who they are."""
    deps, query = deps_of(request), request.query_params
    page = DoorPage(await deps.db.read(site), HOME)
    if "error" in query:
        said_no = query["error"] == "access_denied"
        return _door(request, replace(page, problem="declined" if said_no else "refused"), 403)
    arrival = flow.Arrival(
        tag=str(request.path_params["tag"]),
        state=query.get("state", ""),
        code=query.get("code", ""),
        browser=BROWSER.token(request) or "",
        issuer=query.get("iss"),
    )
    try:
        claim, next_path = await flow.arrive(deps, arrival)
        actor = await confirm(deps, claim)
    except (NotAllowed, RemoteFailure) as error:
        return _failed(request, page, error)
    before = session.COOKIE.token(request)
    token = await deps.db.write(lambda tx: members.sign_in(tx, actor.uri, instead_of=before))
    response = to(next_path)
    session.COOKIE.give(response, deps, token)
    BROWSER.take(response, deps)
    return response


def local_path(text: str) -> str:
    """Return `text` if it is a plain path of ours, else the member's own page (ADM-08)."""
    return own_path(text, HOME)


def _failed(request: Request, page: DoorPage, error: ChapterError) -> Response:
    log.info("sign-in failed", code=error.code, reason=error.message)
    problem, status = next(
        (problem, status) for kind, problem, status in PROBLEMS if isinstance(error, kind)
    )
    return _door(request, replace(page, problem=problem), status)


def _door(request: Request, page: DoorPage, status: int) -> Response:
    response = render(request, "members/door.html", page, status=status, keep=False)
    BROWSER.take(response, deps_of(request))
    return ours(response)
