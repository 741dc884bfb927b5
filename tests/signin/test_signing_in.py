"""Signing in with an account elsewhere, at every software that people have accounts on."""

from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import func, select
from starlette.responses import JSONResponse, Response

from fedi_chapter.core.clock import SetClock
from fedi_chapter.services.moderation import block
from fedi_chapter.services.retention import sweep
from fedi_chapter.signin.flow import LASTS
from fedi_chapter.store import hosts, oauth_apps
from fedi_chapter.store.tables import member_sessions, sign_ins
from fedi_chapter.store.tx import ReadTx, WriteTx
from tests.kit.peers.oauth import SOFTWARE, OAuthServer, Software, serving
from tests.kit.visiting import Browser, Visited

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("software", SOFTWARE)
async def test_a_member_of_any_of_these_servers_signs_in_and_leaves_no_token(
    software: Software, browser: Browser
) -> None:
    async with serving(OAuthServer(software)) as server:
        answer = await browser.sign_in(server)
        assert (answer.status_code, answer.headers["location"]) == (303, "/me")
        page = (await browser.get("/me")).text
        assert f"@ana@{server.host}" in page
        assert server.tokens == {}
        (app,) = server.apps.values()
        narrow = software in {"mastodon 4.5", "mastodon 4.3"}
        assert app.scope == ("profile" if narrow else "read:accounts")


async def test_a_server_is_registered_at_once_and_remembered_with_a_sealed_secret(
    chapter: Visited, server: OAuthServer
) -> None:
    for _ in range(3):
        await chapter.browser().sign_in(server)
    assert server.counted("/api/v1/apps") == 1
    app = await chapter.deps.db.read(lambda tx: oauth_apps.get(tx, server.base))
    assert app is not None
    (known,) = server.apps.values()
    assert known.secret.encode() not in app.secret_sealed
    assert chapter.deps.keys.unseal_text("x", app.secret_sealed) == known.secret


async def test_a_server_that_forgot_us_is_registered_at_again(
    chapter: Visited, server: OAuthServer, clock: SetClock
) -> None:
    await chapter.browser().sign_in(server)
    clock.advance(timedelta(days=2))
    await chapter.browser().sign_in(server)
    assert server.counted("/api/v1/apps") == 1  # it still knew us
    assert server.tokens == {}
    server.apps.clear()
    clock.advance(timedelta(days=2))
    assert (await chapter.browser().sign_in(server)).headers["location"] == "/me"
    assert server.counted("/api/v1/apps") == 2


@pytest.mark.parametrize(
    ("refusal", "registrations"),
    [
        (JSONResponse({"error": "unsupported_grant_type"}, 400), 1),
        (JSONResponse({"error": "Invalid credentials"}, 400), 2),
        (JSONResponse({"error": "invalid_client"}, 401), 2),
    ],
    ids=["no such grant", "Pleroma's no", "Mastodon's no"],
)
async def test_only_a_server_that_says_it_knows_us_not_is_registered_at_again(
    refusal: Response, registrations: int, browser: Browser, server: OAuthServer, clock: SetClock
) -> None:
    await browser.link_to(server.host)
    clock.advance(timedelta(days=2))
    server.lies["/oauth/token"] = refusal
    await browser.link_to(server.host)
    assert server.counted("/api/v1/apps") == registrations


async def test_a_server_that_was_updated_is_asked_for_the_narrower_scope(
    chapter: Visited, server: OAuthServer, clock: SetClock
) -> None:
    server.software = "mastodon 4.2"
    await chapter.browser().sign_in(server)
    server.software = "mastodon 4.5"
    clock.advance(timedelta(days=2))
    await chapter.browser().sign_in(server)
    assert [app.scope for app in server.apps.values()] == ["read:accounts", "profile"]


async def test_a_handle_leads_to_the_server_where_its_account_is(
    browser: Browser, server: OAuthServer
) -> None:
    async with serving(OAuthServer(leads_to=server.base)) as domain:
        for typed in (f"@ana@{domain.host}", domain.host, f"https://{domain.host}/@ana"):
            page = await browser.leave_for(typed)
            assert f"On to {server.host}" in page.text
        assert domain.apps == {}


