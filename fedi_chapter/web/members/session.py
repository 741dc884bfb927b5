"""Which member is asking: the cookie and its session.

Used by the routes of this room, and by any page that does more for a member (`member_of`).
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import wraps

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from fedi_chapter.core.errors import SignInNeeded
from fedi_chapter.domain.member import Member
from fedi_chapter.services import members
from fedi_chapter.web.negotiate import deps_of
from fedi_chapter.web.private import Cookie, check_csrf, csrf_word, form_of
from fedi_chapter.web.same_site import check_same_site

COOKIE = Cookie("member", members.LONGEST)


@dataclass(frozen=True, slots=True)
class Visitor:
    """A member who is signed in; `token` is the cookie's."""

    member: Member
    token: str

    @property
    def csrf(self) -> str:
        """The word every form of this session carries."""
        return csrf_word(self.token)


Work = Callable[[Request, FormData, Visitor], Awaitable[Response]]


async def visitor(request: Request) -> Visitor | None:
    """Return the member who is signed in, and note now and then that the session is in use."""
    deps, token = deps_of(request), COOKIE.token(request)
    if token is None:
        return None
    session = await deps.db.read(lambda tx: members.session_of(tx, token))
    if session is None:
        return None
    if session.due:
        await deps.db.write(lambda tx: members.stay(tx, token))
    return Visitor(session.member, token)


async def member_of(request: Request) -> Member | None:
    """Return the member who is asking, if one is signed in."""
    who = await visitor(request)
    return None if who is None else who.member


def action(work: Work) -> Callable[[Request], Awaitable[Response]]:
    """Guard the work of one form: from a page of ours, of this session (ADM-01)."""

    @wraps(work)
    async def endpoint(request: Request) -> Response:
        check_same_site(request)
        who = await visitor(request)
        if who is None:
            raise SignInNeeded
        async with form_of(request) as form:
            check_csrf(who.csrf, form)
            return await work(request, form, who)

    return endpoint
