import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedi_chapter.core.markdown import prose, render
from fedi_chapter.core.text import handles, hashtags
from tests.unit.core.test_html import CORPUS, Inspector

MENTIONS = {"ann@m.example": "https://m.example/@ann"}


def html_of(source: str) -> str:
    return render(source, mentions=MENTIONS, tag_url=lambda tag: f"https://c.example/tags/{tag}")


def test_a_known_handle_becomes_a_mention() -> None:
    assert html_of("Hi @ann@M.example!") == (
        '<p>Hi <span class="h-card"><a href="https://m.example/@ann" class="u-url mention">'
        "@<span>ann</span></a></span>!</p>"
    )


def test_a_mention_at_an_international_name_is_known_in_both_spellings() -> None:
    known = {"ann@xn--mnchen-3ya.example": "https://xn--mnchen-3ya.example/@ann"}
    for written in ("@ann@münchen.example", "@ann@xn--mnchen-3ya.example", "@ann@MÜNCHEN.example"):
        html = render(f"Hi {written}.", mentions=known, tag_url=str)
        assert '<a href="https://xn--mnchen-3ya.example/@ann" class="u-url mention">' in html
        assert html.endswith("</span>.</p>")


def test_an_unknown_handle_stays_text() -> None:
    assert html_of("Hi @bob_c@x.example") == "<p>Hi @bob_c@x.example</p>"


def test_a_hashtag_becomes_a_link() -> None:
    assert html_of("Join #Spring_Canvass, now") == (
        '<p>Join <a href="https://c.example/tags/Spring_Canvass" class="mention hashtag" '
        'rel="tag">#<span>Spring_Canvass</span></a>, now</p>'
    )


def test_hashtags_in_code_links_and_addresses_are_left_alone() -> None:
    html = html_of("`#a` [#b](https://x.example/) https://x.example/y?z=#c \\#d #1")
    assert "hashtag" not in html
    assert '<a href="https://x.example/y?z=#c">' in html


def test_a_picture_by_address_becomes_a_link_with_its_words() -> None:
    assert html_of("See ![a map](https://x.example/m.png)!") == (
        '<p>See <a href="https://x.example/m.png">a map</a>!</p>'
    )
    assert html_of("![](https://x.example/m.png)") == (
        '<p><a href="https://x.example/m.png">https://x.example/m.png</a></p>'
    )
    assert html_of("[![a map](https://x.example/m.png)](https://x.example/)") == (
        '<p><a href="https://x.example/">a map</a></p>'
    )
    assert html_of("![a map]()") == "<p>a map</p>"
    assert "href" not in html_of("![a map](javascript:alert)")
    assert html_of("Stop!") == "<p>Stop!</p>"


def test_a_bare_address_becomes_a_link_but_a_bare_name_does_not() -> None:
    assert (
        html_of("https://x.example/a")
        == '<p><a href="https://x.example/a">https://x.example/a</a></p>'
    )
    assert html_of("x.example me@x.example") == "<p>x.example me@x.example</p>"


def test_names_and_tags_count_in_running_text_only() -> None:
    source = """Thanks @ana@m.test, `@ben@m.test` and [@cy@m.test #tea](https://m.test/) #cake

    @dora@m.test #code

```
@eli@m.test #fence
```

- **@fay@m.test** `#span`
- \\@gus@m.test
"""
    assert handles(prose(source)) == (("ana", "m.test"), ("fay", "m.test"))
    assert hashtags(prose(source)) == ("cake",)


def test_line_breaks_stay_where_they_were_typed() -> None:
    assert html_of("one\ntwo\n\nthree") == "<p>one<br />\ntwo</p>\n<p>three</p>"


def test_headings_start_below_the_title_of_the_page() -> None:
    assert html_of("# A\n###### B") == "<h2>A</h2>\n<h6>B</h6>"


def assert_harmless(html: str) -> None:
    inspector = Inspector()
    inspector.feed(html)
    for tag, attributes in inspector.tags:
        assert tag not in {"script", "img", "svg", "iframe", "style", "form", "math"}
        assert attributes.keys() <= {"href", "class", "rel", "start", "title"}
        assert (attributes.get("href") or "https://").startswith(("https://", "http://", "mailto:"))


@pytest.mark.parametrize(
    "attack",
    [
        *CORPUS,
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](//evil.example) [y](/admin) [z](data:text/html,x)",
        "<javascript:alert(1)>",
        "[x]: javascript:alert(1)\n\n[x]",
        "![x](https://evil.example/pixel.gif)",
        '[x](https://a.example/" onmouseover="alert(1))',
        "#<script> #a\"onclick='x'",
    ],
)
def test_an_attack_in_markdown_is_inert(attack: str) -> None:
    assert_harmless(html_of(attack))


@given(st.text(max_size=200))
def test_any_text_renders_to_harmless_html(source: str) -> None:
    assert_harmless(html_of(source))


def test_deep_nesting_is_rendered_quickly() -> None:
    assert html_of(">" * 5_000 + "x")
    assert html_of("*" * 10_000)


@pytest.mark.parametrize("tag", ["हिन्दी", "col·lectiu", "cafe\u0301", "می\u200cخواهم"])
def test_a_hashtag_of_any_script_is_one_link(tag: str) -> None:
    composed = unicodedata.normalize("NFC", tag)
    assert html_of(f"**Come** to #{tag}, now") == (
        f'<p><strong>Come</strong> to <a href="https://c.example/tags/{composed}" '
        f'class="mention hashtag" rel="tag">#<span>{composed}</span></a>, now</p>'
    )
