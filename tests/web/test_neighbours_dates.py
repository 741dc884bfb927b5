"""How a visitor of the home page says that they come to a neighbour's event."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import httpx
import pytest

from fedi_chapter.core.html import plain
from fedi_chapter.domain.neighbour import NeighbourEvent
from fedi_chapter.store import neighbours
from fedi_chapter.store.tx import Database
from tests.kit.neighbourhood import NOW, WESTVIEW

pytestmark = pytest.mark.anyio

HINT = "Say that you come on their page, or open it on your own server."
FORM = "https://forms.example.net/repair"


async def home_with(db: Database, browser: httpx.AsyncClient, **members: object) -> str:
    uri = "https://westview.example.net/events/2"
    told = {"starts_at": NOW + timedelta(days=3), "url": uri, "published_at": NOW, **members}
    event = NeighbourEvent(uri, WESTVIEW, "Swap", **told)  # type: ignore[arg-type]
    await db.write(lambda tx: neighbours.put_event(tx, event))
    answer = await browser.get("/")
    assert "Swap" in answer.text
    return answer.text


async def test_where_their_server_takes_rsvps_the_page_says_how(
    sqlite_db: Database, browser: httpx.AsyncClient
) -> None:
    assert HINT in await home_with(sqlite_db, browser, join_mode="free")


async def test_where_people_sign_up_elsewhere_the_page_leads_there(
    sqlite_db: Database, browser: httpx.AsyncClient
) -> None:
    page = await home_with(sqlite_db, browser, join_mode="external", sign_up_url=FORM)
    assert f'href="{FORM}">Sign up with them</a>' in page
    assert HINT not in page


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"join_mode": "none"},
        {"join_mode": "free", "cancelled": True},
        {"join_mode": "external", "sign_up_url": FORM, "cancelled": True},
        {"join_mode": "external", "sign_up_url": "mailto:hall@westview.example.net"},
        {"join_mode": "external", "sign_up_url": "javascript:alert(1)"},
    ],
)
async def test_where_nobody_can_sign_up_by_a_link_nothing_is_promised(
    sqlite_db: Database, browser: httpx.AsyncClient, members: dict[str, object]
) -> None:
    page = await home_with(sqlite_db, browser, **members)
    assert HINT not in page
    assert "Sign up with them" not in page
    assert "javascript:" not in page


async def calendar_with(db: Database, browser: httpx.AsyncClient, **members: object) -> str:
    await home_with(db, browser, **members)
    page = plain((await browser.get("/calendar")).text)
    assert "Swap" in page
    assert "Westview" in page
    return page


SIX_IN_ATLANTA = datetime(2026, 12, 5, 23, tzinfo=UTC)
"""By our own clocks; our zone is New York's."""


@pytest.mark.parametrize(
    ("zone", "words"),
    [
        ("America/Chicago", "5:00 PM CST"),
        ("Etc/GMT+8", "3:00 PM GMT-08:00"),
        ("Europe/Vienna", "12:00 AM CET"),
        ("America/Toronto", "6:00 PM"),
        (None, "6:00 PM EST"),
        ("America/Nowhere", "6:00 PM EST"),
    ],
)
async def test_a_neighbours_hour_is_its_own_with_its_zone_where_it_is_not_ours(
    sqlite_db: Database, browser: httpx.AsyncClient, zone: str | None, words: str
) -> None:
    at = {"starts_at": SIX_IN_ATLANTA, "timezone": zone, "place_name": "Hall"}
    page = await calendar_with(sqlite_db, browser, **at)
    assert f"{words} · Hall" in " ".join(page.split())


@pytest.mark.parametrize("zone", ["Europe/Vienna", None])
async def test_a_neighbours_days_are_days(
    sqlite_db: Database, browser: httpx.AsyncClient, zone: str | None
) -> None:
    first = datetime(2026, 12, 5, tzinfo=ZoneInfo(zone or "UTC"))
    page = await calendar_with(
        sqlite_db,
        browser,
        starts_at=first,
        ends_at=first + timedelta(days=2),
        all_day=True,
        timezone=zone,
    )
    assert "Dec 5, 2026 – Dec 6, 2026" in " ".join(page.split())
    assert "12:00" not in page


async def test_an_unlisted_neighbours_event_is_on_no_page(
    sqlite_db: Database, browser: httpx.AsyncClient
) -> None:
    uri = "https://westview.example.net/events/2"
    event = NeighbourEvent(uri, WESTVIEW, "Secret swap", SIX_IN_ATLANTA, uri, NOW, listed=False)
    await sqlite_db.write(lambda tx: neighbours.put_event(tx, event))
    for path in ("/", "/calendar"):
        assert "Secret swap" not in (await browser.get(path)).text


SEEN = {
    "tags": ("Repair", "col·lectiu"),
    "picture_url": "https://westview.example.net/cafe.jpg",
    "picture_alt": 'A <toaster> in "pieces"',
}


@pytest.mark.parametrize("path", ["/", "/calendar"])
async def test_tags_are_shown_and_a_picture_is_a_link_that_loads_nothing(
    sqlite_db: Database, browser: httpx.AsyncClient, path: str
) -> None:
    await home_with(sqlite_db, browser, **SEEN)
    page = (await browser.get(path)).text
    assert "<bdi>#Repair</bdi> <bdi>#col·lectiu</bdi>" in page
    assert 'href="https://westview.example.net/cafe.jpg">Picture: A &lt;toaster&gt; in' in page
    assert 'src="https://westview' not in page


async def test_an_event_without_tags_or_picture_says_nothing_of_them(
    sqlite_db: Database, browser: httpx.AsyncClient
) -> None:
    page = await home_with(sqlite_db, browser, picture_url="javascript:alert(1)")
    assert "<bdi>#" not in page
    assert "Picture" not in page
