"""The page of a series in a real browser: found from its event, readable on every screen."""

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.test_pages_in_a_browser import COLOURS, as_hex
from tests.web.test_looks import contrast

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_a_reader_finds_the_other_dates_of_an_event(
    chromium: Browser, site: str, width: int, scheme: str
) -> None:
    context = chromium.new_context(
        viewport={"width": width, "height": 800},
        color_scheme=scheme,  # type: ignore[arg-type]
    )
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(f"{site}/calendar")
    page.get_by_role("link", name="Open evening").first.click()
    page.get_by_role("link", name="Every Tuesday").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Open evening")
    ahead = page.get_by_role("listitem").filter(has_text="Details follow nearer the day.")
    expect(ahead).to_have_count(7)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for text, ink, ground in page.evaluate(COLOURS):
        assert contrast(as_hex(ink), as_hex(ground)) >= 4.5, text
    with page.expect_download() as download:
        page.get_by_role("link", name="Add all dates to your calendar").evaluate(
            "link => { link.download = 'series.ics'; link.click(); }"
        )
    assert "RRULE:FREQ=WEEKLY" in download.value.path().read_text()
    assert complaints == []
    context.close()
