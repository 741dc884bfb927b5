"""Posts and the faces of events: Notes that read complete in any microblog."""

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from fedi_chapter.core.html import plain
from fedi_chapter.domain.audience import Visibility
from fedi_chapter.domain.event import Event, EventStatus, RsvpMode
from fedi_chapter.domain.face import FaceState
from fedi_chapter.domain.tally import NOBODY
from fedi_chapter.vocab.activities import PUBLIC
from fedi_chapter.vocab.faces import write_face
from fedi_chapter.vocab.posts import read_note, write_post
from fedi_chapter.vocab.shape import Document
from fedi_chapter.vocab.when import span
from tests.kit.examples import ASKING, CHAPTER, EVENT, PICTURE, POST, PUBLISHED, URLS

FOLLOWERS = "https://elm.example.org/chapter/followers"
ANA = "https://social.example/users/ana"


def face_of(event: Event) -> Document:
    return write_face(event, CHAPTER, URLS, NOBODY, FaceState(), PUBLISHED)


def test_a_post_is_a_note_whose_title_is_its_first_paragraph() -> None:
    note = write_post(POST, CHAPTER, URLS)
    content = "<p><strong>What we &lt;found&gt;</strong></p><p>Thanks to everyone.</p>"
    assert note["type"] == "Note"
    assert note["content"] == content
    assert note["contentMap"] == {"en": content}
    assert not {"name", "summary", "updated", "inReplyTo"} & note.keys()


def test_a_post_names_hashtags_and_mentions_as_mastodon_reads_them() -> None:
    assert write_post(POST, CHAPTER, URLS)["tag"] == [
        {
            "type": "Hashtag",
            "name": "#cleanup",
            "href": "https://elm.example.org/tags/cleanup",
        },
        {"type": "Mention", "name": "@ana@social.example", "href": ANA},
    ]


@pytest.mark.parametrize(
    ("visibility", "to", "cc"),
    [
        (Visibility.PUBLIC, [PUBLIC], [FOLLOWERS, ANA]),
        (Visibility.UNLISTED, [FOLLOWERS], [PUBLIC, ANA]),
        (Visibility.FOLLOWERS, [FOLLOWERS], [ANA]),
    ],
)
def test_those_mentioned_are_always_addressed(
    visibility: Visibility, to: list[str], cc: list[str]
) -> None:
    note = write_post(replace(POST, visibility=visibility), CHAPTER, URLS)
    assert (note["to"], note["cc"]) == (to, cc)


def test_only_what_everyone_may_read_may_be_quoted() -> None:
    policy = {"canQuote": {"automaticApproval": [PUBLIC]}}
    assert write_post(POST, CHAPTER, URLS)["interactionPolicy"] == policy
    private = replace(POST, visibility=Visibility.FOLLOWERS)
    assert "interactionPolicy" not in write_post(private, CHAPTER, URLS)


def test_an_edit_and_a_reply_say_so() -> None:
    edited = replace(
        POST, updated_at=datetime(2026, 9, 3, tzinfo=UTC), in_reply_to=f"{ANA}/statuses/1"
    )
    note = write_post(edited, CHAPTER, URLS)
    assert note["updated"] == "2026-09-03T00:00:00Z"
    assert note["inReplyTo"] == f"{ANA}/statuses/1"


def test_pictures_bring_their_words_twice_and_are_at_most_four() -> None:
    pictures = write_post(replace(POST, images=(PICTURE,) * 5), CHAPTER, URLS)["attachment"]
    assert isinstance(pictures, list)
    assert len(pictures) == 4
    assert pictures[0]["name"] == pictures[0]["summary"] == PICTURE.alt
    assert (pictures[0]["width"], pictures[0]["height"]) == (1200, 600)


def test_our_own_post_reads_back() -> None:
    note = read_note(write_post(POST, CHAPTER, URLS))
    assert note.attributed_to == "https://elm.example.org/chapter"
    assert note.mentions == (ANA,)
    assert note.language == "en"
    assert note.is_listed


