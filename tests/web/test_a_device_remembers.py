"""Once somebody answered, the event's page shows their answer on that device, and asks no more."""

import re
from datetime import timedelta

import pytest

from fedi_chapter.core.clock import SetClock
from fedi_chapter.services import members
from tests.kit.guests import PATH, House
from tests.kit.inviting import PICNIC, SUPPER
from tests.kit.neighbourhood import MARA, post_id

pytestmark = pytest.mark.anyio
FORM = 'name="name"'


async def test_an_answer_is_shown_again_instead_of_an_empty_form(house: House) -> None:
    assert FORM in await house.page(PATH)
    own = await house.own(PICNIC, name="Ines", guests="1")
    answer = await house.browser.get(PATH)
    assert FORM not in answer.text
    assert "You are going" in answer.text
    assert "with 1 guest" in answer.text
    assert f'{own}"' in answer.text
    assert "remembers your answer until the event is over" in answer.text
    assert answer.headers["cache-control"] == "private, no-store, no-transform"


async def test_the_form_says_before_that_the_device_will_remember(house: House) -> None:
    assert "This device remembers it, by one cookie" in await house.page(PATH)


async def test_a_device_remembers_each_event_apart_and_tells_nobody_else(house: House) -> None:
    answered = await house.answer(PICNIC)
    cookie = answered.headers["set-cookie"]
    assert f"; Path={PATH};" in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Secure" in cookie
    assert FORM in await house.page(f"/events/{SUPPER.id}")
    assert "x-request-id" in (await house.browser.get("/")).headers
    assert "x-request-id" not in (await house.browser.get("/")).headers  # no cookie went along


async def test_nobody_else_is_shown_what_a_device_remembers(house: House) -> None:
    await house.own(PICNIC)
    kept = dict(house.browser.cookies)
    assert "You are going" in await house.page(PATH)
    house.browser.cookies.clear()
    assert "You are going" not in await house.page(PATH)
    (name,) = kept
    for forged in ("", "x", f"{kept[name]}A", kept[name][::-1]):
        house.browser.cookies.set(name, forged, domain="eastside.example.org", path=PATH)
        assert FORM in await house.page(PATH)
    house.browser.cookies.clear()
    other = f"/events/{SUPPER.id}"
    house.browser.cookies.set(name, kept[name], domain="eastside.example.org", path=other)
    assert FORM in await house.page(other)


async def test_what_is_remembered_is_what_was_said_last(house: House) -> None:
    own = await house.own(PICNIC)
    await house.press(own, answer="no")
    assert "You can’t come" in await house.page(PATH)
    await house.press(own, answer="none")
    page = await house.page(PATH)
    assert "You took your answer back" in page
    assert FORM not in page


async def test_a_device_that_changes_an_answer_remembers_it_too(house: House) -> None:
    own = await house.own(PICNIC)
    house.browser.cookies.clear()
    await house.page(own)
    assert FORM in await house.page(PATH)  # looking alone leaves nothing
    await house.press(own, answer="maybe")
    assert "Perhaps you come" in await house.page(PATH)


async def test_two_people_can_share_a_device(house: House) -> None:
    first = await house.own(PICNIC, name="Ines")
    assert FORM in await house.page(f"{PATH}?answer=new")
    second = await house.own(PICNIC, name="Ben")
    assert first != second
    assert f'{second}"' in await house.page(PATH)
    assert len(await house.everyone(PICNIC)) == 2


async def test_a_device_forgets_when_it_is_told_to_and_the_answer_stays(house: House) -> None:
    await house.own(PICNIC)
    answer = await house.press(f"{PATH}/forget-device")
    assert (answer.status_code, answer.headers["location"]) == (303, PATH)
    assert list(house.browser.cookies) == []
    assert FORM in await house.page(PATH)
    assert len(await house.everyone(PICNIC)) == 1


async def test_who_is_erased_is_forgotten_by_the_device_as_well(house: House) -> None:
    own = await house.own(PICNIC)
    await house.press(f"{own}/forget", sure="yes")
    assert list(house.browser.cookies) == []
    assert FORM in await house.page(PATH)


async def test_an_answer_that_is_gone_asks_anew(house: House) -> None:
    await house.own(PICNIC)
    kept = dict(house.browser.cookies)
    (name,) = kept
    own = re.search(r'href="[^"]*(/rsvp/[^"?]+)"', await house.page(PATH))
    assert own
    await house.press(f"{own[1]}/forget", sure="yes")
    house.browser.cookies.set(name, kept[name], domain="eastside.example.org", path=PATH)
    assert FORM in await house.page(PATH)


async def test_nothing_is_remembered_longer_than_a_day_after_the_event(
    house: House, clock: SetClock
) -> None:
    answered = await house.answer(PICNIC)
    age = re.search(r"Max-Age=(\d+)", answered.headers["set-cookie"])
    assert age
    lasts = PICNIC.over_at + timedelta(days=1) - clock.now()
    assert int(age[1]) == int(lasts.total_seconds())


async def test_another_site_can_not_make_a_device_forget(house: House) -> None:
    await house.own(PICNIC)
    headers = {"Sec-Fetch-Site": "cross-site"}
    answer = await house.browser.post(f"{PATH}/forget-device", headers=headers)
    assert answer.status_code == 403
    assert "You are going" in await house.page(PATH)


# -- who is signed in ------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/follow", PATH, f"/posts/{post_id(1)}"])
async def test_who_is_signed_in_is_not_asked_for_an_address(house: House, path: str) -> None:
    asked = await house.page(path)
    assert '<input id="handle"' in asked
    token = await house.deps.db.write(lambda tx: members.sign_in(tx, MARA, instead_of=None))
    house.browser.cookies.set("__Host-member", token)
    answer = await house.browser.get(path)
    assert 'id="handle"' not in answer.text
    assert 'id="email"' not in answer.text
    assert "Type your address" not in answer.text
    assert 'name="handle" value="mara@social.example.com"' in answer.text
    assert 'href="/me"' in answer.text
    assert answer.headers["cache-control"] == "private, no-store, no-transform"
    house.browser.cookies.clear()
    assert "mara@social.example.com" not in (await house.page(path)).replace("@mara@", "")
