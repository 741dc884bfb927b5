"""The processes of a measurement: chapters as operators run them, and our own helpers.

Every process is a child of this one and is ended by its own handle. Helpers answer one line
of JSON with one line of JSON.
"""

import asyncio
import contextlib
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvloop

import fedi_chapter

ROOT = Path(fedi_chapter.__file__).parent.parent
PATIENCE = 60.0
STOP = 15.0
GLANCE = 0.1
"""Seconds between two looks: each one costs what is measured a little."""
TICKS = os.sysconf("SC_CLK_TCK")
Handlers = Mapping[str, Callable[..., Awaitable[Any]]]


def free_port(address: str = "127.0.0.1") -> int:
    """Return a loopback port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((address, 0))
        return int(probe.getsockname()[1])


def raise_limits() -> None:
    """Let this process, and those it starts, open as many files as the system allows."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def cpu_of(pid: int) -> float:
    """Return the CPU seconds a process has used, all threads, user and system."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


# -- chapters --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Server:
    """A running chapter process."""

    pid: int
    ready_after: float
    """Seconds from its start until it said that it was ready."""

    def cpu(self) -> float:
        """Return the CPU seconds it has used."""
        return cpu_of(self.pid)

    def memory(self, what: str = "VmHWM") -> float:
        """Return its peak (VmHWM) or present (VmRSS) memory in megabytes."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith(f"{what}:"):
                return int(line.split()[1]) / 1024
        raise RuntimeError(f"no {what} of process {self.pid}")


@dataclass(frozen=True, slots=True)
class Chapter:
    """A chapter in a data folder, reached at 127.0.0.1 and `port`."""

    data: Path
    port: int
    extra_ca: Path | None = None
    python: Path = Path(sys.executable)

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def found(self) -> None:
        """Make the chapter."""
        self.command(
            *("init", "--domain", f"127.0.0.1:{self.port}", "--base-url", self.base),
            *("--handle", "riverside", "--name", "Riverside", "--organizer", "Sam"),
        )

    def command(self, *words: str) -> Any:
        """Run a command and return its JSON answer."""
        done = subprocess.run(
            [*self._program(*words), "--json"], env=self._environment(), capture_output=True
        )
        if done.returncode != 0:
            raise RuntimeError(f"{words[0]} failed: {done.stderr.decode()[-2000:]}")
        return json.loads(done.stdout)

    @contextlib.contextmanager
    def serving(self, *words: str) -> Iterator[Server]:
        """Run `run` or `worker` as operators do, its log in a file, until the block ends."""
        record = self.data / "server.log"
        began = time.monotonic()
        with record.open("wb") as log:
            process = subprocess.Popen(
                self._program(*words), stdout=log, stderr=log, env=self._environment()
            )
        try:
            while b"\nready" not in b"\n" + record.read_bytes():
                if process.poll() is not None or time.monotonic() - began > PATIENCE:
                    raise RuntimeError(f"{words[0]} did not start:\n{record.read_text()[-2000:]}")
                time.sleep(0.005)
            yield Server(process.pid, time.monotonic() - began)
        finally:
            end(process)

    def _program(self, *words: str) -> list[str]:
        return [str(self.python), "-m", "fedi_chapter", *words, "--data", str(self.data)]

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if "FEDI_CHAPTER" not in name}
        kept |= {"PYTHONPATH": str(ROOT), "FEDI_CHAPTER_DANGER_ALLOW_PRIVATE_NETWORK": "1"}
        if self.extra_ca is not None:
            kept["FEDI_CHAPTER_EXTRA_CA_FILE"] = str(self.extra_ca)
        return kept


def end(process: subprocess.Popen[Any]) -> None:
    """End a child, by force if it does not listen."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def until(check: Callable[[], bool], what: str, seconds: float = PATIENCE) -> None:
    """Ask `check` until it says yes."""
    stop = time.monotonic() + seconds
    while not check():
        if time.monotonic() > stop:
            raise RuntimeError(f"waited {seconds:.0f} s in vain for {what}")
        time.sleep(GLANCE)


# -- helpers: the side that asks ---------------------------------------------------------------


class Helper:
    """A helper process, `python -m benchmarks.<name>`, and the line to it."""

    def __init__(self, name: str, **settings: Any) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", f"benchmarks.{name}", json.dumps(settings)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )

    @property
    def pid(self) -> int:
        """The helper's process."""
        return self._process.pid

    def ask(self, verb: str, **words: Any) -> Any:
        """Let the helper do something, and return what it says."""
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise RuntimeError("the helper has no line to us")
        stdin.write(json.dumps([verb, words]).encode() + b"\n")
        stdin.flush()
        line = stdout.readline()
        if not line:
            raise RuntimeError("the helper ended early")
        return json.loads(line)

    def __enter__(self) -> "Helper":
        return self

    def __exit__(self, *_: object) -> None:
        end(self._process)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()


# -- helpers: the side that answers --------------------------------------------------------------


def helper(start: Callable[..., Awaitable[Handlers]]) -> None:
    """Be a helper process: `start` gets the settings and returns a coroutine for each verb."""

    async def live() -> None:
        handlers = await start(**json.loads(sys.argv[1]))
        lines: asyncio.Queue[str] = asyncio.Queue()
        loop = asyncio.get_running_loop()
        threading.Thread(target=_read_lines, args=(loop, lines), daemon=True).start()
        while line := await lines.get():
            verb, words = json.loads(line)
            sys.stdout.write(json.dumps(await handlers[verb](**words)) + "\n")
            sys.stdout.flush()

    raise_limits()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(live())


def _read_lines(loop: asyncio.AbstractEventLoop, lines: "asyncio.Queue[str]") -> None:
    for line in sys.stdin:
        loop.call_soon_threadsafe(lines.put_nowait, line)
    loop.call_soon_threadsafe(lines.put_nowait, "")
