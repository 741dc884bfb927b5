import sys
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedi_chapter.core import html as subject
from fedi_chapter.core.html import escape, plain, sanitise

CORPUS = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)><a xlink:href='javascript:alert(1)'>x</a></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)></style></table></math>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
    "<template><script>alert(1)</script></template>",
    "<iframe src='https://evil.example'></iframe><object data=x></object><embed src=x>",
    "<form action='https://evil.example'><input name=password><button>Go</button></form>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href='jav\tascript:alert(1)'>x</a>",
    "<a href='&#106;avascript:alert(1)'>x</a>",
    "<a href=' javascript:alert(1)'>x</a>",
    "<a href='vbscript:x'>x</a><a href='data:text/html,<script>alert(1)</script>'>y</a>",
    "<a href='//evil.example'>x</a><a href='/admin/delete'>y</a><a href='https:evil'>z</a>",
    "<p style='position:fixed' onclick=alert(1) id=main class='admin-bar'>x</p>",
    "<style>*{display:none}</style><link rel=stylesheet href=x><base href=//evil>",
    "<a href='https://ok.example' onmouseover=alert(1) target=_top>x</a>",
    "<video src=x onerror=alert(1)></video><audio src=x></audio><details ontoggle=alert(1) open>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<p><plaintext><xmp><textarea></p><img title='</textarea><img src=x onerror=alert(1)>'>",
]
ALLOWED_ATTRIBUTES = {"href", "class", "rel", "lang", "dir", "start", "reversed"}


class Inspector(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def assert_harmless(html: str) -> None:
    inspector = Inspector()
    inspector.feed(html)
    for tag, attributes in inspector.tags:
        assert tag in subject._TAGS
        assert attributes.keys() <= ALLOWED_ATTRIBUTES
        href = attributes.get("href")
        assert href is None or href.startswith(("https://", "http://", "mailto:"))


@pytest.mark.parametrize("attack", CORPUS)
def test_an_attack_in_foreign_html_is_inert(attack: str) -> None:
    assert_harmless(sanitise(attack).html)
    assert_harmless(sanitise(f"<p>before {attack} after</p>").html)


@given(st.lists(st.sampled_from([*CORPUS, "<p>", "</p>", "<b", ">", "'", '"', "<!--", "é", "\0"])))
def test_no_mixture_of_attacks_survives(parts: list[str]) -> None:
    cleaned = sanitise("".join(parts)).html
    assert_harmless(cleaned)
    assert sanitise(cleaned).html == cleaned


def test_what_mastodon_writes_keeps_its_structure() -> None:
    note = (
        '<p>Hi <span class="h-card"><a href="https://m.example/@ann" class="u-url mention">@<span>'
        'ann</span></a></span><br>see <a href="https://m.example/tags/x" class="mention hashtag">'
        "#x</a></p><blockquote><p>so</p></blockquote><ul><li>one</li></ul>"
    )
    rel = 'rel="nofollow noopener noreferrer ugc"'
    cleaned = sanitise(note).html
    assert cleaned.replace(f" {rel}", "") == note
    assert cleaned.count(rel) == 2


def test_a_link_shows_its_real_host_without_credentials() -> None:
    cleaned = sanitise(
        '<a href="https://good.example:secret@evil.example/path">good.example</a>'
    ).html
    assert 'href="https://evil.example/path"' in cleaned
    assert "secret" not in cleaned


def test_class_names_of_our_own_pages_are_taken_away() -> None:
    assert sanitise('<span class="invisible button-danger">x</span>').html == (
        '<span class="invisible">x</span>'
    )
    assert "class" not in sanitise('<p class="notice">x</p>').html.replace('class=""', "")


FLOODS = [
    "<ul><li>",
    "<blockquote>",
    "<ul><li></x></x>",
    "<b><p>",
    "<",
    "<b><a>",
    "</p>",
    "<a href='https://e.example/?a&b'>x</a>",
    "<a ",
    "<a b='",
    "<!--",
    "<script",
    "&",
    " \n",
    "<br>",
    "<table><b>x",
    '<a href="https://e.example/茶">茶</a>',
    "".join(f"<b class=x{number}>" for number in range(90)) + "<p>x</p>" * 90,
]


@pytest.mark.parametrize("unit", FLOODS)
def test_no_markup_leaves_more_than_a_page_bears(unit: str) -> None:
    flood = unit * (1_000_000 // len(unit))
    shown = sanitise(flood)
    assert len(shown.html.encode()) <= subject.LARGEST_SHOWN
    assert len(plain(shown.html)) <= subject.LONGEST_SHOWN
    assert shown.is_cut


@pytest.mark.parametrize("unit", FLOODS)
def test_twice_the_markup_takes_about_twice_the_steps(unit: str) -> None:
    def steps(length: int) -> int:
        count = 0

        def counted(*_: object) -> None:
            nonlocal count
            count += 1

        sys.setprofile(counted)
        try:
            plain(unit * (length // len(unit)))
        finally:
            sys.setprofile(None)
        return count

    assert steps(40_000) < 2.5 * steps(20_000) + 100


def test_of_a_long_text_two_thousand_characters_are_shown_and_the_markup_is_whole() -> None:
    shown = sanitise("<blockquote><p>" + "word " * 1_000 + "</p></blockquote>")
    assert shown.is_cut
    assert len(plain(shown.html)) <= 2_000
    assert shown.html.endswith("word…</p></blockquote>")


def test_a_short_text_is_shown_whole() -> None:
    assert sanitise("<p>" + "x" * 2_000 + "</p>") == subject.Shown(f"<p>{'x' * 2_000}</p>", False)


def test_the_words_of_blocks_do_not_run_together() -> None:
    html = (
        "<div>one</div><div>two</div><h1>three</h1>four<section>five</section>"
        "<table><tr><td>six</td><td>seven</td></tr></table><dl><dt>eight<dd>nine</dl>ten<p>eleven"
    )
    words = "one two three four five six seven eight nine ten eleven"
    assert plain(html).split() == words.split()
    assert plain(sanitise(html).html).split() == words.split()
    assert "<div>one</div>" in sanitise(html).html


def test_a_forgotten_end_tag_changes_nothing_behind_its_block() -> None:
    assert sanitise("<p>a<b>b</p><p>c</b><li>d<li>e").html == (
        "<p>a<b>b</b></p><p>c</p><li>d</li><li>e</li>"
    )


def test_what_is_no_markup_stands_as_written() -> None:
    assert plain("2 < 3 &amp; I <3 you, a<b") == "2 < 3 & I <3 you, a"
    assert sanitise("2 < 3 & I <3 you").html == "2 &lt; 3 &amp; I &lt;3 you"


def test_text_is_shown_escaped_when_the_sanitiser_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> str:
        raise RuntimeError("odd MathML")

    monkeypatch.setattr(subject.nh3, "clean", broken)
    assert sanitise("<b>x</b>").html == "&lt;b&gt;x&lt;/b&gt;"


def test_plain_text_keeps_paragraphs_and_drops_scripts() -> None:
    html = "<p>Hello <b>you</b><br>there</p><p>A &amp; B</p><script>x()</script><ul><li>a</li></ul>"
    assert plain(html) == "Hello you\nthere\n\nA & B\n\na"


def test_plain_text_of_plain_text_is_itself() -> None:
    assert plain("just words") == "just words"


def test_escaped_text_stands_for_itself() -> None:
    assert escape('<a href="x">\'&') == "&lt;a href=&quot;x&quot;&gt;&#x27;&amp;"
