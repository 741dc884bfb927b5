"""An event on paper: one sheet, a code to scan, a short address, and in black when it is off."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from fedi_chapter.domain.event import Event
from fedi_chapter.domain.short_name import short_name
from tests.kit.inviting import PICNIC, SUPPER
from tests.kit.neighbourhood import BUS, CANCELLED

pytestmark = pytest.mark.browser
LONG = """() => {
  const prose = document.querySelector('.prose');
  if (prose) prose.innerHTML = '<p>' + 'A word about it. '.repeat(60) + '</p>'.repeat(1);
  if (prose) prose.innerHTML = prose.innerHTML.repeat(8);
  document.querySelector('h1').textContent = 'Donaudampfschifffahrt and more '.repeat(7);
  document.querySelectorAll('.notice').forEach((e) => e.append('A reason. '.repeat(50)));
  document.querySelectorAll('.facts dd').forEach((e) => e.append(' and more of it'.repeat(12)));
}"""


@pytest.fixture
def printer(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, color_scheme="dark")
    yield context.new_page()
    context.close()


def sheets(page: Page, paper: str) -> int:
    """Return how many sheets a page takes."""
    return len(re.findall(rb"/Type\s*/Page\b", page.pdf(format=paper)))


@pytest.mark.parametrize("paper", ["A4", "Letter"])
@pytest.mark.parametrize("event", [BUS, PICNIC, SUPPER, CANCELLED])
def test_a_flyer_is_one_sheet_however_much_there_is_to_say(
    printer: Page, site: str, event: Event, paper: str
) -> None:
    printer.goto(f"{site}/events/{event.id}")
    assert sheets(printer, paper) == 1
    printer.evaluate(LONG)
    assert sheets(printer, paper) == 1


def test_a_flyer_has_a_code_and_a_short_address_that_lead_to_the_event(
    printer: Page, site: str
) -> None:
    printer.goto(f"{site}/events/{BUS.id}")
    printer.emulate_media(media="print")
    expect(printer.locator(".flyer-url svg.qr")).to_be_visible()
    told = printer.locator(".flyer-url a")
    short = f"/e/{short_name(BUS.id)}"
    expect(told).to_have_text(site.removeprefix("http://") + short)
    for hidden in ("nav", ".answer-bar", "#sign-up", ".tongues", ".event-talk"):
        expect(printer.locator(hidden).first).to_be_hidden()
    printer.goto(site + short)
    expect(printer).to_have_url(f"{site}/events/{BUS.id}")


@pytest.mark.parametrize("event", [BUS, PICNIC, SUPPER, CANCELLED])
def test_what_stands_beside_the_text_has_the_whole_column(
    printer: Page, site: str, event: Event
) -> None:
    printer.goto(f"{site}/events/{event.id}")
    printer.emulate_media(media="print")
    columns = printer.locator(".facts dl").evaluate("e => getComputedStyle(e).columnCount")
    assert columns == "auto"


@pytest.mark.parametrize("event", [BUS, PICNIC, SUPPER, CANCELLED])
def test_no_fact_is_cut_while_the_sheet_has_room(printer: Page, site: str, event: Event) -> None:
    printer.goto(f"{site}/events/{event.id}")
    printer.emulate_media(media="print")
    printer.evaluate(
        "document.querySelector('.facts dl').lastElementChild.append(' and more'.repeat(10))"
    )
    low = "e => e.getBoundingClientRect().bottom"
    last = printer.locator(".facts dl > :last-child").evaluate(low)
    for around in (".facts", ".h-event"):
        assert last <= printer.locator(around).evaluate(low) + 1, around
    assert sheets(printer, "Letter") == 1


def test_a_cancelled_flyer_says_so_in_black_on_white(printer: Page, site: str) -> None:
    printer.goto(f"{site}/events/{CANCELLED.id}")
    printer.emulate_media(media="print")
    for words in (".flyer .eyebrow", ".notice-off", ".flyer h1"):
        said = printer.locator(words)
        expect(said).to_be_visible()
        assert said.evaluate("e => getComputedStyle(e).color") == "rgb(0, 0, 0)"
        assert "0)" in said.evaluate("e => getComputedStyle(e).backgroundColor")
    expect(printer.locator(".flyer .eyebrow")).to_have_text("Cancelled")
    size = "e => parseFloat(getComputedStyle(e).fontSize)"
    assert printer.locator(".flyer .eyebrow").evaluate(size) >= 36
    assert printer.evaluate("getComputedStyle(document.body).backgroundColor") == (
        "rgb(255, 255, 255)"
    )
