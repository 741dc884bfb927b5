import json
import re
import signal
import socket
import subprocess
import urllib.request
from pathlib import Path
from typing import IO

from fedi_chapter.cli.serve import LAST_ANSWERS
from fedi_chapter.workers import loop
from fedi_chapter.workers.delivery import Pace
from tests.cli.conftest import DANGER, Start
from tests.kit.patience import PATIENCE

DANGEROUS = {DANGER: "1"}


def found(start: Start, data: Path, port: int) -> None:
    process = start(
        *("init", "--data", str(data), "--domain", "127.0.0.1", "--handle", "atlanta"),
        *("--base-url", f"http://127.0.0.1:{port}", "--name", "Atlanta"),
        **DANGEROUS,
    )
    _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, err


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def line_with(stream: IO[str], word: str) -> str:
    lines = []
    for line in stream:
        lines.append(line)
        if re.match(word, line):
            return line.strip()
    raise AssertionError(f"no line with {word!r} in {''.join(lines)}")


def test_the_seconds_given_at_the_end_fit_into_the_ten_that_are_promised() -> None:
    """Open requests end first, then the loops wind up, all at the same time."""
    assert LAST_ANSWERS + max(Pace().grace, loop.GRACE) < 10


def test_a_chapter_runs_takes_commands_and_stops_cleanly(start: Start, tmp_path: Path) -> None:
    data, port = tmp_path / "data", free_port()
    found(start, data, port)
    server = start("run", "--data", str(data), "--port", str(port), **DANGEROUS)
    assert server.stderr is not None
    assert "DANGER" in server.stderr.readline()
    assert line_with(server.stderr, "ready ") == f"ready http://127.0.0.1:{port}"
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=PATIENCE) as answer:
        assert answer.status == 200
    written = start("post", "create", "Hello", "--data", str(data), "--json", **DANGEROUS)
    out, err = written.communicate(timeout=PATIENCE)
    assert written.returncode == 0, err
    request = urllib.request.Request(
        json.loads(out)["id"], headers={"Accept": "application/activity+json"}
    )
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        assert json.load(answer)["type"] == "Note"
    examined = start("doctor", "--data", str(data), "--json", **DANGEROUS)
    out, err = examined.communicate(timeout=PATIENCE)
    assert [each for each in json.loads(out) if not each["ok"]] == []
    assert examined.returncode == 0
    second = start("run", "--data", str(data), "--port", str(port), **DANGEROUS)
    _, err = second.communicate(timeout=PATIENCE)
    assert second.returncode == 1
    assert "--port" in err
    server.send_signal(signal.SIGTERM)
    assert server.wait(timeout=PATIENCE) == 0


def test_the_two_halves_run_apart(start: Start, tmp_path: Path) -> None:
    data, port = tmp_path / "data", free_port()
    found(start, data, port)
    halves: list[subprocess.Popen[str]] = [
        start("web", "--data", str(data), "--port", str(port), **DANGEROUS),
        start("worker", "--data", str(data), **DANGEROUS),
    ]
    for half in halves:
        assert half.stderr is not None
        line_with(half.stderr, "ready")
        half.send_signal(signal.SIGTERM)
    for half in halves:
        assert half.wait(timeout=PATIENCE) == 0
