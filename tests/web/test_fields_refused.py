"""What is typed into a field and can't be used comes back with it, and is never taken for none.

The field is named, what to type is said at it, and everything else that was typed still stands
there. On both databases: what one of them would not store is refused before it is asked.
"""

import re
from dataclasses import replace
from html import unescape

import httpx
import pytest
from starlette.applications import Starlette

from fedi_chapter.domain.organizer import Role
from fedi_chapter.domain.rsvp import Rsvp, RsvpStatus
from fedi_chapter.services import members
from fedi_chapter.store import events, rsvps
from fedi_chapter.store.tx import Database
from tests.kit.attendance import CAFE, rsvp_of, seed_attendance
from tests.kit.desk import seed_desk
from tests.kit.guests import PATH, House
from tests.kit.inviting import PICNIC
from tests.kit.neighbourhood import MARA
from tests.web.test_admin import OURS, csrf, enter

pytestmark = pytest.mark.anyio
NO_NUMBERS = (
    *("፩", "٣", "２", "²", "½", "一", "-1", "+1", "−1", "3.5", "3,5", "1e3", "0x1", "1_0", "1 0"),
    *("9" * 50, "10", "256", " 2 ", "  ", "\t1", "1\n", "2\0", "nan", "inf", "None", "two", "'"),
    *("<b>1</b>", '"', "\u200b1", "1\u200b", "%31"),
)
WANTED = "Write a whole number from 0 to 9, in digits."
DOOR = f"/admin/events/{CAFE.id}/door"
DESK = f"/admin/events/{CAFE.id}"


@pytest.fixture
async def sqlite_db(db: Database) -> Database:
    """A database of each kind, for the pages of the fixtures around."""
    return db


def value_of(page: str, name: str) -> str | None:
    """Return what stands in a field of a page."""
    field = re.search(rf'<input[^>]*\bname="{name}"[^>]*>', page)
    found = re.search(r' value="([^"]*)"', field[0]) if field else None
    return unescape(found[1]) if found else None


def complaints(page: str) -> dict[str, str]:
    """Return what a page says is wrong, by field."""
    found = re.findall(r'<span class="wrong" id="(\w+)-wrong" role="alert">(.*?)</span>', page)
    return {name: unescape(words) for name, words in found}


def shown(typed: str) -> str:
    """Return how a field gives back what was typed: PostgreSQL takes no NUL."""
    return typed.replace("\0", "")


# -- the form on an event's page -------------------------------------------------------------


@pytest.mark.parametrize("guests", NO_NUMBERS)
async def test_guests_that_are_no_number_come_back_and_nobody_is_written_down(
    house: House, guests: str
) -> None:
    answer = await house.answer(PICNIC, name="Inés", email="ines@mail.example", guests=guests)
    assert answer.status_code == 422
    assert complaints(answer.text) == {"guests": WANTED}
    typed = [value_of(answer.text, name) for name in ("name", "email", "guests")]
    assert typed == ["Inés", "ines@mail.example", shown(guests)]
    assert await house.everyone(PICNIC) == []


@pytest.mark.parametrize(("guests", "number"), [("", 0), ("0", 0), ("1", 1), ("01", 1)])
async def test_only_an_empty_field_means_no_guests(house: House, guests: str, number: int) -> None:
    await house.own(PICNIC, guests=guests)
    assert [each.guests for each in await house.everyone(PICNIC)] == [number]


async def test_what_is_no_number_is_shown_by_browsers_too(house: House) -> None:
    field = re.search(r"<input[^>]*name=\"guests\"[^>]*>", (await _refused(house)).text)
    assert field
    assert 'type="text"' in field[0]
    assert 'aria-describedby="guests-wrong" aria-invalid="true" autofocus' in field[0]


async def _refused(house: House) -> httpx.Response:
    return await house.answer(PICNIC, guests="፩")


@pytest.mark.parametrize("said", ["", "yes", "GOING", "going ", "attended", "pending", "0"])
async def test_an_answer_that_is_none_of_the_buttons_comes_back(house: House, said: str) -> None:
    answer = await house.answer(PICNIC, name="Ines", guests="1", answer=said)
    assert answer.status_code == 422
    assert complaints(answer.text) == {"answer": "The answer is missing. Press one of the buttons."}
    assert (value_of(answer.text, "name"), value_of(answer.text, "guests")) == ("Ines", "1")
    assert await house.everyone(PICNIC) == []


