"""What is cancelled or postponed says so on its page and in every document, and nothing untrue."""

import re
from html import unescape

import httpx
import orjson
import pytest
from icalendar import Calendar
from starlette.applications import Starlette

from fedi_chapter.core.html import plain
from fedi_chapter.domain.event import Event
from fedi_chapter.services.event_fields import EventFields
from fedi_chapter.services.event_plans import duplicate_event, postpone_event, reopen_event
from fedi_chapter.services.events import cancel_event, create_event, publish_event
from fedi_chapter.services.places import PlaceFields
from fedi_chapter.store.tx import Database
from fedi_chapter.web.templating import STATIC
from tests.kit.neighbourhood import CHAPTER, URLS

pytestmark = pytest.mark.anyio
MEETING = EventFields(
    name="Harvest supper",
    start="2026-12-18T18:00",
    end="2026-12-20T12:00",
    timezone="America/New_York",
    place=PlaceFields("Town hall", "1 Oak St"),
)
STRUCK = re.compile(r'class="[^"]*\bis-off\b')


@pytest.fixture
async def supper(app: Starlette, sqlite_db: Database) -> Event:
    return await sqlite_db.write(lambda tx: create_event(tx, CHAPTER, MEETING, URLS))


async def page_of(browser: httpx.AsyncClient, event: Event, language: str = "en") -> str:
    headers = {"Accept-Language": language}
    return (await browser.get(f"/events/{event.id}", headers=headers)).text


def notice_of(page: str) -> str:
    found = re.search(r'<p class="notice[^"]*" role="status">(.*?)</p>', page, re.S)
    assert found
    return " ".join(plain(found[1]).split())


def schema_of(page: str) -> dict[str, object]:
    found = re.search(r'<script type="application/ld\+json">(.*?)</script>', page)
    assert found
    document: dict[str, object] = orjson.loads(found[1])
    return document


# -- postponed, without a new date -----------------------------------------------------------


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("Storm", "Storm."),
        ("Storm.", "Storm."),
        ("Again?", "Again?"),
        ("Too wet …", "Too wet …"),
        ("“Storm.”", "“Storm.”"),
        ("(Storm)", "(Storm)."),
        ("嵐のため。", "嵐のため。"),
        ("iPads are wet", "iPads are wet."),
    ],
)
async def test_the_reason_does_not_run_into_the_next_sentence(
    browser: httpx.AsyncClient, supper: Event, sqlite_db: Database, reason: str, told: str
) -> None:
    await sqlite_db.write(lambda tx: postpone_event(tx, supper.id, reason=reason))
    page = await page_of(browser, supper)
    assert notice_of(page) == (
        f"This event is put off. {told} It is not on Friday, December 18, 2026."
    )
    await sqlite_db.write(lambda tx: cancel_event(tx, supper.id, reason))
    page = await page_of(browser, supper)
    assert notice_of(page) == f"This event is cancelled. {told}"


async def test_a_postponed_event_is_not_struck_through_as_a_cancelled_one_is(
    browser: httpx.AsyncClient, supper: Event, sqlite_db: Database
) -> None:
    async def struck() -> list[bool]:
        pages = [(await browser.get(path)).text for path in ("/", "/calendar")]
        pages = [page.partition("Harvest supper")[0][-900:] for page in pages]
        return [bool(STRUCK.search(page)) for page in (*pages, await page_of(browser, supper))]

    await sqlite_db.write(lambda tx: postpone_event(tx, supper.id))
    assert await struck() == [False] * 3
    await sqlite_db.write(lambda tx: cancel_event(tx, supper.id))
    assert True in await struck()
    style = (STATIC / "style.css").read_text(encoding="utf-8")
    assert re.findall(r"^(\S+) [^{]*\{[^}]*line-through", style, re.M) == [".is-off"]


async def test_what_does_not_take_place_is_not_offered_to_a_calendar(
    browser: httpx.AsyncClient, supper: Event, sqlite_db: Database
) -> None:
    assert "Add to your calendar" in await page_of(browser, supper)
    for change in (postpone_event, cancel_event):
        await sqlite_db.write(lambda tx, change=change: change(tx, supper.id))  # type: ignore[misc]
        assert "Add to your calendar" not in await page_of(browser, supper)
        assert (await browser.get(f"/events/{supper.id}.ics")).status_code == 200


