"""The table of who answered in which way, on a small phone."""

import pytest
from playwright.sync_api import Browser

from tests.browser.test_first_look_in_a_browser import BROKEN

pytestmark = pytest.mark.browser
TABLE = """
<link rel="stylesheet" href="{site}/static/style.css">
<div id="desk" style="width: {room}px; margin: auto"><table class="counts">
<caption>Cuántas personas, y por qué camino vinieron</caption><tbody>{rows}</tbody></table></div>
"""
STATES = ("Viene", "Espera un sí", "Lista de espera", "No pudo venir")
WAYS = (
    "Encuesta",
    "Respuesta",
    "Se apuntó (otros servidores de actividades)",
    "Nuestra página",
    "Con su cuenta",
    "A mano",
    "En la puerta",
)
"""As on the desk; the words are Spanish, for they are the longest we have."""


@pytest.mark.parametrize("width", [320, 390])
def test_every_way_and_number_fits_a_phone_and_no_word_is_broken(
    chromium: Browser, site: str, width: int
) -> None:
    ways = ", ".join(f"{way} 1" for way in WAYS)
    rows = "".join(
        f"<tr><th scope='row'>{state}</th><td class='counts-number'>1,234</td><td>{ways}</td></tr>"
        for state in STATES
    )
    page = chromium.new_page(viewport={"width": width, "height": 740})
    page.goto(f"{site}/about")
    page.set_content(TABLE.format(site=site, rows=rows, room=width - 36), wait_until="load")
    assert page.locator(".counts").evaluate("it => getComputedStyle(it).borderCollapse") == (
        "collapse"
    )  # the sheet of styles is there
    table, room = page.evaluate(
        "['.counts', '#desk'].map((name) => document.querySelector(name).offsetWidth)"
    )
    broken = page.evaluate(BROKEN)
    page.close()
    assert table <= room
    assert broken == []
