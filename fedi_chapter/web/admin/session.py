"""Who is at the console: the cookie, its session, and the word that proves a form ours.

Used by the routes of this room; what it shares with the members' pages is in `web.private`.
"""

from dataclasses import dataclass

from starlette.requests import Request

from fedi_chapter.domain.organizer import Organizer
from fedi_chapter.services import organizers
from fedi_chapter.web.negotiate import deps_of
from fedi_chapter.web.private import Cookie, csrf_word

COOKIE = Cookie("session", organizers.LONGEST)


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who is signed in; `token` is the cookie's."""

    organizer: Organizer
    token: str

    @property
    def csrf(self) -> str:
        """The word every form of this session carries."""
        return csrf_word(self.token)


async def visitor(request: Request) -> Visitor | None:
    """Return who is signed in, and note now and then that the session is in use."""
    deps, token = deps_of(request), COOKIE.token(request)
    if token is None:
        return None
    session = await deps.db.read(lambda tx: organizers.session_of(tx, token))
    if session is None:
        return None
    if session.due:
        await deps.db.write(lambda tx: organizers.stay(tx, token))
    return Visitor(session.organizer, token)
