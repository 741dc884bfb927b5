"""Routes of what we publish: one address each, a document for programs, a page for people."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from fedi_chapter.core.errors import Missing
from fedi_chapter.domain.urls import Urls
from fedi_chapter.federation import collections, documents
from fedi_chapter.store import local_actors
from fedi_chapter.store.tx import ReadTx
from fedi_chapter.vocab.shape import Document
from fedi_chapter.web.fedi import answers
from fedi_chapter.web.fedi.actors import page_of
from fedi_chapter.web.fedi.forms import gets_face
from fedi_chapter.web.fedi.readers import reader
from fedi_chapter.web.negotiate import VARY, deps_of, wants_activity
from fedi_chapter.web.public.events import event_page
from fedi_chapter.web.public.posts import post_page
from fedi_chapter.web.request_headers import Field, headers_of

UUID = "{id:uuid}"
Write = Callable[[ReadTx, str, Urls], Document]


async def _public(request: Request, write: Write) -> Response:
    deps, own_id = deps_of(request), str(request.path_params["id"])
    try:
        document = await deps.db.read(lambda tx: write(tx, own_id, deps.urls))
    except documents.Deleted as deleted:
        return answers.tombstone(deleted.document)
    return answers.activity(request, document)


async def _for_followers(request: Request, write: Callable[..., Document]) -> Response:
    """Serve a followers-only object to a signed follower; to all others it is missing."""
    deps, own_id, asking = deps_of(request), str(request.path_params["id"]), await reader(request)

    def work(tx: ReadTx) -> Document:
        chapter = local_actors.chapter(tx)
        follows = chapter is not None and documents.follows(tx, chapter, asking)
        return write(tx, own_id, deps.urls, reader_follows=follows)

    try:
        return answers.private_activity(await deps.db.read(work))
    except documents.Deleted as deleted:
        return answers.private_activity(deleted.document, status=410)


def _document(write: Callable[..., Document]) -> Callable[[Request], Awaitable[Response]]:
    async def serve(request: Request) -> Response:
        try:
            return await _public(request, write)
        except Missing:
            if Field.SIGNATURE not in headers_of(request.scope).values:
                raise
            return await _for_followers(request, write)

    return serve


event_document = _document(documents.event)
face_document = _document(documents.face)
post_document = _document(documents.post)


async def event(request: Request) -> Response:
    """Serve an event; its face to software that shows events by their faces.

    A face has another id, under which that software looks next: so the address of the page,
    pasted into a search box, leads to the poll.
    """
    if not wants_activity(headers_of(request.scope)):
        return await event_page(request)
    return await (face_document if await gets_face(request) else event_document)(request)


async def face(request: Request) -> Response:
    """Serve an event's face; people are sent to the event's page."""
    if wants_activity(headers_of(request.scope)):
        return await face_document(request)
    url = deps_of(request).urls.event(str(request.path_params["id"]))
    return RedirectResponse(url, status_code=303, headers={"Vary": VARY})


async def post(request: Request) -> Response:
    """Serve a post."""
    if wants_activity(headers_of(request.scope)):
        return await post_document(request)
    return await post_page(request)


def _plain(write: Write) -> Callable[[Request], Awaitable[Response]]:
    async def serve(request: Request) -> Response:
        return await _public(request, write)

    return serve


def _paged(
    write: Callable[[ReadTx, str, Urls, int | None], Document],
) -> Callable[[Request], Awaitable[Response]]:
    async def serve(request: Request) -> Response:
        page = page_of(request)
        return await _public(request, lambda tx, own, urls: write(tx, own, urls, page))

    return serve


routes = [
    Route(f"/events/{UUID}", event),
    Route(f"/events/{UUID}/face", face),
    Route(f"/events/{UUID}/attendees", _plain(collections.attendees)),
    Route(f"/events/{UUID}/organizers", _plain(collections.organizers)),
    Route(f"/events/{UUID}/replies", _paged(collections.event_replies)),
    Route(f"/posts/{UUID}", post),
    Route(f"/posts/{UUID}/replies", _paged(collections.post_replies)),
    Route(f"/places/{UUID}", _plain(documents.place)),
    Route(f"/quotes/{UUID}", _plain(documents.quote)),
    Route(f"/activities/{UUID}", _plain(documents.activity)),
]
