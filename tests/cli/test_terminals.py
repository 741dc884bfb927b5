"""Nothing that others wrote acts on the terminal of an operator who reads it."""

import io
import json
import logging
import sys
from collections.abc import Iterator

import click
import pytest
import structlog

from fedi_chapter.cli import frame
from fedi_chapter.cli.frame import Setup
from fedi_chapter.core import log
from fedi_chapter.core.errors import ChapterError
from fedi_chapter.core.text import visible
from tests.cli.conftest import Shell
from tests.cli.test_commands import on_disk

ACTING = "\x1b]0;owned\x07\x1b[2J\x9b31m\x7f\r\n\u202e\u2066\u2028\u061cgone"
KEPT = "می\u200cخواهم 👩\u200d👩\u200d👧 café"


def is_harmless(text: str) -> bool:
    return all(visible(line) == line for line in text.split("\n"))


def test_what_acts_is_spelled_out_and_what_is_written_stays() -> None:
    assert visible(ACTING) == (
        r"\x1b]0;owned\x07\x1b[2J\x9b31m\x7f\r\n\u202e\u2066\u2028\u061cgone"
    )
    assert visible(KEPT) == KEPT
    assert visible("\ud83d") == r"\ud83d"
    assert visible("a\nb\tc", keep="\n") == "a\nb\\tc"


def test_a_remote_answer_in_a_list_moves_no_cursor(shell: Shell) -> None:
    shell.told("post", "create", "Hello")
    reply = (
        "INSERT INTO replies (uri, actor_uri, in_reply_to, root, html, attached, is_cut, rule, url,"
        f" unlisted, state, published_at, received_at, host) VALUES ('https://b.test/{ACTING}',"
        f" 'https://b.test/u', 'x', 'x', '<p>Hi {ACTING}</p>', '', 0, 1, 'x', 0, 'held', 1, 1, '')"
    )
    on_disk(shell, reply)
    said = shell.run("replies", "list").stdout
    assert r"\x1b]0;owned" in said
    assert len(said.splitlines()) == 1
    assert is_harmless(said)
    told = shell.run("replies", "list", "--json").stdout
    assert is_harmless(told)
    assert json.loads(told)[0]["id"] == f"https://b.test/{ACTING}"


def test_a_refusal_and_a_note_are_one_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    frame.Refusal(ChapterError(f"they said {ACTING}", cure=f"do {ACTING}")).show()
    frame.note(ACTING)
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 3
    assert is_harmless(said)


def test_an_error_nobody_foresaw_is_harmless_too(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        raise RuntimeError(ACTING)

    root = frame.Root(commands={"fail": frame.Verb("fail", callback=fail)})
    with pytest.raises(click.ClickException) as refused:
        root.main(["fail"], standalone_mode=False, obj=Setup(debug=True))
    refused.value.show()
    said = capsys.readouterr().err
    assert "RuntimeError" in said
    assert is_harmless(said)


@pytest.fixture(params=[True, False])
def terminal(
    monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[io.StringIO]:
    """Standard error as the log writes it: a terminal, or a file."""
    monkeypatch.undo()  # these tests keep the log as it is; this one is about it
    kept, handlers, output = structlog.get_config(), [*logging.root.handlers], io.StringIO()
    monkeypatch.setattr(output, "isatty", lambda: request.param)
    monkeypatch.setattr(sys, "stderr", output)
    log.configure("info", "text")
    yield output
    structlog.configure(**kept)
    logging.root.handlers[:] = handlers


def test_no_line_of_the_log_acts(terminal: io.StringIO) -> None:
    try:
        raise RuntimeError(ACTING)
    except RuntimeError as error:
        log.get_logger("x").error("event", reason=ACTING, **log.because(error))
    logging.getLogger("a library").warning("it said %s", ACTING)
    said = terminal.getvalue()
    assert said.count(r"\x1b]0;owned") >= 3
    assert not any(each in said for each in ("\x07", "\x1b]", "\x9b", "\x7f", "\u202e", "\u2028"))
