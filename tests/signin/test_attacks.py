"""Bad faith at the members' door: mixed up servers, stolen words, lies about who somebody is.

The cases ADM-08, ADM-10 and ADM-11: whatever is tried, nobody is signed in.
"""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import pytest
from sqlalchemy import func, select
from starlette.responses import JSONResponse, RedirectResponse, Response

from fedi_chapter.core.clock import SetClock
from fedi_chapter.store.tables import member_sessions, sign_ins
from fedi_chapter.store.tx import ReadTx
from fedi_chapter.web.members.door import local_path
from tests.kit.peers.oauth import OAuthServer, serving
from tests.kit.visiting import BASE, Browser, Visited

pytestmark = pytest.mark.anyio


def parts(url: str) -> tuple[str, dict[str, str]]:
    """Return the path of a return address, and the words in it."""
    found = urlsplit(url)
    return found.path, {name: values[0] for name, values in parse_qs(found.query).items()}


async def nobody_is_in(chapter: Visited, browser: Browser) -> None:
    def count(tx: ReadTx) -> int:
        return tx.conn.execute(select(func.count()).select_from(member_sessions)).scalar_one()

    assert await chapter.deps.db.read(count) == 0
    assert (await browser.get("/me")).headers["location"] == "/sign-in?next=/me"


# -- ADM-10: who began what, where ------------------------------------------------------------


async def test_a_code_of_an_honest_server_is_not_taken_to_the_one_the_visitor_began_at(
    chapter: Visited, browser: Browser, server: OAuthServer, evil: OAuthServer
) -> None:
    # The visitor begins at the evil server, which sends them on to the honest one's page for
    # our client there, with the state of its own flow: the code must never reach the evil one.
    honest = await chapter.browser().link_to(server.host)
    own = await browser.link_to(evil.host)
    mixed = honest.replace(
        urlencode({"state": parts(honest)[1]["state"]}),
        urlencode({"state": parts(own)[1]["state"]}),
    )
    page = await browser.come_back(server.consent(mixed))
    assert page.status_code == 403
    assert evil.counted("/oauth/token") == server.counted("/oauth/token") == 0
    await nobody_is_in(chapter, browser)


async def test_a_code_of_an_evil_server_is_not_taken_to_an_honest_one(
    chapter: Visited, browser: Browser, server: OAuthServer, evil: OAuthServer
) -> None:
    own = await browser.link_to(server.host)
    other = await chapter.browser().link_to(evil.host)
    back = evil.consent(other)
    _, words = parts(back)
    path = urlsplit(back).path
    forged = f"{path}?{urlencode({'code': words['code'], 'state': parts(own)[1]['state']})}"
    assert (await browser.come_back(forged)).status_code == 403
    assert server.counted("/oauth/token") == 0
    await nobody_is_in(chapter, browser)


async def test_each_server_returns_people_to_an_address_of_its_own(
    browser: Browser, server: OAuthServer, evil: OAuthServer
) -> None:
    for each in (server, evil):
        await browser.link_to(each.host)
    addresses = {app.redirect_uri for each in (server, evil) for app in each.apps.values()}
    assert len(addresses) == 2
    assert all(each.startswith(f"{BASE}/sign-in/back/") for each in addresses)


async def test_a_server_that_says_another_sent_them_is_not_believed(
    chapter: Visited, browser: Browser, server: OAuthServer, evil: OAuthServer
) -> None:
    url = server.consent(await browser.link_to(server.host))
    page = await browser.come_back(f"{url}&iss={quote(evil.base, safe='')}")
    assert page.status_code == 403
    await nobody_is_in(chapter, browser)
    url = server.consent(await browser.link_to(server.host))
    page = await browser.come_back(f"{url}&iss={quote(server.base, safe='')}/")
    assert page.headers["location"] == "/me"


async def test_a_state_stolen_from_another_browser_opens_nothing(
    chapter: Visited, browser: Browser, server: OAuthServer
) -> None:
    url = server.consent(await browser.link_to(server.host))
    thief = chapter.browser()
    assert (await thief.come_back(url)).status_code == 403
    await thief.link_to(server.host)  # with a sign-in of its own
    assert (await thief.come_back(url)).status_code == 403
    await nobody_is_in(chapter, thief)
    assert server.counted("/oauth/token") == 0
    assert (await browser.come_back(url)).headers["location"] == "/me"


async def test_nobody_is_signed_in_as_somebody_else_by_a_link(
    chapter: Visited, browser: Browser, server: OAuthServer
) -> None:
    attacker = chapter.browser()
    url = server.consent(await attacker.link_to(server.host), "mallory")
    assert (await browser.come_back(url)).status_code == 403
    await nobody_is_in(chapter, browser)


async def test_a_sign_in_works_once(
    chapter: Visited, browser: Browser, server: OAuthServer
) -> None:
    url = server.consent(await browser.link_to(server.host))
    cookies = dict(browser.client.cookies)
    await browser.come_back(url)
    again = chapter.browser()
    for name, value in cookies.items():
        again.client.cookies.set(name, value, domain="chapter.example")
    assert (await again.come_back(url)).status_code == 403
    assert server.counted("/oauth/token") == 1


