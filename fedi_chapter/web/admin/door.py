"""The organizers' door: in by a link that works once, out by a button."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from fedi_chapter.core.errors import NotAllowed
from fedi_chapter.services import organizers as service
from fedi_chapter.store import organizers
from fedi_chapter.store.pages.site import Site, site
from fedi_chapter.store.tx import ReadTx
from fedi_chapter.web.admin import session
from fedi_chapter.web.members import door as members_door
from fedi_chapter.web.negotiate import deps_of
from fedi_chapter.web.private import form_of, ours, to, word
from fedi_chapter.web.same_site import check_same_site
from fedi_chapter.web.templating import render


@dataclass(frozen=True, slots=True)
class DoorPage:
    """Whom the link signs in; without a name it signs in nobody."""

    site: Site
    name: str
    token: str


async def sign_in_form(request: Request) -> Response:
    """Show whom a link would sign in, and a button; opening the link uses nothing up.

    Without a link it is the members' door, which tells organizers how to get one.
    """
    token = request.query_params.get("token", "")
    if token:
        return await _door(request, token)
    if await session.visitor(request) is not None:
        return to("/admin")
    return await members_door.door(request)


async def sign_in(request: Request) -> Response:
    """Use a link up and begin a session."""
    check_same_site(request)
    deps = deps_of(request)
    async with form_of(request) as form:
        token = word(form, "token")
    before = session.COOKIE.token(request)
    try:
        fresh = await deps.db.write(lambda tx: service.sign_in(tx, token, instead_of=before))
    except NotAllowed:
        return await _door(request, token)
    response = to("/admin")
    session.COOKIE.give(response, deps, fresh)
    return response


async def _door(request: Request, token: str) -> Response:
    def read(tx: ReadTx) -> DoorPage:
        found = organizers.of_link(tx, service.token_hash(token)) if token else None
        name = found.name if found else ""
        return DoorPage(site(tx), name, token if found else "")

    page = await deps_of(request).db.read(read)
    status = 200 if page.name and request.method == "GET" else 403
    return ours(render(request, "admin/door.html", page, status=status, keep=False))
