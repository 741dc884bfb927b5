"""The organizers' pages of an event: who comes, who waits, and what is told to them."""

import csv
import io
import re
from dataclasses import replace

import httpx
import pytest
from starlette.applications import Starlette

from fedi_chapter.core.html import plain
from fedi_chapter.domain.organizer import Role
from fedi_chapter.domain.rsvp import Route, RsvpStatus
from fedi_chapter.store import events, hosts, mail_stops, remote_actors, rsvps, tallies
from fedi_chapter.store.tx import Database
from fedi_chapter.web.door_pass import door_pass
from fedi_chapter.web.templating import STATIC
from tests.conftest import NOW
from tests.kit.attendance import CAFE, FORMULA, rsvp_of, seed_attendance
from tests.kit.desk import seed_desk
from tests.kit.inviting import Postbox
from tests.kit.neighbourhood import MARA
from tests.web.test_admin import OURS, csrf, enter

pytestmark = pytest.mark.anyio
TEMPLATES = STATIC.parent / "templates" / "admin"
HERE = f"/admin/events/{CAFE.id}"


@pytest.fixture(autouse=True)
async def desk(app: Starlette, sqlite_db: Database, browser: httpx.AsyncClient) -> None:
    await sqlite_db.write(seed_desk)
    await sqlite_db.write(seed_attendance)
    await enter(browser)


async def press(browser: httpx.AsyncClient, button: str, **fields: str) -> httpx.Response:
    data = {"csrf": await csrf(browser), **fields}
    return await browser.post(f"{HERE}/{button}", data=data, headers=OURS)


async def status_of(db: Database, name: str) -> RsvpStatus:
    return (await db.read(lambda tx: rsvp_of(tx, name))).status


async def id_of(db: Database, name: str) -> str:
    return (await db.read(lambda tx: rsvp_of(tx, name))).id


async def test_the_page_says_who_comes_by_which_way_and_who_waits(
    browser: httpx.AsyncClient,
) -> None:
    page = (await browser.get(HERE)).text
    assert "seats taken</dt><dd>3 / 4</dd>" in page
    for words in ("Mara Lindqvist", "@mara@social.example.com", "By hand", "Waiting for your yes"):
        assert words in page
    row = re.search(r"<th scope=\"row\">Coming</th>(.*?)</tr>", page)
    assert row
    assert re.findall(r">([^<>]+)</td>", row[1]) == ["2", "Poll 1, By hand 1"]
    assert page.index("Dora") < page.index("The waitlist, in order") < page.index("Cleo")


async def test_whom_no_message_of_ours_reaches_is_marked(
    browser: httpx.AsyncClient, sqlite_db: Database
) -> None:
    def marked(page: str) -> set[str]:
        people = re.findall(r'class="desk-name">(.*?)</p>\n<p class="small">(.*?)</p>', page)
        return {plain(name).split("+")[0].strip() for name, line in people if "be told" in line}

    by_hand = {"Ben", "Dora"}
    assert not {"Mara Lindqvist"} & marked((await browser.get(HERE)).text)
    await sqlite_db.write(
        lambda tx: hosts.learned(tx, "social.example.com", "everycal", "0.3", True)
    )
    found = marked((await browser.get(HERE)).text)
    assert "Mara Lindqvist" in found
    assert by_hand & found


async def test_a_hostile_name_is_text_on_the_page(browser: httpx.AsyncClient) -> None:
    page = (await browser.get(HERE)).text
    assert "=HYPERLINK(&#34;https://evil.example&#34;)" in page
    assert "<script" not in page
    assert "style=" not in page


async def test_the_list_leads_everyone_where_they_may_go(browser: httpx.AsyncClient) -> None:
    leads_to = {
        Role.OWNER: [HERE, f"{HERE}/door"],
        Role.GREETER: [f"{HERE}/door"],
        Role.MODERATOR: [],
    }
    for role, leads in leads_to.items():
        if role is not Role.OWNER:
            await enter(browser, role)
        page = (await browser.get("/admin/events")).text
        assert "Repair café" in page
        assert re.findall(rf'href="({HERE}[^"]*)"', page) == leads


