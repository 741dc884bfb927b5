"""Content as chapters really have it: no words, only an address, several days, long names."""

from datetime import timedelta

import httpx
import pytest

from fedi_chapter.domain.place import Place
from fedi_chapter.store import events
from fedi_chapter.store.tx import Database
from tests.kit.neighbourhood import NOW, an_event, event_id

pytestmark = pytest.mark.anyio
ADDRESS = "1450 Glenwood Ave SE, Atlanta"


async def shown(
    db: Database, browser: httpx.AsyncClient, path: str | None = None, **changes: object
) -> str:
    """Put one more event into the chapter; return its page, or another."""
    event = an_event(77, "The seventy-seventh", 2, **changes)
    await db.write(lambda tx: events.insert(tx, event))
    answer = await browser.get(path or f"/events/{event_id(77)}")
    assert answer.status_code == 200
    return answer.text


async def test_an_event_without_words_leaves_no_empty_column(
    browser: httpx.AsyncClient, sqlite_db: Database
) -> None:
    html = await shown(sqlite_db, browser)
    assert "event-grid is-bare" in html
    assert "event-main" not in html


async def test_a_place_that_is_only_an_address_is_named_once(
    browser: httpx.AsyncClient, sqlite_db: Database
) -> None:
    html = await shown(sqlite_db, browser, place=Place("p77", ADDRESS, ADDRESS))
    facts = html.partition('<aside class="facts"')[2].partition("</aside>")[0]
    assert facts.count(f">{ADDRESS}<") == 1
    assert html.count("1450%20Glenwood") == 1
    assert "poster-address" not in (await browser.get("/")).text


async def test_the_list_says_until_when_something_lasts(
    browser: httpx.AsyncClient, sqlite_db: Database
) -> None:
    starts = NOW.replace(hour=15) + timedelta(days=2)
    html = await shown(
        sqlite_db,
        browser,
        "/calendar",
        starts_at=starts,
        ends_at=starts + timedelta(days=3),
    )
    row = html.partition("The seventy-seventh")[2].partition("</li>")[0]
    assert 'class="dt-end"' in row
    assert "Nov 26, 2026" in row


async def test_a_night_shows_the_hour_it_ends(
    browser: httpx.AsyncClient, sqlite_db: Database
) -> None:
    starts = NOW.replace(hour=3) + timedelta(days=2)
    html = await shown(
        sqlite_db,
        browser,
        "/calendar",
        starts_at=starts,
        ends_at=starts + timedelta(hours=4),
    )
    row = html.partition("The seventy-seventh")[2].partition("</li>")[0]
    assert "2:00\u202fAM</time>" in row


async def test_what_has_begun_is_on_now_and_not_next(
    browser: httpx.AsyncClient, sqlite_db: Database
) -> None:
    before = (await browser.get("/")).text
    assert "Next up" in before
    html = await shown(
        sqlite_db,
        browser,
        "/",
        starts_at=NOW - timedelta(hours=1),
        ends_at=NOW + timedelta(hours=1),
    )
    assert "On now" in html
    assert "Next up" not in html


async def test_a_long_name_is_set_smaller_and_reads_in_its_own_direction(
    browser: httpx.AsyncClient, sqlite_db: Database
) -> None:
    short = (await browser.get(f"/events/{event_id(1)}")).text
    assert "display-long" not in short
    event = an_event(78, "Assembly about everything " * 7, 2)
    await sqlite_db.write(lambda tx: events.insert(tx, event))
    html = (await browser.get(f"/events/{event.id}")).text
    heading = html.partition("<h1")[2].partition(">")[0]
    assert "display-long" in heading
    assert 'dir="auto"' in heading
