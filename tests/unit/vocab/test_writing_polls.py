"""The face of an event that asks who comes: a poll that every microblog app can show."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from fedi_chapter.core.html import plain
from fedi_chapter.domain.event import Event, EventStatus, PlaceShown, RsvpMode
from fedi_chapter.domain.face import FaceState
from fedi_chapter.domain.place import Place
from fedi_chapter.domain.tally import NOBODY, Tally
from fedi_chapter.vocab.envelopes import create, retotal, update
from fedi_chapter.vocab.events import write_event
from fedi_chapter.vocab.faces import face_type, write_face
from fedi_chapter.vocab.shape import Document, encode, parse
from tests.kit.examples import ASKING, CHAPTER, EVENT, PICTURE, PUBLISHED, URLS

PAGE = "https://elm.example.org/events/0197c1b2-7a10-7cc2-9f5e-3d2b8a4e6c11"
FULL = replace(ASKING, bring="gloves")
EDITED = datetime(2026, 9, 10, tzinfo=UTC)


def face(event: Event = ASKING, tally: Tally = NOBODY, now: datetime = PUBLISHED) -> Document:
    return parse(encode(write_face(event, CHAPTER, URLS, tally, FaceState(), now)))


def shown(event: Event) -> list[str]:
    """Return what a member of a Mastodon server reads above the poll, line by line."""
    seen = re.sub(r'<span class="invisible">[^<]*</span>', "", str(face(event)["content"]))
    return plain(seen).split("\n")


def options(document: Document) -> list[tuple[str, int]]:
    listed = document["oneOf"]
    assert isinstance(listed, list)
    return [(each["name"], each["replies"]["totalItems"]) for each in listed]


def test_a_question_as_it_is_sent() -> None:
    tally = Tally(going=5, going_heads=8, maybe=2, no=1, pending=1, waitlist=1)
    assert face(FULL, tally) == {
        "@context": [
            "https://www.w3.org/ns/activitystreams",
            "https://w3id.org/security/v1",
            {
                "toot": "http://joinmastodon.org/ns#",
                "blurhash": "toot:blurhash",
                "focalPoint": {"@id": "toot:focalPoint", "@container": "@list"},
                "Hashtag": "as:Hashtag",
                "sensitive": "as:sensitive",
                "ostatus": "http://ostatus.org#",
                "conversation": "ostatus:conversation",
                "gts": "https://gotosocial.org/ns#",
                "interactionPolicy": {"@id": "gts:interactionPolicy", "@type": "@id"},
                "canQuote": {"@id": "gts:canQuote", "@type": "@id"},
                "automaticApproval": {"@id": "gts:automaticApproval", "@type": "@id"},
                "votersCount": "toot:votersCount",
            },
        ],
        "id": f"{PAGE}/face",
        "type": "Question",
        "url": PAGE,
        "attributedTo": "https://elm.example.org/chapter",
        "to": ["https://www.w3.org/ns/activitystreams#Public"],
        "cc": ["https://elm.example.org/chapter/followers"],
        "oneOf": [
            {
                "type": "Note",
                "name": "Going",
                "replies": {"type": "Collection", "totalItems": 8},
            },
            {
                "type": "Note",
                "name": "Maybe",
                "replies": {"type": "Collection", "totalItems": 2},
            },
            {
                "type": "Note",
                "name": "Can't come",
                "replies": {"type": "Collection", "totalItems": 1},
            },
        ],
        "votersCount": 11,
        "endTime": "2026-09-19T15:00:00Z",
        "content": face(FULL)["content"],
        "contentMap": {"en": face(FULL)["content"]},
        "published": "2026-09-01T15:00:00Z",
        "sensitive": False,
        "attachment": face(EVENT)["attachment"],
        "tag": face(EVENT)["tag"],
        "conversation": f"{PAGE}/replies",
        "context": f"{PAGE}/replies",
        "replies": {
            "id": f"{PAGE}/replies",
            "type": "Collection",
            "first": {
                "type": "CollectionPage",
                "partOf": f"{PAGE}/replies",
                "next": f"{PAGE}/replies?page=1",
                "items": [],
            },
        },
        "interactionPolicy": {
            "canQuote": {"automaticApproval": ["https://www.w3.org/ns/activitystreams#Public"]}
        },
    }


def test_a_member_reads_all_that_matters_without_a_click() -> None:
    assert shown(FULL) == [
        "Spring clean",
        "🗓 Sat, Sep 19, 2026, 10:00 AM–1:00 PM CDT",
        "📍 Community Hall, 100 Main St, Springfield",
        "",
        "👥 Elm Street Neighbours",
        "🎟 Room for 40 people",
        "🎒 Please bring: gloves",
        "",
        "Brooms are there. Bring gloves & friends.",
        "",
        "✋ Answer in the poll, or reply: going, or going +2 for you and two guests.",
        "Organizers see your answer.",
        "",
        "Details and calendar: elm.example.org/events/0197c1b2",
    ]


def test_a_spanish_event_is_asked_about_in_spanish() -> None:
    spanish = replace(FULL, language="es", poll=("Voy", "Quizás", "No puedo"))
    text = "\n".join(shown(spanish))
    assert "🎒 Trae, por favor: gloves" in text
    assert "✋ Responde en la encuesta, o contesta: voy, o voy +2 si traes a dos personas." in text
    assert "Quienes organizan ven tu respuesta." in text


def test_no_content_warning_hides_a_poll_and_its_picture_has_words() -> None:
    document = face()
    assert "summary" not in document
    assert document["sensitive"] is False
    assert document["attachment"][0]["name"] == PICTURE.alt  # type: ignore[index]


def test_an_organizer_who_confirms_seats_and_one_who_only_counts_heads_say_so() -> None:
    assert "An organizer confirms each seat. Organizers see your answer." in shown(
        replace(ASKING, approval=True)
    )
    assert "Organizers see only how many come." in shown(replace(ASKING, counts_only=True))


def test_only_the_area_is_told_where_the_place_is_for_those_who_come() -> None:
    area = Place(id="area", name="Riverside, Springfield")
    hidden = replace(ASKING, place=area, place_shown=PlaceShown.TO_GOING)
    assert "📍 Riverside, Springfield (exact place after RSVP)" in shown(hidden)


def test_the_options_stay_as_they_were_published_when_the_language_changes() -> None:
    translated = replace(ASKING, language="es", updated_at=EDITED)
    assert options(face(translated)) == [("Going", 0), ("Maybe", 0), ("Can't come", 0)]


def test_the_text_stays_the_same_while_the_numbers_change() -> None:
    assert face(FULL, Tally(going=39, going_heads=39))["content"] == face(FULL)["content"]


def test_a_poll_is_open_until_the_last_moment_to_answer() -> None:
    early = replace(ASKING, rsvp_until=ASKING.starts_at - timedelta(days=1))
    assert face(early)["endTime"] == "2026-09-18T15:00:00Z"
    assert "closed" not in face(early, now=early.closes_at - timedelta(seconds=1))
    assert face(early, now=early.closes_at)["closed"] == "2026-09-18T15:00:00Z"


@pytest.mark.parametrize(
    "change",
    [{"status": EventStatus.CANCELLED}, {"rsvp": RsvpMode.OFF}, {"rsvp": RsvpMode.EXTERNAL}],
)
def test_a_poll_that_is_called_off_closes_at_once_and_stays_a_poll(
    change: dict[str, object],
) -> None:
    over = replace(ASKING, updated_at=EDITED, **change)  # type: ignore[arg-type]
    document = face(over)
    assert document["type"] == "Question"
    assert document["closed"] == "2026-09-10T00:00:00Z"
    assert options(document) == options(face())
    assert "✋" not in "\n".join(shown(over))


def test_an_edit_after_the_end_does_not_close_a_poll_later_than_it_ended() -> None:
    late = replace(ASKING, status=EventStatus.CANCELLED, updated_at=ASKING.starts_at)
    late = replace(late, rsvp_until=EDITED)
    assert face(late)["closed"] == "2026-09-10T00:00:00Z"


def test_a_cancelled_poll_says_so_first_and_what_to_bring_no_more() -> None:
    lines = shown(replace(FULL, status=EventStatus.CANCELLED, cancel_reason="storm"))
    assert lines[:2] == ["CANCELLED: Spring clean", "storm"]
    assert not [line for line in lines if line.startswith(("🎟", "🎒", "✋"))]


def test_an_event_published_without_a_poll_keeps_its_note_and_is_answered_in_words() -> None:
    later = replace(EVENT, rsvp=RsvpMode.ON)
    assert face_type(later) == face(later)["type"] == "Note"
    assert "oneOf" not in face(later)
    assert "✋ To say that you come, reply: going, or going +2 for you and two guests." in shown(
        later
    )
    assert "✋" not in "\n".join(shown(EVENT))


def test_new_totals_are_told_of_the_whole_poll_as_no_edit() -> None:
    chapter = "https://elm.example.org/chapter"
    document = face(ASKING, Tally(going=1, going_heads=3))
    told = retotal(document, chapter, number=4)
    assert told["id"] == f"{PAGE}/face#tally-4"
    assert (told["type"], told["actor"]) == ("Update", chapter)
    assert told["object"] == {k: v for k, v in document.items() if k != "@context"}
    assert not {"updated", "published"} & told.keys()
    assert "updated" not in document
    assert told["@context"] == create(document, chapter)["@context"]


def test_new_totals_after_an_edit_repeat_the_edits_own_stamp() -> None:
    document = face(replace(ASKING, updated_at=EDITED, revision=1), Tally(maybe=1))
    edit = update(document, "https://elm.example.org/chapter", revision=1)
    told = retotal(document, "https://elm.example.org/chapter", number=1)
    assert told["object"]["updated"] == edit["object"]["updated"] == "2026-09-10T00:00:00Z"  # type: ignore[index]
    assert told["id"] != edit["id"]


def test_the_event_and_its_poll_tell_the_same_story() -> None:
    tally = Tally(going=2, going_heads=4, waitlist=1)
    event = write_event(ASKING, CHAPTER, URLS, tally)
    assert event["participantCount"] == 4  # heads have seats
    assert options(face(ASKING, tally))[0] == ("Going", 4)


def test_nothing_an_organizer_types_becomes_markup_in_a_poll() -> None:
    hostile = replace(
        FULL,
        name="Tea </strong><script>alert(1)</script>",
        bring='<img src=x onerror="alert(1)">',
        place=Place(id="x", name="<b>Hall</b>"),
        status=EventStatus.SCHEDULED,
    )
    tags = set(re.findall(r"<[^>]+>", str(face(hostile)["content"])))
    assert not [tag for tag in tags if re.match(r"</?(script|img|b)\b", tag)]


def test_a_poll_speaks_of_numbers_only() -> None:
    """Whatever is counted, no member of a tally beyond the three totals is told."""
    tally = Tally(going=3, going_heads=9, pending=2, waitlist=4, no_show=1, told=7)
    document = face(ASKING, tally)
    assert options(document) == [("Going", 10), ("Maybe", 0), ("Can't come", 0)]
    assert document["votersCount"] == 10
    plainly = face(ASKING)
    assert document.keys() == plainly.keys()
    assert {k for k in document if document[k] != plainly[k]} == {"oneOf", "votersCount"}
