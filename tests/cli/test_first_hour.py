"""What a newcomer meets in the first hour: help, empty lists, a server that is not there."""

import json
import sqlite3

import pytest
from click.testing import CliRunner

from fedi_chapter.cli.main import cli
from tests.cli.conftest import DANGER, Shell


def test_the_list_of_commands_shows_whole_sentences() -> None:
    shown = CliRunner().invoke(cli, ["--help"]).stdout
    assert "doctor" in shown
    assert "..." not in shown.partition("Commands:")[2]


@pytest.mark.parametrize("words", [("event", "create"), ("post", "create"), ("init",)])
def test_the_first_commands_show_an_example(words: tuple[str, ...]) -> None:
    shown = CliRunner().invoke(cli, [*words, "--help"]).stdout
    assert f"  fedi-chapter {' '.join(words)} " in shown.partition("Example:")[2]


def test_the_server_names_its_options_in_the_order_they_are_needed() -> None:
    shown = CliRunner().invoke(cli, ["run", "--help"]).stdout
    places = [shown.index(f"  {word} ") for word in ("--host", "--port", "--tls-cert", "--tls-key")]
    assert places == sorted(places)


@pytest.mark.parametrize(
    "words", [("event", "list"), ("blocks",), ("queue", "list"), ("followers",)]
)
def test_an_empty_list_says_so_beside_the_answer(shell: Shell, words: tuple[str, ...]) -> None:
    result = shell.run(*words)
    assert (result.stdout, result.exit_code) == ("", 0)
    assert "nothing to list" in result.stderr
    assert shell.told(*words) == []


def test_pictures_and_alt_texts_are_counted_in_plain_words(shell: Shell) -> None:
    said = shell.refused("post", "create", "Look", "--image", "garden.jpg")
    assert "pictures given: 1, alt texts given: 0" in said


def test_a_newer_database_is_refused_before_anything_is_promised(shell: Shell) -> None:
    with sqlite3.connect(shell.data / "chapter.db") as db:
        db.execute("UPDATE alembic_version SET version_num = '9999'")
    db.close()
    for words in (("migrate", "--check"), ("migrate",), ("event", "list")):
        assert "run the newer fedi-chapter" in shell.refused(*words, code=3)
    findings = json.loads(shell.run("doctor", "--json").stdout)
    assert "run the newer fedi-chapter" in findings[-1]["cure"]


def test_doctor_says_why_a_chapter_on_http_can_not_be_reached(
    empty: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(DANGER, "1")
    empty.told(
        *("init", "--domain", "localhost", "--handle", "here", "--name", "Here"),
        *("--base-url", "http://localhost:8000"),
    )
    monkeypatch.delenv(DANGER)
    findings = {each["check"]: each for each in json.loads(empty.run("doctor", "--json").stdout)}
    assert "only https" in findings["address"]["cause"]
    assert f"{DANGER}=1" in findings["address"]["cure"]


def test_an_edit_that_names_nothing_is_refused(shell: Shell) -> None:
    made = shell.told("event", "create", "--name", "River walk", "--start", "2031-05-04T09:00")
    written = shell.told("post", "create", "Hello")
    for words in (
        ("event", "edit", made["id"]),
        ("post", "edit", written["id"]),
        ("profile", "edit"),
    ):
        assert "nothing to change" in shell.refused(*words)
    assert shell.told("event", "show", made["id"])["revision"] == 0


def test_a_command_with_another_base_url_does_not_move_the_chapter(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = shell.told("post", "create", "Hello")
    monkeypatch.setenv("FEDI_CHAPTER_BASE_URL", "https://elsewhere.example")
    assert shell.told("post", "list")[0]["id"] == written["id"]


def test_a_server_does_not_move_to_an_address_that_others_refuse(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FEDI_CHAPTER_BASE_URL", "http://elsewhere.example")
    assert "use https" in shell.refused_without_cure("run", "--port", "1", code=3)


def test_a_name_that_is_too_long_is_refused_rather_than_cut(shell: Shell) -> None:
    assert "at most 100 characters" in shell.refused("profile", "edit", "--name", "N" * 101)
