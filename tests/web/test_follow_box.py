"""The Follow box: wrong handles, strange servers, foreign forms, too many tries."""

from dataclasses import replace

import httpx
import pytest
from starlette.applications import Starlette

from fedi_chapter.core.errors import UnknownHandle, Unreachable
from fedi_chapter.deps import Deps
from fedi_chapter.domain.event import RsvpMode
from fedi_chapter.federation import discover
from fedi_chapter.store import events
from fedi_chapter.store.tx import Database
from fedi_chapter.web.rate_limit import PER_MINUTE
from tests.kit.neighbourhood import BASE, BUS

pytestmark = pytest.mark.anyio
OURS = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Stand for the visitor's server; keeps what it was asked."""
    seen: list[tuple[str, str]] = []

    async def follow_page(deps: Deps, handle: str, object_uri: str) -> discover.FollowPage:
        seen.append((handle, object_uri))
        answers: dict[str, str | Exception | None] = {
            "me@my.server": "https://my.server/authorize_interaction?uri=x&y=%22",
            "me@bare.server": None,
            "me@mobilizon.server": None,
            "me@evil.server": "javascript:alert(1)",
            "me@dead.server": Unreachable(),
        }
        answer = answers.get(handle, UnknownHandle())
        if isinstance(answer, Exception):
            raise answer
        face = "" if handle == "me@mobilizon.server" else "/face"
        return discover.FollowPage(answer, object_uri + face)

    monkeypatch.setattr(discover, "follow_page", follow_page)
    return seen


async def post(browser: httpx.AsyncClient, handle: str, **fields: str) -> httpx.Response:
    return await browser.post("/follow", data={"handle": handle, **fields}, headers=OURS)


async def test_a_handle_leads_to_a_page_with_the_link_and_the_server_named(
    browser: httpx.AsyncClient, asked: list[tuple[str, str]]
) -> None:
    answer = await post(browser, " @me@My.Server ")
    assert answer.status_code == 200
    assert "https://my.server/authorize_interaction?uri=x&amp;y=%22" in answer.text
    assert "Go to my.server" in answer.text
    assert asked == [("me@my.server", f"{BASE}/chapter")]
    assert "no-store" in answer.headers["cache-control"]
    assert "set-cookie" not in answer.headers
    assert "location" not in answer.headers


async def test_an_event_can_be_answered_from_the_visitors_server(
    browser: httpx.AsyncClient, asked: list[tuple[str, str]]
) -> None:
    uri = f"{BASE}/events/{BUS.id}"
    await post(browser, "me@my.server", object=uri)
    await post(browser, "me@my.server", object="https://evil.example/x")
    assert [object_uri for _, object_uri in asked] == [uri, f"{BASE}/chapter"]


async def test_who_comes_to_answer_reads_how_to_answer(
    browser: httpx.AsyncClient, sqlite_db: Database, asked: list[tuple[str, str]]
) -> None:
    uri, words = f"{BASE}/events/{BUS.id}", "Answer from your own server"
    assert words not in (await browser.get("/follow", params={"object": uri})).text
    asking = replace(BUS, rsvp=RsvpMode.ON)
    await sqlite_db.write(lambda tx: events.change(tx, asking))
    form = (await browser.get("/follow", params={"object": uri})).text
    assert form.count(words) == 2  # title and head
    assert "Reply or share" not in form
    assert "by replying “going”" in (await post(browser, "me@my.server", object=uri)).text
    hidden = replace(asking, published_at=None)
    await sqlite_db.write(lambda tx: events.change(tx, hidden))
    assert words not in (await browser.get("/follow", params={"object": uri})).text


async def test_the_line_to_copy_of_an_event_leads_apps_to_its_face(
    browser: httpx.AsyncClient, asked: list[tuple[str, str]]
) -> None:
    uri = f"{BASE}/events/{BUS.id}"
    form = await browser.get("/follow", params={"object": uri})
    answer = await post(browser, "me@bare.server", object=uri)
    for page in (form, answer):
        assert f'translate="no">{uri}/face</span>' in page.text


async def test_a_visitor_from_an_event_server_copies_the_event_itself(
    browser: httpx.AsyncClient, asked: list[tuple[str, str]]
) -> None:
    uri = f"{BASE}/events/{BUS.id}"
    answer = await post(browser, "me@mobilizon.server", object=uri)
    assert f'translate="no">{uri}</span>' in answer.text


@pytest.mark.parametrize("handle", ["me@bare.server", "me@evil.server"])
async def test_a_server_without_a_usable_page_leaves_a_line_to_copy(
    browser: httpx.AsyncClient, asked: list[tuple[str, str]], handle: str
) -> None:
    answer = await post(browser, handle)
    assert "Copy this line" in answer.text
    assert "@eastside@eastside.example.org" in answer.text
    assert "javascript:" not in answer.text


@pytest.mark.parametrize(
    ("handle", "words"),
    [
        ("mara", "It has two parts"),
        ("", "It has two parts"),
        ('"><script>@x', "It has two parts"),
        ("nobody@my.server", "Nobody was found"),
        ("me@dead.server", "does not answer"),
    ],
)
async def test_a_wrong_handle_is_told_in_plain_words(
    browser: httpx.AsyncClient, asked: list[tuple[str, str]], handle: str, words: str
) -> None:
    answer = await post(browser, handle)
    assert answer.status_code == 422
    assert words in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert "<script>@x" not in answer.text


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": BASE}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({}, 200),
    ],
)
async def test_a_form_sent_from_another_sites_page_is_refused(
    browser: httpx.AsyncClient,
    asked: list[tuple[str, str]],
    headers: dict[str, str],
    status: int,
) -> None:
    answer = await browser.post("/follow", data={"handle": "me@my.server"}, headers=headers)
    assert answer.status_code == status
    assert bool(asked) == (status == 200)


async def test_more_handles_than_a_person_types_are_put_off(
    browser: httpx.AsyncClient, asked: list[tuple[str, str]]
) -> None:
    answers = [(await post(browser, "me@my.server")).status_code for _ in range(13)]
    assert answers == [200] * 12 + [429]
    refused = await post(browser, "me@my.server")
    assert int(refused.headers["retry-after"]) > 0
    assert len(asked) == 12


@pytest.mark.parametrize(
    ("one", "other", "are_one"),
    [
        ("2001:db8:0:1::1", "2001:db8:0:1::2", True),  # one customer has as many as they like
        ("2001:db8:0::1", "2001:db8:1::1", False),
        ("192.0.2.1", "192.0.2.2", False),
    ],
)
async def test_who_has_many_addresses_is_counted_once(
    app: Starlette, asked: list[tuple[str, str]], one: str, other: str, are_one: bool
) -> None:
    async def ask(address: str) -> int:
        transport = httpx.ASGITransport(app=app, client=(address, 4711))
        async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
            return (await post(client, "me@my.server")).status_code

    for _ in range(PER_MINUTE):
        assert await ask(one) == 200
    assert await ask(other) == (429 if are_one else 200)


async def test_who_types_our_address_is_asked_for_their_own(
    browser: httpx.AsyncClient, asked: list[tuple[str, str]]
) -> None:
    answer = await post(browser, "@Eastside@eastside.example.org")
    assert answer.status_code == 422
    assert "That is our address" in answer.text
    assert asked == []


async def test_no_address_is_remembered_while_it_is_counted(
    app: Starlette, browser: httpx.AsyncClient, asked: list[tuple[str, str]]
) -> None:
    await post(browser, "me@my.server")
    (remembered,) = app.state.look_ups.seen
    assert "127.0.0.1" not in remembered