@pytest.mark.parametrize(
    ("fields", "field"),
    [({"name": "\u200b", "email": "ines@"}, "name"), ({"email": "ines@"}, "email")],
)
async def test_each_complaint_stands_at_its_own_field(
    house: House, fields: dict[str, str], field: str
) -> None:
    page = (await house.answer(PICNIC, **fields)).text
    assert list(complaints(page)) == [field]
    assert page.count("aria-invalid") == 1


async def test_the_complaint_speaks_the_readers_language(house: House) -> None:
    house.browser.headers["Accept-Language"] = "es"
    for fields, words in (
        ({"guests": "፩"}, "Escribe un número entero de 0 a 9, con cifras."),
        ({"name": " "}, "Falta el nombre. "),
        ({"email": "x"}, "Eso no es una dirección de correo. "),
        ({"answer": "x"}, "Falta la respuesta. Pulsa uno de los botones."),
    ):
        (told,) = complaints((await house.answer(PICNIC, **fields)).text).values()
        assert told.startswith(words)


@pytest.mark.parametrize("guests", ["፩", "10", " 2 "])
async def test_who_is_signed_in_gets_the_form_back_and_is_asked_no_name(
    house: House, guests: str
) -> None:
    token = await house.deps.db.write(lambda tx: members.sign_in(tx, MARA, instead_of=None))
    house.browser.cookies.set("__Host-member", token)
    answer = await house.press(f"{PATH}/rsvp", answer="going", guests=guests)
    assert answer.status_code == 422
    assert complaints(answer.text) == {"guests": WANTED}
    assert value_of(answer.text, "guests") == guests
    assert 'name="name"' not in answer.text
    assert await house.everyone(PICNIC) == []


# -- one's own page, and a member's ------------------------------------------------------------


@pytest.mark.parametrize("guests", NO_NUMBERS)
async def test_a_change_to_no_number_leaves_the_answer_as_it_was(house: House, guests: str) -> None:
    own = await house.own(PICNIC, guests="1")
    answer = await house.press(own, answer="maybe", guests=guests)
    assert answer.status_code == 422
    assert complaints(answer.text) == {"guests": WANTED}
    assert value_of(answer.text, "guests") == shown(guests)
    (ines,) = await house.everyone(PICNIC)
    assert (ines.status, ines.guests) == (RsvpStatus.GOING, 1)


@pytest.mark.parametrize("guests", NO_NUMBERS)
async def test_a_members_page_names_the_event_whose_form_is_wrong(
    house: House, guests: str
) -> None:
    token = await house.deps.db.write(lambda tx: members.sign_in(tx, MARA, instead_of=None))
    house.browser.cookies.set("__Host-member", token)
    await house.press(f"{PATH}/rsvp", answer="going", guests="1")
    word = re.search(r'name="csrf" value="(\w+)"', await house.page("/me"))
    assert word
    form = {"csrf": word[1], "event": PICNIC.id, "answer": "maybe", "guests": guests}
    answer = await house.press("/me/answer", **form)
    assert answer.status_code == 422
    assert complaints(answer.text) == {"guests": WANTED}
    assert value_of(answer.text, "guests") == shown(guests)
    (mara,) = await house.everyone(PICNIC)
    assert (mara.status, mara.guests) == (RsvpStatus.GOING, 1)


# -- organizers and greeters --------------------------------------------------------------------


class Desk:
    """An organizer's browser before an event that people answered."""

    def __init__(self, browser: httpx.AsyncClient, db: Database) -> None:
        self.browser, self.db = browser, db

    async def press(self, path: str, **fields: str) -> httpx.Response:
        data = {"csrf": await csrf(self.browser), **fields}
        return await self.browser.post(path, data=data, headers=OURS)

    async def person(self, name: str) -> Rsvp:
        return await self.db.read(lambda tx: rsvp_of(tx, name))

    async def people(self) -> list[Rsvp]:
        return await self.db.read(lambda tx: rsvps.of_event(tx, CAFE.id))


@pytest.fixture
async def desk(app: Starlette, sqlite_db: Database, browser: httpx.AsyncClient) -> Desk:
    await sqlite_db.write(seed_desk)
    await sqlite_db.write(seed_attendance)
    await enter(browser)
    return Desk(browser, sqlite_db)


