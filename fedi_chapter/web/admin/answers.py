"""What every answer of this room has in common: it is one person's, and kept by nobody."""

from typing import TypedDict

from starlette.responses import RedirectResponse, Response

from fedi_chapter.web.templating import NO_STORE


class _Limits(TypedDict):
    max_files: int
    max_fields: int


FORM: _Limits = {"max_files": 0, "max_fields": 5}
"""What a form of ours may carry."""


def ours(response: Response) -> Response:
    """Keep an answer out of every cache, and its address from other sites.

    The policy still lets browsers name our origin to ourselves: forms are checked by it.
    """
    response.headers["Cache-Control"] = NO_STORE
    response.headers["Referrer-Policy"] = "same-origin"
    return response


def to(path: str) -> Response:
    """Send the browser on to a page of ours."""
    return ours(RedirectResponse(path, status_code=303))
