"""Notes of others: their warnings, their pictures, the options of their polls."""

from typing import Any

import pytest

from fedi_chapter.core.errors import BadDocument
from fedi_chapter.core.html import plain, sanitise
from fedi_chapter.vocab.posts import read_note

ANA = "https://social.example/users/ana"


def a_note(**members: object) -> dict[str, Any]:
    return {"id": f"{ANA}/1", "type": "Note", "attributedTo": ANA, "content": "<p>Hi</p>"} | members


def a_picture(**members: object) -> dict[str, Any]:
    return {
        "type": "Document",
        "mediaType": "image/jpeg",
        "url": "https://media.example/1.jpg",
        "name": "A swallow on a wire",
    } | members


@pytest.mark.parametrize(
    ("members", "warning"),
    [
        ({"summary": "Spiders"}, "Spiders"),
        ({"summary": "Spi\u202eders\nbig ones"}, "Spiders big ones"),
        ({"summary": None}, None),
        ({"summary": ""}, None),
        ({"summary": " \u200e"}, None),
        ({"summaryMap": {"de": "Spinnen"}}, "Spinnen"),
        ({"summary": "Spiders", "type": "Question"}, "Spiders"),
        ({"summary": "How it began", "type": "Article"}, None),
        ({"summary": "Spiders", "type": "Article", "sensitive": True}, "Spiders"),
        ({"summary": 7}, None),
        ({"summary": "Tom &amp; Jerry"}, "Tom & Jerry"),
        ({"summary": "<p>Very <em>large</em> spiders</p>"}, "Very large spiders"),
        ({"summary": "1 < 2 & I <3 spiders"}, "1 < 2 & I <3 spiders"),
        ({"summary": "<spoiler>"}, "<spoiler>"),
        ({"summary": ["Spiders"]}, "Spiders"),
        ({"summary": "\u200b"}, "CW"),
        ({"summary": "\u3164 \u2800"}, None),
    ],
)
def test_a_summary_is_a_warning_where_it_is_meant_as_one(
    members: dict[str, object], warning: str | None
) -> None:
    assert read_note(a_note(**members)).warning == warning


@pytest.mark.parametrize(
    ("attachment", "words"),
    [
        ([a_picture()], "🖼 A swallow on a wire"),
        (a_picture(), "🖼 A swallow on a wire"),
        ([a_picture(name=None, summary="From the new field")], "🖼 From the new field"),
        ([a_picture(name=None)], "🖼 media.example"),
        ([a_picture(type="Image", mediaType=None)], "🖼 A swallow on a wire"),
        ([a_picture(mediaType="video/mp4")], "🎞 A swallow on a wire"),
        (
            [a_picture(url=[{"href": "https://media.example/1.jpg"}])],
            "🖼 A swallow on a wire",
        ),
        ([a_picture(name="<b>not markup</b>")], "🖼 <b>not markup</b>"),
        ([a_picture(url="javascript:alert(1)")], ""),
        ([{"type": "PropertyValue", "name": "Web", "value": "x"}], ""),
        ("nonsense", ""),
    ],
)
def test_a_picture_is_a_link_with_its_words(attachment: object, words: str) -> None:
    attached = read_note(a_note(content="", attachment=attachment)).attached
    assert plain(attached) == words
    assert ('href="https://media.example/1.jpg"' in sanitise(attached).html) == bool(words)


@pytest.mark.parametrize(
    ("attachment", "words"),
    [
        ({"type": "Link", "href": "https://media.example/a", "name": "An article"}, "An article"),
        ([{"type": "Link", "href": "https://media.example/a"}], "media.example"),
        ([a_picture(mediaType="application/pdf", name="Flyer")], "Flyer"),
        ([{"type": "Page", "url": "https://media.example/a", "name": "A page"}], "A page"),
    ],
)
def test_a_file_or_an_address_is_a_link_where_nothing_else_is_said(
    attachment: object, words: str
) -> None:
    for content in ("", "<p></p>", None):
        alone = read_note(a_note(type="Page", name="T", content=content, attachment=attachment))
        assert plain(alone.attached) == f"🔗 {words}"
    assert read_note(a_note(attachment=attachment)).attached == ""


@pytest.mark.parametrize("member", ["oneOf", "anyOf"])
def test_a_poll_brings_its_options(member: str) -> None:
    options = [{"type": "Note", "name": "Sat <1>"}, {"name": "Sunday"}, {"name": ""}, "odd"]
    note = read_note(a_note(type="Question", **{member: options}))
    assert plain(note.attached).split("\n\n") == ["○ Sat <1>", "○ Sunday"]


def test_what_comes_with_a_note_is_bounded() -> None:
    options = [{"name": "o" * 500}] * 1_000
    pictures = [a_picture(name="p" * 5_000)] * 1_000
    note = read_note(a_note(type="Question", oneOf=options, attachment=pictures))
    assert len(note.attached) < 10_000
    assert sanitise(note.content + note.attached).html.startswith("<p>Hi</p><p>○ ooo")


@pytest.mark.parametrize(
    "members",
    [
        {"content": None, "contentMap": {"ca": "<p>Hola</p>"}},
        {"content": ["<p>Hola</p>", {"ca": "<p>Hola</p>"}]},
        {"content": [{"ca": "<p>Hi</p>"}, "<p>Hola</p>"]},
        {"content": {"@value": "<p>Hola</p>", "@language": "ca"}},
        {"content": [{"@value": "<p>Hola</p>", "@language": "ca"}]},
        {"content": "", "contentMap": {"ca": ["<p>Hola</p>"]}},
        {"content": [], "contentMap": [{"ca": "<p>Hola</p>"}]},
    ],
)
def test_a_text_is_found_in_lists_and_beside_its_language(members: dict[str, object]) -> None:
    assert read_note(a_note(**members)).content == "<p>Hola</p>"


@pytest.mark.parametrize("kind", ["Video", "Audio", "Image"])
def test_a_film_or_song_without_a_description_is_known_by_its_title(kind: str) -> None:
    page = {"type": "Link", "mediaType": "text/html", "href": "https://social.example/w/1"}
    found = read_note(a_note(type=kind, name="How to mend", content="", url=[page]))
    assert (found.name, found.content, found.url) == ("How to mend", "", page["href"])
    with pytest.raises(BadDocument):
        read_note(a_note(type=kind, name="", content=""))
