"""Routes of our actors and their collections."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from fedi_chapter.core.errors import BadInput, Missing
from fedi_chapter.core.numbers import whole_number
from fedi_chapter.domain.chapter import ActorKind, LocalActor
from fedi_chapter.domain.urls import Urls
from fedi_chapter.federation import collections, documents
from fedi_chapter.store import local_actors
from fedi_chapter.store.tx import ReadTx
from fedi_chapter.vocab.shape import Document
from fedi_chapter.web.fedi import answers
from fedi_chapter.web.negotiate import VARY, deps_of, wants_activity
from fedi_chapter.web.public.home import chapter_page
from fedi_chapter.web.request_headers import headers_of

MOST_PAGES = 1_000_000
LATEST = 10**17 - 1
"""In the year 5138, in microseconds since 1970."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Find = Callable[[ReadTx], LocalActor | None]
Write = Callable[[ReadTx, LocalActor, Urls, Request], Document]


def find_of(request: Request) -> Find:
    """Return how to find the actor this address names: chapter, instance, or a group."""
    path = request.url.path
    if path.startswith("/actor"):
        return local_actors.instance_actor
    if path.startswith("/chapter"):
        return local_actors.chapter
    return lambda tx: _group(tx, request.path_params["handle"])


def _group(tx: ReadTx, handle: str) -> LocalActor | None:
    found = local_actors.by_handle(tx, handle)
    return found if found and found.kind is ActorKind.GROUP else None


def existing(tx: ReadTx, find: Find) -> LocalActor:
    """Return the actor found, or raise Missing."""
    actor = find(tx)
    if actor is None:
        raise Missing
    return actor


async def chapter(request: Request) -> Response:
    """Serve the chapter: its document to programs, its page to people."""
    if not wants_activity(headers_of(request.scope)):
        return await chapter_page(request)
    return await actor(request)


async def actor(request: Request) -> Response:
    """Serve an actor's document, to anybody and unsigned: keys hang on it."""
    deps, find = deps_of(request), find_of(request)
    holds = deps.settings.holds_followers
    document = await deps.db.read(
        lambda tx: documents.actor(
            tx, existing(tx, find), deps.urls, deps.keys, holds_followers=holds
        )
    )
    return answers.activity(request, document)


async def instance(request: Request) -> Response:
    """Serve the instance actor; people are sent home."""
    if not wants_activity(headers_of(request.scope)):
        return RedirectResponse("/", status_code=303, headers={"Vary": VARY})
    return await actor(request)


def collection(write: Write) -> Callable[[Request], Awaitable[Response]]:
    """Return the route of one of an actor's collections."""

    async def serve(request: Request) -> Response:
        deps, find = deps_of(request), find_of(request)
        document = await deps.db.read(lambda tx: write(tx, existing(tx, find), deps.urls, request))
        return answers.activity(request, document)

    return serve


def page_of(request: Request) -> int | None:
    """Return the number of the page asked for; None for the collection itself.

    Raises:
        BadInput: the number is none, or out of range.

    """
    text = request.query_params.get("page")
    if text is None:
        return None
    if text == "true":
        return 1
    number = whole_number(text, MOST_PAGES)
    if not number:
        raise BadInput("page is a number from 1")
    return number


def _outbox(tx: ReadTx, local: LocalActor, urls: Urls, request: Request) -> Document:
    page = page_of(request)
    if page is None:
        return collections.outbox(tx, local, urls)
    if page != 1:
        raise BadInput("an outbox has no numbered pages", cure="begin at its first, follow `next`")
    before = request.query_params.get("before")
    since = None if before is None else whole_number(before, LATEST)
    if before is not None and since is None:
        raise BadInput("before is a time in microseconds since 1970")
    return collections.outbox_page(
        tx, local, urls, None if since is None else _EPOCH + timedelta(microseconds=since)
    )


COLLECTIONS: dict[str, Write] = {
    "outbox": _outbox,
    "followers": lambda tx, local, urls, request: collections.followers_of(
        tx, local, urls, page_of(request)
    ),
    "following": lambda tx, local, urls, request: collections.following_of(
        tx, local, urls, page_of(request)
    ),
    "featured": lambda tx, local, urls, _: collections.featured(tx, local, urls),
    "upcoming": lambda tx, local, urls, _: collections.upcoming(tx, local, urls),
}

routes = [
    Route("/chapter", chapter),
    Route("/actor", instance),
    Route("/groups/{handle}", actor),
    *(
        Route(f"{path}/{name}", collection(write))
        for path in ("/chapter", "/actor", "/groups/{handle}")
        for name, write in COLLECTIONS.items()
    ),
]
