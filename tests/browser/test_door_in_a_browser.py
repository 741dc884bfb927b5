"""The door in a real browser: three phones at once, one of them without a network."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from fedi_chapter.domain.organizer import Role
from tests.browser.test_pages_in_a_browser import COLOURS, SMALL_TARGETS, as_hex
from tests.kit.attendance import CAFE, greeter_link
from tests.kit.desk import link_of
from tests.web.test_looks import contrast

pytestmark = pytest.mark.browser
DOOR = f"/admin/events/{CAFE.id}/door"
SENT = "Everything is sent."
NEWS = 15_000
"""Milliseconds until a phone has asked for news."""
Phones = Callable[..., Page]


@pytest.fixture(scope="module")
def keys(chromium: Browser, site: str) -> list[object]:
    """What signed-in phones hold: each link works only once."""
    held = list[object]()
    for number in range(3):
        context = chromium.new_context()
        page = context.new_page()
        page.goto(f"{site}/sign-in?token={greeter_link(number)}")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Events and who comes")
        held.append(context.storage_state())
        context.close()
    return held


@pytest.fixture
def phone(chromium: Browser, site: str, keys: list[object]) -> Iterator[Phones]:
    """Give out phones at the door, each signed in as another greeter."""
    contexts = list[BrowserContext]()

    def give(number: int = 0, **options: object) -> Page:
        context = chromium.new_context(
            storage_state=keys[number],  # type: ignore[arg-type]
            **{"viewport": {"width": 390, "height": 844}, **options},  # type: ignore[arg-type]
        )
        contexts.append(context)
        page = context.new_page()
        page.goto(site + DOOR)
        return page

    yield give
    for context in contexts:
        context.close()


def ready(page: Page) -> None:
    """Wait until the page can be reloaded without a network."""
    expect(page.locator("#door-state")).to_have_text(SENT)
    page.wait_for_function(
        "async (path) => navigator.serviceWorker.controller && Boolean(await caches.match(path))",
        arg=DOOR,
    )


def check_in(page: Page, name: str) -> None:
    page.get_by_role("button", name=f"Check in: {name}").click()
    expect(page.get_by_role("button", name=f"Undo: {name}")).to_be_visible()


def undo(page: Page, name: str) -> None:
    button = page.get_by_role("button", name=f"Undo: {name}")
    button.click()
    expect(button).to_have_count(0)


def walk_in(page: Page, name: str, guests: int = 0) -> None:
    box = page.locator("#door-walk-in")
    box.get_by_label("Name").fill(name)
    box.get_by_label("Guests").fill(str(guests))
    box.get_by_role("button", name="Write down").click()
    expect(page.get_by_role("button", name=f"Undo: {name}")).to_be_visible()


def shows(page: Page, *names: str) -> None:
    """Wait until all that phone noted is sent, and these people are here by it."""
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(page.locator(".is-here .door-name")).to_have_text(list(names), timeout=NEWS)
    expect(page.locator("#door-state")).to_have_text(SENT)


def test_three_phones_one_without_a_network_lose_nothing_and_count_nobody_twice(
    phone: Phones,
) -> None:
    first, second, third = (phone(number) for number in range(3))
    for page in (first, second, third):
        ready(page)
    third.clock.install()
    third.context.set_offline(True)
    check_in(third, "Mara")
    check_in(third, "Ben")
    walk_in(third, "Gil", 1)
    third.clock.fast_forward("12:00")
    undo(third, "Ben")
    check_in(first, "Mara")
    check_in(second, "Mara")
    walk_in(second, "Hana")
    expect(third.locator("#door-state")).to_contain_text("Not sent yet: 4")
    third.reload()
    expect(third.get_by_role("button", name="Undo: Gil")).to_be_visible()
    check_in(third, "Eli")
    third.context.set_offline(False)
    for page in (third, first, second):
        shows(page, "Eli", "Gil", "Hana", "Mara Lindqvist")
        expect(page.locator("#door-here")).to_have_text("6")  # Mara and Gil each brought a guest
    for name in ("Eli", "Gil", "Hana", "Mara"):
        undo(first, name)
    shows(second)


def test_three_windows_of_one_phone_lose_nothing_of_one_another(phone: Phones, site: str) -> None:
    first = phone()
    ready(first)
    windows = [first, first.context.new_page(), first.context.new_page()]
    for page in windows[1:]:
        page.goto(site + DOOR)
        ready(page)
    first.context.set_offline(True)
    for page, name in zip(windows, ("Ivo", "Jana", "Kim"), strict=True):
        walk_in(page, name)
    for page in windows:
        expect(page.locator("#door-state")).to_contain_text("Not sent yet: 3")
    for page in windows[1:]:
        page.close()
    first.context.set_offline(False)
    shows(first, "Ivo", "Jana", "Kim")
    for name in ("Ivo", "Jana", "Kim"):
        undo(first, name)
    shows(first)


def test_a_phone_that_was_closed_without_a_network_still_knows_what_it_noted(
    phone: Phones, site: str
) -> None:
    page = phone()
    ready(page)
    context = page.context
    context.set_offline(True)
    walk_in(page, "Lou")
    page.close()
    again = context.new_page()
    again.goto(site + DOOR)
    expect(again.get_by_role("button", name="Undo: Lou")).to_be_visible()
    context.set_offline(False)
    shows(again, "Lou")
    undo(again, "Lou")
    shows(again)


def test_a_phone_whose_session_ended_forgets_the_list_and_sends_what_it_noted_later(
    phone: Phones, site: str
) -> None:
    page = phone()
    ready(page)
    context = page.context
    held = context.cookies()
    context.set_offline(True)
    walk_in(page, "Nell")
    context.clear_cookies()
    context.set_offline(False)
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(page.locator("#door-state")).to_contain_text("sign in again on this phone")
    expect(page.locator(".door-name")).to_have_text(["Nell"])
    assert "Mara" not in page.evaluate("JSON.stringify({...localStorage})")
    context.add_cookies(held)  # type: ignore[arg-type]
    page.goto(site + DOOR)
    shows(page, "Nell")
    undo(page, "Nell")
    shows(page)


def test_signing_out_leaves_no_name_on_the_phone(chromium: Browser, site: str) -> None:
    context = chromium.new_context()
    page = context.new_page()
    page.goto(f"{site}/sign-in?token={greeter_link(3)}")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Events and who comes")
    page.goto(site + DOOR)
    ready(page)
    assert "Mara" in page.evaluate("JSON.stringify({...localStorage})")
    page.get_by_role("button", name="Sign out and wipe this phone").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    assert page.evaluate("localStorage.length") == 0
    assert page.evaluate("caches.keys().then((keys) => keys.length)") == 0
    context.set_offline(True)
    with pytest.raises(Exception, match="ERR_INTERNET_DISCONNECTED"):
        page.goto(site + DOOR)
    context.close()


def test_the_list_is_wiped_some_hours_after_the_event(phone: Phones, site: str) -> None:
    page = phone()
    ready(page)
    page.evaluate(
        """Object.keys(localStorage).filter((key) => key.endsWith(':forget'))
        .forEach((key) => localStorage.setItem('door:old:forget', '2020-01-01T00:00:00Z'))"""
    )
    page.evaluate("localStorage.setItem('door:old:list', '{}')")
    page.reload()
    page.wait_for_function(
        "() => !Object.keys(localStorage).some((key) => key.startsWith('door:old'))"
    )


def test_a_page_left_open_keeps_no_list_once_the_event_is_long_over(
    phone: Phones, site: str
) -> None:
    page = phone()
    page.clock.install()
    page.reload()
    ready(page)
    page.evaluate(f"localStorage.setItem('door:{CAFE.id}:forget', '2020-01-01T00:00:00Z')")
    page.clock.fast_forward("00:10")
    page.wait_for_url(f"{site}/admin/events")
    assert "Mara" not in page.evaluate("JSON.stringify({...localStorage})")


def test_an_answer_that_comes_after_the_phone_was_wiped_brings_no_name_back(
    phone: Phones,
) -> None:
    page = phone()
    ready(page)
    with page.expect_response("**/sync") as answered:
        page.evaluate("localStorage.clear(); dispatchEvent(new Event('online'))")
    assert "Mara" in answered.value.text()
    page.wait_for_timeout(200)
    assert "Mara" not in page.evaluate("JSON.stringify({...localStorage})")


@pytest.mark.parametrize("body", ["<!DOCTYPE html>", '{"list": null}'])
def test_one_answer_that_makes_no_sense_does_not_stop_the_phone(phone: Phones, body: str) -> None:
    page = phone()
    ready(page)
    page.route("**/sync", lambda route: route.fulfill(status=200, body=body))
    walk_in(page, "Oli")
    expect(page.locator("#door-state")).to_contain_text("Not sent yet: 1")
    page.unroute("**/sync")
    shows(page, "Oli")
    undo(page, "Oli")
    shows(page)


def test_a_double_tap_checks_somebody_in(phone: Phones) -> None:
    page = phone(viewport={"width": 1280, "height": 900})  # there one button follows the other
    ready(page)
    page.get_by_role("button", name="Check in: Ben").dblclick()
    shows(page, "Ben")
    undo(page, "Ben")
    shows(page)


def test_who_is_taken_back_without_a_network_is_not_called_here(phone: Phones) -> None:
    page = phone()
    ready(page)
    check_in(page, "Eli")
    shows(page, "Eli")
    page.context.set_offline(True)
    undo(page, "Eli")
    eli = page.locator(".door-person").filter(has_text="Eli")
    expect(eli.locator("[data-part=status]")).to_have_text("")
    page.context.set_offline(False)
    shows(page)


def test_the_page_stays_when_the_server_behind_the_network_is_down(
    phone: Phones, site: str
) -> None:
    page = phone()
    ready(page)
    page.context.route(site + DOOR, lambda route: route.fulfill(status=502, body="Bad Gateway"))
    page.reload()
    expect(page.get_by_role("button", name="Check in: Mara")).to_be_visible()
    page.context.unroute(site + DOOR)


def test_somebody_is_found_by_typing_a_name_or_the_code_of_a_pass(phone: Phones) -> None:
    page = phone()
    ready(page)
    code = page.locator(".door-person").filter(has_text="Ben").locator(".door-code").inner_text()
    for typed in ("ben", code.lower()):
        page.get_by_label("Name, handle or code").fill(typed)
        expect(page.locator(".door-person")).to_have_count(1)
        expect(page.locator(".door-name")).to_have_text("Ben")
    page.get_by_label("Name, handle or code").fill("nobody at all")
    expect(page.get_by_text("Nobody is called so.")).to_be_visible()


def test_the_keyboard_checks_people_in(phone: Phones) -> None:
    page = phone()
    ready(page)
    page.get_by_label("Name, handle or code").fill("Eli")
    page.get_by_role("button", name="Check in: Eli").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Undo: Eli")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Check in: Eli")).to_be_focused()
    shows(page)


def test_without_scripts_the_door_works_by_forms(phone: Phones) -> None:
    page = phone(java_script_enabled=False)
    page.get_by_label("Name, handle or code").fill("Ben")
    page.get_by_role("button", name="Find").click()
    expect(page.locator(".door-person")).to_have_count(1)
    page.get_by_role("button", name="Check in – Ben").click()
    page.get_by_role("button", name="Undo – Ben").click()
    expect(page.get_by_role("button", name="Check in – Ben")).to_be_visible()


def test_our_policy_blocks_nothing_of_the_door(phone: Phones, site: str) -> None:
    page = phone()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.reload()
    ready(page)
    assert complaints == []


@pytest.fixture(scope="module")
def hosting(chromium: Browser, site: str) -> Iterator[BrowserContext]:
    """An organizer's browser."""
    context = chromium.new_context()
    page = context.new_page()
    page.goto(f"{site}/sign-in?token={link_of(Role.ORGANIZER)}")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Our desk")
    page.close()
    yield context
    context.close()


