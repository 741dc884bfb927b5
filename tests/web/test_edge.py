"""The edge itself: headers, names, sizes, files, and what is answered when things fail."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from ipaddress import ip_network

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route
from structlog.testing import capture_logs
from structlog.typing import EventDict

from fedi_chapter.core.clock import SetClock
from fedi_chapter.core.errors import FormInvalid, RemoteBusy
from fedi_chapter.services.chapters import ProfileFields, edit_profile
from fedi_chapter.services.event_fields import EventFields
from fedi_chapter.services.events import create_event, delete_event
from fedi_chapter.services.posts import PostFields, create_post, delete_post
from fedi_chapter.store.tx import Database
from fedi_chapter.web.admin import routes as admin
from fedi_chapter.web.errors import problem_of
from fedi_chapter.web.members import routes as members
from fedi_chapter.web.middleware import LARGEST_BODY, AccessLog, client_address
from fedi_chapter.web.public import routes as public
from tests.kit.neighbourhood import BASE, BUS, CHAPTER, PICTURE, URLS, event_id

pytestmark = pytest.mark.anyio
PROGRAM = {"Accept": "application/activity+json"}


@pytest.fixture
def lines() -> Iterator[list[EventDict]]:
    """What is logged meanwhile."""
    with capture_logs() as captured:
        yield captured


KEYS_TO_ONES_OWN = sorted(
    {
        route.path
        for route in (*admin.routes, *members.routes, *public.routes)
        if isinstance(route, Route) and "{token}" in route.path
    }
)


@pytest.mark.parametrize("path", KEYS_TO_ONES_OWN)
@pytest.mark.parametrize("end", ["", "/", "/more"])
async def test_an_address_that_is_a_key_is_logged_without_it(
    browser: httpx.AsyncClient, lines: list[EventDict], path: str, end: str
) -> None:
    for method in ("GET", "POST"):
        await browser.request(method, path.replace("{token}", "c4n4ry") + end)
    assert [line["event"] for line in lines] == ["request"] * 2
    assert "c4n4ry" not in repr(lines)


async def test_every_answer_carries_the_headers_that_keep_a_page_ours(
    browser: httpx.AsyncClient, lines: list[EventDict]
) -> None:
    for path in ("/", "/nowhere", "/events.json", "/fail"):
        headers = (await browser.get(path)).headers
        policy = headers["content-security-policy"]
        assert policy.startswith("default-src 'none'")
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["strict-transport-security"].startswith("max-age=")
        assert headers["x-request-id"]


async def test_a_program_gets_a_problem_document_and_a_person_a_page(
    browser: httpx.AsyncClient,
) -> None:
    program = await browser.get(f"/events/{event_id(8)}", headers=PROGRAM)
    assert program.status_code == 410
    assert program.headers["content-type"] == "application/problem+json"
    assert {"type", "title", "detail", "status"} <= program.json().keys()
    person = await browser.get(f"/events/{event_id(8)}")
    assert person.headers["content-type"].startswith("text/html")
    assert "This is gone" in person.text
    assert person.headers["cache-control"] == "private, no-store, no-transform"


async def test_a_wrong_method_is_named_and_the_right_ones_too(browser: httpx.AsyncClient) -> None:
    answer = await browser.post("/calendar", headers=PROGRAM)
    assert answer.status_code == 405
    assert "GET" in answer.headers["allow"]
    assert answer.json()["code"] == "wrong-method"


async def test_an_unforeseen_failure_is_logged_and_tells_strangers_nothing_of_its_reason(
    browser: httpx.AsyncClient, lines: list[EventDict]
) -> None:
    for headers in ({}, PROGRAM):
        answer = await browser.get("/fail", headers=headers)
        assert answer.status_code == 500
        assert "secret" not in answer.text
        assert "Traceback" not in answer.text
    reasons = [str(line["exc_info"]) for line in lines if line["event"] == "unexpected failure"]
    assert reasons == ["the secret reason"] * 2


async def test_each_request_is_logged_on_one_line_with_who_what_and_how(
    browser: httpx.AsyncClient, lines: list[EventDict]
) -> None:
    answer = await browser.get("/about?handle=private")
    (line,) = [line for line in lines if line["event"] == "request"]
    assert (line["method"], line["path"], line["status"]) == ("GET", "/about", 200)
    assert line["request"] == answer.headers["x-request-id"]
    assert "private" not in str(line)


def test_a_wrong_field_is_told_with_its_cure() -> None:
    problem = problem_of(FormInvalid("the end is not after the start", cure="give a later end"))
    assert problem.status == 422
    assert problem.detail == "the end is not after the start. give a later end"


def test_the_seconds_another_server_asks_for_are_handed_on() -> None:
    assert problem_of(RemoteBusy(after=12.5)).retry_after == 13


@pytest.mark.parametrize("host", ["evil.example", "eastside.example.org.evil.example", ""])
async def test_a_foreign_name_is_refused(browser: httpx.AsyncClient, host: str) -> None:
    assert (await browser.get("/", headers={"Host": host})).status_code == 400


async def test_our_name_is_known_in_capitals_and_with_its_port(browser: httpx.AsyncClient) -> None:
    for host in ("EASTSIDE.example.org", "eastside.example.org:443"):
        assert (await browser.get("/", headers={"Host": host})).status_code == 200


async def test_a_name_said_twice_is_refused(browser: httpx.AsyncClient) -> None:
    headers = [("Host", "eastside.example.org"), ("Host", "evil.example")]
    assert (await browser.get("/", headers=headers)).status_code == 400


async def test_health_is_answered_under_any_name(browser: httpx.AsyncClient) -> None:
    assert (await browser.get("/healthz", headers={"Host": "10.0.0.7"})).status_code == 200


async def test_a_body_up_to_the_limit_is_taken_and_a_larger_one_is_not(
    browser: httpx.AsyncClient,
) -> None:
    assert (await browser.post("/echo", content=b"x" * LARGEST_BODY)).json() == LARGEST_BODY
    assert (await browser.post("/echo", content=b"x" * (LARGEST_BODY + 1))).status_code == 413


async def test_a_streamed_body_is_counted_while_it_comes(browser: httpx.AsyncClient) -> None:
    async def stream() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"x" * 65_536

    assert (await browser.post("/echo", content=stream())).status_code == 413


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("198.51.100.7", "203.0.113.9", "198.51.100.7"),
        ("10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "6.6.6.6, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
        ("10.0.0.1", "[2001:db8::1]:4711", "2001:db8::1"),
        ("10.0.0.1", "203.0.113.9:4711", "203.0.113.9"),
        ("10.0.0.1", "::ffff:203.0.113.9", "203.0.113.9"),
        ("::ffff:10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "nonsense", "10.0.0.1"),
        ("10.0.0.1", "", "10.0.0.1"),
    ],
)
def test_who_asks_is_the_nearest_hop_that_is_not_our_own_proxy(
    peer: str, forwarded: str, client: str
) -> None:
    scope = {
        "type": "http",
        "client": (peer, 1),
        "headers": [(b"x-forwarded-for", forwarded.encode())],
    }
    assert client_address(scope, (ip_network("10.0.0.0/8"),)) == client


@pytest.mark.parametrize(
    ("peer", "forwarded", "trusted", "warnings"),
    [
        ("127.0.0.1", "203.0.113.9", (), 1),
        ("::1", "203.0.113.9", (), 1),
        ("127.0.0.1", "203.0.113.9", ("127.0.0.0/8",), 0),
        ("127.0.0.1", None, (), 0),
        ("198.51.100.7", "203.0.113.9", (), 0),
        ("", "203.0.113.9", (), 0),
    ],
)
async def test_a_proxy_on_this_machine_that_is_not_trusted_is_named_once_in_the_log(
    app: Starlette, peer: str, forwarded: str | None, trusted: tuple[str, ...], warnings: int
) -> None:
    deps = app.state.deps
    networks = tuple(ip_network(each) for each in trusted)
    settings = deps.settings.model_copy(update={"trusted_proxies": networks})
    layer = AccessLog(Response("ok"), deps=replace(deps, settings=settings))
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    transport = httpx.ASGITransport(layer, client=(peer, 1))
    async with httpx.AsyncClient(transport=transport, base_url=BASE, headers=headers) as browser:
        with capture_logs() as lines:
            for _ in range(3):
                await browser.get("/")
    assert sum(each["event"] == "proxy not trusted" for each in lines) == warnings


@pytest.mark.parametrize(
    "path",
    [
        "/media/..%2f..%2fchapter.db",
        "/media/%2e%2e/secret.key",
        "/media/0197c1b2-7a10-7cc2-9f5e-000000000a01.html",
        "/media/0197c1b2-7a10-7cc2-9f5e-000000000a02.jpg",
        "/media/x%00.jpg",
        "/static/..%2ftemplating.py",
        "/static/%2e%2e%2ftemplating.py",
        "/static/nothing.css",
    ],
)
async def test_no_path_leads_out_of_a_folder(browser: httpx.AsyncClient, path: str) -> None:
    assert (await browser.get(path)).status_code == 404


async def test_a_picture_is_a_picture_and_nothing_else(browser: httpx.AsyncClient) -> None:
    answer = await browser.get(f"/media/{PICTURE.file_name}", headers=PROGRAM)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/jpeg"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert "immutable" in answer.headers["cache-control"]


async def test_the_style_sheet_is_kept_for_ever_under_the_address_with_its_hash(
    browser: httpx.AsyncClient,
) -> None:
    page = (await browser.get("/")).text
    address = page.partition('<link rel="stylesheet" href="')[2].partition('"')[0]
    kept = await browser.get(address)
    assert "immutable" in kept.headers["cache-control"]
    stale = await browser.get("/static/style.css?old")
    assert "immutable" not in stale.headers["cache-control"]


async def test_crawlers_are_told_where_not_to_go(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/robots.txt")
    assert answer.headers["content-type"].startswith("text/plain")
    assert "Disallow: /follow" in answer.text


@pytest.mark.parametrize(
    "path", ["/%0d%0aSet-Cookie:%20x=1", "/tags/%0d%0aX:%20y", "//evil.example"]
)
async def test_line_breaks_and_double_slashes_in_a_path_are_just_not_found(
    browser: httpx.AsyncClient, path: str
) -> None:
    answer = await browser.get(BASE + path)
    assert answer.status_code == 404
    assert "set-cookie" not in answer.headers


FEEDS = {
    "/calendar.ics": "text/calendar; charset=utf-8",
    f"/events/{BUS.id}.ics": "text/calendar; charset=utf-8",
    "/feed.atom": "application/atom+xml; charset=utf-8",
    "/events.geojson": "application/geo+json",
    "/events.json": "application/json",
}


@pytest.mark.parametrize("path", FEEDS)
async def test_a_feed_has_its_type_its_validators_and_only_public_things(
    browser: httpx.AsyncClient, path: str, clock: SetClock
) -> None:
    clock.advance(timedelta(minutes=1))
    answer = await browser.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == FEEDS[path]
    assert "Plan our bus stop together" in answer.text.replace("\r\n ", "")
    for hidden in ("draft", "followers alone", "the address", "Only on these", "Deleted", "haste"):
        assert hidden not in answer.text
    for name, value in (
        ("If-None-Match", answer.headers["etag"]),
        ("If-Modified-Since", answer.headers["last-modified"]),
    ):
        assert (await browser.get(path, headers={name: value})).status_code == 304


async def test_the_file_of_a_hidden_event_is_missing_and_of_a_deleted_one_gone(
    browser: httpx.AsyncClient,
) -> None:
    assert (await browser.get(f"/events/{event_id(5)}.ics")).status_code == 404
    assert (await browser.get(f"/events/{event_id(8)}.ics")).status_code == 410


async def date_and_body(browser: httpx.AsyncClient, path: str) -> tuple[datetime, str]:
    answer = await browser.get(path)
    return parsedate_to_datetime(answer.headers["last-modified"]), answer.text


@pytest.mark.parametrize("path", FEEDS)
async def test_the_date_of_a_feed_only_goes_forward_and_a_rename_counts(
    browser: httpx.AsyncClient, path: str, sqlite_db: Database, clock: SetClock
) -> None:
    clock.advance(timedelta(minutes=1))
    before, _ = await date_and_body(browser, path)
    fields = ProfileFields(name="Quite another name")
    await sqlite_db.write(lambda tx: edit_profile(tx, CHAPTER, fields, URLS))
    assert "last-modified" not in (await browser.get(path)).headers  # its second is not over
    clock.advance(timedelta(seconds=1))
    since = {"If-Modified-Since": format_datetime(before, usegmt=True)}
    assert (await browser.get(path, headers=since)).status_code == 200
    after, _ = await date_and_body(browser, path)
    assert after > before


@pytest.mark.parametrize("path", ["/calendar.ics", "/feed.atom", "/events.json"])
async def test_a_deletion_never_puts_the_date_of_a_feed_back(
    browser: httpx.AsyncClient, path: str, sqlite_db: Database, clock: SetClock
) -> None:
    fields = EventFields(name="Newest", start="2027-01-09T10:00")
    event = await sqlite_db.write(lambda tx: create_event(tx, CHAPTER, fields, URLS))
    post = await sqlite_db.write(lambda tx: create_post(tx, CHAPTER, PostFields("Newest"), URLS))
    clock.advance(timedelta(minutes=1))
    before, body = await date_and_body(browser, path)
    assert "Newest" in body
    await sqlite_db.write(lambda tx: delete_event(tx, event.id))
    await sqlite_db.write(lambda tx: delete_post(tx, post.id))
    clock.advance(timedelta(minutes=1))
    after, body = await date_and_body(browser, path)
    assert after > before
    assert "Newest" not in body


async def test_past_events_stay_in_the_subscription_for_months(
    browser: httpx.AsyncClient, clock: SetClock
) -> None:
    clock.at = BUS.over_at + timedelta(days=170)
    assert "bus stop" in (await browser.get("/calendar.ics")).text
    assert "bus stop" not in (await browser.get("/events.json")).text
    before, _ = await date_and_body(browser, "/calendar.ics")
    clock.advance(timedelta(days=20))
    after, body = await date_and_body(browser, "/calendar.ics")
    assert "bus stop" not in body
    assert after > before


async def test_pages_offer_a_subscription_beside_the_file(browser: httpx.AsyncClient) -> None:
    for path in ("/", "/calendar", "/follow"):
        page = (await browser.get(path)).text
        assert f'href="webcal://{BASE.partition("://")[2]}/calendar.ics"' in page
        assert 'href="/calendar.ics"' in page
