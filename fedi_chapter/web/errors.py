"""What is answered when something is refused or fails.

Registered by `app`; errors come from `core.errors` and from the router. A program gets
problem+json (RFC 9457), a person a plain page. What a stranger reads is the error's `safe`
sentence: the message is for the log.
"""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Match

from fedi_chapter.core.errors import (
    Busy,
    ChapterError,
    FormInvalid,
    Missing,
    RemoteBusy,
    SignatureInvalid,
)
from fedi_chapter.core.log import get_logger
from fedi_chapter.domain.urls import without_key
from fedi_chapter.store.pages.site import Site, site
from fedi_chapter.web.negotiate import VARY, deps_of, wants_page
from fedi_chapter.web.request_headers import headers_of
from fedi_chapter.web.templating import Chapterless, render

PROBLEM_JSON = "application/problem+json"
RETRY_AFTER = 30
"""Seconds a busy server asks for when nothing better is known."""
_log = get_logger(__name__)
_ROUTER = {404: ("not-found", Missing.safe), 405: ("wrong-method", "That can't be done here.")}


@dataclass(frozen=True, slots=True)
class Problem:
    """An error as RFC 9457 tells it; `code` is stable and documented."""

    code: str
    status: int
    title: str
    detail: str
    retry_after: int | None = None


@dataclass(frozen=True, slots=True)
class ErrorPage:
    """An error as a person reads it."""

    site: Site | Chapterless
    problem: Problem


async def chapter_error(request: Request, error: Exception) -> Response:
    """Answer an error of the catalogue."""
    if not isinstance(error, ChapterError):
        raise error
    if error.status >= 500:
        _log.warning(
            "failed", code=error.code, reason=error.message, path=without_key(request.url.path)
        )
    return await _answer(request, problem_of(error))


async def router_error(request: Request, error: Exception) -> Response:
    """Answer what the router or the framework refused: no such address, no such method."""
    if not isinstance(error, HTTPException):
        raise error
    status = HTTPStatus(error.status_code)
    if status == HTTPStatus.NOT_FOUND and (meant := _without_slash(request)):
        return RedirectResponse(meant, HTTPStatus.MOVED_PERMANENTLY)
    code, safe = _ROUTER.get(status, (f"http-{status:d}", error.detail or status.phrase))
    response = await _answer(request, Problem(code, status, status.phrase, safe))
    response.headers.update(error.headers or {})
    return response


async def unexpected(request: Request, error: Exception) -> Response:
    """Answer a failure nobody foresaw: log it whole, tell nothing of it, ask no database."""
    _log.error("unexpected failure", path=without_key(request.url.path), exc_info=error)
    problem = Problem("error", 500, HTTPStatus(500).phrase, ChapterError.safe)
    if not wants_page(headers_of(request.scope)):
        return problem_json(problem)
    return _page(request, Chapterless(), problem)


async def left(_: Request, __: Exception) -> Response:
    """Answer one who hung up before all was said: nobody reads it, and nothing is wrong here."""
    return Response(status_code=400)


handlers: dict[Any, Callable[[Request, Exception], Awaitable[Response]]] = {
    ChapterError: chapter_error,
    HTTPException: router_error,
    ClientDisconnect: left,
}


def problem_of(error: ChapterError) -> Problem:
    """Return the problem a stranger may read.

    A wrong form field is named: whoever filled it in needs the reason and the cure. So is what
    is wrong with a signature or its key: both are the sender's own.
    """
    detail = error.safe
    if isinstance(error, SignatureInvalid):
        detail = f"{error.safe} {error.message}"
    if isinstance(error, FormInvalid):
        detail = ". ".join(part for part in (error.message, error.cure) if part)
    after = RETRY_AFTER if isinstance(error, Busy | RemoteBusy) else None
    if isinstance(error, RemoteBusy) and error.after:
        after = int(error.after) + 1
    return Problem(
        error.code, error.status, HTTPStatus(error.status).phrase, detail, retry_after=after
    )


def _without_slash(request: Request) -> str | None:
    """Return the page somebody meant who typed one slash too many, under our own origin.

    The router's own redirect would name the scheme and host that the last proxy spoke to.
    """
    path = request.scope["path"]
    if request.method != "GET" or not path.endswith("/"):
        return None
    meant = {**request.scope, "path": path.removesuffix("/")}
    if all(route.matches(meant)[0] is not Match.FULL for route in request.app.routes):
        return None
    query = f"?{request.url.query}" if request.url.query else ""
    return f"{deps_of(request).urls.base}{quote(meant['path'])}{query}"


async def _answer(request: Request, problem: Problem) -> Response:
    if not wants_page(headers_of(request.scope)):
        return problem_json(problem)
    around: Site | Chapterless = Chapterless()
    if problem.status < 500:
        with suppress(Missing):  # before a chapter is founded the page stands without a name
            around = await deps_of(request).db.read(site)
    return _page(request, around, problem)


def _page(request: Request, around: Site | Chapterless, problem: Problem) -> Response:
    response = render(
        request, "public/error.html", ErrorPage(around, problem), status=problem.status
    )
    return ask_again_later(response, problem)


def problem_json(problem: Problem) -> Response:
    """Return an error as a program reads it (RFC 9457)."""
    body = {
        "type": "about:blank",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
        "code": problem.code,
    }
    response = Response(
        orjson.dumps(body),
        status_code=problem.status,
        media_type=PROBLEM_JSON,
        # Open to programs in browsers as what they asked for would have been (RFC 7033, 5).
        headers={
            "Cache-Control": "private, no-store",
            "Vary": VARY,
            "Access-Control-Allow-Origin": "*",
        },
    )
    return ask_again_later(response, problem)


def ask_again_later(response: Response, problem: Problem) -> Response:
    """Say in how many seconds to try again, where that is known."""
    if problem.retry_after is not None:
        response.headers["Retry-After"] = str(problem.retry_after)
    return response
