"""What the asker wants: a document or a page, something new or only news that it is the same.

Used by every route of `web`. What is served is decided elsewhere.
"""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

from starlette.requests import Request
from starlette.responses import Response

from fedi_chapter.deps import Deps
from fedi_chapter.web.request_headers import Field, headers_of

AS_PROFILE = "https://www.w3.org/ns/activitystreams"
_ACTIVITY = "application/activity+json"
_LINKED = "application/ld+json"
_PAGES = ("text/html", "application/xhtml+xml")


def deps_of(request: Request) -> Deps:
    """Return what the application was built with."""
    deps: Deps = request.app.state.deps
    return deps


def wants_activity(request: Request) -> bool:
    """Tell whether the asker prefers an ActivityPub document to a page.

    Browsers ask for HTML first, other servers for activity+json or ld+json with or without
    the profile (ActivityPub §3.2); whoever says nothing clear gets the page.
    """
    best_document, best_page = _qualities(headers_of(request.scope).text(Field.ACCEPT))
    return best_document > 0 and best_document >= best_page


def wants_page(request: Request) -> bool:
    """Tell whether an error is to be explained to a person: only browsers name HTML."""
    best_document, best_page = _qualities(headers_of(request.scope).text(Field.ACCEPT))
    return best_page > 0 and best_page >= best_document


def answer(
    request: Request,
    body: bytes,
    media_type: str,
    *,
    modified: datetime | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return `body` with its validators, or 304 when the asker has it already (RFC 9110 §13)."""
    etag = f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
    fields = {"ETag": etag, "Cache-Control": "public, max-age=0, must-revalidate"}
    if modified is not None:
        fields["Last-Modified"] = format_datetime(modified.astimezone(UTC), usegmt=True)
    fields.update(headers or {})
    if _is_unchanged(request, etag, modified):
        return Response(status_code=304, headers=fields)
    return Response(body, media_type=media_type, headers=fields)


def is_known(etag: str, known: str) -> bool:
    """Tell whether an `If-None-Match` field names `etag`, compared weakly (RFC 9110 §13.1.2)."""
    return known.strip() == "*" or etag in known


def _is_unchanged(request: Request, etag: str, modified: datetime | None) -> bool:
    headers = headers_of(request.scope)
    known = headers.get(Field.IF_NONE_MATCH)
    if known is not None:
        return is_known(etag, known)
    since = headers.get(Field.IF_MODIFIED_SINCE)
    if since is None or modified is None:
        return False
    try:
        return modified.replace(microsecond=0) <= parsedate_to_datetime(since)
    except (ValueError, TypeError):
        return False


def _qualities(accept: str) -> tuple[float, float]:
    document = page = 0.0
    for part in accept.lower().split(",")[:50]:
        media_type, _, parameters = part.strip().partition(";")
        quality = _quality(parameters)
        if media_type.strip() in (_ACTIVITY, _LINKED):
            document = max(document, quality)
        elif media_type.strip() in _PAGES:
            page = max(page, quality)
    return document, page


def _quality(parameters: str) -> float:
    for parameter in parameters.split(";"):
        name, _, value = parameter.strip().partition("=")
        if name.strip() == "q":
            try:
                return min(max(float(value), 0.0), 1.0)
            except ValueError:
                return 0.0
    return 1.0