@pytest.mark.parametrize("form", ["@ana@{}", "ana@{}", "{}", " {} ", "http://{}/@ana"])
async def test_an_account_or_just_a_server_is_typed_in_any_of_these_forms(
    form: str, browser: Browser, server: OAuthServer
) -> None:
    url = await browser.link_to(form.format(server.host))
    assert (await browser.come_back(server.consent(url))).headers["location"] == "/me"


async def test_nobody_leaves_without_seeing_where_to_and_no_address_is_told_elsewhere(
    browser: Browser, server: OAuthServer
) -> None:
    page = await browser.leave_for(server.host)
    assert page.status_code == 200
    assert f"On to {server.host}" in page.text
    assert page.headers["cache-control"] == "private, no-store, no-transform"
    assert "form-action 'self'" in page.headers["content-security-policy"]
    cookie = page.headers["set-cookie"]
    assert cookie.startswith("__Host-sign-in=")
    for flag in ("HttpOnly", "Secure", "SameSite=lax", "Path=/", "Max-Age=600"):
        assert flag in cookie


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "We found nobody there"),
        ("@@", "We found nobody there"),
        ("nobody@127.0.0.1:1", "does not answer"),
        ("javascript:alert(1)", "We found nobody there"),
        ("@ana@chapter.example", "That is our own address"),
        ("chapter.example", "That is our own address"),
    ],
)
async def test_what_leads_nowhere_is_said_in_plain_words(
    typed: str, says: str, browser: Browser
) -> None:
    page = await browser.leave_for(typed)
    assert page.status_code == 422
    assert says in page.text


async def test_an_unknown_name_at_a_known_server_is_said_so(
    browser: Browser, server: OAuthServer
) -> None:
    assert "We found nobody there" in (await browser.leave_for(f"nobody@{server.host}")).text
    assert server.apps == {}


async def test_who_says_no_over_there_is_told_that_nothing_happened(
    browser: Browser, server: OAuthServer
) -> None:
    url = await browser.link_to(server.host)
    path = urlsplit(parse_qs(urlsplit(url).query)["redirect_uri"][0]).path
    page = await browser.get(f"{path}?error=access_denied&state=x")
    assert "You said no over there" in page.text
    assert (await browser.get("/me")).headers["location"] == "/sign-in?next=/me"


async def test_a_token_is_given_back_even_when_the_server_does_not_say_who_it_is(
    browser: Browser, server: OAuthServer
) -> None:
    server.lies["/oauth/userinfo"] = {"sub": ""}
    page = await browser.sign_in(server)
    assert page.status_code == 422
    assert "did not let us ask who you are" in page.text
    assert server.tokens == {}


async def test_a_server_that_can_not_revoke_lets_its_people_in_all_the_same(
    browser: Browser, server: OAuthServer
) -> None:
    app = server.app
    app.router.routes = [each for each in app.router.routes if each.path != "/oauth/revoke"]  # type: ignore[attr-defined]
    assert (await browser.sign_in(server)).headers["location"] == "/me"


async def test_one_goes_on_to_the_page_one_came_from(browser: Browser, server: OAuthServer) -> None:
    url = await browser.link_to(server.host, "/events/1?going=2#rsvp")
    answer = await browser.come_back(server.consent(url))
    assert answer.headers["location"] == "/events/1?going=2#rsvp"


async def test_who_is_in_already_is_not_asked_again(browser: Browser, server: OAuthServer) -> None:
    await browser.sign_in(server)
    assert (await browser.get("/sign-in")).headers["location"] == "/me"
    assert (await browser.get("/sign-in?next=/events/1")).headers["location"] == "/events/1"