async def test_a_sign_in_lasts_ten_minutes(
    chapter: Visited, browser: Browser, server: OAuthServer, clock: SetClock
) -> None:
    url = server.consent(await browser.link_to(server.host))
    clock.advance(timedelta(minutes=10))
    page = await browser.come_back(url)
    assert page.status_code == 403
    assert "too old" in page.text
    await nobody_is_in(chapter, browser)


async def test_a_code_that_was_used_or_made_for_another_browser_is_worth_nothing(
    chapter: Visited, browser: Browser, server: OAuthServer
) -> None:
    # A code caught on its way is brought to a sign-in of the thief's own: its verifier is wrong.
    caught = parts(server.consent(await browser.link_to(server.host)))[1]["code"]
    thief = chapter.browser()
    own = server.consent(await thief.link_to(server.host))
    path, words = parts(own)
    page = await thief.come_back(f"{path}?{urlencode({**words, 'code': caught})}")
    assert page.status_code == 422
    await nobody_is_in(chapter, thief)
    assert server.codes.get(caught) is None


async def test_what_the_database_holds_can_not_finish_a_sign_in(
    chapter: Visited, browser: Browser, server: OAuthServer
) -> None:
    url = await browser.link_to(server.host)

    def kept(tx: ReadTx) -> str:
        return str(tx.conn.execute(select(sign_ins)).all())

    rows = await chapter.deps.db.read(kept)
    _, words = parts(url)
    for secret in (words["state"], words["code_challenge"], *browser.client.cookies.values()):
        assert secret not in rows


@pytest.mark.parametrize(
    "path", ["/sign-in/back/x", "/sign-in/back/x?state=&code=", "/sign-in/back/"]
)
async def test_a_return_without_a_departure_is_no_sign_in(
    path: str, chapter: Visited, browser: Browser
) -> None:
    assert (await browser.come_back(path)).status_code in {403, 404}
    await nobody_is_in(chapter, browser)


# -- ADM-10: a server that leads elsewhere ----------------------------------------------------


@pytest.mark.parametrize(
    "member",
    [
        "issuer",
        "authorization_endpoint",
        "token_endpoint",
        "revocation_endpoint",
        "app_registration_endpoint",
        "userinfo_endpoint",
    ],
)
async def test_metadata_that_leads_to_another_server_is_refused(
    member: str, browser: Browser, server: OAuthServer, evil: OAuthServer
) -> None:
    path = "" if member == "issuer" else "/oauth/x"
    evil.lies["/.well-known/oauth-authorization-server"] = {member: f"{server.base}{path}"}
    page = await browser.leave_for(evil.host)
    assert page.status_code == 403
    assert "not true" in page.text
    assert "set-cookie" not in page.headers or "Max-Age=0" in page.headers["set-cookie"]
    assert server.asked == []


@pytest.mark.parametrize(
    "address",
    [
        "{}@evil.example/x",
        "{}.evil.example/x",
        "{}:1/x",
        "javascript:alert(1)",
        "{}/x?a=b",
        '{}/x"y',
    ],
)
async def test_an_address_to_leave_for_is_a_plain_one_of_that_server(
    address: str, browser: Browser, evil: OAuthServer
) -> None:
    lie = {"authorization_endpoint": address.format(evil.base)}
    evil.lies["/.well-known/oauth-authorization-server"] = lie
    assert (await browser.leave_for(evil.host)).status_code == 403


async def test_a_redirect_is_never_followed_with_a_secret(
    chapter: Visited, browser: Browser, server: OAuthServer, evil: OAuthServer
) -> None:
    for path in ("/api/v1/apps", "/oauth/token", "/oauth/userinfo"):
        evil.lies = {path: RedirectResponse(f"{server.base}{path}", 307)}
        if path == "/api/v1/apps":
            assert (await browser.leave_for(evil.host)).status_code == 422
        else:
            assert (await browser.sign_in(evil)).status_code == 422
    assert server.asked == []
    await nobody_is_in(chapter, browser)


@pytest.mark.parametrize(
    "answer",
    [
        JSONResponse({"error": "x"}, 500),
        JSONResponse({"error": "slow down"}, 429),
        JSONResponse({"access_token": 7}),
        JSONResponse([]),
        Response(b"\xff{", media_type="application/json"),
        Response(b'{"access_token": "' + b"x" * 70_000 + b'"}', media_type="application/json"),
    ],
    ids=["broken", "busy", "no text", "a list", "no JSON", "70 KB"],
)
async def test_an_answer_that_is_none_signs_nobody_in(
    answer: Response, chapter: Visited, browser: Browser, evil: OAuthServer
) -> None:
    evil.lies["/oauth/token"] = answer
    assert (await browser.sign_in(evil)).status_code in {403, 422}
    await nobody_is_in(chapter, browser)


