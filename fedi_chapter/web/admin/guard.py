"""What stands before the organizers' pages: who is asking, and whether they may.

A page lets in by session and right; what changes anything is also checked for its origin and
for the word of the session (ADM-01, ADM-09).
"""

from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import wraps

from starlette.requests import Request
from starlette.responses import Response

from fedi_chapter.core.errors import Missing, NotAllowed
from fedi_chapter.domain.door import is_open_to_greeters
from fedi_chapter.domain.event import Event, EventId
from fedi_chapter.domain.organizer import Right
from fedi_chapter.services.events import own_event
from fedi_chapter.store.tx import ReadTx
from fedi_chapter.web.admin import session
from fedi_chapter.web.private import to

Page = Callable[[Request, session.Visitor], Awaitable[Response]]


def page(right: Right | None) -> Callable[[Page], Callable[[Request], Awaitable[Response]]]:
    """Show a page to whoever has the `right`; everybody else is sent to the door, or away."""

    def guarded(show: Page) -> Callable[[Request], Awaitable[Response]]:
        @wraps(show)
        async def endpoint(request: Request) -> Response:
            who = await session.visitor(request)
            if who is None:
                return to("/sign-in")
            check_right(who, right)
            return await show(request, who)

        return endpoint

    return guarded


def check_right(who: session.Visitor, right: Right | None) -> None:
    """Refuse whose role does not permit it.

    Raises:
        NotAllowed: it does not.

    """
    if right is not None and not who.organizer.may(right):
        raise NotAllowed(f"a {who.organizer.role} may not {right}")


def event_at_door(tx: ReadTx, request: Request, who: session.Visitor) -> Event:
    """Return the event that the address names, if its door is theirs to see.

    Raises:
        Missing, Gone: there is none, it was deleted, or a greeter asks for another day's.

    """
    event = event_named(tx, request)
    if not sees_door(who, event, tx.now):
        raise Missing
    return event


def sees_door(who: session.Visitor, event: Event, now: datetime) -> bool:
    """Tell whether somebody may see who is expected at an event: greeters only on its day."""
    return who.organizer.may(Right.HOST) or is_open_to_greeters(event, now)


def event_named(tx: ReadTx, request: Request) -> Event:
    """Return the event of ours that the address names.

    Raises:
        Missing, Gone: there is none, or it was deleted.

    """
    name = request.path_params["event"]
    if not name.isascii():
        raise Missing
    return own_event(tx, EventId(name))
