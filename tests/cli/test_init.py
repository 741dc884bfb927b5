import json
import os
import stat
import tomllib

import pytest

from fedi_chapter.cli.init import base_of, domain_of
from fedi_chapter.core.errors import FormInvalid
from fedi_chapter.settings import Settings
from tests.cli.conftest import DANGER, FOUNDING, Shell
from tests.kit.databases import Databases

NAMES = ("--handle", "atlanta", "--name", "Atlanta")


def test_init_tells_actor_handle_address_and_sign_in_link(empty: Shell) -> None:
    told = empty.told(*FOUNDING)
    assert told["actor"] == "https://chapter.example.org/chapter"
    assert told["handle"] == "@atlanta@chapter.example.org"
    assert told["base_url"] == "https://chapter.example.org"
    assert told["sign_in_url"].startswith("https://chapter.example.org/sign-in?token=")


def test_keys_and_data_are_for_their_owner_alone(empty: Shell) -> None:
    empty.told(*FOUNDING)
    assert stat.S_IMODE(os.stat(empty.data).st_mode) == 0o700
    assert stat.S_IMODE(os.stat(empty.data / "secret.key").st_mode) == 0o600


@pytest.mark.parametrize("name", ["what?here=1", "100%20full", "a #1 folder"])
def test_the_database_lies_in_the_data_folder_whatever_its_name(empty: Shell, name: str) -> None:
    shell = Shell(empty.data / name)
    told = shell.told(*FOUNDING)
    assert (shell.data / "chapter.db").is_file()
    assert shell.told("migrate", "--check")["from"]
    assert told["handle"] == "@atlanta@chapter.example.org"


def test_a_second_init_is_refused_and_changes_nothing(shell: Shell) -> None:
    before = (shell.data / "secret.key").read_bytes()
    said = shell.refused("init", "--domain", "other.example", *NAMES)
    assert "already" in said
    assert (shell.data / "secret.key").read_bytes() == before
    assert shell.run("event", "list").exit_code == 0


def test_an_interrupted_init_can_be_repeated(empty: Shell) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("fedi_chapter.services.chapters.found", lambda *_: 1 / 0)
        empty.refused(*FOUNDING)
    assert (empty.data / "secret.key").exists()
    assert empty.told(*FOUNDING)["handle"] == "@atlanta@chapter.example.org"