async def test_an_organizer_lets_somebody_in_and_declines_another(
    browser: httpx.AsyncClient, sqlite_db: Database
) -> None:
    ben = await id_of(sqlite_db, "Ben")
    answer = await press(browser, "decline", rsvp=ben, sure="yes")
    assert answer.headers["location"] == f"{HERE}?done=untold&undo={ben}"
    assert await status_of(sqlite_db, "Ben") is RsvpStatus.NO
    await press(browser, "approve", rsvp=await id_of(sqlite_db, "Dora"))
    assert await status_of(sqlite_db, "Dora") is RsvpStatus.GOING  # Cleo's group does not fit
    again = await press(browser, "approve", rsvp=await id_of(sqlite_db, "Dora"))
    assert again.status_code == 409
    assert "does not wait" in again.text
    assert 'role="status"' in (await browser.get(answer.headers["location"])).text


async def test_an_address_that_refuses_mail_is_shown_and_corrected(
    browser: httpx.AsyncClient, sqlite_db: Database
) -> None:
    dora = await sqlite_db.read(lambda tx: rsvp_of(tx, "Dora"))
    wrong = replace(dora, actor_uri=None, email="dora@mali.example", email_refused_at=NOW)
    await sqlite_db.write(lambda tx: rsvps.change(tx, wrong))
    page = (await browser.get(HERE)).text
    assert "Mail to dora@mali.example is not taken" in page
    assert "can't be told" in plain(page)
    await press(browser, "mail", rsvp=dora.id, email="dora@mail.example")
    after = await sqlite_db.read(lambda tx: rsvp_of(tx, "Dora"))
    assert (after.email, after.email_refused_at) == ("dora@mail.example", None)
    assert "dora@mail.example is not confirmed" in (await browser.get(HERE)).text


@pytest.mark.parametrize(
    ("name", "words"), [("Mara", "We tell them."), ("Ben", "We have no way to tell them")]
)
async def test_taking_a_seat_back_asks_and_says_whether_the_person_can_be_told(
    browser: httpx.AsyncClient, sqlite_db: Database, name: str, words: str
) -> None:
    asked = await press(browser, "decline", rsvp=await id_of(sqlite_db, name))
    assert asked.status_code == 409
    assert words in asked.text
    assert "Do you really take this seat back?" in asked.text
    assert await status_of(sqlite_db, name) is RsvpStatus.GOING
    done = await press(browser, "decline", rsvp=await id_of(sqlite_db, name), sure="yes")
    page = (await browser.get(done.headers["location"])).text
    told = "They are told." if name == "Mara" else words
    assert re.search(rf'role="status">{re.escape(told)}', page)


async def test_who_wants_no_mail_or_gets_none_of_ours_can_not_be_told(
    app: Starlette, browser: httpx.AsyncClient, sqlite_db: Database
) -> None:
    ben = await sqlite_db.read(lambda tx: rsvp_of(tx, "Ben"))
    by_mail = replace(ben, email="Ben@mail.example", email_confirmed_at=NOW)
    await sqlite_db.write(lambda tx: rsvps.change(tx, by_mail))

    async def asked() -> str:
        return (await press(browser, "decline", rsvp=ben.id)).text

    assert "We have no way to tell them" in await asked()
    app.state.deps = deps = replace(app.state.deps, mailer=Postbox())
    assert "We tell them." in await asked()
    await sqlite_db.write(lambda tx: mail_stops.put(tx, deps.mail_trace("ben@mail.example")))
    assert "We have no way to tell them" in await asked()


async def test_whose_account_is_gone_can_not_be_told(
    browser: httpx.AsyncClient, sqlite_db: Database
) -> None:
    await sqlite_db.write(lambda tx: remote_actors.mark_gone(tx, MARA))
    asked = await press(browser, "decline", rsvp=await id_of(sqlite_db, "Mara"))
    assert "We have no way to tell them" in asked.text


async def test_who_is_only_counted_can_not_be_told(
    browser: httpx.AsyncClient, sqlite_db: Database
) -> None:
    await sqlite_db.write(lambda tx: events.change(tx, replace(CAFE, counts_only=True)))
    asked = await press(browser, "decline", rsvp=await id_of(sqlite_db, "Mara"))
    assert "We have no way to tell them" in asked.text


