"""Which form of an event the asker of a document gets, and how far askers are told apart.

Called by the route of events and, for the key of its answers, by `web.cache` (through `app`).
"""

from starlette.requests import Request

from fedi_chapter.federation.forms import Asker, Form, asked_form, asker
from fedi_chapter.settings import Settings
from fedi_chapter.store import hosts
from fedi_chapter.web import language
from fedi_chapter.web.negotiate import deps_of, names_activity, wants_activity, wants_page
from fedi_chapter.web.request_headers import Field, RequestHeaders, headers_of

_READ = (Field.HOST, Field.COOKIE, Field.ACCEPT, Field.ACCEPT_LANGUAGE, Field.USER_AGENT)
"""The fields that are read here of an asker who signs nothing."""
MOST_KNOWN, LONGEST_KNOWN = 1_000, 1_000
"""Askers that are remembered, and characters of what one says."""


class ToldApart:
    """What an answer for everyone may hang on besides its address; the same asker comes often."""

    def __init__(self, settings: Settings) -> None:
        """Tell askers apart as `settings` want it."""
        self._settings = settings
        self._known: dict[tuple[str | None, ...], tuple[str, ...]] = {}

    def __call__(self, headers: RequestHeaders) -> tuple[str, ...]:
        """Return what is the same for all who may have one answer."""
        if Field.SIGNATURE in headers.values or Field.SIGNATURE_INPUT in headers.values:
            return self._read(headers)
        said = tuple(map(headers.values.get, _READ))
        known = self._known.get(said)
        if known is None:
            known = self._read(headers)
            self._remember(said, known)
        return known

    def _remember(self, said: tuple[str | None, ...], known: tuple[str, ...]) -> None:
        if sum(len(text or "") for text in said) > LONGEST_KNOWN:
            return
        if len(self._known) >= MOST_KNOWN:
            self._known.clear()
        self._known[said] = known

    def _read(self, headers: RequestHeaders) -> tuple[str, ...]:
        return (
            headers.text(Field.HOST).lower(),
            language.chosen(headers),
            *(str(wants(headers)) for wants in (wants_activity, names_activity, wants_page)),
            *_asks_for(self._settings, headers),
        )


def _asks_for(settings: Settings, headers: RequestHeaders) -> tuple[str, ...]:
    """Return what is the same for all askers that get the same form: it, or what it hangs on."""
    asking, takes_pages = _asker(headers), _takes_pages(headers)
    form = asked_form(settings, asking, takes_pages=takes_pages)
    return (form,) if form else (asking.host or "", str(takes_pages))


def _asker(headers: RequestHeaders) -> Asker:
    signature = headers.get(Field.SIGNATURE_INPUT) or headers.text(Field.SIGNATURE)
    return asker(headers.text(Field.USER_AGENT), signature)


def _takes_pages(headers: RequestHeaders) -> bool:
    return "text/html" in headers.text(Field.ACCEPT)


async def gets_face(request: Request) -> bool:
    """Tell whether the asker's server knows events only by their faces."""
    deps, headers = deps_of(request), headers_of(request.scope)
    asking, takes_pages = _asker(headers), _takes_pages(headers)
    form = asked_form(deps.settings, asking, takes_pages=takes_pages)
    if form is not None:
        return form is Form.FACE
    known = await deps.db.read(lambda tx: hosts.get(tx, asking.host or ""))
    if known is None or known.software is None:
        return False
    learned = Asker(known.software, asking.host)
    form = asked_form(deps.settings, learned, takes_pages=takes_pages)
    return not known.takes_events if form is None else form is Form.FACE
