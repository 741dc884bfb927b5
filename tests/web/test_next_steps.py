"""Whether a page says what stands, what comes next, and loses nothing that was typed."""

import re
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from starlette.applications import Starlette

from fedi_chapter.domain.organizer import Role
from fedi_chapter.services import approval, members, messages
from fedi_chapter.store import event_secrets, events
from fedi_chapter.store.tx import Database, WriteTx
from tests.kit.attendance import CAFE, seed_attendance
from tests.kit.desk import seed_desk
from tests.kit.guests import House
from tests.kit.inviting import PICNIC, SUPPER
from tests.kit.neighbourhood import BASE, CHAPTER, MARA
from tests.kit.recurring import FIELDS, seed_series
from tests.web.test_admin import OURS, csrf, enter

pytestmark = pytest.mark.anyio
WORDS = "We meet at the back door."
NAMELESS = replace(
    PICNIC,
    id=type(PICNIC.id)("01932000-0000-7000-8000-0000000000c1"),
    name="A quiet vigil",
    counts_only=True,
)


async def tell(house: House) -> None:
    await house.deps.db.write(lambda tx: messages.message_attendees(tx, PICNIC.id, WORDS))


def marked(html: str) -> list[str]:
    """Return the buttons that are marked as the answer that stands."""
    return re.findall(r'<button[^>]*aria-pressed="true"[^>]*value="(\w+)"', html)


# -- one's own page ------------------------------------------------------------------------


@pytest.mark.parametrize(("answer", "sees"), [("going", True), ("maybe", True), ("no", False)])
async def test_the_organizers_words_stand_on_the_page_of_everybody_who_may_come(
    house: House, answer: str, sees: bool
) -> None:
    own = await house.own(PICNIC, answer=answer)
    await tell(house)
    assert (WORDS in await house.page(own)) is sees


@pytest.mark.parametrize("answer", ["going", "maybe", "no"])
async def test_the_answer_that_stands_is_marked(house: House, answer: str) -> None:
    assert marked(await house.page(await house.own(PICNIC, answer=answer))) == [answer]


async def test_who_waits_in_line_has_said_going(house: House) -> None:
    await house.own(PICNIC, name="Ben", guests="1")
    waiting = await house.page(await house.own(PICNIC))
    assert "You are on the waitlist" in waiting
    assert marked(waiting) == ["going"]


async def test_nothing_is_marked_once_it_is_taken_back(house: House) -> None:
    own = await house.own(PICNIC)
    await house.press(own, answer="none")
    assert marked(await house.page(own)) == []


async def test_who_was_let_in_is_not_asked_to_ask_again(house: House) -> None:
    asking = replace(PICNIC, approval=True)
    await house.deps.db.write(lambda tx: events.change(tx, asking))
    own = await house.own(PICNIC)
    assert "Ask to come" in await house.page(own)
    (ines,) = await house.everyone(PICNIC)
    await house.deps.db.write(lambda tx: approval.approve(tx, asking, ines.id))
    page = await house.page(own)
    assert "You are going" in page
    assert "Ask to come" not in page


async def test_who_gave_a_mail_address_is_told_to_look_there(house: House) -> None:
    answer = await house.answer(PICNIC, email="ines@mail.example")
    page = await house.page(answer.headers["location"])
    note = re.search(r'<p class="notice" role="status">(.*?)</p>', page)
    assert note
    assert "We wrote to ines@mail.example" in note[1]


async def test_the_page_knows_that_mail_was_stopped(house: House) -> None:
    own = await house.own(PICNIC, email="ines@mail.example")
    await house.deliver_mail()
    (letter,) = house.post.letters
    await house.press(letter.stop_url.removeprefix(BASE))
    page = await house.page(own)
    assert "all our mail to ines@mail.example was stopped" in page
    assert "No reminders, please" not in page


async def test_a_mistyped_mail_address_is_shown_again_beside_its_complaint(house: House) -> None:
    own = await house.own(PICNIC)
    again = await house.press(f"{own}/mail", email="ines@nowhere")
    assert again.status_code == 422
    assert 'value="ines@nowhere"' in again.text
    assert again.text.index("How you hear from us") < again.text.index('role="alert"')
    assert 'aria-invalid="true"' in again.text


async def test_a_page_that_only_counts_speaks_of_no_name_and_says_to_keep_its_address(
    house: House,
) -> None:
    def begin(tx: WriteTx) -> None:
        events.insert(tx, NAMELESS)
        event_secrets.put(tx, NAMELESS.id, b"a secret")

    await house.deps.db.write(begin)
    own = await house.own(NAMELESS)
    page = await house.page(own)
    assert "Keep the address of this page" in page
    assert "your name" not in page.lower()
    gone = (await house.press(f"{own}/forget", sure="yes")).text
    assert "your name" not in gone.lower()
    assert "mailbox" not in gone


async def test_the_place_leads_back_to_its_event(house: House) -> None:
    page = await house.page(await house.own(SUPPER))
    place = re.search(r'href="[^"]*(/place/[^"]+)"', page)
    assert place
    assert f'/events/{SUPPER.id}"' in await house.page(place[1])