@pytest.mark.parametrize("guests", NO_NUMBERS)
async def test_nobody_is_written_down_with_guests_that_are_no_number(
    desk: Desk, guests: str
) -> None:
    before = await desk.people()
    fields = {"name": "Fay", "email": "fay@mail.example", "answer": "maybe", "guests": guests}
    answer = await desk.press(f"{DESK}/add", **fields)
    assert answer.status_code == 422
    assert complaints(answer.text) == {"guests": WANTED}
    typed = {name: value_of(answer.text, name) for name in ("name", "guests")}
    assert typed == {"name": "Fay", "guests": shown(guests)}
    assert '<option value="maybe" selected>' in answer.text
    assert await desk.people() == before


@pytest.mark.parametrize("said", ["", "none", "attended", "GOING", "'"])
async def test_nobody_is_written_down_with_an_answer_that_is_not_offered(
    desk: Desk, said: str
) -> None:
    before = await desk.people()
    answer = await desk.press(f"{DESK}/add", name="Fay", answer=said, guests="2")
    assert answer.status_code == 422
    assert list(complaints(answer.text)) == ["answer"]
    assert (value_of(answer.text, "name"), value_of(answer.text, "guests")) == ("Fay", "2")
    assert await desk.people() == before


@pytest.mark.parametrize(
    "seats", [*(each for each in NO_NUMBERS if each not in ("10", "256")), "0", "1000001"]
)
async def test_seats_that_are_no_number_come_back_and_change_nothing(
    desk: Desk, seats: str
) -> None:
    answer = await desk.press(f"{DESK}/seats", seats=seats)
    assert answer.status_code == 422
    assert complaints(answer.text) == {
        "seats": "Write a whole number from 1 to 1000000, in digits."
    }
    assert value_of(answer.text, "seats") == shown(seats)
    event = await desk.db.read(lambda tx: events.get(tx, CAFE.id))
    assert event
    assert event.capacity == CAFE.capacity


async def test_a_wrong_mail_address_comes_back_at_its_own_person(desk: Desk) -> None:
    await desk.press(f"{DESK}/add", name="Fay", email="fay@mail.example", answer="going")
    (fay,) = [each for each in await desk.people() if each.name == "Fay"]
    answer = await desk.press(f"{DESK}/mail", rsvp=fay.id, email="fay@")
    assert answer.status_code == 422
    assert list(complaints(answer.text)) == ["email"]
    assert 'value="fay@"' in answer.text


@pytest.mark.parametrize("text", ["", "  ", "x" * 2001])
async def test_a_message_that_is_refused_is_urgent_only_where_it_was_ticked(
    desk: Desk, text: str
) -> None:
    for ticked in ({}, {"urgent": "yes"}):
        answer = await desk.press(f"{DESK}/message", text=text, **ticked)
        assert answer.status_code == 422
        assert list(complaints(answer.text)) == ["text"]
        assert ('value="yes" checked' in answer.text) is bool(ticked)
        assert 'name="again"' not in answer.text
        assert f">{text}</textarea>" in answer.text


async def test_a_message_to_a_draft_does_not_ask_whether_it_is_urgent_again(desk: Desk) -> None:
    draft = replace(CAFE, published_at=None)
    await desk.db.write(lambda tx: events.change(tx, draft))
    answer = await desk.press(f"{DESK}/message", text="Bring a lamp.")
    assert answer.status_code == 409
    assert "nobody has seen this draft yet" in answer.text
    assert "Bring a lamp.</textarea>" in answer.text
    assert " checked>" not in answer.text
    assert 'name="again"' not in answer.text


@pytest.mark.parametrize("guests", NO_NUMBERS)
async def test_at_the_door_guests_that_are_no_number_come_back(desk: Desk, guests: str) -> None:
    await enter(desk.browser, Role.GREETER)
    mara, before = await desk.person("Mara"), await desk.people()
    new = "0197c1b2-7a10-7cc2-9f5e-00000000f101"
    for path, fields in (
        ("came", {"rsvp": mara.id}),
        ("walk-in", {"rsvp": new, "name": "Gus"}),
    ):
        answer = await desk.press(f"{DOOR}/{path}", guests=guests, **fields)
        assert answer.status_code == 422
        assert complaints(answer.text) == {"guests": WANTED}
        assert f'name="rsvp" value="{fields["rsvp"]}"' in answer.text
    assert value_of(answer.text, "name") == "Gus"
    assert await desk.people() == before


