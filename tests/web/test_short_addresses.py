"""The short address of an event: made for paper, read as people type it."""

from dataclasses import replace

import httpx
import pytest

from fedi_chapter.domain.audience import Visibility
from fedi_chapter.domain.short_name import LENGTH, meant, short_name
from fedi_chapter.store import events
from fedi_chapter.store.tx import Database
from tests.kit.neighbourhood import BASE, BUS, an_event, event_id

pytestmark = pytest.mark.anyio


async def test_a_short_address_leads_to_the_event(browser: httpx.AsyncClient) -> None:
    answer = await browser.get(f"/e/{short_name(BUS.id)}")
    assert (answer.status_code, answer.headers["location"]) == (302, f"{BASE}/events/{BUS.id}")
    assert f"e/{short_name(BUS.id)}</span>" in (await browser.get(f"/events/{BUS.id}")).text


async def test_it_is_read_as_people_type_it(browser: httpx.AsyncClient) -> None:
    short = short_name(BUS.id)
    for typed in (short.upper(), f"{short[:4]}-{short[4:]}", short.replace("0", "O")):
        assert (await browser.get(f"/e/{typed}")).status_code == 302
    assert meant("OIL-oil 1") == "0110111"


@pytest.mark.parametrize("number", [4, 5])
async def test_what_has_no_page_has_no_short_address(
    browser: httpx.AsyncClient, number: int
) -> None:
    hidden = await browser.get(f"/e/{short_name(event_id(number))}")
    nothing = await browser.get("/e/zzzzzzzz")
    assert hidden.status_code == nothing.status_code == 404
    assert hidden.text == nothing.text


async def test_that_of_a_deleted_event_leads_to_where_that_is_said(
    browser: httpx.AsyncClient,
) -> None:
    answer = await browser.get(f"/e/{short_name(event_id(8))}")
    assert answer.status_code == 302
    assert (await browser.get(answer.headers["location"])).status_code == 410


@pytest.mark.parametrize("typed", ["", "x", "a" * 500, "%00", "🚲", "' OR 1=1"])
async def test_nonsense_finds_nothing(browser: httpx.AsyncClient, typed: str) -> None:
    assert (await browser.get(f"/e/{typed}")).status_code in (400, 404)


def test_names_are_short_and_hold_no_letter_that_is_read_as_another() -> None:
    names = {short_name(event_id(number)) for number in range(99)}
    assert len(names) == 99
    assert all(len(name) == LENGTH and not set(name) & set("ilou") for name in names)
    assert all(meant(name) == name for name in names)


async def test_an_event_made_public_later_has_the_same_short_address(
    browser: httpx.AsyncClient, sqlite_db: Database
) -> None:
    event = an_event(60, "Later", 3, published_at=None, visibility=Visibility.PUBLIC)
    await sqlite_db.write(lambda tx: events.insert(tx, event))
    path = f"/e/{short_name(event.id)}"
    assert (await browser.get(path)).status_code == 404
    published = replace(event, published_at=BUS.published_at)
    await sqlite_db.write(lambda tx: events.change(tx, published))
    assert (await browser.get(path)).status_code == 302
