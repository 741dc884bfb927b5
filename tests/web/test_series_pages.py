"""The page of a series and its calendar file, asked as a browser and a calendar program ask."""

from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime
from itertools import islice

import httpx
import pytest
from ical.calendar_stream import IcsCalendarStream

from fedi_chapter.core.clock import SetClock
from fedi_chapter.domain.audience import Visibility
from fedi_chapter.domain.event import Event, PlaceShown
from fedi_chapter.services.chapters import ProfileFields, edit_profile
from fedi_chapter.services.events import cancel_event, delete_event
from fedi_chapter.services.places import PlaceFields
from fedi_chapter.services.series import cancel_following, create_series, publish_next, running
from fedi_chapter.store import events
from fedi_chapter.store.tx import Database
from tests.kit.neighbourhood import BUS, CHAPTER, URLS
from tests.kit.recurring import FIELDS, RULE, seed_series, series_id

pytestmark = pytest.mark.anyio


@pytest.fixture
async def path(app: object, sqlite_db: Database) -> str:
    """Where the series of the sample chapter has its page."""
    await sqlite_db.write(seed_series)
    return f"/series/{await sqlite_db.read(series_id)}"


async def made(db: Database) -> list[Event]:
    return await db.read(lambda tx: events.of_series(tx, series_id(tx)))


async def go_on(db: Database, clock: SetClock) -> None:
    for _ in range(2):
        clock.advance(timedelta(hours=13))
        for each in await db.read(running):
            await db.write(lambda tx, of=each: publish_next(tx, of))  # type: ignore[misc]


async def text(browser: httpx.AsyncClient, path: str) -> str:
    response = await browser.get(path)
    assert response.status_code == 200, response.text
    return response.text


async def test_the_page_says_the_rule_in_words_and_lists_the_next_dates(
    browser: httpx.AsyncClient, path: str, sqlite_db: Database
) -> None:
    page = await text(browser, path)
    assert "Every Tuesday" in page
    assert "<strong>soup</strong>" in page
    (first,) = await made(sqlite_db)
    assert URLS.event(first.id) in page
    assert "Tuesday, December 8, 2026" in page
    assert "December 15" not in page
    assert f"{path}.ics" in page


async def test_the_page_of_an_event_leads_to_its_series(
    browser: httpx.AsyncClient, path: str, sqlite_db: Database
) -> None:
    (first,) = await made(sqlite_db)
    assert f'<a href="{URLS.base}{path}">Every Tuesday</a>' in await text(
        browser, f"/events/{first.id}"
    )
    assert "/series/" not in await text(browser, f"/events/{BUS.id}")


async def test_moved_cancelled_and_deleted_dates_show_as_they_are(
    browser: httpx.AsyncClient, path: str, sqlite_db: Database, clock: SetClock
) -> None:
    await go_on(sqlite_db, clock)
    _, second, third = await made(sqlite_db)
    await sqlite_db.write(lambda tx: cancel_event(tx, second.id, "Snow"))
    await sqlite_db.write(lambda tx: delete_event(tx, third.id))
    page = await text(browser, path)
    assert "Cancelled" in page
    assert URLS.event(third.id) not in page
    assert "December 8" not in page
    calendar = IcsCalendarStream.calendar_from_ics(await text(browser, f"{path}.ics"))
    told = [
        (f"{each.dtstart:%m-%d}", str(each.status.value)) for each in islice(calendar.timeline, 3)
    ]
    assert told == [("11-24", "CONFIRMED"), ("12-01", "CANCELLED"), ("12-22", "CONFIRMED")]


async def test_the_page_speaks_spanish(
    browser: httpx.AsyncClient, path: str, sqlite_db: Database
) -> None:
    await sqlite_db.write(lambda tx: edit_profile(tx, CHAPTER, ProfileFields(language="es"), URLS))
    page = await text(browser, path)
    assert "Cada martes" in page
    assert "Próximas fechas" in page


async def test_an_ended_series_says_so(
    browser: httpx.AsyncClient, path: str, sqlite_db: Database, clock: SetClock
) -> None:
    (first,) = await made(sqlite_db)
    await sqlite_db.write(lambda tx: cancel_following(tx, first.id))
    clock.advance(timedelta(days=9))
    assert "This series has ended." in await text(browser, path)


async def test_what_nobody_may_see_looks_like_nothing(
    browser: httpx.AsyncClient, app: object, sqlite_db: Database
) -> None:
    followers = replace(FIELDS, visibility=Visibility.FOLLOWERS)
    for fields, draft in ((FIELDS, True), (followers, False)):
        event = await sqlite_db.write(
            lambda tx, fields=fields, draft=draft: create_series(  # type: ignore[misc]
                tx, CHAPTER, fields, RULE, URLS, draft=draft
            )
        )
        for path in (f"/series/{event.series_id}", f"/series/{event.series_id}.ics"):
            assert (await browser.get(path)).status_code == 404
    assert (await browser.get(f"/series/{BUS.id}")).status_code == 404


async def test_a_calendar_program_is_told_of_a_deletion_also_by_the_time_it_asked_last(
    browser: httpx.AsyncClient, path: str, sqlite_db: Database, clock: SetClock
) -> None:
    clock.advance(timedelta(hours=1))
    since = {"If-Modified-Since": format_datetime(clock.now(), usegmt=True)}
    for file in ("/calendar.ics", f"{path}.ics", "/events.json"):
        assert (await browser.get(file, headers=since)).status_code == 304
    (first,) = await made(sqlite_db)
    clock.advance(timedelta(hours=1))
    await sqlite_db.write(lambda tx: delete_event(tx, first.id))
    for file in ("/calendar.ics", f"{path}.ics", "/events.json"):
        answered = await browser.get(file, headers=since)
        assert answered.status_code == 200
        assert URLS.event(first.id) not in answered.text


async def test_the_subscription_holds_each_event_under_its_own_name(
    browser: httpx.AsyncClient, path: str, sqlite_db: Database, clock: SetClock
) -> None:
    await go_on(sqlite_db, clock)
    calendar = IcsCalendarStream.calendar_from_ics(await text(browser, "/calendar.ics"))
    told = {entry.uid for entry in calendar.events}
    assert {URLS.event(event.id) for event in await made(sqlite_db)} <= told
    assert len(told) == len(calendar.events)


async def test_the_exact_place_of_a_series_is_on_no_page_and_in_no_file(
    browser: httpx.AsyncClient, app: object, sqlite_db: Database
) -> None:
    kitchen = PlaceFields(
        "Canary kitchen",
        "3 Canary St",
        33.7512,
        -84.3491,
        area="Elmwood",
        shown=PlaceShown.TO_GOING,
    )
    fields = replace(FIELDS, place=kitchen)
    event = await sqlite_db.write(lambda tx: create_series(tx, CHAPTER, fields, RULE, URLS))
    page, own = f"/series/{event.series_id}", f"/events/{event.id}"
    for file in (page, f"{page}.ics", own, f"{own}.ics", "/calendar.ics", "/events.json"):
        told = await text(browser, file)
        assert "Canary" not in told
        assert "33.7512" not in told
    for file in (f"{page}.ics", f"{own}.ics", "/calendar.ics"):
        told = (await text(browser, file)).replace("\r\n ", "")
        assert "Elmwood (exact place after RSVP)" in told
