"""What pages made for one person have in common: cookie, form and answer.

Used by the organizers' pages (`web.admin`) and the members' (`web.members`). The cookie holds a
random token; what it stands for is a row in the database and can be ended there (ADM-02, -03).
"""

import hashlib
import hmac
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from fedi_chapter.core.errors import BadInput, NotAllowed
from fedi_chapter.deps import Deps
from fedi_chapter.web.negotiate import deps_of
from fedi_chapter.web.templating import NO_STORE

_PATH = re.compile(r"/(?:[\w.~-]+(?:/[\w.~-]+)*)?(?:\?[\w.~=&%-]*)?(?:#[\w-]*)?", re.ASCII)
MOST_FIELDS = 5
"""How many fields a form of ours has."""


@dataclass(frozen=True, slots=True)
class Cookie:
    """A cookie with a secret token; scripts and other sites can't read it."""

    name: str
    lasts: timedelta
    path: str = "/"
    """Below which addresses of ours the browser sends it."""

    def name_at(self, deps: Deps) -> str:
        """Return its whole name; the prefix makes browsers refuse one that others planted.

        `__Host-` also keeps out neighbours under our domain, but is for whole sites only.
        """
        if not _is_secure(deps):
            return self.name
        return f"__Host-{self.name}" if self.path == "/" else f"__Secure-{self.name}"

    def token(self, request: Request) -> str | None:
        """Return the token in it, whatever that is worth."""
        return request.cookies.get(self.name_at(deps_of(request))) or None

    def give(self, response: Response, deps: Deps, token: str) -> None:
        """Let the browser keep a token."""
        response.set_cookie(
            self.name_at(deps),
            token,
            max_age=int(self.lasts.total_seconds()),
            path=self.path,
            secure=_is_secure(deps),
            httponly=True,
            samesite="lax",
        )

    def take(self, response: Response, deps: Deps) -> None:
        """Let the browser forget its token."""
        response.delete_cookie(
            self.name_at(deps),
            path=self.path,
            secure=_is_secure(deps),
            httponly=True,
            samesite="lax",
        )


@asynccontextmanager
async def form_of(request: Request, most_fields: int = MOST_FIELDS) -> AsyncIterator[FormData]:
    """Read the form that was sent; it carries no files.

    Raises:
        BadInput: it is in no charset we know.

    """
    try:
        form = await request.form(max_files=0, max_fields=most_fields)
    except UnicodeError as error:
        raise BadInput("the form is not in UTF-8") from error
    try:
        yield form
    finally:
        await form.close()


def csrf_word(token: str) -> str:
    """Return the word every form of a session carries: nobody without the cookie can know it."""
    return hmac.new(token.encode(), b"csrf", hashlib.sha256).hexdigest()


def check_csrf(csrf: str, form: FormData) -> None:
    """Refuse a form that this session's pages did not make (ADM-01).

    Raises:
        NotAllowed: its `csrf` field is missing or another session's.

    """
    check_csrf_word(csrf, word(form, "csrf"))


def check_csrf_word(csrf: str, given: str) -> None:
    """Refuse what does not carry this session's word; programs of our pages send it in a header.

    Raises:
        NotAllowed: the word is missing or another session's.

    """
    if not hmac.compare_digest(given.encode(), csrf.encode()):
        raise NotAllowed("the form does not belong to this session")


def word(form: FormData, name: str) -> str:
    """Return a field's text; a missing one, or a file, is empty.

    PostgreSQL takes no NUL, and nothing takes half a surrogate pair (a form may name a charset
    that has them).
    """
    value = form.get(name, "")
    if not isinstance(value, str):
        return ""
    return value.replace("\0", "").encode("utf-8", "replace").decode()


def own_path(text: str, otherwise: str) -> str:
    """Return `text` if it is a plain path of ours, else another one (ADM-08)."""
    return text if _PATH.fullmatch(text) else otherwise


def ours(response: Response) -> Response:
    """Keep an answer out of every cache, and its address from other sites.

    The policy still lets browsers name our origin to ourselves: forms are checked by it.
    """
    response.headers["Cache-Control"] = NO_STORE
    response.headers["Referrer-Policy"] = "same-origin"
    return response


def to(path: str) -> Response:
    """Send the browser on to a page of ours."""
    return ours(RedirectResponse(path, status_code=303))


def _is_secure(deps: Deps) -> bool:
    return deps.urls.base.startswith("https://")
