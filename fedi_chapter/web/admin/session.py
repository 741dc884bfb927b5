"""Who is at the console: the cookie, its session, and the word that proves a form ours.

Used by the routes of this room. The cookie holds a random token; everything else about the
session is a row in the database and can be ended there (ADM-02, ADM-03).
"""

import hashlib
import hmac
from dataclasses import dataclass

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from fedi_chapter.core.errors import NotAllowed
from fedi_chapter.deps import Deps
from fedi_chapter.domain.organizer import Organizer
from fedi_chapter.services import organizers
from fedi_chapter.web.negotiate import deps_of


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who is signed in; `token` is the cookie's."""

    organizer: Organizer
    token: str

    @property
    def csrf(self) -> str:
        """The word every form of this session carries: nobody without the cookie can know it."""
        return hmac.new(self.token.encode(), b"csrf", hashlib.sha256).hexdigest()


async def visitor(request: Request) -> Visitor | None:
    """Return who is signed in, and note now and then that the session is in use."""
    deps, token = deps_of(request), token_of(request)
    if token is None:
        return None
    session = await deps.db.read(lambda tx: organizers.session_of(tx, token))
    if session is None:
        return None
    if session.due:
        await deps.db.write(lambda tx: organizers.stay(tx, token))
    return Visitor(session.organizer, token)


def check_csrf(who: Visitor, form: FormData) -> None:
    """Refuse a form that this session's pages did not make (ADM-01).

    Raises:
        NotAllowed: its `csrf` field is missing or another session's.

    """
    if not hmac.compare_digest(word(form, "csrf").encode(), who.csrf.encode()):
        raise NotAllowed("the form does not belong to this session")


def word(form: FormData, name: str) -> str:
    """Return a field's text; a missing one, or a file, is empty."""
    value = form.get(name, "")
    return value if isinstance(value, str) else ""


def token_of(request: Request) -> str | None:
    """Return the token in the session's cookie, whatever it is worth."""
    return request.cookies.get(cookie_name(deps_of(request))) or None


def give_cookie(response: Response, deps: Deps, token: str) -> None:
    """Let the browser keep a session's token."""
    response.set_cookie(
        cookie_name(deps),
        token,
        max_age=int(organizers.LONGEST.total_seconds()),
        secure=_is_secure(deps),
        httponly=True,
        samesite="lax",
    )


def take_cookie(response: Response, deps: Deps) -> None:
    """Let the browser forget its session's token."""
    response.delete_cookie(
        cookie_name(deps), secure=_is_secure(deps), httponly=True, samesite="lax"
    )


def cookie_name(deps: Deps) -> str:
    """Return the cookie's name; the prefix makes browsers refuse one that others planted."""
    return "__Host-session" if _is_secure(deps) else "session"


def _is_secure(deps: Deps) -> bool:
    return deps.urls.base.startswith("https://")
