"""The greeters' page and what their phones send: who is here, without loss and never twice."""

import json
import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from starlette.applications import Starlette

from fedi_chapter.core.clock import SetClock
from fedi_chapter.domain.organizer import Role
from fedi_chapter.domain.rsvp import RsvpStatus
from fedi_chapter.store import tallies
from fedi_chapter.store.tx import Database
from tests.kit.attendance import CAFE, rsvp_of, seed_attendance
from tests.kit.desk import seed_desk
from tests.kit.neighbourhood import NOW
from tests.web.test_admin import OURS, csrf, enter

pytestmark = pytest.mark.anyio
HERE = f"/admin/events/{CAFE.id}/door"
ONE = "0197c1b2-7a10-7cc2-9f5e-00000000f101"


@pytest.fixture(autouse=True)
async def desk(app: Starlette, sqlite_db: Database, browser: httpx.AsyncClient) -> None:
    await sqlite_db.write(seed_desk)
    await sqlite_db.write(seed_attendance)
    await enter(browser, Role.GREETER)


async def id_of(db: Database, name: str) -> str:
    return (await db.read(lambda tx: rsvp_of(tx, name))).id


def an_entry(rsvp: str, kind: str = "came", minute: int = 0, **more: Any) -> dict[str, Any]:
    at = (NOW - timedelta(minutes=30) + timedelta(minutes=minute)).isoformat()
    return {"id": str(uuid4()), "rsvp": rsvp, "kind": kind, "at": at, "guests": None, **more}


async def sync(
    browser: httpx.AsyncClient, *entries: Any, version: str | None = None, **headers: str
) -> httpx.Response:
    document = {"device": "phone-1", "version": version, "entries": entries}
    headers = {**OURS, "X-CSRF-Word": await csrf(browser), **headers}
    return await browser.post(f"{HERE}/sync", content=json.dumps(document), headers=headers)


# -- without scripts -------------------------------------------------------------------------


async def test_a_greeter_checks_somebody_in_and_undoes_it_with_plain_forms(
    browser: httpx.AsyncClient, sqlite_db: Database
) -> None:
    mara = await id_of(sqlite_db, "Mara")
    for button, status in (("came", RsvpStatus.ATTENDED), ("undo", RsvpStatus.GOING)):
        data = {"csrf": await csrf(browser), "rsvp": mara}
        answer = await browser.post(f"{HERE}/{button}", data=data, headers=OURS)
        assert answer.headers["location"] == HERE
        assert (await sqlite_db.read(lambda tx: rsvp_of(tx, "Mara"))).status is status
        assert (await browser.get(HERE)).status_code == 200


async def test_a_walk_in_pressed_twice_is_one(
    browser: httpx.AsyncClient, sqlite_db: Database
) -> None:
    found = re.findall(r'name="rsvp" value="([0-9a-f-]+)"', (await browser.get(HERE)).text)
    data = {"csrf": await csrf(browser), "rsvp": found[-1], "name": "Gil", "guests": "2"}
    for _ in range(2):
        await browser.post(f"{HERE}/walk-in", data=data, headers=OURS)
    assert (await sqlite_db.read(lambda tx: tallies.get(tx, CAFE.id))).attended_heads == 3
    page = (await browser.get(HERE)).text
    assert 'id="door-here">3</dd>' in page
    assert "2 more than there are seats" in page


@pytest.mark.parametrize("query", ["mara", "MARA", "@mara@social", "lindqvist"])
async def test_people_are_found_by_name_and_handle(browser: httpx.AsyncClient, query: str) -> None:
    page = (await browser.get(HERE, params={"q": query})).text
    assert page.count("data-rsvp=") == 1
    assert "Mara Lindqvist" in page


async def test_the_page_tells_greeters_nothing_they_do_not_need(
    browser: httpx.AsyncClient, sqlite_db: Database
) -> None:
    page = (await browser.get(HERE)).text
    answer = (await sync(browser)).text
    for text in (page, answer):
        assert "social.example.com/users/mara" not in text
        assert "email" not in text


async def test_only_the_page_of_the_door_runs_a_program_and_only_ours(
    browser: httpx.AsyncClient,
) -> None:
    policy = (await browser.get(HERE)).headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    for path in ("/", "/admin", "/admin/events"):
        other = (await browser.get(path)).headers
        assert "script-src" not in other["content-security-policy"]
        assert "camera=()" in other["permissions-policy"]


async def test_the_worker_is_served_for_the_pages_of_events_alone(
    browser: httpx.AsyncClient,
) -> None:
    page = (await browser.get(HERE)).text
    found = re.search(r'data-worker="([^"]+)"', page)
    assert found
    answer = await browser.get(found[1])
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["service-worker-allowed"] == "/admin/events/"
    assert "connect-src 'self'" in answer.headers["content-security-policy"]
    program = await browser.get(re.findall(r'<script defer src="([^"]+)"', page)[0])
    assert "service-worker-allowed" not in program.headers


