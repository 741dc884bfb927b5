"""Footprint: how long a start takes, how much memory an idle chapter holds, how big it is."""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.figures import Figure, at_most, table
from benchmarks.programs import ROOT, Chapter, free_port

IDLE = 5.0
"""Seconds after which a server has settled."""
MEGABYTE = 1 << 20


def measure(repeats: int) -> str:
    """Measure `repeats` times, and return the table."""
    starts: list[float] = []
    idle: list[float] = []
    commands: list[float] = []
    with tempfile.TemporaryDirectory(prefix="bench-footprint-") as folder:
        chapter = Chapter(Path(folder), free_port())
        chapter.found()
        for _ in range(repeats):
            with chapter.serving("run", "--port", str(chapter.port)) as server:
                starts.append(server.ready_after)
                time.sleep(IDLE)
                idle.append(server.memory("VmRSS"))
            began = time.monotonic()
            chapter.command("queue", "status")
            commands.append(time.monotonic() - began)
    figures = [
        Figure("start of `run` until ready", "s", starts, at_most(1.5)),
        Figure(f"memory after {IDLE:.0f} s idle", "MB", idle, at_most(110)),
        Figure("`queue status`, whole command", "s", commands),
    ]
    if repeats > 1:
        figures.append(Figure("installed runtime set, without .pyc", "MB", [_installed()]))
    return table("Footprint", figures)


def _installed() -> float:
    """Install the locked runtime set into a new environment, and return its size."""
    with tempfile.TemporaryDirectory(prefix="bench-venv-") as name:
        folder = Path(name)
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
        words = ["--quiet", "--disable-pip-version-check", "--no-compile", "--require-hashes"]
        lock = ROOT / "requirements.lock"
        python = folder / "bin" / "python"
        subprocess.run(
            [sys.executable, "-m", "pip", "--python", python, "install", *words, "-r", lock],
            check=True,
        )
        files = (path for path in (folder / "lib").rglob("*") if path.is_file())
        return sum(file.stat().st_size for file in files if file.suffix != ".pyc") / MEGABYTE
