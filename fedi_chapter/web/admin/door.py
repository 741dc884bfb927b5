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
from fedi_chapter.web.admin.answers import FORM, ours, to
from fedi_chapter.web.negotiate import deps_of
from fedi_chapter.web.same_site import check_same_site
from fedi_chapter.web.templating import render


@dataclass(frozen=True, slots=True)
class DoorPage:
    """Whom the link signs in; without a name, how to get a link that does."""

    site: Site
    name: str
    token: str
    refused: bool


async def sign_in_form(request: Request) -> Response:
    """Show whom a link would sign in, and a button; opening the link uses nothing up."""
    token = request.query_params.get("token", "")
    if not token and await session.visitor(request) is not None:
        return to("/admin")
    return await _door(request, token)


async def sign_in(request: Request) -> Response:
    """Use a link up and begin a session."""
    check_same_site(request)
    deps = deps_of(request)
    async with request.form(**FORM) as form:
        token = session.word(form, "token")
    before = session.token_of(request)
    try:
        fresh = await deps.db.write(lambda tx: service.sign_in(tx, token, instead_of=before))
    except NotAllowed:
        return await _door(request, token)
    response = to("/admin")
    session.give_cookie(response, deps, fresh)
    return response


async def _door(request: Request, token: str) -> Response:
    def read(tx: ReadTx) -> DoorPage:
        found = organizers.of_link(tx, service.token_hash(token)) if token else None
        name = found.name if found else ""
        return DoorPage(site(tx), name, token if found else "", bool(token) and not found)

    page = await deps_of(request).db.read(read)
    status = 403 if page.refused or request.method == "POST" else 200
    return ours(render(request, "admin/door.html", page, status=status, keep=False))
