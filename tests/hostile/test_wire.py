"""Attacks on the bytes of HTTP itself, against the real server on a real socket (SIG-23, R-15)."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Iterator

import pytest
from structlog.testing import capture_logs
from structlog.typing import EventDict

from fedi_chapter.web import wire
from tests.kit.wire import listening, say, status_of
from tests.kit.world import World

pytestmark = pytest.mark.anyio
OURS = b"Host: a.test\r\n"
CLOSE = OURS + b"Connection: close\r\n"
POST = b"POST /inbox HTTP/1.1\r\n" + CLOSE + b"Content-Type: application/activity+json\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"


@pytest.fixture
async def port(world: World) -> AsyncIterator[int]:
    """Where a chapter answers."""
    async with listening((await world.chapter("a.test")).app) as port:
        yield port


@pytest.fixture
def lines() -> Iterator[list[EventDict]]:
    with capture_logs() as captured:
        yield captured


async def test_an_ordinary_request_is_answered(port: int) -> None:
    assert status_of(await say(port, b"GET /about HTTP/1.1\r\n" + CLOSE + b"\r\n")) == 200


async def test_two_requests_on_one_connection_are_both_answered(port: int) -> None:
    first = b"GET /about HTTP/1.1\r\n" + OURS + b"\r\n"
    last = b"GET /calendar HTTP/1.1\r\n" + CLOSE + b"\r\n"
    assert (await say(port, first + last)).count(b"HTTP/1.1 200 OK") == 2


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\n" + CLOSE + b"Host: evil.example\r\n",
        b"GET / HTTP/1.1\r\n" + CLOSE + OURS,
        b"GET / HTTP/1.1\r\nConnection: close\r\n",
        b"GET / HTTP/1.1\r\nHost: a.test:443:80\r\nConnection: close\r\n",
        b"GET / HTTP/1.1\r\nHost: a.test@evil.example\r\nConnection: close\r\n",
        b"GET http://evil.example/ HTTP/1.1\r\n" + CLOSE,
        b"GET http://a.test/ HTTP/1.1\r\n" + CLOSE,
        b"OPTIONS * HTTP/1.1\r\n" + CLOSE,
        b"CONNECT evil.example:443 HTTP/1.1\r\n" + CLOSE,
        b"GET /\xff HTTP/1.1\r\n" + CLOSE,
        b"GET /?\xff HTTP/1.1\r\n" + CLOSE,
        b"GET / HTTP/1.1\r\n" + CLOSE + b"X: a\x00b\r\n",
        b"GET / HTTP/1.1\r\n" + CLOSE + b"X: a\r\n folded\r\n",
        b"GET / HTTP/1.1\r\n" + CLOSE + b"Transfer-Encoding : chunked\r\n",
        POST + b"Content-Length: 2\r\nContent-Length: 3\r\n",
        POST + b"Content-Length: -1\r\n",
        POST + b"Content-Length: +2\r\n",
        b"POST /inbox HTTP/1.1\r\n"
        + CLOSE
        + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        b"POST /inbox HTTP/1.1\r\n"
        + CLOSE
        + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        POST + b"Transfer-Encoding: chunked, identity\r\n",
    ],
)
async def test_what_two_readers_could_understand_in_two_ways_is_refused(
    port: int, head: bytes
) -> None:
    assert status_of(await say(port, head + b"\r\n0\r\n\r\n")) == 400


@pytest.mark.parametrize(
    "start",
    [
        b"GET / HTTP/1.1\r\n" + OURS + b"X: ",
        b"GET /?",
        b"POST /inbox HTTP/1.1\r\n"
        + OURS
        + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n0\r\nX: ",
    ],
)
async def test_what_never_ends_is_cut_off_early(port: int, start: bytes) -> None:
    began = time.perf_counter()
    answer = await say(port, start, *[b"a" * 50_000] * 200)
    assert answer == b"closed" or status_of(answer) == 400
    assert time.perf_counter() - began < 2


async def test_many_headers_are_refused_as_well_as_long_ones(port: int) -> None:
    many = b"".join(b"X-%d: y\r\n" % number for number in range(20_000))
    answer = await say(port, b"GET / HTTP/1.1\r\n" + CLOSE + many + b"\r\n")
    assert answer == b"closed" or status_of(answer) == 400


@pytest.mark.parametrize(
    "begun",
    [
        b"",
        b"GET / HT",
        b"GET / HTTP/1.1\r\nHost: a.t",
        POST + b"Content-Length: 9\r\n\r\n{",
    ],
)
async def test_a_request_that_does_not_end_gives_its_place_back(
    port: int, begun: bytes, monkeypatch: pytest.MonkeyPatch, lines: list[EventDict]
) -> None:
    monkeypatch.setattr(wire, "PATIENCE", 0.05)
    assert await say(port, begun) in {b"", b"closed"}


async def test_who_hangs_up_in_the_middle_is_no_failure_of_ours(
    port: int, lines: list[EventDict]
) -> None:
    await say(port, POST + b"Content-Length: 500\r\n\r\n{", hang_up=True)
    for _ in range(200):
        await asyncio.sleep(0.01)
        if lines:
            break
    (line,) = lines
    assert (line["log_level"], line["path"], line["status"]) == ("info", "/inbox", 400)


async def test_a_redirect_never_leads_to_another_host(port: int) -> None:
    for path in (b"//evil.example/calendar/", b"/calendar/", b"/%5cevil.example/", b"/about/?//e"):
        answer = await say(port, b"GET " + path + b" HTTP/1.1\r\n" + CLOSE + b"\r\n")
        assert status_of(answer) in {301, 404}
        for place in re.findall(rb"\r\nlocation: (.*?)\r\n", answer):
            assert re.match(rb"https?://a\.test/[^/\\]", place)


@pytest.mark.parametrize(
    ("asked", "path"),
    [
        ("/calendar/", "/calendar"),
        ("/follow/?object=x&y=%26", "/follow?object=x&y=%26"),
        ("/chapter/followers/", "/chapter/followers"),
        ("//", "/"),
    ],
)
async def test_one_slash_too_many_leads_to_our_own_address_whatever_the_proxy_said(
    port: int, asked: str, path: str
) -> None:
    request = b"GET %s HTTP/1.1\r\nX-Forwarded-Proto: gopher\r\n" % asked.encode()
    answer = await say(port, request + CLOSE + b"\r\n")
    assert answer.startswith(b"HTTP/1.1 301 ")
    assert b"location: https://a.test%s\r\n" % path.encode() in answer.lower()


@pytest.mark.parametrize(
    "line", [b"GET /nothing/", b"GET //calendar/", b"GET /%0d%0aX:1/", b"POST /inbox/"]
)
async def test_an_address_that_is_none_without_its_slash_is_just_not_found(
    port: int, line: bytes
) -> None:
    answer = await say(port, line + b" HTTP/1.1\r\n" + CLOSE + b"\r\n")
    assert answer.startswith(b"HTTP/1.1 404 ")
