"""What event servers show below title, date and place: the description, and how to take part."""

import re
from dataclasses import replace
from html import unescape

import pytest

from fedi_chapter.domain.audience import Visibility
from fedi_chapter.domain.event import Event, EventStatus, PlaceShown, RsvpMode
from fedi_chapter.domain.tally import NOBODY
from fedi_chapter.vocab.events import write_event
from tests.kit.examples import ASKING, CHAPTER, EVENT, URLS

PAGE = URLS.event(EVENT.id)


def text(event: Event) -> list[str]:
    """Return the lines that people read."""
    html = str(write_event(event, CHAPTER, URLS, NOBODY)["content"])
    lines = re.sub(r"</p>|<br>", "\n", html)
    return [unescape(re.sub(r"<[^>]+>", "", line)) for line in lines.split("\n") if line]


def test_what_stands_above_it_is_not_said_again() -> None:
    assert text(EVENT) == [
        "Brooms are there. Bring gloves & friends.",
        "Room for 40 people",
        f"Details and calendar: {PAGE}",
    ]


def test_it_says_how_to_answer_and_where_to_look_for_what_came_of_it() -> None:
    asking = replace(ASKING, approval=True, bring="a cup")
    assert text(asking)[1:] == [
        "Room for 40 people",
        "An organizer confirms each seat.",
        "Please bring: a cup",
        f"Say that you come with your server's button, or on the event's page: {PAGE}",
        "Not every server shows our messages. Sign in on that page to see whether you have a seat.",
        "Organizers see your answer.",
    ]


def test_where_heads_are_only_counted_it_says_so() -> None:
    assert text(replace(ASKING, counts_only=True))[-1] == "Organizers see only how many come."


def test_it_says_where_to_sign_up_and_where_to_join() -> None:
    outside = replace(
        EVENT,
        rsvp=RsvpMode.EXTERNAL,
        external_url="https://forms.example/a?b=1&c=2",
        online_url="https://meet.example/x",
        capacity=None,
    )
    assert text(outside)[1:] == [
        "Sign up at https://forms.example/a?b=1&c=2",
        "Join online: https://meet.example/x",
        f"Details and calendar: {PAGE}",
    ]
    html = str(write_event(outside, CHAPTER, URLS, NOBODY)["content"])
    assert 'href="https://forms.example/a?b=1&amp;c=2"' in html


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        (
            {"place_shown": PlaceShown.TO_GOING},
            "The exact place is shown to those who have a seat.",
        ),
        ({"place": None, "link_kept": True}, "The link is shown to those who have a seat."),
    ],
)
def test_what_only_those_who_come_learn_is_named(changes: dict[str, object], line: str) -> None:
    assert line in text(replace(ASKING, **changes))  # type: ignore[arg-type]


def test_a_cancelled_event_says_why_and_invites_nobody() -> None:
    off = replace(ASKING, status=EventStatus.CANCELLED, cancel_reason="Rain", bring="a cup")
    assert text(off) == [
        "Cancelled: Rain",
        "Brooms are there. Bring gloves & friends.",
        f"Details and calendar: {PAGE}",
    ]


def test_an_event_without_a_page_names_none() -> None:
    among_us = replace(ASKING, visibility=Visibility.FOLLOWERS)
    assert PAGE not in " ".join(text(among_us))
    assert "Say that you come with your server's button." in text(among_us)


def test_it_speaks_the_events_language() -> None:
    assert "Dinos si vienes" in " ".join(text(replace(ASKING, language="es")))


def test_name_and_text_come_with_their_language_both() -> None:
    document = write_event(replace(EVENT, language="es"), CHAPTER, URLS, NOBODY)
    assert document["nameMap"] == {"es": document["name"]}
    assert document["contentMap"] == {"es": document["content"]}