PAGES = ("/admin/events", f"/admin/events/{CAFE.id}", DOOR)


@pytest.mark.parametrize("width", [320, 390, 768])
def test_no_page_of_an_event_scrolls_sideways(
    hosting: BrowserContext, site: str, width: int
) -> None:
    page = hosting.new_page()
    page.set_viewport_size({"width": width, "height": 700})
    for path in PAGES:
        page.goto(site + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        assert page.evaluate(SMALL_TARGETS) == []
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_word_of_these_pages_stands_out(
    hosting: BrowserContext, site: str, scheme: str
) -> None:
    page = hosting.new_page()
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    for path in PAGES:
        page.goto(site + path)
        poor = [
            (words, front, back)
            for words, front, back in page.evaluate(COLOURS)
            if contrast(as_hex(front), as_hex(back)) < 4.5
        ]
        assert poor == []
    page.close()


@pytest.mark.parametrize("guests", ["3.5", "1e3", "-1", "10"])
def test_guests_that_are_no_number_are_not_noted_as_another_number(
    phone: Phones, guests: str
) -> None:
    page = phone()
    eli = page.locator(".door-person").filter(has_text="Eli")
    eli.get_by_role("spinbutton").fill(guests)
    eli.get_by_role("button").click()
    expect(eli.get_by_role("spinbutton")).to_be_focused()
    expect(eli.get_by_role("spinbutton")).to_have_value(guests)
    expect(page.get_by_role("button", name="Undo: Eli")).to_have_count(0)
