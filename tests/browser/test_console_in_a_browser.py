"""The organizers' desk in a real browser: in by the link, a decision, out again."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from fedi_chapter.domain.organizer import Role
from tests.browser.test_pages_in_a_browser import COLOURS, SMALL_TARGETS, as_hex
from tests.kit.desk import link_of
from tests.web.test_looks import contrast

pytestmark = pytest.mark.browser
DOORS = ("/sign-in", "/sign-in?token=used")


@pytest.fixture(scope="module")
def signed_in(chromium: Browser, site: str) -> Iterator[BrowserContext]:
    """A phone whose owner came in by the link, without scripts."""
    context = chromium.new_context(
        viewport={"width": 390, "height": 844}, java_script_enabled=False
    )
    page = context.new_page()
    page.goto(f"{site}/sign-in?token={link_of(Role.OWNER)}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in as Ana the owner")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Our desk")
    page.close()
    yield context
    context.close()


@pytest.fixture
def desk(chromium: Browser, signed_in: BrowserContext, site: str) -> Iterator[Page]:
    """The desk in a window that takes measures."""
    context = chromium.new_context(storage_state=signed_in.storage_state())
    page = context.new_page()
    page.goto(f"{site}/admin")
    expect(page.get_by_role("heading", level=1)).to_have_text("Our desk")
    yield page
    context.close()


def test_our_policy_blocks_nothing_of_the_desk(desk: Page, site: str) -> None:
    complaints: list[str] = []
    desk.on("console", lambda message: complaints.append(message.text))
    for path in ("/admin", *DOORS):
        desk.goto(site + path)
    assert [text for text in complaints if "403" not in text] == []


@pytest.mark.parametrize("width", [320, 390, 768])
def test_the_desk_does_not_scroll_sideways(desk: Page, site: str, width: int) -> None:
    desk.set_viewport_size({"width": width, "height": 700})
    for path in ("/admin", *DOORS):
        desk.goto(site + path)
        assert desk.evaluate("document.documentElement.scrollWidth") <= width
        assert desk.evaluate(SMALL_TARGETS) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_word_of_the_desk_stands_out_from_its_ground(
    desk: Page, site: str, scheme: str
) -> None:
    desk.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    for path in ("/admin", *DOORS):
        desk.goto(site + path)
        poor = [
            (words, front, back)
            for words, front, back in desk.evaluate(COLOURS)
            if contrast(as_hex(front), as_hex(back)) < 4.5
        ]
        assert poor == []


def test_no_script_sees_the_cookie(desk: Page) -> None:
    assert desk.evaluate("document.cookie") == ""


def test_a_form_on_another_page_moves_nothing(desk: Page, site: str) -> None:
    desk.goto("about:blank")
    desk.set_content(
        f'<form method="post" action="{site}/admin/sign-out"><button>win</button></form>'
    )
    desk.get_by_role("button", name="win").click()
    expect(desk.get_by_text("You may not do this.")).to_be_visible()
    desk.goto(f"{site}/admin")
    expect(desk.get_by_role("heading", level=1)).to_have_text("Our desk")


def test_an_organizer_hides_a_reply_and_signs_out(
    signed_in: BrowserContext, chromium: Browser, site: str
) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site}/sign-in?token={link_of(Role.MODERATOR)}")
    page.get_by_role("button", name="Sign in").click()
    held = page.locator(".reply").filter(has_text="Held for now")
    held.get_by_role("button", name="Hide").click()
    expect(page.get_by_role("status")).to_have_text("The reply stays off our pages.")
    expect(page.locator(".reply").filter(has_text="Held for now")).to_have_count(0)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    page.goto(f"{site}/admin")
    assert page.url == f"{site}/sign-in"
    context.close()
