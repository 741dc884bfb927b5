"""Who gets a document and who a page."""

import pytest
from starlette.requests import Request

from fedi_chapter.web.negotiate import wants_activity, wants_page

LD = 'application/ld+json; profile="https://www.w3.org/ns/activitystreams"'


def asking(accept: str | None) -> Request:
    headers = [] if accept is None else [(b"accept", accept.encode())]
    return Request({"type": "http", "method": "GET", "headers": headers})


@pytest.mark.parametrize(
    "accept",
    [
        "application/activity+json",
        "application/activity+json, application/ld+json",
        LD,
        f"{LD}, application/activity+json, text/html;q=0.1",
        "APPLICATION/ACTIVITY+JSON",
    ],
)
def test_other_servers_get_the_document(accept: str) -> None:
    assert wants_activity(asking(accept))


@pytest.mark.parametrize(
    "accept",
    [
        None,
        "",
        "*/*",
        "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        "text/html, application/activity+json;q=0.5",
        "application/activity+json;q=0",
        "application/activity+json;q=banana",
        ";;;,,,q=",
        "application/json",
    ],
)
def test_everybody_else_gets_the_page(accept: str | None) -> None:
    assert not wants_activity(asking(accept))


def test_errors_are_explained_to_browsers_and_documented_to_programs() -> None:
    assert wants_page(asking("text/html,*/*;q=0.8"))
    for accept in (None, "*/*", "application/json", "application/activity+json"):
        assert not wants_page(asking(accept))