async def test_a_seat_taken_back_is_given_back_with_its_guests(
    browser: httpx.AsyncClient, sqlite_db: Database
) -> None:
    mara = await id_of(sqlite_db, "Mara")
    done = await press(browser, "decline", rsvp=mara, sure="yes")
    page = (await browser.get(done.headers["location"])).text
    assert "Undo: let them in after all" in page
    await sqlite_db.write(lambda tx: events.change(tx, replace(CAFE, capacity=9)))
    await press(browser, "approve", rsvp=mara)
    back = await sqlite_db.read(lambda tx: rsvp_of(tx, "Mara"))
    assert (back.status, back.guests) == (RsvpStatus.GOING, 1)


async def test_who_gets_a_seat_back_that_is_taken_now_is_first_in_line(
    browser: httpx.AsyncClient, sqlite_db: Database
) -> None:
    await sqlite_db.write(lambda tx: events.change(tx, replace(CAFE, capacity=3)))
    mara = await id_of(sqlite_db, "Mara")
    await press(browser, "decline", rsvp=mara, sure="yes")
    await sqlite_db.write(lambda tx: events.change(tx, replace(CAFE, capacity=1)))
    await press(browser, "approve", rsvp=mara)
    back = await sqlite_db.read(lambda tx: rsvp_of(tx, "Mara"))
    assert back.status is RsvpStatus.WAITLIST
    assert await sqlite_db.read(lambda tx: rsvps.place_in_line(tx, back)) == 1


async def test_a_no_of_their_own_is_nobodys_to_undo(
    browser: httpx.AsyncClient, sqlite_db: Database
) -> None:
    said_no = await sqlite_db.read(lambda tx: rsvps.find(tx, CAFE.id, f"alias:{FORMULA}"))
    assert said_no
    assert said_no.status is RsvpStatus.NO
    assert (await press(browser, "approve", rsvp=said_no.id)).status_code == 409
    page = (await browser.get(f"{HERE}?undo={said_no.id}")).text
    assert "let them in after all" not in page.lower()


async def test_an_organizer_decides_on_more_guests_alone(
    browser: httpx.AsyncClient, sqlite_db: Database
) -> None:
    ben = await sqlite_db.read(lambda tx: rsvp_of(tx, "Ben"))
    await sqlite_db.write(lambda tx: rsvps.change(tx, replace(ben, asked_guests=4)))
    page = (await browser.get(HERE)).text
    assert page.index("Waiting for your yes") < page.index("Would come with 4 guests.")
    await press(browser, "decline", rsvp=ben.id, guests="yes")
    after = await sqlite_db.read(lambda tx: rsvp_of(tx, "Ben"))
    assert (after.status, after.guests, after.asked_guests) == (ben.status, ben.guests, None)


async def test_more_seats_let_in_who_waits_and_none_given_is_no_limit(
    browser: httpx.AsyncClient, sqlite_db: Database
) -> None:
    await press(browser, "seats", seats="6")
    assert await status_of(sqlite_db, "Cleo") is RsvpStatus.GOING
    await press(browser, "seats", seats="2")
    assert "4 more than there are seats" in (await browser.get(HERE)).text
    event = await sqlite_db.read(lambda tx: events.get(tx, CAFE.id))
    assert event
    assert event.capacity == 2
    await press(browser, "seats", seats="")
    event = await sqlite_db.read(lambda tx: events.get(tx, CAFE.id))
    assert event
    assert event.capacity is None


@pytest.mark.parametrize("number", ["-1", "x", "٣", "1e3", "9999999"])
async def test_seats_that_are_no_number_change_nothing(
    browser: httpx.AsyncClient, sqlite_db: Database, number: str
) -> None:
    assert (await press(browser, "seats", seats=number)).status_code == 422
    event = await sqlite_db.read(lambda tx: events.get(tx, CAFE.id))
    assert event
    assert event.capacity == CAFE.capacity


async def test_somebody_is_written_down_by_hand(
    browser: httpx.AsyncClient, sqlite_db: Database
) -> None:
    answer = await press(
        browser, "add", name="Fay", answer="maybe", guests="0", email="f@b.example"
    )
    assert answer.headers["location"] == f"{HERE}?done=added"
    assert "Fay" in (await browser.get(HERE)).text
    assert (await sqlite_db.read(lambda tx: tallies.get(tx, CAFE.id))).maybe == 2
    refused = await press(browser, "add", name=" ", answer="going", guests="0")
    assert refused.status_code == 422
    assert "the name is missing" in refused.text


