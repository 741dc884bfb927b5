"""The way out of all mail, which every letter carries: one POST, no account, no question.

Mail programs send that POST themselves (RFC 8058), from anywhere and without a cookie; the token
in the address is all they have. A visit changes nothing: programs that look at every link in a
letter must not end anything.
"""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from fedi_chapter.core.errors import Missing
from fedi_chapter.store import mail_stops
from fedi_chapter.store.pages.site import Site, site
from fedi_chapter.store.tx import ReadTx
from fedi_chapter.web.negotiate import deps_of
from fedi_chapter.web.private import form_of
from fedi_chapter.web.templating import render


@dataclass(frozen=True, slots=True)
class MailStopPage:
    """Whether the address behind the token gets mail."""

    site: Site
    is_on: bool
    """No mail goes out to it."""


async def mail_stop_page(request: Request) -> Response:
    """Serve the button that ends all mail to an address, or lets it begin again."""
    return await _page(request, _fingerprint(request))


async def mail_stop(request: Request) -> Response:
    """End all mail to an address; with `again` in the form, lift that."""
    fingerprint = _fingerprint(request)
    async with form_of(request) as form:
        change = mail_stops.lift if form.get("again") else mail_stops.put
    await deps_of(request).db.write(lambda tx: change(tx, fingerprint))
    return await _page(request, fingerprint)


async def _page(request: Request, fingerprint: str) -> Response:
    def read(tx: ReadTx) -> MailStopPage:
        return MailStopPage(site(tx), mail_stops.is_on(tx, fingerprint))

    page = await deps_of(request).db.read(read)
    return render(request, "public/mail_stop.html", page, keep=False)


def _fingerprint(request: Request) -> str:
    known = deps_of(request).links.read("stop", str(request.path_params["token"]))
    if known is None:
        raise Missing("this is no token of ours")
    return known[0]