# -- ADM-11: lies about who somebody is -------------------------------------------------------


@pytest.mark.parametrize(
    "lie",
    [
        {"sub": "{honest}/users/ana"},
        {"sub": "{honest}/users/ana", "iss": "{honest}/"},
        {"iss": "{honest}/"},
        {"sub": "{evil}/users/ana", "preferred_username": "organizer"},
        {"sub": "javascript:alert(1)"},
        {"sub": "{evil}@honest.example/users/ana"},
        {"sub": "https://chapter.example/chapter"},
        {"sub": None},
    ],
    ids=str,
)
async def test_a_server_is_believed_about_its_own_people_only(
    lie: dict[str, Any], chapter: Visited, browser: Browser, server: OAuthServer, evil: OAuthServer
) -> None:
    places = {"{honest}": server.base, "{evil}": evil.base}
    for name, value in lie.items():
        for mark, base in places.items():
            value = value.replace(mark, base) if value else value
        evil.lies.setdefault("/oauth/userinfo", {})[name] = value
    assert (await browser.sign_in(evil)).status_code in {403, 422}
    await nobody_is_in(chapter, browser)
    assert evil.tokens == {}


@pytest.mark.parametrize(
    "lie",
    [
        {"acct": "organizer@trusted.example"},
        {"url": "https://trusted.example/@organizer", "uri": "https://trusted.example/users/o"},
        {"username": "organizer@trusted.example"},
        {"username": "../users/x"},
        {"acct": None},
    ],
    ids=str,
)
async def test_an_older_server_is_not_believed_about_others_either(
    lie: dict[str, Any], chapter: Visited, browser: Browser
) -> None:
    async with serving(OAuthServer("gotosocial")) as evil:
        evil.lies["/api/v1/accounts/verify_credentials"] = lie
        assert (await browser.sign_in(evil)).status_code in {403, 422}
    await nobody_is_in(chapter, browser)


async def test_a_name_alone_counts_only_where_its_server_s_webfinger_leads_to_itself(
    chapter: Visited, browser: Browser, server: OAuthServer
) -> None:
    async with serving(OAuthServer("gotosocial")) as evil:
        url = evil.consent(await browser.link_to(f"ana@{evil.host}"))
        evil.leads_to = server.base
        assert (await browser.come_back(url)).status_code == 403
    await nobody_is_in(chapter, browser)


@pytest.mark.parametrize(
    "document",
    [
        {"id": "{honest}/users/ana"},
        {"id": "{evil}/users/organizer"},
        {"preferredUsername": "other"},
    ],
    ids=str,
)
async def test_the_account_s_own_document_must_agree(
    document: dict[str, str],
    chapter: Visited,
    browser: Browser,
    server: OAuthServer,
    evil: OAuthServer,
) -> None:
    evil.lies["/users/ana"] = {
        name: value.replace("{honest}", server.base).replace("{evil}", evil.base)
        for name, value in document.items()
    }
    assert (await browser.sign_in(evil)).status_code in {403, 422}
    await nobody_is_in(chapter, browser)


async def test_an_account_that_moved_its_documents_elsewhere_is_not_taken(
    chapter: Visited, browser: Browser, server: OAuthServer, evil: OAuthServer
) -> None:
    evil.lies["/users/ana"] = RedirectResponse(server.uri("ana"), 301)
    assert (await browser.sign_in(evil)).status_code == 403
    await nobody_is_in(chapter, browser)


# -- ADM-08: where one goes afterwards --------------------------------------------------------

HOSTILE = [
    "//evil.example",
    "/\\evil.example",
    "https:evil.example",
    "https://evil.example/",
    "%2f%2fevil.example",
    "/%2f%2fevil.example",
    "/%5cevil.example",
    "javascript:alert(1)",
    "/web//evil.example",
    "/me\r\nLocation: https://evil.example",
    "/me\n",
    "/\tevil",
    " /me",
    "me",
    "/ｅvil",
    "/me?next=https://evil.example",
]


@pytest.mark.parametrize("path", HOSTILE, ids=repr)
def test_only_a_plain_path_of_ours_comes_next(path: str) -> None:
    assert local_path(path) == "/me"


async def test_nobody_is_sent_elsewhere_after_a_sign_in_or_by_a_link_to_the_door(
    browser: Browser, server: OAuthServer
) -> None:
    url = await browser.link_to(server.host, "//evil.example")
    assert (await browser.come_back(server.consent(url))).headers["location"] == "/me"
    for path in HOSTILE:
        again = await browser.client.get("/sign-in", params={"next": path})
        assert again.headers["location"] == "/me"


@pytest.mark.parametrize(
    "path", ["/", "/me", "/events/0197c1b2-7a10-7cc2-9f5e-000000000101", "/calendar?month=2026-12"]
)
def test_a_path_of_ours_is_taken_as_it_is(path: str) -> None:
    assert local_path(path) == path
