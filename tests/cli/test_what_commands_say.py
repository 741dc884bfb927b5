"""The sentences of commands: what was done, what comes next, and a cure that fits."""

import pytest

from tests.cli.conftest import FOUNDING, Shell

PARTY = ("event", "create", "--name", "Street party", "--start", "2099-12-05T14:00")


def made(shell: Shell, *words: str) -> str:
    return str(shell.told(*PARTY, *words)["id"])


def test_a_new_message_says_who_only_reads_it_on_a_page(shell: Shell) -> None:
    party = made(shell)
    shell.told("event", "rsvp", party, "--name", "Ana")
    said = shell.run("event", "message", party, "Bring a lamp.").stdout.splitlines()
    assert said == ["written; 1 may come", "page    to read  1"]
    assert shell.run("event", "message", party).stdout.splitlines() == ["1 may come"]


@pytest.mark.parametrize(
    ("name", "cure"), [("\u200b", "at least one letter"), ("X" * 201, "the rest")]
)
def test_the_cure_for_a_name_depends_on_its_length(shell: Shell, name: str, cure: str) -> None:
    words = ("event", "create", "--name", name, "--start", "2099-12-05T14:00")
    assert cure in shell.refused(*words).partition("Cure: ")[2]


@pytest.mark.parametrize(("text", "cure"), [(" ", "something"), ("x" * 2001, "the rest")])
def test_the_cure_for_a_message_depends_on_its_length(shell: Shell, text: str, cure: str) -> None:
    said = shell.refused("event", "message", made(shell), text)
    assert cure in said.partition("Cure: ")[2]


def test_an_event_is_shown_in_words(shell: Shell) -> None:
    shown = shell.run("event", "show", made(shell, "--tag", "street", "--tag", "party")).stdout
    assert "tags: street, party" in shown
    assert "poll: Going, Maybe, Can't come" in shown
    assert "[" not in shown


def test_the_first_event_of_a_series_names_its_series(shell: Shell) -> None:
    said = shell.run(*PARTY, "--rrule", "FREQ=WEEKLY").stdout
    assert "its series: https://chapter.example.org/series/" in said
    assert "series" not in shell.run(*PARTY).stdout


def test_what_founds_a_chapter_elsewhere_starts_it_there(empty: Shell) -> None:
    said = empty.run(*FOUNDING).stdout
    assert said.rstrip().endswith(f"run --data {empty.data}")