async def test_every_document_of_a_postponed_event_is_true(
    browser: httpx.AsyncClient, supper: Event, sqlite_db: Database
) -> None:
    await sqlite_db.write(lambda tx: postpone_event(tx, supper.id, reason="Storm"))
    page = await page_of(browser, supper)
    schema = schema_of(page)
    assert schema["eventStatus"] == "https://schema.org/EventPostponed"
    assert schema["previousStartDate"] == schema["startDate"] == "2026-12-18T18:00:00-05:00"
    (description,) = re.findall(r'property="og:description" content="([^"]*)"', page)
    assert unescape(description).startswith("The new date is not known yet. Town hall.")
    (entry,) = Calendar.from_ical((await browser.get(f"/events/{supper.id}.ics")).text).events
    assert (entry["status"], entry["summary"]) == ("TENTATIVE", "Postponed: Harvest supper")
    listed = orjson.loads((await browser.get("/events.json")).content)
    (item,) = [each for each in listed if each["name"] == "Harvest supper"]
    assert item["status"] == "postponed"
    feed = (await browser.get("/feed.atom")).text
    entry = feed.partition("POSTPONED: Harvest supper")[2].partition("</entry>")[0]
    assert "Not 2026-12-18: a new date will follow. Town hall" in entry
    assert 'rel="enclosure"' not in entry
    assert "18:00" not in entry


# -- changed again ---------------------------------------------------------------------------


async def test_a_new_date_a_reopening_and_a_duplicate_leave_nothing_of_what_was(
    browser: httpx.AsyncClient, supper: Event, sqlite_db: Database
) -> None:
    await sqlite_db.write(lambda tx: postpone_event(tx, supper.id, reason="Storm"))
    await sqlite_db.write(lambda tx: postpone_event(tx, supper.id, "2027-01-15T18:00", "Storm"))
    page = await page_of(browser, supper)
    assert notice_of(page) == (
        "This event has a new time. Before, it was: Friday, December 18, 2026, 6:00 PM. Storm."
    )
    assert schema_of(page)["eventStatus"] == "https://schema.org/EventRescheduled"
    assert "Add to your calendar" in page
    await sqlite_db.write(lambda tx: cancel_event(tx, supper.id, "Flood"))
    await sqlite_db.write(lambda tx: reopen_event(tx, supper.id))
    copy = await sqlite_db.write(lambda tx: duplicate_event(tx, supper.id, "2027-02-15T18:00"))
    await sqlite_db.write(lambda tx: publish_event(tx, copy.id))
    for event in (supper, copy):
        page = await page_of(browser, event)
        assert 'class="notice' not in page
        assert not re.search("Storm|Flood|Postponed|Cancelled|put off", page)
        assert schema_of(page)["eventStatus"] == "https://schema.org/EventScheduled"
        assert "previousStartDate" not in schema_of(page)


# -- dates inside sentences ------------------------------------------------------------------


async def test_spanish_names_days_in_lower_case_inside_a_sentence(
    browser: httpx.AsyncClient, supper: Event, sqlite_db: Database
) -> None:
    festival = EventFields(name="Feria", start="2026-12-18", end="2026-12-20", all_day=True)
    fair = await sqlite_db.write(lambda tx: create_event(tx, CHAPTER, festival, URLS))
    await sqlite_db.write(lambda tx: postpone_event(tx, supper.id, "2027-01-15T18:00"))
    moved = await page_of(browser, supper, "es")
    assert "Antes era: viernes, 18 de diciembre de 2026" in " ".join(plain(moved).split())
    await sqlite_db.write(lambda tx: postpone_event(tx, supper.id, reason="Tormenta"))
    off = await page_of(browser, supper, "es")
    assert notice_of(off).endswith("Tormenta. No es el viernes, 15 de enero de 2027.")
    capital = re.compile(r"(Lunes|Martes|Miércoles|Jueves|Viernes|Sábado|Domingo)")
    for page in (moved, off, await page_of(browser, fair, "es")):
        told = " ".join(plain(page.partition("<body")[2]).split())
        for found in capital.finditer(told):
            before = told[: found.start()].rstrip()
            assert not before.endswith((",", ":", "–", " el", " de")), told[found.start() - 40 :][
                :80
            ]
        for content in re.findall(r'<meta[^>]*content="([^"]*)"', page):
            assert not re.search(f", {capital.pattern}|– {capital.pattern}", content), content
