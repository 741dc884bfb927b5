"""Pages tell whole days without hours, and of what lasts for days its last one."""

import httpx
import pytest
from starlette.applications import Starlette

from fedi_chapter.domain.event import Event
from fedi_chapter.services.event_fields import EventFields
from fedi_chapter.services.event_plans import postpone_event
from fedi_chapter.services.events import create_event
from fedi_chapter.services.series import create_series
from fedi_chapter.store.tx import Database
from tests.kit.neighbourhood import CHAPTER, URLS

pytestmark = pytest.mark.anyio

FESTIVAL = EventFields(name="Street festival", start="2026-12-18", end="2026-12-20", all_day=True)


@pytest.fixture
async def festival(app: Starlette, sqlite_db: Database) -> Event:
    return await sqlite_db.write(lambda tx: create_event(tx, CHAPTER, FESTIVAL, URLS))


async def test_a_festival_has_its_days_and_no_hour_on_every_page(
    browser: httpx.AsyncClient, festival: Event
) -> None:
    page = (await browser.get(f"/events/{festival.id}")).text
    assert "Friday, December 18, 2026" in page
    assert "Sunday, December 20, 2026" in page
    assert 'datetime="2026-12-20"' in page
    assert "12:00" not in page
    assert "Eastern" not in page
    for path in ("/", "/calendar"):
        listed = (await browser.get(path)).text
        assert "Dec 18, 2026" in listed
        assert "Dec 20, 2026" in listed


async def test_a_series_of_days_names_no_hour(
    browser: httpx.AsyncClient, app: Starlette, sqlite_db: Database
) -> None:
    first = await sqlite_db.write(
        lambda tx: create_series(tx, CHAPTER, FESTIVAL, "FREQ=WEEKLY", URLS)
    )
    page = (await browser.get(f"/series/{first.series_id}")).text
    assert "Friday, December 25, 2026" in page
    assert "12:00" not in page


async def test_a_postponed_event_shows_its_old_date_nowhere_as_its_date(
    browser: httpx.AsyncClient, festival: Event, sqlite_db: Database
) -> None:
    await sqlite_db.write(lambda tx: postpone_event(tx, festival.id, reason="Storm"))
    page = (await browser.get(f"/events/{festival.id}")).text
    assert "It is not on Friday, December 18, 2026." in page
    assert "Storm" in page
    assert page.count("December 18") == 1
    assert '<span class="sheet-day">18' not in page
    for path in ("/", "/calendar"):
        listed = (await browser.get(path)).text
        assert "Street festival" in listed
        assert "Dec 18, 2026" not in listed
