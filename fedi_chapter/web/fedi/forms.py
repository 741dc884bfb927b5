"""Which form of an event the asker of a document gets, and how far askers are told apart.

Called by the route of events and, for the key of its answers, by `web.cache` (through `app`).
"""

from starlette.requests import Request

from fedi_chapter.federation.forms import Form, asked_form, asker
from fedi_chapter.settings import Settings
from fedi_chapter.store import hosts
from fedi_chapter.web.negotiate import deps_of, names_activity, wants_activity, wants_page
from fedi_chapter.web.request_headers import Field, RequestHeaders, headers_of


def told_apart(settings: Settings, headers: RequestHeaders) -> tuple[str, ...]:
    """Return all that an answer for everyone may hang on besides its address."""
    return (
        headers.text(Field.HOST).lower(),
        headers.text(Field.ACCEPT_LANGUAGE),
        *(str(wants(headers)) for wants in (wants_activity, names_activity, wants_page)),
        _asks_for(settings, headers),
    )


def _asks_for(settings: Settings, headers: RequestHeaders) -> str:
    """Return what is the same for all askers that get the same form: a few kinds, or a host."""
    asking = asker(headers.text(Field.USER_AGENT))
    takes_pages = "text/html" in headers.text(Field.ACCEPT)
    form = asked_form(settings, asking, takes_pages=takes_pages)
    return form or asking.host or ""


async def gets_face(request: Request) -> bool:
    """Tell whether the asker's server knows events only by their faces."""
    deps = deps_of(request)
    apart = _asks_for(deps.settings, headers_of(request.scope))
    if apart in (Form.EVENT, Form.FACE):
        return apart == Form.FACE
    known = await deps.db.read(lambda tx: hosts.get(tx, apart))
    return known is not None and known.software is not None and not known.takes_events
