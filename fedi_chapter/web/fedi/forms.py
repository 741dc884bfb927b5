"""Which form of an event the asker of a document gets, and how far askers are told apart.

Called by the route of events and, for the key of its answers, by `web.cache` (through `app`).
"""

from collections.abc import Mapping

from starlette.requests import Request

from fedi_chapter.federation.forms import Form, asked_form, asker
from fedi_chapter.settings import Settings
from fedi_chapter.store import hosts
from fedi_chapter.web.negotiate import deps_of

VARY = {"Vary": "Accept, Signature, User-Agent"}


def told_apart(settings: Settings, headers: Mapping[bytes, bytes]) -> bytes:
    """Return what is the same for all askers that get the same form: a few kinds, or a host."""
    agent = headers.get(b"user-agent", b"").decode("latin-1")
    asking, takes_pages = asker(agent), b"text/html" in headers.get(b"accept", b"")
    form = asked_form(settings, asking, takes_pages=takes_pages)
    return (form or asking.host or "").encode()


async def gets_face(request: Request) -> bool:
    """Tell whether the asker's server knows events only by their faces."""
    deps = deps_of(request)
    apart = told_apart(deps.settings, dict(request.headers.raw)).decode()
    if apart in (Form.EVENT, Form.FACE):
        return apart == Form.FACE
    known = await deps.db.read(lambda tx: hosts.get(tx, apart))
    return known is not None and known.software is not None and not known.takes_events