async def test_signing_out_wipes_the_phone(browser: httpx.AsyncClient) -> None:
    data = {"csrf": await csrf(browser)}
    answer = await browser.post("/admin/sign-out", data=data, headers=OURS)
    assert answer.headers["clear-site-data"] == '"storage"'


# -- what a phone sends ----------------------------------------------------------------------


async def test_what_a_phone_noted_counts_once_however_often_it_is_sent(
    browser: httpx.AsyncClient, sqlite_db: Database
) -> None:
    mara, walk_in = await id_of(sqlite_db, "Mara"), an_entry(ONE, "walk-in", name="Gil", guests=1)
    noted = [
        an_entry(mara),
        {**walk_in, "id": ONE},
        an_entry(ONE, "undone", 3),
        an_entry(ONE, minute=5),
    ]
    for _ in range(3):
        told = (await sync(browser, *noted)).json()
        assert told["done"] == [each["id"] for each in noted]
        assert told["refused"] == []
    assert told["list"]["here"] == 4
    counted = await sqlite_db.read(lambda tx: tallies.get(tx, CAFE.id))
    assert (counted.attended, counted.attended_heads) == (2, 4)


async def test_one_entry_that_can_not_be_does_not_keep_the_others_out(
    browser: httpx.AsyncClient, sqlite_db: Database
) -> None:
    mara = await id_of(sqlite_db, "Mara")
    lost, good = an_entry(ONE), an_entry(mara)
    told = (await sync(browser, lost, good)).json()
    assert told["refused"] == [{"id": lost["id"], "why": "not-found"}]
    assert told["done"] == [good["id"]]


async def test_the_list_is_sent_only_when_it_is_another(
    browser: httpx.AsyncClient, sqlite_db: Database, clock: SetClock
) -> None:
    first = (await sync(browser)).json()
    assert len(first["list"]["people"]) == 6
    again = (await sync(browser, version=first["version"])).json()
    assert again["list"] is None
    mara = await id_of(sqlite_db, "Mara")
    changed = (await sync(browser, an_entry(mara), version=first["version"])).json()
    person = next(each for each in changed["list"]["people"] if each["id"] == mara)
    assert (person["status"], person["came"]) == ("attended", person["last"])


@pytest.mark.parametrize(
    "entry",
    [
        None,
        "x",
        {},
        {"kind": "gone"},
        {"id": "x"},
        {"rsvp": "../../x"},
        {"at": "2026-11-21T11:00:00"},
        {"at": "soon"},
        {"at": "0001-01-01T00:00:00+14:00"},
        {"at": "0001-01-01T00:00:00Z"},
        {"at": "9999-12-31T23:59:59-14:00"},
        {"at": 7},
        {"guests": "1"},
        {"guests": True},
        {"guests": 1.5},
        {"name": ["x"]},
        {"id": ["x"]},
    ],
)
async def test_what_no_phone_of_ours_sends_is_refused_whole(
    browser: httpx.AsyncClient, sqlite_db: Database, entry: Any
) -> None:
    mara = await id_of(sqlite_db, "Mara")
    wrong = {**an_entry(mara), **entry} if isinstance(entry, dict) and entry else entry
    assert (await sync(browser, an_entry(mara), wrong)).status_code == 400
    assert (await sqlite_db.read(lambda tx: tallies.get(tx, CAFE.id))).attended == 0


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{", b'{"device": 1, "entries": []}', b'{"device": "x"}', b"\xff",
     b'{"device": "A b", "entries": []}',
     b'{"device": "x", "entries": [' + b"1," * 200 + b"1]}"],
)  # fmt: skip
async def test_a_body_that_is_none_of_ours_is_refused(
    browser: httpx.AsyncClient, body: bytes
) -> None:
    headers = {**OURS, "X-CSRF-Word": await csrf(browser)}
    assert (await browser.post(f"{HERE}/sync", content=body, headers=headers)).status_code == 400


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"X-CSRF-Word": ""},
        {"X-CSRF-Word": "wrong"},
        {"X-CSRF-Word": "\u00fc"},
    ],
)
async def test_another_site_can_not_check_anybody_in(
    browser: httpx.AsyncClient, sqlite_db: Database, headers: dict[str, str]
) -> None:
    sent: Any = {key: value.encode("latin-1") for key, value in headers.items()}
    entry = an_entry(await id_of(sqlite_db, "Mara"))
    assert (await sync(browser, entry, **sent)).status_code == 403
    assert (await sqlite_db.read(lambda tx: tallies.get(tx, CAFE.id))).attended == 0


@pytest.mark.parametrize("role", Role)
async def test_who_may_not_greet_may_not_sync(
    browser: httpx.AsyncClient, sqlite_db: Database, role: Role
) -> None:
    if role is not Role.GREETER:
        await enter(browser, role)
    entry = an_entry(await id_of(sqlite_db, "Mara"))
    answer = await sync(browser, entry)
    assert answer.status_code == (403 if role is Role.MODERATOR else 200)
    word = await csrf(browser)
    browser.cookies.clear()
    headers = {**OURS, "X-CSRF-Word": word}
    stranger = await browser.post(f"{HERE}/sync", content=b"{}", headers=headers)
    assert stranger.status_code == 401
