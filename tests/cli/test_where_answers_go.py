"""Answers that nobody reads, that find no room, or that a terminal has no letters for."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import fedi_chapter
from tests.cli.conftest import Shell
from tests.kit.patience import PATIENCE

HERE = {"PYTHONPATH": str(Path(fedi_chapter.__file__).parent.parent)}
FULL = Path("/dev/full")


def run(*words: str, stdout: int, stderr: int, **environment: str) -> tuple[int, bytes, bytes]:
    process = subprocess.Popen(
        [sys.executable, "-m", "fedi_chapter", *words],
        env={**HERE, **environment},
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=stderr,
    )
    out, err = process.communicate(timeout=PATIENCE)
    return process.returncode, out or b"", err or b""


@pytest.fixture
def nobody() -> Iterator[int]:
    """A pipe whose reader has gone."""
    reader, writer = os.pipe()
    os.close(reader)
    yield writer
    os.close(writer)


@pytest.mark.parametrize("words", [("organizer", "list"), ("queue", "status", "--json")])
def test_a_reader_who_has_read_enough_is_no_error(
    words: tuple[str, ...], shell: Shell, nobody: int
) -> None:
    code, _, err = run(
        *words, stdout=nobody, stderr=subprocess.PIPE, FEDI_CHAPTER_DATA=str(shell.data)
    )
    assert (code, err) == (0, b"")


def test_what_is_refused_stays_refused_when_nobody_listens(shell: Shell, nobody: int) -> None:
    data = str(shell.data)
    for words in (("event", "show", "nothing"), ("doctor",)):
        code, _, _ = run(*words, stdout=nobody, stderr=nobody, FEDI_CHAPTER_DATA=data)
        assert code == 1


@pytest.mark.skipif(not FULL.exists(), reason="only Linux has a device that is always full")
def test_an_answer_that_finds_no_room_is_told_with_what_became_of_the_work(shell: Shell) -> None:
    with FULL.open("wb") as full:
        code, _, err = run(
            *("post", "create", "Hello"),
            stdout=full.fileno(),
            stderr=subprocess.PIPE,
            FEDI_CHAPTER_DATA=str(shell.data),
        )
    assert code == 1
    assert b"it is done, but the answer could not be written" in err
    assert b"Cure: " in err
    assert len(shell.told("post", "list")) == 1


def test_a_terminal_without_the_letters_shows_the_answer_all_the_same(shell: Shell) -> None:
    name = "Tea ☕ and cake 🍰"
    shell.told("event", "create", "--name", name, "--start", "2031-05-04T09:00")
    latin = {"PYTHONIOENCODING": "latin-1", "FEDI_CHAPTER_DATA": str(shell.data)}
    pipe = subprocess.PIPE
    code, out, err = run("event", "list", stdout=pipe, stderr=pipe, **latin)
    assert (code, err) == (0, b"")
    assert rb"Tea \u2615 and cake" in out
    _, out, _ = run("event", "list", "--json", stdout=pipe, stderr=pipe, **latin)
    assert json.loads(out.decode("latin-1"))[0]["name"] == name


def test_ctrl_c_while_the_program_loads_ends_it_without_a_traceback(tmp_path: Path) -> None:
    """A module that is loaded on the way presses the keys: no waiting for the right moment."""
    (tmp_path / "sitecustomize.py").write_text(
        "import os, signal, sys\n"
        # A shell's background jobs are born deaf to the keys, and a child inherits that.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "class Impatient:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'fedi_chapter.cli.main':\n"
        "            os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Impatient())\n"
    )
    path = f"{tmp_path}{os.pathsep}{HERE['PYTHONPATH']}"
    pipe = subprocess.PIPE
    code, _, err = run("--version", stdout=pipe, stderr=pipe, PYTHONPATH=path)
    assert (code, err) == (-signal.SIGINT, b"")
