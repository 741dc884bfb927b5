"""What somebody sees first who opens an event on a phone: what it is, and a button to say yes."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from fedi_chapter.domain.event import Event
from tests.kit.inviting import PICNIC, SUPPER
from tests.kit.neighbourhood import BUS, CANCELLED

pytestmark = pytest.mark.browser
WIDTH, HEIGHT = 390, 844
PICNIC_PATH, BUS_PATH = f"/events/{PICNIC.id}", f"/events/{BUS.id}"


@pytest.fixture
def phone(chromium: Browser) -> Iterator[Page]:
    """A phone without scripts."""
    context = chromium.new_context(
        viewport={"width": WIDTH, "height": HEIGHT}, java_script_enabled=False
    )
    yield context.new_page()
    context.close()


def is_in_view(found: Locator) -> bool:
    """Tell whether all of it can be seen without scrolling."""
    box = found.bounding_box()
    assert box is not None
    return box["y"] >= 0 and box["y"] + box["height"] <= HEIGHT


@pytest.mark.parametrize("event", [PICNIC, SUPPER])
def test_the_first_screen_has_the_name_to_fill_in_and_the_button(
    phone: Page, site: str, event: Event
) -> None:
    phone.goto(f"{site}/events/{event.id}")
    assert is_in_view(phone.get_by_role("heading", level=1))
    assert is_in_view(phone.get_by_label("Your name, or what we may call you"))
    for words in ("I’m coming", "Maybe", "Can’t come"):
        assert is_in_view(phone.get_by_role("button", name=words, exact=True)), words


def test_the_longest_title_and_a_change_of_plan_leave_the_button_in_view(
    chromium: Browser, site: str
) -> None:
    context = chromium.new_context(viewport={"width": WIDTH, "height": HEIGHT})
    page = context.new_page()
    page.goto(site + PICNIC_PATH)
    page.evaluate(
        """() => {
          const title = document.querySelector('h1');
          title.textContent = 'Neighbours of the east '.repeat(9).slice(0, 200);
          title.classList.add('display-long');
          const said = '<div class="wide"><p class="notice">This event has a new time.</p></div>';
          document.querySelector('.flyer').insertAdjacentHTML('afterend', said);
        }"""
    )
    assert is_in_view(page.get_by_role("button", name="I’m coming", exact=True))
    context.close()


def test_where_one_signs_up_elsewhere_the_way_is_on_the_first_screen(
    phone: Page, site: str
) -> None:
    phone.goto(site + BUS_PATH)
    assert is_in_view(phone.get_by_role("link", name="Sign up at forms.example.net"))


def test_below_the_answer_a_bar_stays_that_leads_back_up(chromium: Browser, site: str) -> None:
    context = chromium.new_context(viewport={"width": WIDTH, "height": HEIGHT})
    page = context.new_page()
    page.goto(site + BUS_PATH)
    bar = page.get_by_role("link", name="I’m coming", exact=True)
    for where in (0.4, 0.7):
        page.evaluate(f"scrollTo(0, (document.querySelector('.talk').offsetTop) * {where})")
        assert is_in_view(bar)
    bar.click()
    expect(page).to_have_url(re.compile("#sign-up$"))
    assert is_in_view(page.get_by_role("link", name="Sign up at forms.example.net"))
    context.close()


def test_a_bar_hides_nothing_the_keyboard_reaches(chromium: Browser, site: str) -> None:
    context = chromium.new_context(viewport={"width": WIDTH, "height": HEIGHT})
    page = context.new_page()
    for path in (PICNIC_PATH, BUS_PATH):
        page.goto(site + path)
        for _ in range(40):
            page.keyboard.press("Tab")
            seen = page.evaluate(
                """() => {
                  const it = document.activeElement, box = it.getBoundingClientRect();
                  if (it === document.body || it.closest('.skip')) return true;
                  const y = Math.min(box.top + box.height / 2, innerHeight - 1);
                  const top = document.elementFromPoint(box.left + box.width / 2, y);
                  return it.contains(top) || top?.contains(it) || top?.htmlFor === it.id;
                }"""
            )
            assert seen, page.evaluate("document.activeElement.outerHTML")
    context.close()


def test_a_visitor_without_scripts_changes_the_language_and_keeps_it(
    phone: Page, site: str
) -> None:
    phone.goto(site + PICNIC_PATH)
    phone.get_by_role("button", name="Español").click()
    expect(phone).to_have_url(site + PICNIC_PATH)
    expect(phone.locator("html")).to_have_attribute("lang", "es")
    phone.goto(f"{site}/about")
    expect(phone.get_by_role("button", name="English")).to_be_visible()


def test_a_phone_remembers_the_answer_until_it_is_told_to_forget(phone: Page, site: str) -> None:
    path = f"{site}/events/{SUPPER.id}"
    phone.goto(path)
    phone.get_by_label("Your name, or what we may call you").fill("Ines")
    phone.get_by_role("button", name="I’m coming", exact=True).click()
    expect(phone.get_by_role("heading", name="You are going")).to_be_visible()
    phone.goto(path)
    assert is_in_view(phone.get_by_role("heading", name="You are going"))
    expect(phone.get_by_label("Your name, or what we may call you")).to_have_count(0)
    phone.get_by_role("button", name="Forget it on this device").click()
    expect(phone.get_by_label("Your name, or what we may call you")).to_be_visible()


def test_ones_name_comes_before_accounts_elsewhere(phone: Page, site: str) -> None:
    phone.goto(site + PICNIC_PATH)
    name = phone.get_by_label("Your name, or what we may call you").bounding_box()
    account = phone.get_by_role("heading", name="With an account you have elsewhere").bounding_box()
    assert name is not None
    assert account is not None
    assert name["y"] < account["y"]


@pytest.mark.parametrize("width", [320, 390])
@pytest.mark.parametrize(
    "path", [PICNIC_PATH, BUS_PATH, f"/events/{CANCELLED.id}", "/", "/sign-in"]
)
def test_no_word_of_a_page_is_broken_on_a_phone(
    chromium: Browser, site: str, path: str, width: int
) -> None:
    context = chromium.new_context(viewport={"width": width, "height": HEIGHT})
    page = context.new_page()
    page.goto(site + path)
    assert page.evaluate(BROKEN) == []
    context.close()


BROKEN = r"""() => {
  const found = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const node = walk.currentNode;
    const apart = '.handle, .copy, .copy-big, [translate=no], .unseen, .sheet, .trap';
    if (node.parentElement.closest(apart)) continue;
    for (const match of node.data.matchAll(/[\p{L}\p{N}’]+/gu)) {
      const range = document.createRange();
      range.setStart(node, match.index);
      range.setEnd(node, match.index + match[0].length);
      const lines = new Set([...range.getClientRects()].map((box) => Math.round(box.top)));
      if (lines.size > 1) found.push(match[0]);
    }
  }
  return found;
}"""
"""Words that stand on two lines; addresses may be cut anywhere."""
