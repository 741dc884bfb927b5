"""The list of attendees opens as text in every spreadsheet, whatever people call themselves."""

import csv
import io

import pytest

from fedi_chapter.domain.attendee import Attendee
from fedi_chapter.domain.rsvp import RANKS, Answer, Route, Rsvp, RsvpId, RsvpStatus
from fedi_chapter.feeds.attendee_list import HEAD, attendee_list
from tests.kit.builders import EVENT_ID, NOW, an_event


def an_attendee(name: str, **more: str) -> Attendee:
    rsvp = Rsvp(
        id=RsvpId("r1"),
        event_id=EVENT_ID,
        key="k",
        status=RsvpStatus.GOING,
        route=Route.WEB,
        said_at=NOW,
        said_rank=RANKS[Answer.GOING],
        said_guests=0,
        created_at=NOW,
        changed_at=NOW,
        **more,  # type: ignore[arg-type]
    )
    return Attendee(rsvp, name, "@ana@social.example")


def cells(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.mark.parametrize(
    "start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", " ="]
)
def test_no_cell_is_a_formula(start: str) -> None:
    hostile = f'{start}HYPERLINK("https://evil.example";"Click")'
    for row in cells(attendee_list(an_event(), [an_attendee(hostile, note=hostile)])):
        assert row["name"] == f"'{hostile}"
        assert row["note"] == f"'{hostile}"
        assert row["handle"] == "'@ana@social.example"


def test_every_cell_is_quoted_and_quotes_are_doubled() -> None:
    text = attendee_list(an_event(), [an_attendee('Ana "Ace"; O’Neil, 2nd\nline')])
    head, _, rest = text.partition("\r\n")
    assert head == ",".join(f'"{name}"' for name in HEAD)
    assert rest.startswith('"Ana ""Ace""; O’Neil, 2nd\nline","\'@ana')
    assert cells(text)[0]["name"] == 'Ana "Ace"; O’Neil, 2nd\nline'


def test_instants_are_told_in_the_events_own_zone() -> None:
    row = cells(attendee_list(an_event(), [an_attendee("Ana")]))[0]
    assert row["said_at"] == "2026-11-21T06:00:00-06:00"
    assert row["checked_in_at"] == ""
