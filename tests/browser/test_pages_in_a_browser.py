"""The pages in a real browser: by keyboard, without scripts, on small screens, under our policy."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.kit.neighbourhood import BUS, CANCELLED, post_id
from tests.web.test_looks import contrast

pytestmark = pytest.mark.browser

PATHS = (
    "/",
    "/calendar",
    "/about",
    "/follow",
    "/tags/transit",
    f"/events/{BUS.id}",
    f"/events/{CANCELLED.id}",
    f"/posts/{post_id(1)}",
    f"/posts/{post_id(2)}",
    "/nowhere",
)
COLOURS = """() => {
  const opaque = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if (!/, 0\\)$|transparent/.test(colour)) return colour;
    }
    return 'rgb(255, 255, 255)';
  };
  const found = [];
  for (const element of document.querySelectorAll('body *')) {
    const own = [...element.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    const box = element.getBoundingClientRect();
    if (!own || box.width < 2 || box.height < 2) continue;
    found.push([element.textContent.trim().slice(0, 40), getComputedStyle(element).color,
      opaque(element)]);
  }
  return found;
}"""
ENDLESS = """() => {
  for (const element of document.querySelectorAll('main h1, main a, main p, main dd, main bdi')) {
    if (!element.children.length) element.textContent = 'Donaudampfschiff'.repeat(20);
  }
  document.querySelector('.nameplate span').textContent = 'Nachbarschaft'.repeat(10);
  document.querySelectorAll('.menu a').forEach((a, n) =>
    a.textContent = ['Actividades', 'Quiénes somos', 'Seguir'][n]);
  document.querySelectorAll('.prose').forEach((e) =>
    e.append(Object.assign(document.createElement('pre'), {textContent: 'x'.repeat(300)})));
}"""
SCROLLING = """[...document.querySelectorAll('pre')]
  .filter((e) => e.scrollWidth > e.clientWidth).map((e) => e.textContent)"""
ONE_LINE = 50
"""Pixels a word of the menu is high at most."""
SMALL_TARGETS = """() => [...document.querySelectorAll('nav a, button, .button, input[type=text]')]
  .filter((e) => { const b = e.getBoundingClientRect(); return b.width && b.height < 24; })
  .map((e) => e.textContent)"""


def as_hex(colour: str) -> str:
    """Return a browser's `rgb(…)` as the hexadecimal form."""
    red, green, blue = re.findall(r"\d+", colour)[:3]
    return f"#{int(red):02x}{int(green):02x}{int(blue):02x}"


@pytest.mark.parametrize("path", PATHS)
def test_our_policy_blocks_nothing_of_ours(page: Page, site: str, path: str) -> None:
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("requestfailed", lambda request: complaints.append(request.url))
    page.goto(site + path)
    assert [text for text in complaints if "404" not in text] == []
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != "rgba(0, 0, 0, 0)"


def test_our_policy_blocks_code_and_style_somebody_smuggled_in(page: Page, site: str) -> None:
    smuggled = (
        '<script>document.title="owned"</script><style>body{display:none}</style>'
        '<img src="x" onerror="document.title=\'owned\'"><iframe src="/"></iframe>'
        '<p style="position:fixed">x</p><form action="https://evil.example"><button>go</button></form>'
    )

    def inject(route) -> None:  # type: ignore[no-untyped-def]
        answer = route.fetch()
        body = answer.text().replace(
            '<main id="main" tabindex="-1">', f"<main id='main'>{smuggled}"
        )
        route.fulfill(response=answer, body=body)

    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.route(f"{site}/about", inject)
    page.goto(f"{site}/about")
    assert page.title() != "owned"
    expect(page.locator("body")).to_be_visible()
    assert (
        page.evaluate("getComputedStyle(document.querySelector('p[style]')).position") == "static"
    )
    page.evaluate("document.querySelector('form[action*=evil]').requestSubmit()")
    page.wait_for_timeout(300)
    assert page.url == f"{site}/about"
    for directive in ("script-src", "style-src", "frame-src", "form-action"):
        assert any(directive in text for text in complaints), (directive, complaints)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("width", [320, 390, 768])
def test_nothing_makes_a_small_screen_scroll_sideways(
    chromium: Browser, site: str, path: str, width: int
) -> None:
    context = chromium.new_context(viewport={"width": width, "height": 700})
    page = context.new_page()
    page.goto(site + path)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    context.close()


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("width", [320, 1280])
def test_words_without_end_break_and_menus_do_not(
    chromium: Browser, site: str, path: str, width: int
) -> None:
    context = chromium.new_context(viewport={"width": width, "height": 700})
    page = context.new_page()
    page.goto(site + path)
    page.evaluate(ENDLESS)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(SCROLLING) == []
    heights = page.evaluate("[...document.querySelectorAll('.menu a')].map((a) => a.offsetHeight)")
    assert max(heights) <= ONE_LINE
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PATHS)
def test_every_word_stands_out_from_its_ground(
    chromium: Browser, site: str, path: str, scheme: str
) -> None:
    context = chromium.new_context(color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(site + path)
    poor = [
        (words, front, back)
        for words, front, back in page.evaluate(COLOURS)
        if contrast(as_hex(front), as_hex(back)) < 4.5
    ]
    assert poor == []
    context.close()


def test_the_keyboard_reaches_everything_and_the_focus_is_seen(page: Page, site: str) -> None:
    page.goto(f"{site}/")
    page.keyboard.press("Tab")
    skip = page.locator(":focus")
    assert skip.inner_text() == "Skip to the content"
    assert (skip.bounding_box() or {"y": -1})["y"] >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")
    reached: set[str] = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.id || document.activeElement.type || ''"))
        if page.evaluate("document.activeElement === document.body"):
            break
        ringed = page.evaluate(
            "[document.activeElement, document.activeElement.closest('.row, .poster')]"
            ".some((e) => e && getComputedStyle(e).outlineStyle === 'solid')"
        )
        assert ringed, page.evaluate("document.activeElement.outerHTML")
    assert {"handle", "submit"} <= reached


def test_targets_are_large_enough_for_a_thumb(page: Page, site: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    for path in PATHS:
        page.goto(site + path)
        assert page.evaluate(SMALL_TARGETS) == []


def test_a_visitor_without_scripts_finds_an_event_and_its_calendar_file(
    chromium: Browser, site: str
) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site}/")
    page.get_by_role("link", name="Plan our bus stop together").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Plan our bus stop together")
    link = page.get_by_role("link", name="Add to your calendar")
    answer = page.request.get(str(link.get_attribute("href")))
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    context.close()


def test_a_visitor_without_scripts_is_told_of_a_wrong_handle(chromium: Browser, site: str) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site}/")
    page.get_by_label("Your address on Mastodon or a server like it").fill("mara")
    page.get_by_role("button", name="Show me the way").click()
    expect(page.get_by_role("alert")).to_contain_text("It has two parts")
    expect(page.get_by_label("Your address on Mastodon or a server like it")).to_have_value("mara")
    context.close()


def test_an_event_prints_as_a_flyer_with_its_address(page: Page, site: str) -> None:
    page.goto(f"{site}/events/{BUS.id}")
    page.emulate_media(media="print")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.locator(".flyer-url")).to_be_visible()
    expect(page.locator(".masthead")).to_be_hidden()
    expect(page.locator(".handle-form")).to_be_hidden()