def test_a_face_tells_everything_and_links_the_events_page_last() -> None:
    page = "https://elm.example.org/events/0197c1b2-7a10-7cc2-9f5e-3d2b8a4e6c11"
    face = face_of(EVENT)
    assert face["content"] == (
        "<p><strong>Spring clean</strong><br>"
        "🗓 Sat, Sep 19, 2026, 10:00 AM–1:00 PM CDT<br>"
        "📍 Community Hall, 100 Main St, Springfield</p>"
        "<p>👥 Elm Street Neighbours<br>🎟 Room for 40 people</p>"
        "<p>Brooms are there. Bring gloves &amp; friends.</p>"
        f'<p>Details and calendar: <a href="{page}"><span class="invisible">https://</span>'
        '<span class="ellipsis">elm.example.org/events/0197c1b2</span>'
        '<span class="invisible">-7a10-7cc2-9f5e-3d2b8a4e6c11</span></a></p>'
    )
    assert (face["id"], face["url"]) == (f"{page}/face", page)
    assert face["replies"]["id"] == f"{page}/replies"  # type: ignore[index, call-overload]
    assert not {"name", "summary", "updated"} & face.keys()


def test_a_face_of_a_cancelled_event_begins_with_it() -> None:
    cancelled = replace(
        EVENT,
        status=EventStatus.CANCELLED,
        cancel_reason="storm",
        updated_at=datetime(2026, 9, 10, tzinfo=UTC),
    )
    face = face_of(cancelled)
    text = plain(str(face["content"]))
    assert text.startswith("CANCELLED: Spring clean\nstorm\n🗓 ")
    assert "🎟" not in text
    assert face["updated"] == "2026-09-10T00:00:00Z"


def test_an_event_without_place_text_and_limit_has_a_short_face() -> None:
    bare = replace(EVENT, place=None, capacity=None, description_html="", images=())
    face = face_of(bare)
    assert "📍" not in str(face["content"])
    assert "🎟" not in str(face["content"])
    assert face["attachment"] == []


@pytest.mark.parametrize(
    ("language", "zone", "text"),
    [
        ("en", "America/Chicago", "Sat, Sep 19, 2026, 10:00 AM–1:00 PM CDT"),
        ("de", "Europe/Berlin", "Sa., 19. Sept. 2026, 17:00–20:00 MESZ"),
        ("de-CH", "Europe/Zurich", "Sa., 19. Sept. 2026, 17:00–20:00 MESZ"),
        ("xx-YY", "UTC", "Sat, Sep 19, 2026, 3:00 PM–6:00 PM UTC"),
        ("", "UTC", "Sat, Sep 19, 2026, 3:00 PM–6:00 PM UTC"),
    ],
)
def test_day_and_time_follow_the_events_language_and_zone(
    language: str, zone: str, text: str
) -> None:
    assert span(replace(EVENT, language=language, timezone=zone)) == text


def test_an_event_over_several_days_names_both_and_an_open_one_only_its_start() -> None:
    long = replace(EVENT, ends_at=datetime(2026, 9, 20, 18, tzinfo=UTC))
    assert span(long) == ("Sat, Sep 19, 2026, 10:00 AM – Sun, Sep 20, 2026, 1:00 PM CDT")
    assert span(replace(EVENT, ends_at=None)) == "Sat, Sep 19, 2026, 10:00 AM CDT"


def shown(content: object) -> str:
    """Return what a member of a Mastodon server sees of an HTML text, line by line."""
    seen = re.sub(r'<span class="invisible">[^<]*</span>', "", str(content))
    seen = re.sub(r'<span class="ellipsis">([^<]*)</span>', r"\1…", seen)
    return plain(seen)


def test_a_follower_on_mastodon_reads_all_that_matters_in_a_few_lines() -> None:
    outside = replace(EVENT, rsvp=RsvpMode.EXTERNAL, external_url="https://tickets.example/1?x")
    face = face_of(outside)
    assert shown(face["content"]).split("\n") == [
        "Spring clean",
        "🗓 Sat, Sep 19, 2026, 10:00 AM–1:00 PM CDT",
        "📍 Community Hall, 100 Main St, Springfield",
        "",
        "👥 Elm Street Neighbours",
        "🎟 Sign up at tickets.example · Room for 40 people",
        "",
        "Brooms are there. Bring gloves & friends.",
        "",
        "Details and calendar: elm.example.org/events/0197c1b2…",
    ]
    assert "summary" not in face


