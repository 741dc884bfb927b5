"""What the asker wants: a document or a page, something new or only news that it is the same.

Used by every route of `web`. What is served is decided elsewhere.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from functools import lru_cache

from starlette.requests import Request
from starlette.responses import Response

from fedi_chapter.deps import Deps
from fedi_chapter.web.request_headers import Field, RequestHeaders, headers_of

VARY = "Accept, Accept-Language, User-Agent"
"""The fields by which a document or a page is chosen."""
SECOND = timedelta(seconds=1)
"""`Last-Modified` is no finer."""
LONGEST = 1000
"""Characters of `Accept` that are read; browsers send less than 200."""
_ACTIVITY = frozenset({"application/activity+json", "application/ld+json"})
_JSON = frozenset({"application/json", "application/*"})
_PAGES = frozenset({"text/html", "application/xhtml+xml", "text/*"})
_SHOWS_PAGES = re.compile(
    r"mozilla/|opera/|lynx|links|w3m|dillo|netsurf"  # browsers
    r"|bot\b|crawler|spider|slurp|externalhit|whatsapp|viber|skype|preview|unfurl|embed"
    r"|feed|rss|reader",
    re.IGNORECASE,
)
"""User agents of browsers, of search engines, of those who preview links, and of feed readers.

Asked only of who takes anything: many of these send `*/*` or nothing and show what a page says.
"""


def deps_of(request: Request) -> Deps:
    """Return what the application was built with."""
    deps: Deps = request.app.state.deps
    return deps


def wants_activity(headers: RequestHeaders) -> bool:
    """Tell whether an actor, an event or a post is to be sent as its ActivityPub document.

    Browsers ask for HTML; other servers for activity+json or ld+json, with or without the profile
    (ActivityPub §3.2), for plain JSON, or for what their HTTP client asks for by itself.
    """
    asked = _accept(headers)
    if asked.page:
        return names_activity(headers) or (asked.json or 0) > asked.page
    named = [quality for quality in (asked.activity, asked.json) if quality is not None]
    return any(named) if named else not _shows_pages(headers)


def names_activity(headers: RequestHeaders) -> bool:
    """Tell whether the asker prefers activity+json or ld+json, by name, to a page."""
    asked = _accept(headers)
    return bool(asked.activity) and (asked.activity or 0) >= (asked.page or 0)


def wants_page(headers: RequestHeaders) -> bool:
    """Tell whether an error is to be explained to a person: only browsers name HTML."""
    return bool(_accept(headers).page) and not names_activity(headers)


def takes_gzip(headers: RequestHeaders) -> bool:
    """Tell whether the asker names gzip among the encodings it can read (RFC 9110 §12.5.3)."""
    for part in headers.text(Field.ACCEPT_ENCODING).lower().split(","):
        coding, _, parameters = part.strip().partition(";")
        if coding.strip() in ("gzip", "x-gzip"):
            return quality(parameters) > 0
    return False


def answer(
    request: Request,
    body: bytes,
    media_type: str,
    *,
    modified: datetime | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return `body` with its validators, or 304 when the asker has it already (RFC 9110 §13).

    `modified` is told when its second is over: until then a second change would have the same.
    """
    etag = f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
    fields = {"ETag": etag, "Cache-Control": "public, max-age=0, must-revalidate"}
    if modified is not None and deps_of(request).clock.now() - modified < SECOND:
        modified = None
    if modified is not None:
        fields["Last-Modified"] = format_datetime(modified.astimezone(UTC), usegmt=True)
    fields.update(headers or {})
    if is_unchanged(headers_of(request.scope), etag, fields.get("Last-Modified")):
        return Response(status_code=304, headers=fields)
    return Response(body, media_type=media_type, headers=fields)


def is_known(etag: str, known: str) -> bool:
    """Tell whether an `If-None-Match` field names `etag`, compared weakly (RFC 9110 §13.1.2)."""
    return known.strip() == "*" or etag in known


def is_unchanged(headers: RequestHeaders, etag: str, modified: str | None) -> bool:
    """Tell whether the asker has the answer of these validators already (RFC 9110 §13.2.2)."""
    known = headers.get(Field.IF_NONE_MATCH)
    if known is not None:
        return is_known(etag, known)
    since = headers.get(Field.IF_MODIFIED_SINCE)
    if since is None or modified is None:
        return False
    try:
        return parsedate_to_datetime(modified) <= parsedate_to_datetime(since)
    except (ValueError, TypeError):
        return False


@dataclass(frozen=True, slots=True)
class _Accept:
    """The best quality of each kind that an `Accept` field names; None of what it does not name."""

    activity: float | None = None
    json: float | None = None
    page: float | None = None


def _accept(headers: RequestHeaders) -> _Accept:
    return _read_accept(headers.text(Field.ACCEPT)[:LONGEST])


@lru_cache(maxsize=256)
def _read_accept(accept: str) -> _Accept:
    best: dict[str, float] = {}
    for part in accept.lower().split(","):
        media_type, _, parameters = part.strip().partition(";")
        for kind, types in (("activity", _ACTIVITY), ("json", _JSON), ("page", _PAGES)):
            if media_type.strip() in types:
                best[kind] = max(best.get(kind, 0.0), quality(parameters))
    return _Accept(**best)


def _shows_pages(headers: RequestHeaders) -> bool:
    """Tell whether who takes anything shows pages: people, search engines, previews of links.

    Only what has a person before it says in which language to answer; HTTP clients of programs
    send none, or `*`.
    """
    agent = headers.text(Field.USER_AGENT)[:LONGEST]
    language = headers.text(Field.ACCEPT_LANGUAGE).strip()
    return language not in {"", "*"} or _SHOWS_PAGES.search(agent) is not None


def quality(parameters: str) -> float:
    """Return the weight in the parameters of one alternative (RFC 9110 §12.4.2); 1 if unsaid."""
    for parameter in parameters.split(";"):
        name, _, value = parameter.strip().partition("=")
        if name.strip() == "q":
            try:
                return min(max(float(value), 0.0), 1.0)
            except ValueError:
                return 0.0
    return 1.0