async def test_the_session_s_cookie_is_for_us_alone_and_changes_with_every_sign_in(
    chapter: Visited, browser: Browser, server: OAuthServer
) -> None:
    browser.client.cookies.set("__Host-member", "planted", domain="chapter.example")
    answer = await browser.sign_in(server)
    (cookie,) = [
        each
        for each in answer.headers.get_list("set-cookie")
        if each.startswith("__Host-member=") and "Max-Age=2592000" in each
    ]
    for flag in ("HttpOnly", "Secure", "SameSite=lax", "Path=/"):
        assert flag in cookie
    first = cookie.partition(";")[0].partition("=")[2]
    assert first != "planted"
    browser.client.cookies.clear()
    browser.client.cookies.set("__Host-member", first, domain="chapter.example")
    await browser.sign_in(server)

    def stored(tx: ReadTx) -> list[str]:
        return list(tx.conn.execute(select(member_sessions.c.token_hash)).scalars())

    hashes = await chapter.deps.db.read(stored)
    assert len(hashes) == 1  # the older one ended
    assert first not in hashes
    other = chapter.browser()
    other.client.cookies.set("__Host-member", first, domain="chapter.example")
    assert (await other.get("/me")).status_code == 303


async def test_a_session_ends_after_a_week_unused_and_after_a_month_at_most(
    chapter: Visited, browser: Browser, server: OAuthServer, clock: SetClock
) -> None:
    await browser.sign_in(server)
    for _ in range(4):
        clock.advance(timedelta(days=6))
        assert (await browser.get("/me")).status_code == 200
    clock.advance(timedelta(days=6))
    assert (await browser.get("/me")).status_code == 303  # thirty days
    await browser.sign_in(server)
    clock.advance(timedelta(days=7))
    assert (await browser.get("/me")).status_code == 303


async def test_who_is_blocked_is_signed_out_at_once_and_can_not_come_back(
    chapter: Visited, browser: Browser, server: OAuthServer
) -> None:
    await browser.sign_in(server)
    url = await chapter.browser().link_to(server.host)
    assert url
    target = server.uri("ana")
    await chapter.deps.db.write(lambda tx: block(tx, target, chapter.deps.urls))
    assert (await browser.get("/me")).status_code == 303
    page = await browser.sign_in(server)
    assert page.status_code == 403
    assert "don’t deal with" in page.text
    assert (await browser.sign_in(server, "ben")).headers["location"] == "/me"


async def test_where_only_listed_servers_are_dealt_with_only_their_people_sign_in(
    chapter: Visited, server: OAuthServer
) -> None:
    settings = chapter.deps.settings.model_copy(update={"federation": "allowlist"})
    chapter.app.state.deps = replace(chapter.deps, settings=settings)
    refused = await chapter.browser().leave_for(server.host)
    assert refused.status_code == 403
    assert server.apps == {}
    await chapter.deps.db.write(lambda tx: hosts.allow(tx, server.host))
    assert (await chapter.browser().sign_in(server)).headers["location"] == "/me"


async def test_no_other_site_can_begin_a_sign_in(browser: Browser, server: OAuthServer) -> None:
    for site in ("cross-site", "same-site"):
        answer = await browser.client.post(
            "/sign-in/with", data={"handle": server.host}, headers={"Sec-Fetch-Site": site}
        )
        assert answer.status_code == 403
    assert (await browser.client.get("/sign-in/with")).status_code == 405
    assert server.asked == []


async def test_one_address_can_not_have_us_ask_many_servers(
    browser: Browser, server: OAuthServer
) -> None:
    answers = [await browser.leave_for(server.host) for _ in range(13)]
    assert [each.status_code for each in answers] == [200] * 12 + [429]


async def test_sign_ins_nobody_came_back_from_are_swept_out(
    chapter: Visited, browser: Browser, server: OAuthServer, clock: SetClock
) -> None:
    await browser.link_to(server.host)

    def left(tx: WriteTx) -> int:
        return tx.conn.execute(select(func.count()).select_from(sign_ins)).scalar_one()

    assert await chapter.deps.db.write(left) == 1
    clock.advance(LASTS)
    swept = await chapter.deps.db.write(lambda tx: sweep(tx, chapter.deps.urls))
    assert swept["sign_ins"] == 1
    assert await chapter.deps.db.write(left) == 0


async def test_at_the_door_both_ways_in_stand_apart(browser: Browser) -> None:
    page = (await browser.get("/sign-in")).text
    assert page.index("With an account you have elsewhere") < page.index("As an organizer")
    assert "Ask whoever looks after this server" in page
    assert "fedi-chapter" not in page[: page.index("<footer")]