def test_a_face_speaks_the_language_of_its_event() -> None:
    spanish = replace(
        EVENT,
        language="es-MX",
        timezone="America/Mexico_City",
        name="Limpieza",
        status=EventStatus.CANCELLED,
        place=None,
        online_url="https://meet.example/x",
    )
    assert shown(face_of(spanish)["content"]).split("\n") == [
        "CANCELADA: Limpieza",
        "🗓 sáb, 19 de sep de 2026, 9:00 a.m.–12:00 p.m. CST",
        "📍 En línea",
        "",
        "👥 Elm Street Neighbours",
        "",
        "Brooms are there. Bring gloves & friends.",
        "",
        "Detalles y calendario: elm.example.org/events/0197c1b2…",
    ]


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (EventStatus.TENTATIVE, "Not yet certain"),
        (EventStatus.RESCHEDULED, "New time"),
        (EventStatus.MOVED_ONLINE, "Now online"),
    ],
)
def test_what_is_unusual_stands_right_below_the_title(status: EventStatus, words: str) -> None:
    face = face_of(replace(EVENT, status=status))
    assert shown(face["content"]).split("\n")[:2] == ["Spring clean", words]


def test_a_postponed_event_says_so_with_its_reason_and_that_it_is_not_then() -> None:
    off = replace(ASKING, status=EventStatus.POSTPONED, cancel_reason="Rain", updated_at=PUBLISHED)
    face = face_of(off)
    title, reason, date = shown(face["content"]).split("\n")[:3]
    assert (title, reason) == ("POSTPONED: Spring clean", "Rain")
    assert date.startswith("🗓 Not Sat, Sep 19, 2026")
    assert date.endswith("a new date will follow.")
    assert face["closed"]
    assert "going +2" not in str(face["content"])
    assert face_of(replace(off, status=EventStatus.RESCHEDULED)).get("closed") is None


def test_an_address_to_sign_up_at_never_takes_the_preview_card() -> None:
    outside = replace(EVENT, rsvp=RsvpMode.EXTERNAL, external_url="https://tickets.example/1")
    links = re.findall(
        r'href="([^"]+)"',
        str(face_of(outside)["content"]),
    )
    assert links == [URLS.event(EVENT.id)]


def test_a_warning_is_the_summary_of_a_sensitive_note() -> None:
    warned = write_post(replace(POST, warning="Spiders"), CHAPTER, URLS)
    assert (warned["summary"], warned["sensitive"]) == ("Spiders", True)
    assert read_note(warned).warning == "Spiders"
    plain_post = write_post(POST, CHAPTER, URLS)
    assert "summary" not in plain_post
    assert plain_post["sensitive"] is False


@pytest.mark.parametrize(
    ("stated", "page"),
    [
        ("https://m.test/@ana/1", "https://m.test/@ana/1"),
        ([{"type": "Link", "href": "https://m.test/@ana/1"}], "https://m.test/@ana/1"),
        ("https://evil.test/@ana/1", "https://m.test/notes/1"),
        ("https://m.test.evil.test/1", "https://m.test/notes/1"),
        ("https://m.test@evil.test/1", "https://m.test/notes/1"),
        ("javascript:alert(1)", "https://m.test/notes/1"),
        (None, "https://m.test/notes/1"),
    ],
)
def test_a_foreign_note_is_read_at_its_own_host(stated: object, page: str) -> None:
    note = {"id": "https://m.test/notes/1", "type": "Note", "content": "Hi", "url": stated}
    assert read_note({**note, "attributedTo": "https://m.test/ana"}).url == page


def test_a_hashtag_of_any_script_is_percent_encoded_in_its_address() -> None:
    note = write_post(replace(POST, tags=("col·lectiu", "هم\u200cه"), mentions=()), CHAPTER, URLS)
    assert note["tag"] == [
        {
            "type": "Hashtag",
            "name": "#col·lectiu",
            "href": "https://elm.example.org/tags/col%C2%B7lectiu",
        },
        {
            "type": "Hashtag",
            "name": "#هم\u200cه",
            "href": "https://elm.example.org/tags/%D9%87%D9%85%E2%80%8C%D9%87",
        },
    ]