def test_init_keeps_in_mind_which_database_it_was_told(
    empty: Shell, databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = databases.sqlite()
    monkeypatch.setenv("FEDI_CHAPTER_DATABASE_URL", url)
    empty.data.mkdir()
    file = empty.data / "chapter.toml"
    file.write_text('log_level = "warning"\n')
    empty.told(*FOUNDING)
    monkeypatch.delenv("FEDI_CHAPTER_DATABASE_URL")
    assert tomllib.loads(file.read_text()) == {"database_url": url, "log_level": "warning"}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert empty.told("event", "list") == []
    assert "already" in empty.refused("init", "--domain", "other.example", *NAMES)
    assert not (empty.data / "chapter.db").exists()
    assert tomllib.loads(file.read_text())["database_url"] == url
    file.write_text('database_url = "sqlite+aiosqlite:///other.db"\n')
    monkeypatch.setenv("FEDI_CHAPTER_DATABASE_URL", databases.sqlite())
    assert "leave only the right one" in empty.refused(*FOUNDING, code=3)


def test_a_forgotten_database_is_named_first_and_founds_no_second_chapter(shell: Shell) -> None:
    (shell.data / "chapter.db").rename(shell.data / "elsewhere.db")
    for words in (FOUNDING, ("event", "list"), ("run", "--port", "0"), ("sample",)):
        said = shell.refused(*words, code=3)
        assert "secret.key" in said
        assert "Cure: set FEDI_CHAPTER_DATABASE_URL" in said
    assert not (shell.data / "chapter.db").exists()


def test_where_there_is_no_chapter_the_likely_reason_comes_first(empty: Shell) -> None:
    assert "Cure: name the chapter's folder" in empty.refused("event", "list", code=3)
    empty.data.mkdir()
    assert "Cure: check the name of the folder" in empty.refused("event", "list", code=3)


@pytest.mark.skipif(os.getuid() != 0, reason="only root becomes another user")
def test_who_may_not_read_the_data_is_told_to_be_another_user(shell: Shell) -> None:
    os.seteuid(65534)
    try:
        said = shell.refused("event", "list", code=3)
    finally:
        os.seteuid(0)
    assert "as the user who owns the data" in said


def test_what_is_missing_is_wrong_usage_when_nobody_can_be_asked(empty: Shell) -> None:
    assert "--domain" in empty.refused("init", *NAMES, code=2)
    assert not empty.data.exists()


def test_a_split_domain_stands_in_the_handle(empty: Shell) -> None:
    told = empty.told(
        "init", "--domain", "example.org", "--base-url", "https://Chapter.Example.org/", *NAMES
    )
    assert told["handle"] == "@atlanta@example.org"
    assert told["actor"] == "https://chapter.example.org/chapter"


def test_with_the_danger_switch_a_loopback_handle_carries_the_port(
    empty: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(DANGER, "1")
    told = empty.told(
        "init", "--domain", "127.0.0.1", "--base-url", "http://127.0.0.1:8001", *NAMES
    )
    assert told["handle"] == "@atlanta@127.0.0.1:8001"
    assert told["actor"] == "http://127.0.0.1:8001/chapter"


def test_http_without_the_danger_switch_is_refused_and_nothing_is_written(empty: Shell) -> None:
    said = empty.refused(
        "init", "--domain", "127.0.0.1", "--base-url", "http://127.0.0.1:8001", *NAMES
    )
    assert DANGER in said
    assert not empty.data.exists()


@pytest.mark.parametrize(
    "domain", ["example.org:8443", "https://example.org:8443/", "@atlanta@example.org:80"]
)
def test_a_port_behind_the_domain_is_refused_and_not_left_out(empty: Shell, domain: str) -> None:
    said = empty.refused("init", "--domain", domain, *NAMES)
    assert "no other server could ever talk to" in said
    assert "without a port" in said
    assert not empty.data.exists()


def test_the_usual_port_may_stand_behind_the_domain(empty: Shell) -> None:
    told = empty.told("init", "--domain", "example.org:443", *NAMES)
    assert (told["handle"], told["base_url"]) == ("@atlanta@example.org", "https://example.org")


@pytest.mark.parametrize(
    "words",
    [
        ("--domain", "no domain", *NAMES),
        ("--domain", "example.org", "--handle", "relay", "--name", "X"),
        ("--domain", "example.org", "--handle", "At-lanta", "--name", "X"),
        ("--domain", "example.org", "--base-url", "ftp://example.org", *NAMES),
        ("--domain", "example.org", "--base-url", "https://example.org/path", *NAMES),
        ("--domain", "example.org", "--timezone", "Mars/Olympus", *NAMES),
        ("--domain", "example.org", "--language", "klingon", *NAMES),
        ("--domain", "example.org", "--lat", "33.0", *NAMES),
        ("--domain", "example.org", "--place", "X", "--lat", "91", "--lon", "0", *NAMES),
        ("--domain", "example.org", "--email", "nobody", *NAMES),
        ("--domain", "example.org", "--handle", "a", "--name", "\u3164"),
    ],
)
def test_a_wrong_word_is_refused_and_can_be_mended(empty: Shell, words: tuple[str, ...]) -> None:
    empty.refused("init", *words)
    assert empty.told(*FOUNDING)["handle"] == "@atlanta@chapter.example.org"


def test_a_database_in_a_folder_that_is_not_there_is_unusable(
    empty: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    nowhere = empty.data.parent / "nowhere"
    monkeypatch.setenv("FEDI_CHAPTER_DATABASE_URL", f"sqlite+aiosqlite:///{nowhere}/chapter.db")
    said = empty.refused(*FOUNDING, code=3)
    assert f"there is no folder {nowhere}" in said
    assert "DATABASE_URL" in said


def test_a_folder_that_can_not_be_made_is_unusable(empty: Shell) -> None:
    empty.data.write_text("a file")
    result = empty.run(*FOUNDING)
    assert result.exit_code == 2  # click itself sees that it is a file
    below = Shell(empty.data / "below")
    below.refused(*FOUNDING, code=3)


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        ("Example.ORG.", "example.org"),
        ("https://example.org/", "example.org"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("127.0.0.1:8001", "127.0.0.1"),
        ("@atlanta@example.org", "example.org"),
    ],
)
def test_a_domain_is_read_in_the_ways_people_write_it(text: str, domain: str) -> None:
    assert domain_of(text) == domain


@pytest.mark.parametrize("text", ["", ".", "a..b", "a_b.example", "exa mple", "x" * 64, "é\ud800"])
def test_what_is_not_a_domain_is_refused(text: str) -> None:
    with pytest.raises(FormInvalid):
        domain_of(text)


def test_the_usual_port_is_left_out_of_the_origin() -> None:
    settings = Settings()
    assert base_of("https://example.org:443", "example.org", settings) == "https://example.org"
    assert base_of(None, "example.org", settings) == "https://example.org"
    with pytest.raises(FormInvalid):
        base_of("https://example.org:port", "example.org", settings)


def test_json_may_stand_before_the_command_too(empty: Shell) -> None:
    result = empty.run("--json", *FOUNDING)
    assert json.loads(result.stdout)["handle"] == "@atlanta@chapter.example.org"
