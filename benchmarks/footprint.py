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
    """Measure `repeats` times, and return the table.

    The chapter runs where nothing but the locked runtime set is installed: some libraries load
    others that happen to be there. A single quick run takes the environment as it is.
    """
    if repeats == 1:
        return table("Footprint", _figures(Path(sys.executable), repeats))
    with tempfile.TemporaryDirectory(prefix="bench-venv-") as folder:
        python, size = _installed(Path(folder))
        installed = Figure("installed runtime set, without .pyc", "MB", [size])
        return table("Footprint", [*_figures(python, repeats), installed])


def _figures(python: Path, repeats: int) -> list[Figure]:
    starts: list[float] = []
    idle: list[float] = []
    commands: list[float] = []
    with tempfile.TemporaryDirectory(prefix="bench-footprint-") as folder:
        chapter = Chapter(Path(folder), free_port(), python=python)
        chapter.found()
        for _ in range(repeats):
            with chapter.serving("run", "--port", str(chapter.port)) as server:
                starts.append(server.ready_after)
                time.sleep(IDLE)
                idle.append(server.memory("VmRSS"))
            began = time.monotonic()
            chapter.command("queue", "status")
            commands.append(time.monotonic() - began)
    return [
        Figure("start of `run` until ready", "s", starts, at_most(1.5)),
        Figure(f"memory after {IDLE:.0f} s idle", "MB", idle, at_most(110)),
        Figure("`queue status`, whole command", "s", commands),
    ]


def _installed(folder: Path) -> tuple[Path, float]:
    """Install the locked runtime set into a new environment; return its Python and its size."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    words = ["--quiet", "--disable-pip-version-check", "--require-hashes"]
    lock = ROOT / "requirements.lock"
    python = folder / "bin" / "python"
    subprocess.run(
        [sys.executable, "-m", "pip", "--python", python, "install", *words, "-r", lock],
        check=True,
    )
    files = [path for path in (folder / "lib").rglob("*") if path.is_file()]
    size = sum(file.stat().st_size for file in files if file.suffix != ".pyc")
    return python, size / MEGABYTE
