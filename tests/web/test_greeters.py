"""What a greeter sees: the door of today's events, and nothing else of the chapter."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from fedi_chapter.core.clock import SetClock
from fedi_chapter.domain.door import KEPT_AFTER, LONG_BEFORE
from fedi_chapter.domain.event import Event, EventStatus
from fedi_chapter.domain.organizer import Role
from fedi_chapter.domain.rsvp import RsvpStatus
from fedi_chapter.store import events
from fedi_chapter.store.tx import Database
from tests.kit.attendance import CAFE, rsvp_of, seed_attendance
from tests.kit.desk import seed_desk
from tests.kit.neighbourhood import NOW, an_event
from tests.web.test_admin import OURS, csrf, enter

pytestmark = pytest.mark.anyio
DOOR = f"/admin/events/{CAFE.id}/door"
DRAFT = an_event(41, "A draft of today", 0, published_at=None)
OFF = an_event(42, "Cancelled today", 0, status=EventStatus.CANCELLED)
NEXT = an_event(43, "Tomorrow at breakfast", 1)


@pytest.fixture(autouse=True)
async def desk(app: Starlette, sqlite_db: Database, browser: httpx.AsyncClient) -> None:
    await sqlite_db.write(seed_desk)
    await sqlite_db.write(seed_attendance)
    for event in (DRAFT, OFF, NEXT):
        await sqlite_db.write(lambda tx, event=event: events.insert(tx, event))  # type: ignore[misc]


async def moved(db: Database, **changes: Any) -> Event:
    event = replace(CAFE, **changes)
    await db.write(lambda tx: events.change(tx, event))
    return event


async def noted(browser: httpx.AsyncClient, rsvp: str, at: datetime) -> httpx.Response:
    """Send what a phone noted."""
    entry = {"id": "0197c1b2-7a10-7cc2-9f5e-0000000000e1", "rsvp": rsvp, "kind": "came",
             "at": at.isoformat(), "guests": None}  # fmt: skip
    document = {"device": "phone-1", "version": None, "entries": [entry]}
    headers = {**OURS, "X-CSRF-Word": await csrf(browser)}
    return await browser.post(f"{DOOR}/sync", content=json.dumps(document), headers=headers)


async def test_a_greeter_sees_the_door_of_todays_events_and_no_other_name(
    browser: httpx.AsyncClient,
) -> None:
    await enter(browser, Role.GREETER)
    answer = await browser.get("/admin", follow_redirects=True)
    assert answer.url.path == "/admin/events"
    assert f'href="{DOOR}"' in answer.text
    assert "Repair café" in answer.text
    for hidden in (DRAFT.name, OFF.name, NEXT.name, "Plan our bus stop", "Held for now", "shout"):
        assert hidden not in answer.text
    assert (await browser.get(DOOR)).status_code == 200
    for other in (DRAFT, OFF, NEXT):
        page = await browser.get(f"/admin/events/{other.id}/door")
        assert page.status_code == 404
        assert other.name not in page.text


async def test_organizers_see_every_event_as_before(browser: httpx.AsyncClient) -> None:
    await enter(browser, Role.ORGANIZER)
    page = (await browser.get("/admin/events")).text
    for name in (DRAFT.name, OFF.name, NEXT.name, "Repair café"):
        assert name in page
    assert (await browser.get(f"/admin/events/{NEXT.id}/door")).status_code == 200


async def test_what_a_greeter_sends_about_another_days_event_is_missing(
    browser: httpx.AsyncClient, sqlite_db: Database
) -> None:
    await enter(browser, Role.GREETER)
    word = await csrf(browser)
    await moved(sqlite_db, starts_at=NOW + timedelta(days=3), ends_at=None)
    ben = await sqlite_db.read(lambda tx: rsvp_of(tx, "Ben"))
    form = {"csrf": word, "rsvp": ben.id, "name": "Gil", "sure": "yes"}
    for verb in ("came", "undo", "walk-in"):
        assert (await browser.post(f"{DOOR}/{verb}", data=form, headers=OURS)).status_code == 404
    assert (await noted(browser, ben.id, NOW)).status_code == 404
    assert await sqlite_db.read(lambda tx: rsvp_of(tx, "Ben")) == ben


async def test_a_phone_that_was_long_without_a_network_tells_but_learns_nothing(
    browser: httpx.AsyncClient, sqlite_db: Database, clock: SetClock
) -> None:
    ben = await sqlite_db.read(lambda tx: rsvp_of(tx, "Ben"))
    clock.advance(timedelta(hours=4) + KEPT_AFTER)
    await enter(browser, Role.GREETER)
    answer = (await noted(browser, ben.id, CAFE.starts_at)).json()
    assert (len(answer["done"]), answer["list"]) == (1, None)
    assert "Ben" not in json.dumps(answer)
    assert (await sqlite_db.read(lambda tx: rsvp_of(tx, "Ben"))).status is RsvpStatus.ATTENDED


# -- checking in long before -------------------------------------------------------------------


async def test_checking_in_long_before_the_event_asks_first(
    browser: httpx.AsyncClient, sqlite_db: Database
) -> None:
    await enter(browser, Role.ORGANIZER)
    await moved(sqlite_db, starts_at=NOW + timedelta(days=3), ends_at=None)
    ben = await sqlite_db.read(lambda tx: rsvp_of(tx, "Ben"))
    form = {"csrf": await csrf(browser), "rsvp": ben.id, "guests": "1"}
    asked = await browser.post(f"{DOOR}/came", data=form, headers=OURS)
    assert asked.status_code == 409
    assert "begins much later" in asked.text
    assert "Ben" in asked.text
    assert await sqlite_db.read(lambda tx: rsvp_of(tx, "Ben")) == ben
    done = await browser.post(f"{DOOR}/came", data={**form, "sure": "yes"}, headers=OURS)
    assert done.status_code == 303
    assert (await sqlite_db.read(lambda tx: rsvp_of(tx, "Ben"))).status is RsvpStatus.ATTENDED
    undone = await browser.post(f"{DOOR}/undo", data=form, headers=OURS)
    assert undone.status_code == 303  # to take back never asks
    assert (await sqlite_db.read(lambda tx: rsvp_of(tx, "Ben"))).status is RsvpStatus.GOING


async def test_writing_down_a_walk_in_long_before_asks_and_keeps_what_was_typed(
    browser: httpx.AsyncClient, sqlite_db: Database
) -> None:
    await enter(browser, Role.ORGANIZER)
    await moved(sqlite_db, starts_at=NOW + timedelta(days=3), ends_at=None)
    new = "0197c1b2-7a10-7cc2-9f5e-00000000f001"
    form = {"csrf": await csrf(browser), "rsvp": new, "name": "Gil", "guests": "2"}
    asked = await browser.post(f"{DOOR}/walk-in", data=form, headers=OURS)
    for name, value in (("rsvp", new), ("name", "Gil"), ("guests", "2")):
        assert f'name="{name}" value="{value}"' in asked.text


async def test_the_page_tells_a_phone_until_when_to_ask(browser: httpx.AsyncClient) -> None:
    await enter(browser, Role.GREETER)
    until = (CAFE.starts_at - LONG_BEFORE).isoformat()
    assert f'data-asks-until="{until}"' in (await browser.get(DOOR)).text
