"""Routes of discovery: WebFinger, host-meta, NodeInfo, and whether this server is well."""

from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from fedi_chapter.core import disk
from fedi_chapter.core.errors import BadInput, DatabaseAway, Missing
from fedi_chapter.federation import wellknown
from fedi_chapter.store import local_actors
from fedi_chapter.web.fedi.answers import OPEN_TO_BROWSERS, discovery
from fedi_chapter.web.negotiate import VARY, deps_of, wants_activity
from fedi_chapter.web.request_headers import headers_of

LONGEST_RESOURCE = 2048


async def webfinger(request: Request) -> Response:
    """Answer RFC 7033: 400 without one well-formed resource, 404 for whom we don't have."""
    deps = deps_of(request)
    query = parse_qsl(request.url.query, keep_blank_values=True)
    resources = [value for name, value in query if name == "resource"]
    if len(resources) != 1 or not _is_uri(resources[0]):
        raise BadInput("webfinger needs exactly one resource, such as acct:name@host")
    actor = await deps.db.read(lambda tx: wellknown.find(tx, deps.urls, resources[0]))
    if actor is None:
        raise Missing
    rels = tuple(value for name, value in query if name == "rel")
    return discovery(request, wellknown.webfinger(actor, deps.urls, rels), "application/jrd+json")


def _is_uri(resource: str) -> bool:
    scheme, colon, rest = resource.partition(":")
    return bool(
        colon
        and rest
        and scheme.isascii()
        and scheme[:1].isalpha()
        and len(resource) <= LONGEST_RESOURCE
        and resource.isprintable()
        and " " not in resource
    )


async def at_name(request: Request) -> Response:
    """Lead from `/@name` to the actor: programs to its document, people to its page."""
    deps, name = deps_of(request), request.path_params["name"]
    actor = await deps.db.read(lambda tx: wellknown.at_name(tx, deps.urls, name))
    if actor is None:
        raise Missing
    is_program = wants_activity(headers_of(request.scope))
    place = deps.urls.actor(actor) if is_program else deps.urls.actor_page(actor)
    return RedirectResponse(place, status_code=302, headers={"Vary": VARY})


async def host_meta(request: Request) -> Response:
    """Answer RFC 6415."""
    return Response(
        wellknown.host_meta(deps_of(request).urls),
        media_type="application/xrd+xml",
        headers=OPEN_TO_BROWSERS,
    )


async def nodeinfo_links(request: Request) -> Response:
    """Answer with the places of NodeInfo and of the instance actor (FEP-f1d5, FEP-2677)."""
    return discovery(request, wellknown.nodeinfo_links(deps_of(request).urls), "application/json")


async def nodeinfo(request: Request) -> Response:
    """Answer NodeInfo 2.1."""
    deps = deps_of(request)
    counted = await deps.db.read(wellknown.usage)
    document = wellknown.nodeinfo(deps.urls, counted, deps.settings.source_url)
    schema = 'application/json; profile="http://nodeinfo.diaspora.software/ns/schema/2.1#"'
    return discovery(request, document, schema)


async def healthz(_: Request) -> Response:
    """Say that the process is alive."""
    return PlainTextResponse("ok\n", headers={"Cache-Control": "no-store"})


async def readyz(request: Request) -> Response:
    """Say whether the database answers and what will stop it; with a full disk it still reads."""
    deps = deps_of(request)
    try:
        chapter = await deps.db.read(local_actors.chapter)
        reasons = [] if chapter else ["there is no chapter here yet: run fedi-chapter init"]
    except DatabaseAway:
        reasons = ["the database does not answer: the log says why"]
    shortage = disk.shortage(deps.settings.data)
    return JSONResponse(
        {"ready": not reasons, "reasons": reasons, "warnings": [shortage] if shortage else []},
        status_code=503 if reasons else 200,
        headers={"Cache-Control": "no-store"},
    )


routes = [
    Route("/.well-known/webfinger", webfinger),
    Route("/@{name}", at_name),
    Route("/.well-known/host-meta", host_meta),
    Route("/.well-known/nodeinfo", nodeinfo_links),
    Route("/nodeinfo/2.1", nodeinfo),
    Route("/healthz", healthz),
    Route("/readyz", readyz),
]
