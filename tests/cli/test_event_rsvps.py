"""`event rsvps` and its siblings: the organizer's list on the command line."""

import csv
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Shell

FIELDS = {"name", "status", "guests", "route", "at"}


@pytest.fixture
def event(shell: Shell) -> str:
    made = shell.told(
        *("event", "create", "--name", "Repair café", "--start", "2099-12-05T14:00"),
        *("--capacity", "3"),
    )
    return str(made["id"])


def by_hand(shell: Shell, event: str, name: str, *words: str) -> Any:
    return shell.told("event", "rsvp", event, "--name", name, *words)


def test_who_is_written_down_is_on_the_list(shell: Shell, event: str) -> None:
    assert by_hand(shell, event, "Ana", "--guests", "1")["status"] == "going"
    assert by_hand(shell, event, "Ben", "--status", "maybe")["status"] == "maybe"
    ana, ben = shell.told("event", "rsvps", event)
    assert set(ana) >= FIELDS
    assert (ana["name"], ana["status"], ana["guests"], ana["route"]) == ("Ana", "going", 1, "hand")
    assert ben["status"] == "maybe"
    assert [each["name"] for each in shell.told("event", "rsvps", event, "--status", "maybe")] == [
        "Ben"
    ]
    assert ana["can_be_told"] is False
    assert "Ana" in (listed := shell.run("event", "rsvps", event).stdout)
    assert "can't be told" in listed


def test_an_organizer_corrects_a_mistyped_address(shell: Shell, event: str) -> None:
    by_hand(shell, event, "Ana", "--email", "ana@mali.example")
    (ana,) = shell.told("event", "rsvps", event)
    assert (ana["email"], ana["email_refused"], ana["can_be_told"]) == (
        *("ana@mali.example", False, False),
    )
    shell.told("event", "mail", event, "Ana", "ana@mail.example")
    assert shell.told("event", "rsvps", event)[0]["email"] == "ana@mail.example"
    assert "mail address" in shell.refused("event", "mail", event, "Ana", "nonsense")


def test_when_all_seats_are_taken_people_wait_and_a_raised_limit_lets_them_in(
    shell: Shell, event: str
) -> None:
    by_hand(shell, event, "Ana", "--guests", "2")
    assert by_hand(shell, event, "Ben")["status"] == "waitlist"
    shell.told("event", "edit", event, "--capacity", "4")
    statuses = {each["name"]: each["status"] for each in shell.told("event", "rsvps", event)}
    assert statuses == {"Ana": "going", "Ben": "going"}


def test_an_organizer_takes_a_seat_back_and_the_next_in_line_has_it(
    shell: Shell, event: str
) -> None:
    by_hand(shell, event, "Ana", "--guests", "2")
    by_hand(shell, event, "Ben")
    assert shell.told("event", "decline", event, "ana")["status"] == "no"
    assert shell.told("event", "rsvps", event, "--status", "going")[0]["name"] == "Ben"
    assert "does not wait" in shell.refused_without_cure("event", "approve", event, "Ben")


def test_a_decline_says_who_can_not_be_told_and_is_undone_by_an_approval(
    shell: Shell, event: str
) -> None:
    by_hand(shell, event, "Ana", "--guests", "1")
    assert "can't be told" in shell.run("event", "decline", event, "Ana").stdout
    assert shell.told("event", "approve", event, "Ana")["status"] == "going"
    assert shell.told("event", "rsvps", event)[0]["guests"] == 1


def test_an_event_people_said_yes_to_is_deleted_once_they_know_or_on_purpose(
    shell: Shell, event: str
) -> None:
    by_hand(shell, event, "Ana")
    assert "would not hear" in shell.refused("event", "delete", event)
    assert shell.told("event", "delete", event, "--anyway")["deleted"] is True


def test_of_two_people_of_one_name_one_is_chosen_by_id(shell: Shell, event: str) -> None:
    first, _ = (by_hand(shell, event, "Ana")["id"] for _ in range(2))
    assert "2 people" in shell.refused("event", "decline", event, "Ana")
    assert shell.told("event", "decline", event, first)["status"] == "no"
    assert "nobody" in shell.refused("event", "decline", event, "Zoe")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--name", "\u202e "), "name is missing"),
        (("--name", "Ana", "--guests", "-1"), "negative"),
        (("--name", "Ana", "--guests", "3"), "more people"),
        (("--name", "Ana", "--email", "a@b,c@d"), "mail address"),
    ],
)
def test_what_can_not_be_written_down_is_refused_whole(
    shell: Shell, event: str, words: tuple[str, ...], said: str
) -> None:
    assert said in shell.refused("event", "rsvp", event, *words)
    assert shell.told("event", "rsvps", event) == []


def test_a_message_is_reported_by_route_and_urgent_once_a_week(shell: Shell, event: str) -> None:
    by_hand(shell, event, "Ana")
    told = shell.told("event", "message", event, "Bring a lamp.", "--urgent")
    assert (told["concerned"], told["told"]) == (1, [])
    assert "--again" in shell.refused("event", "message", event, "Now!", "--urgent")
    again = shell.told("event", "message", event, "-", "--urgent", "--again", text="Really now!")
    assert again["id"] != told["id"]
    assert shell.told("event", "message", event)["concerned"] == 1
    assert "1 to 2000" in shell.refused("event", "message", event, " ")


def test_the_list_is_exported_to_a_file_of_ones_own(
    shell: Shell, event: str, tmp_path: Path
) -> None:
    by_hand(shell, event, "=HYPERLINK(1)")
    file = tmp_path / "list.csv"
    assert shell.told("event", "export", event, str(file)) == {"file": str(file), "people": 1}
    with file.open(encoding="utf-8-sig", newline="") as lines:
        assert [row["name"] for row in csv.DictReader(lines)] == ["'=HYPERLINK(1)"]
    assert file.stat().st_mode & 0o077 == 0
    assert "new file" in shell.refused("event", "export", event, str(file))
