"""How a visitor of the home page says that they come to a neighbour's event."""

from datetime import timedelta

import httpx
import pytest

from fedi_chapter.domain.neighbour import NeighbourEvent
from fedi_chapter.store import neighbours
from fedi_chapter.store.tx import Database
from tests.kit.neighbourhood import NOW, WESTVIEW

pytestmark = pytest.mark.anyio

HINT = "Say that you come on their page, or open it on your own server."
FORM = "https://forms.example.net/repair"


async def home_with(db: Database, browser: httpx.AsyncClient, **members: object) -> str:
    uri, starts = "https://westview.example.net/events/2", NOW + timedelta(days=3)
    event = NeighbourEvent(uri, WESTVIEW, "Swap", starts, uri, NOW, **members)  # type: ignore[arg-type]
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
