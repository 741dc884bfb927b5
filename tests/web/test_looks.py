"""The look, as far as numbers can judge it: contrasts, templates, words."""

import re
from importlib.resources import files
from itertools import product

import pytest

from fedi_chapter.core.i18n import translator
from fedi_chapter.web.templating import (
    INK_COLOURS,
    INKS,
    STATIC,
    data_block,
    ink_of,
    static_url,
    web_link,
)

STYLE = (STATIC / "style.css").read_text(encoding="utf-8")
TEMPLATES = files("fedi_chapter.web") / "templates"
PARTS = [
    file
    for folder in ("public", "parts", "admin", "members")
    for file in (TEMPLATES / folder).iterdir()
]
READ_ON = {
    "text": ("paper", "card", "tint"),
    "muted": ("paper", "card", "tint"),
    "accent": ("paper", "card", "tint"),
    "on-solid": ("solid",),
    "sun": ("solid",),
    "on-sun": ("sun",),
    "paper": ("text",),
    "sheet-text": ("sheet",),
    "sheet-muted": ("sheet",),
    "sheet": ("sheet-text",),
}
SEEN_ON = {
    "edge": ("paper", "card", "tint"),
    "alarm": ("paper", "card", "tint"),
    "accent": ("card",),
}


def tokens(ink: str, scheme: str) -> dict[str, str]:
    """Return the colours of one ink in one scheme, as the style sheet declares them."""
    light, _, rest = STYLE.partition("@media (prefers-color-scheme: dark) {")
    dark = rest.partition("\n}\n")[0]
    found: dict[str, str] = {}
    for part in [light] if scheme == "light" else [light, dark]:
        for selector in (":root", f".ink-{ink}"):
            for block in re.findall(rf"{re.escape(selector)} {{([^}}]*)}}", part):
                found.update(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block))
    return found


def luminance(colour: str) -> float:
    """Return the relative luminance of WCAG 2.2."""
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, 1 to 21."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(("ink", "scheme"), list(product(INKS, ("light", "dark"))))
def test_every_text_can_be_read_in_every_ink_by_day_and_by_night(ink: str, scheme: str) -> None:
    colours = tokens(ink, scheme)
    poor = [
        f"{front} on {back}: {contrast(colours[front], colours[back]):.2f}"
        for pairs, least in ((READ_ON, 4.5), (SEEN_ON, 3.0))
        for front, backs in pairs.items()
        for back in backs
        if contrast(colours[front], colours[back]) < least
    ]
    assert poor == []


def test_no_colour_stands_outside_the_tokens_but_black_and_white_for_print() -> None:
    rest = STYLE[STYLE.index("/* -- type") : STYLE.index("@media print")]
    assert re.findall(r"#[0-9a-f]{3,8}\b|rgba?\(|hsl", rest) == []


def test_nothing_is_fetched_from_elsewhere() -> None:
    assert "http" not in STYLE
    assert "@import" not in STYLE
    assert "@font-face" not in STYLE


def test_no_template_turns_escaping_off() -> None:
    for template in (TEMPLATES / "base.html", *PARTS):
        text = template.read_text(encoding="utf-8")
        assert "safe" not in re.findall(r"\|\s*(\w+)", text)
        assert "autoescape" not in text


def sentences() -> set[str]:
    """Return every English sentence the templates can say."""
    found: set[str] = set()
    for template in (TEMPLATES / "base.html", *PARTS):
        found |= set(
            re.findall(r'\bt(?:\.count)?\("([^"]+)"', template.read_text(encoding="utf-8"))
        )
    return found


def grade(text: str) -> float:
    """Return the reading grade by Flesch and Kincaid, syllables counted as groups of vowels."""
    words = re.findall(r"[a-z’']+", text.lower())
    syllables = sum(max(1, len(re.findall(r"[aeiouy]+", word.removesuffix("e")))) for word in words)
    ends = max(1, len(re.findall(r"[.!?:](?:\s|$)", text)))
    return 0.39 * len(words) / ends + 11.8 * syllables / len(words) - 15.59


def test_every_sentence_of_the_pages_has_spanish_words() -> None:
    assert sentences() - set(translator("es").messages) == set()


def test_the_pages_are_read_with_eight_years_of_school() -> None:
    whole = [text for text in sentences() if text.endswith((".", "?", ":"))]
    assert len(whole) > 30
    assert grade(" ".join(whole)) <= 8
    assert [text for text in whole if len(text.split()) > 8 and grade(text) > 11] == []


def test_a_translation_names_the_same_values_as_its_source() -> None:
    for source, words in translator("es").messages.items():
        for form in (words,) if isinstance(words, str) else words:
            assert set(re.findall(r"{\w+}", form)) == set(re.findall(r"{\w+}", source))


@pytest.mark.parametrize("language", ["xx", "", "en-XX", "not a language", "../../x", "zh-Hant-TW"])
def test_a_language_nobody_knows_falls_back_to_english_words(language: str) -> None:
    assert translator(language)("About") == "About"


def test_a_chapter_always_prints_with_the_same_ink() -> None:
    assert ink_of("eastside") == ink_of("eastside")
    assert {ink_of(f"chapter{number}") for number in range(60)} == set(INKS)


def test_json_in_a_page_can_not_end_its_element() -> None:
    block = str(data_block({"name": "</script><!-- & \u2028"}))
    assert not set("<>&\u2028") & set(block)


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        " javascript:alert(1)",
        "data:text/html,x",
        "//evil.example",
        "/admin",
        "https://user:pw@evil.example/",
        "https://",
        "http://[",
        "",
        None,
    ],
)
def test_only_whole_web_addresses_become_links(url: str | None) -> None:
    assert web_link(url) == ""
    assert web_link("https://ok.example/a?b=c") == "https://ok.example/a?b=c"


def test_the_address_of_a_file_changes_with_its_content() -> None:
    assert re.fullmatch(r"/static/style\.css\?[0-9a-f]{12}", static_url("style.css"))


def test_pictures_for_previews_have_the_colours_of_the_pages() -> None:
    for ink, colour in INK_COLOURS.items():
        assert tokens(ink, "light")["solid"] == colour
