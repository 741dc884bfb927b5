"""The way out of all mail: one click, also by a program, and never by merely looking."""

import httpx
import pytest
from starlette.applications import Starlette

from fedi_chapter.deps import Deps
from fedi_chapter.store import mail_stops

pytestmark = pytest.mark.anyio


@pytest.fixture
def deps(app: Starlette) -> Deps:
    found: Deps = app.state.deps
    return found


@pytest.fixture
def address(deps: Deps) -> str:
    fingerprint = deps.links.fingerprint("mail", "ana@example.org")
    return f"/mail/stop/{deps.links.make('stop', fingerprint)}"


async def is_stopped(deps: Deps) -> bool:
    fingerprint = deps.links.fingerprint("mail", "ana@example.org")
    return await deps.db.read(lambda tx: mail_stops.is_on(tx, fingerprint))


async def test_a_mail_program_ends_it_with_one_post_from_anywhere(
    browser: httpx.AsyncClient, deps: Deps, address: str
) -> None:
    answer = await browser.post(
        address,
        data={"List-Unsubscribe": "One-Click"},
        headers={"Origin": "https://mail.example", "Sec-Fetch-Site": "cross-site"},
    )
    assert answer.status_code == 200
    assert await is_stopped(deps)


async def test_looking_at_the_page_ends_nothing(
    browser: httpx.AsyncClient, deps: Deps, address: str
) -> None:
    answer = await browser.get(address)
    assert answer.status_code == 200
    assert "Send me no more mail" in answer.text
    assert "no-store" in answer.headers["cache-control"]
    assert not await is_stopped(deps)


async def test_mail_can_begin_again(browser: httpx.AsyncClient, deps: Deps, address: str) -> None:
    await browser.post(address)
    assert "Send me mail again" in (await browser.get(address)).text
    await browser.post(address, data={"again": "1"})
    assert not await is_stopped(deps)


async def test_an_address_names_nobody(address: str) -> None:
    assert "ana" not in address


@pytest.mark.parametrize("token", ["x", "A" * 80])
async def test_a_made_up_address_is_none(
    browser: httpx.AsyncClient, deps: Deps, token: str
) -> None:
    for wrong in (token, deps.links.make("rsvp", "someone")):
        assert (await browser.get(f"/mail/stop/{wrong}")).status_code == 404
        assert (await browser.post(f"/mail/stop/{wrong}")).status_code == 404
