"""Routes of the inboxes: take the bytes, hand them to `federation.inbox`, answer 202.

An inbox is an ASGI application, not a function: the framework wraps a function anew for every
request, and this is the one route that gets a thousand of them in a second.
"""

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from fedi_chapter.core.errors import WrongMediaType
from fedi_chapter.federation.inbox import InboxDoor
from fedi_chapter.web.fedi.actors import existing, find_of
from fedi_chapter.web.fedi.readers import request_of
from fedi_chapter.web.middleware import LARGEST_BODY
from fedi_chapter.web.negotiate import deps_of
from fedi_chapter.web.request_headers import Field, headers_of

TAKEN = frozenset({"application/activity+json", "application/ld+json", "application/json"})
_ACCEPTED = Response(status_code=202)


class Inbox:
    """Takes signed activities: those for one of our actors, and those for all of them."""

    def __init__(self, *, is_personal: bool) -> None:
        """Be the inbox of whoever the address names, or the one they share."""
        self._is_personal = is_personal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take one activity, and answer when it is stored."""
        request = Request(scope, receive)
        if "handle" in request.path_params:
            await _check_group(request)
        headers = headers_of(scope)
        media_type = headers.text(Field.CONTENT_TYPE).partition(";")[0].strip().lower()
        if media_type not in TAKEN or not _is_plain(headers.text(Field.CONTENT_ENCODING)):
            raise WrongMediaType("an inbox takes application/activity+json, not encoded")
        door: InboxDoor = request.app.state.door
        async with door.visit(int(headers.get(Field.CONTENT_LENGTH) or LARGEST_BODY)):
            body = await _whole(receive)
            await door.receive(
                request_of(request, body),
                is_personal=self._is_personal,
                address=scope["client"][0] if scope.get("client") else "",
            )
        await _ACCEPTED(scope, receive, send)


def _is_plain(encodings: str) -> bool:
    """Tell whether a body is not encoded; some say so (`identity`, RFC 9110 §8.4)."""
    return all(each.strip().lower() in {"", "identity"} for each in encodings.split(","))


async def _whole(receive: Receive) -> bytes:
    """Return the body; how long it may be is the business of the layers around us.

    Raises:
        ClientDisconnect: the sender left before its end.

    """
    pieces, more = [], True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        pieces.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(pieces)


async def _check_group(request: Request) -> None:
    """Refuse what is for a group we don't have; the chapter and the instance are always there."""
    find = find_of(request)
    await deps_of(request).db.look_up(lambda tx: existing(tx, find))


routes = [
    Route("/inbox", Inbox(is_personal=False), methods=["POST"]),
    *[
        Route(path, Inbox(is_personal=True), methods=["POST"])
        for path in ("/chapter/inbox", "/actor/inbox", "/groups/{handle}/inbox")
    ],
]