async def test_a_second_urgent_message_needs_a_second_yes(browser: httpx.AsyncClient) -> None:
    assert (await press(browser, "message", text="Bring a lamp.", urgent="yes")).status_code == 303
    second = await press(browser, "message", text="A <b>big</b> lamp!", urgent="yes")
    assert second.status_code == 409
    assert "A &lt;b&gt;big&lt;/b&gt; lamp!</textarea>" in second.text
    assert 'name="again"' in second.text
    await press(browser, "message", text="A <b>big</b> lamp!", urgent="yes", again="yes")
    page = (await browser.get(HERE)).text
    assert page.index("A &lt;b&gt;big") < page.index("Bring a lamp.")
    assert "Direct message: 1 on their way" in page


async def test_the_file_is_safe_in_a_spreadsheet_and_its_taking_is_written_down(
    browser: httpx.AsyncClient, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = await press(browser, "export")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert 'filename="attendees-2026-11-21.csv"' in answer.headers["content-disposition"]
    assert "no-store" in answer.headers["cache-control"]
    text = answer.content.decode("utf-8-sig")
    names = [row["name"] for row in csv.DictReader(io.StringIO(text, newline=""))]
    assert f"'{FORMULA}" in names
    assert all(line.startswith('"') for line in text.splitlines())
    told = capsys.readouterr()
    assert "attendees exported" in told.out + told.err + caplog.text


@pytest.mark.parametrize("event", ["nothing", "0197c1b2-7a10-7cc2-9f5e-000000000108", "ü", "%00"])
async def test_another_events_address_leads_nowhere(
    browser: httpx.AsyncClient, sqlite_db: Database, event: str
) -> None:
    for path in ("", "/door"):
        answer = await browser.get(f"/admin/events/{event}{path}")
        assert answer.status_code in {404, 410}
    data = {"csrf": await csrf(browser), "rsvp": await id_of(sqlite_db, "Dora")}
    answer = await browser.post(f"/admin/events/{event}/approve", data=data, headers=OURS)
    assert answer.status_code in {404, 410}
    assert await status_of(sqlite_db, "Dora") is RsvpStatus.PENDING


async def test_an_answer_to_one_event_can_not_be_decided_at_another(
    browser: httpx.AsyncClient, sqlite_db: Database
) -> None:
    data = {"csrf": await csrf(browser), "rsvp": await id_of(sqlite_db, "Dora")}
    other = "/admin/events/0197c1b2-7a10-7cc2-9f5e-000000000101"
    for button in ("approve", "decline", "door/came"):
        answer = await browser.post(f"{other}/{button}", data=data, headers=OURS)
        assert answer.status_code == 404
    assert await status_of(sqlite_db, "Dora") is RsvpStatus.PENDING


async def test_a_pass_leads_a_greeter_to_its_person_and_a_stranger_nowhere(
    app: Starlette, browser: httpx.AsyncClient, sqlite_db: Database
) -> None:
    await enter(browser, Role.GREETER)
    mara = await sqlite_db.read(lambda tx: rsvp_of(tx, "Mara"))
    shown = door_pass(app.state.deps, mara.id)
    answer = await browser.get(shown.url)
    assert answer.headers["location"] == f"{HERE}/door?q={shown.code}"
    page = (await browser.get(answer.headers["location"])).text
    assert page.count("data-rsvp=") == 1
    assert MARA not in page
    assert (await browser.get(f"{shown.url}x")).status_code == 404
    browser.cookies.clear()
    assert (await browser.get(shown.url)).headers["location"] == "/sign-in"


async def test_the_picture_of_a_pass_is_a_drawing_without_style_or_script(app: Starlette) -> None:
    shown = door_pass(app.state.deps, "01932000-0000-7000-8000-000000000001")  # type: ignore[arg-type]
    assert re.fullmatch(r"[2-9A-HJ-NP-Z]{6}", shown.code)
    assert shown.picture.startswith("<svg")
    assert "style=" not in shown.picture


async def test_every_way_and_every_state_has_words_on_the_page() -> None:
    template = (TEMPLATES / "event.html").read_text(encoding="utf-8")
    told = {*Route, *RsvpStatus} - {RsvpStatus.NONE}
    assert [each.value for each in told if f'"{each.value}": t(' not in template] == []
