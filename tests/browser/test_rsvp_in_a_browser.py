"""Answering an event in a real browser: by keyboard, without scripts, on small screens."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.test_pages_in_a_browser import COLOURS, SMALL_TARGETS, as_hex
from tests.kit.inviting import PICNIC, SUPPER
from tests.web.test_looks import contrast

pytestmark = pytest.mark.browser

PICNIC_PATH, SUPPER_PATH = f"/events/{PICNIC.id}", f"/events/{SUPPER.id}"


def answer(page: Page, site: str, path: str, *, name: str = "Ines") -> str:
    """Fill the form in and say yes; return the address of one's own page."""
    page.goto(site + path)
    page.get_by_label("Your name, or what we may call you").fill(name)
    page.get_by_role("button", name="I’m coming", exact=True).click()
    expect(page).to_have_url(re.compile("/rsvp/"))
    return page.url


@pytest.fixture(scope="module")
def own(chromium: Browser, site: str) -> str:
    """The page of somebody who has a seat at the supper."""
    context = chromium.new_context(java_script_enabled=False)
    url = answer(context.new_page(), site, SUPPER_PATH, name="Wanda")
    context.close()
    return url


@pytest.fixture(scope="module")
def pages(chromium: Browser, site: str, own: str) -> list[str]:
    """Every page an answer leads over."""
    context = chromium.new_context()
    page = context.new_page()
    page.goto(own)
    place = page.get_by_role("link", name="The place alone").get_attribute("href")
    context.close()
    return [site + PICNIC_PATH, site + SUPPER_PATH, own, str(place)]


@pytest.fixture
def plain(chromium: Browser) -> Iterator[Page]:
    """A phone without scripts."""
    context = chromium.new_context(
        viewport={"width": 390, "height": 844}, java_script_enabled=False
    )
    yield context.new_page()
    context.close()


def test_a_visitor_without_scripts_answers_changes_and_is_forgotten(plain: Page, site: str) -> None:
    answer(plain, site, SUPPER_PATH)
    expect(plain.get_by_role("status")).to_have_text("Your answer is noted.")
    expect(plain.get_by_role("heading", name="You are going")).to_be_visible()
    expect(plain.get_by_text("7 Hidden Lane")).to_be_visible()
    plain.get_by_role("button", name="Can’t come").click()
    expect(plain.get_by_role("heading", name="You can’t come")).to_be_visible()
    expect(plain.get_by_text("7 Hidden Lane")).to_have_count(0)
    plain.get_by_label("Yes, erase all of it").check()
    plain.get_by_role("button", name="Erase it").click()
    expect(plain.get_by_role("heading", level=1)).to_have_text("Forgotten")


def test_a_wrong_address_is_named_and_nothing_typed_is_lost(plain: Page, site: str) -> None:
    plain.goto(site + SUPPER_PATH)
    plain.get_by_label("Your name, or what we may call you").fill("Ines")
    plain.get_by_label("Your mail address, if you like").fill("ines@server")  # browsers let it pass
    plain.get_by_label("Guests you bring").fill("2")
    plain.get_by_role("button", name="I’m coming", exact=True).click()
    expect(plain.get_by_role("alert")).to_contain_text("not a mail address")
    expect(plain.get_by_label("Your name, or what we may call you")).to_have_value("Ines")
    expect(plain.get_by_label("Guests you bring")).to_have_value("2")


def test_the_whole_way_can_be_gone_by_keyboard(page: Page, site: str) -> None:
    page.goto(site + SUPPER_PATH)
    page.get_by_label("Your name, or what we may call you").focus()
    page.keyboard.type("Ines")
    reached = []
    for _ in range(3):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.value"))
    assert reached == ["email", "guests", "going"]  # and never the trap
    ring = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert ring == "solid"
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/rsvp/"))


def test_nobody_sees_the_trap(page: Page, site: str) -> None:
    page.goto(site + SUPPER_PATH)
    box = page.locator("#website").bounding_box()
    trap = page.locator(".trap").bounding_box()
    assert trap is not None
    assert (trap["width"], trap["height"]) == (1, 1)
    assert box is not None
    assert page.locator(".trap").get_attribute("aria-hidden") == "true"


def test_our_policy_blocks_nothing_and_no_screen_scrolls_sideways(
    chromium: Browser, pages: list[str]
) -> None:
    for width in (320, 360, 768, 1280):
        context = chromium.new_context(viewport={"width": width, "height": 800})
        page = context.new_page()
        complaints: list[str] = []
        page.on("console", lambda message, heard=complaints: heard.append(message.text))
        for url in pages:
            page.goto(url)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, url
            assert page.evaluate(SMALL_TARGETS) == []
        assert complaints == []
        context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_word_stands_out_from_its_ground(
    chromium: Browser, pages: list[str], scheme: str
) -> None:
    context = chromium.new_context(color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    for url in pages:
        page.goto(url)
        poor = [
            (words, front, back)
            for words, front, back in page.evaluate(COLOURS)
            if contrast(as_hex(front), as_hex(back)) < 4.5
        ]
        assert poor == [], url
    context.close()


def test_one_page_is_not_kept_behind_the_back_button(page: Page, own: str, site: str) -> None:
    page.goto(own)
    answer_headers = page.request.get(own).headers
    assert answer_headers["cache-control"] == "private, no-store, no-transform"
    page.get_by_role("link", name="The event’s page").click()
    expect(page).to_have_url(re.compile(SUPPER_PATH))
    assert page.evaluate("document.referrer") in ("", own)
