"""Routes of the inboxes: take the bytes, hand them to `federation.inbox`, answer 202."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fedi_chapter.core.errors import WrongMediaType
from fedi_chapter.domain.chapter import LocalActor
from fedi_chapter.federation.inbox import InboxDoor
from fedi_chapter.web.fedi.actors import existing, find_of
from fedi_chapter.web.fedi.readers import request_of
from fedi_chapter.web.negotiate import deps_of

TAKEN = frozenset({"application/activity+json", "application/ld+json", "application/json"})


async def personal(request: Request) -> Response:
    """Take an activity sent to one of our actors."""
    deps, find = deps_of(request), find_of(request)
    return await _take(request, await deps.db.read(lambda tx: existing(tx, find)))


async def shared(request: Request) -> Response:
    """Take an activity sent to all of our actors."""
    return await _take(request, None)


async def _take(request: Request, inbox_of: LocalActor | None) -> Response:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in TAKEN or "content-encoding" in request.headers:
        raise WrongMediaType("an inbox takes application/activity+json, not encoded")
    body = await request.body()
    door: InboxDoor = request.app.state.door
    await door.receive(request_of(request, body), inbox_of=inbox_of)
    return Response(status_code=202)


routes = [
    Route(path, take, methods=["POST"])
    for path, take in (
        ("/inbox", shared),
        ("/chapter/inbox", personal),
        ("/actor/inbox", personal),
        ("/groups/{handle}/inbox", personal),
    )
]
