"""The table of who answered in which way, on a small phone."""

import pytest
from playwright.sync_api import Browser

pytestmark = pytest.mark.browser
TABLE = """
<link rel="stylesheet" href="{site}/static/style.css">
<div class="scrolls" style="width: 324px"><table class="counts">
<thead><tr><td></td>{ways}</tr></thead>
<tbody><tr><th scope="row">Lista de espera</th>{numbers}</tr></tbody>
</table></div>
"""
"""As on the desk; the words are Spanish, for they are the longest we have."""


@pytest.mark.parametrize("ways", [("A mano", "En total"), ("Nuestra página", "Correo", "En total")])
def test_few_ways_and_their_sum_are_seen_without_scrolling(
    chromium: Browser, site: str, ways: tuple[str, ...]
) -> None:
    page = chromium.new_page(viewport={"width": 360, "height": 740})
    page.set_content(
        TABLE.format(
            site=site,
            ways="".join(f'<th scope="col">{way}</th>' for way in ways),
            numbers="<td>12</td>" * len(ways),
        ),
        wait_until="load",
    )
    assert (
        page.locator(".counts caption, .counts td").first.evaluate(
            "cell => getComputedStyle(cell).textAlign"
        )
        == "end"
    )  # the sheet of styles is there
    table, room = page.locator(".scrolls").evaluate("it => [it.scrollWidth, it.clientWidth]")
    page.close()
    assert table <= room