async def test_at_the_door_a_name_that_is_none_comes_back(desk: Desk) -> None:
    new = "0197c1b2-7a10-7cc2-9f5e-00000000f101"
    answer = await desk.press(f"{DOOR}/walk-in", rsvp=new, name="\u200b", guests="2")
    assert answer.status_code == 422
    assert list(complaints(answer.text)) == ["name"]
    assert 'name="guests" min="0" max="9" value="2"' in answer.text


# -- bytes and addresses ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "charset",
    ["utf-7", "utf-16", "utf-32", "latin-1", "none-such", "hex", "idna", "punycode"],
)
async def test_a_form_in_another_charset_is_no_failure_of_ours(house: House, charset: str) -> None:
    fields = {"name": b"Ines +2AA-", "answer": b"going", "guests": b"1", "email": b""}
    parts = (
        b'--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (name.encode(), value)
        for name, value in fields.items()
    )
    headers = {
        "Content-Type": f"multipart/form-data; boundary=x; charset={charset}",
        "Sec-Fetch-Site": "same-origin",
    }
    answer = await house.browser.post(
        f"{PATH}/rsvp", content=b"".join(parts) + b"--x--\r\n", headers=headers
    )
    assert answer.status_code < 500, answer.text


@pytest.mark.parametrize(
    "number", ["፩", "٣", "-1", "0", "1e3", "9" * 50, " 2 ", "", "%00", "x", "1000"]
)
async def test_an_address_with_a_wrong_number_shows_the_first_page(
    house: House, number: str
) -> None:
    first = await house.page(f"{PATH}?replies=1")
    page = await house.page(f"{PATH}?replies={number}")
    assert re.sub(r"\b[0-9a-f]{32}\b", "", page) == re.sub(r"\b[0-9a-f]{32}\b", "", first)


ODD = (
    "%00",
    "x%20y%00",
    "%ED%A0%80",
    "%FF",
    "ü",
    "٣",
    "-1",
    "9" * 400,
    "../..",
    "%0A",
    "'",
    "%F0%9F%98%80",
)
ASKED = (
    *(f"{DESK}?undo={{}}", f"{DESK}?done={{}}", f"{DOOR}?q={{}}", "/admin?done={}", "/door/{}"),
    *("/sign-in?token={}", "/sign-in?next={}", "/sign-in?done={}", "/sign-in/back/{}?state={}"),
    *("/rsvp/{}", "/rsvp/{}.ics", "/rsvp/place/{}", "/mail/stop/{}", "/me/calendar/{}.ics"),
    *("/e/{}", "/tags/{}", "/media/{}", "/follow?object={}", "/calendar?page={}", "/?page={}"),
    *(f"{PATH}?answer={{}}", f"{PATH}?replies={{}}", f"{PATH}/card.jpg?{{}}", "/admin/events/{}"),
)
PRESSED = {
    "/admin/replies/show": "reply",
    "/admin/replies/hide": "reply",
    "/admin/reports/close": "report",
    "/admin/messages/close": "message",
    "/admin/hosts/allow": "host",
    f"{DESK}/approve": "rsvp",
    f"{DESK}/decline": "rsvp",
    f"{DESK}/mail": "rsvp",
    f"{DOOR}/came": "rsvp",
    f"{DOOR}/undo": "rsvp",
    f"{DOOR}/walk-in": "rsvp",
}


@pytest.mark.parametrize("odd", ODD)
async def test_nothing_odd_in_an_address_or_behind_a_button_is_a_failure_of_ours(
    desk: Desk, odd: str
) -> None:
    for asked in ASKED:
        answer = await desk.browser.get(asked.replace("{}", odd))
        assert answer.status_code < 500, (asked, answer.text)
    word = await csrf(desk.browser)
    kind = {**OURS, "Content-Type": "application/x-www-form-urlencoded"}
    for path, name in PRESSED.items():
        body = f"csrf={word}&sure=yes&email=a@b.example&{name}={odd}"
        answer = await desk.browser.post(path, content=body.encode(), headers=kind)
        assert 400 <= answer.status_code < 500, (path, answer.text)