async def test_about_says_what_becomes_of_an_answer(house: House) -> None:
    about = await house.page("/about")
    assert "If you say that you come, the organizers see what you typed" in about


async def test_an_event_seen_by_a_member_speaks_of_the_cookie_and_leads_to_their_page(
    house: House,
) -> None:
    path = f"/events/{PICNIC.id}"
    assert "a cookie only for what you chose" in await house.page(path)
    token = await house.deps.db.write(lambda tx: members.sign_in(tx, MARA, instead_of=None))
    house.browser.cookies.set("__Host-member", token)
    page = await house.page(path)
    assert "a cookie only for what you chose" not in page
    assert 'href="/me"' in page
    assert 'href="/sign-in"' not in page


async def test_a_member_with_a_seat_is_not_offered_the_waitlist_of_a_full_event(
    house: House,
) -> None:
    token = await house.deps.db.write(lambda tx: members.sign_in(tx, MARA, instead_of=None))
    house.browser.cookies.set("__Host-member", token)
    path = f"/events/{PICNIC.id}"
    await house.press(f"{path}/rsvp", answer="going", guests="1")
    page = await house.page(path)
    assert "no seat left" in page
    assert marked(page) == ["going"]
    assert "Join the waitlist" not in page


# -- what did not work ---------------------------------------------------------------------


async def test_who_must_sign_in_first_is_led_there(house: House) -> None:
    refused = await house.press(f"/admin/events/{PICNIC.id}/add", name="Ana")
    assert refused.status_code == 401
    assert '<a class="button" href="/sign-in">' in refused.text


# -- the organizers' pages -----------------------------------------------------------------


@pytest.fixture
async def desk(
    app: Starlette, sqlite_db: Database, browser: httpx.AsyncClient
) -> httpx.AsyncClient:
    """A browser, beside all that waits for an organizer."""

    def seed(tx: WriteTx) -> None:
        seed_desk(tx)
        seed_attendance(tx)

    await sqlite_db.write(seed)
    return browser


async def test_what_a_series_is_made_after_is_no_event(
    desk: httpx.AsyncClient, sqlite_db: Database
) -> None:
    await sqlite_db.write(seed_series)
    await enter(desk)
    page = (await desk.get("/admin/events")).text
    made = [
        each.id
        for each in await sqlite_db.read(lambda tx: events.listing(tx, CHAPTER.id))
        if each.name == FIELDS.name
    ]
    listed = re.findall(rf'/admin/events/([\w-]+)"[^>]*>Who comes<[^>]*> – {FIELDS.name}', page)
    assert sorted(listed) == sorted(made)


@pytest.mark.parametrize("role", [Role.OWNER, Role.ORGANIZER])
async def test_who_asked_to_come_waits_on_the_desk(desk: httpx.AsyncClient, role: Role) -> None:
    await enter(desk, role)
    waits = (await desk.get("/admin")).text.partition("Waiting for you")[2]
    assert "1 person asks to come" in waits
    assert f'href="/admin/events/{CAFE.id}"' in waits


@pytest.mark.parametrize("role", [Role.MODERATOR, Role.GREETER])
async def test_who_may_not_decide_is_not_sent_there(desk: httpx.AsyncClient, role: Role) -> None:
    await enter(desk, role)
    assert "asks to come" not in (await desk.get("/admin")).text


async def test_a_past_event_waits_for_nobody(desk: httpx.AsyncClient, sqlite_db: Database) -> None:
    over = replace(
        CAFE,
        starts_at=CAFE.starts_at - timedelta(days=2),
        ends_at=CAFE.starts_at - timedelta(days=1),
    )
    await sqlite_db.write(lambda tx: events.change(tx, over))
    await enter(desk)
    assert "asks to come" not in (await desk.get("/admin")).text


async def test_who_is_in_is_not_asked_to_sign_in(desk: httpx.AsyncClient) -> None:
    await enter(desk)
    for path in ("/admin", "/admin/events", f"/admin/events/{CAFE.id}"):
        assert 'href="/sign-in"' not in (await desk.get(path)).text, path


async def test_a_greeter_is_shown_the_way_to_the_door(desk: httpx.AsyncClient) -> None:
    await enter(desk, Role.GREETER)
    page = (await desk.get("/admin/events")).text
    assert re.search(rf'<a class="button" href="/admin/events/{CAFE.id}/door">At the door', page)
    assert "Write something new" not in page


async def test_who_could_not_be_written_down_is_still_in_the_form(desk: httpx.AsyncClient) -> None:
    await enter(desk)
    typed = {"name": "Ira", "email": "ira@nowhere", "answer": "maybe", "guests": "2"}
    data = {"csrf": await csrf(desk), **typed}
    page = (await desk.post(f"/admin/events/{CAFE.id}/add", data=data, headers=OURS)).text
    assert "that is not a mail address" in page
    for value in ("Ira", "ira@nowhere", "2"):
        assert f'value="{value}"' in page
    assert '<option value="maybe" selected>' in page
