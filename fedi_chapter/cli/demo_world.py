"""The processes of the demo: chapters and a member, started, watched and stopped again.

Used by `cli.demo` only. Every process is a child of this one and is ended by it.
"""

import asyncio
import contextlib
import hashlib
import json
import os
import shutil
import signal
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

from fedi_chapter.cli.frame import note
from fedi_chapter.core.errors import ChapterError, Unreachable
from fedi_chapter.deps import Deps
from fedi_chapter.settings import PREFIX

MEMBER = Path(__file__).parent.parent / "demo_member"
START = 60.0
"""Seconds a process gets until it must be ready."""
STOP = 10.0
INSTALL = 300.0
TOLD_EVERY = 15.0
GLANCE = 0.2


@dataclass
class World:
    """A folder, and the processes that live in it."""

    folder: Path
    processes: list[asyncio.subprocess.Process] = field(default_factory=list)

    async def command(self, name: str, *words: str) -> Any:
        """Run a command of the chapter `name` and return its JSON answer.

        Raises:
            ChapterError: the command was refused.

        """
        process = await asyncio.create_subprocess_exec(
            *_program(words[0], "--data", str(self.folder / name), "--json", *words[1:]),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=_environment(),
        )
        out, err = await process.communicate()
        if process.returncode != 0:
            raise ChapterError(f"`{words[0]}` of {name} failed: {err.decode().strip()}")
        return json.loads(out)

    async def serve(self, name: str, port: int) -> None:
        """Start the server of the chapter `name` and return when it answers.

        Raises:
            Unreachable: it did not.

        """
        words = _program("run", "--data", str(self.folder / name), "--port", str(port))
        await self._start(name, words, _environment())

    async def member(self, port: int) -> None:
        """Start the member's server and return when it answers.

        Raises:
            Unreachable: it did not, or could not be installed.

        """
        home = await self._installed()
        environment = {**_environment(), "PORT": str(port), "HANDLE": "me"}
        await self._start("member", ("node", str(home / "server.mjs")), environment)

    async def stop(self) -> None:
        """End every process that was started here."""
        for process in reversed(self.processes):
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
        for process in self.processes:
            try:
                await asyncio.wait_for(process.wait(), STOP)
            except TimeoutError:
                process.kill()
                await process.wait()

    async def _start(self, name: str, words: tuple[str, ...], environment: dict[str, str]) -> None:
        record = self.folder / f"{name}.log"
        with record.open("wb") as output:
            process = await asyncio.create_subprocess_exec(
                *words,
                stdout=output,
                stderr=output,
                env=environment,
                # Ctrl-C is for us alone; we end our children in order.
                start_new_session=True,
            )
        self.processes.append(process)
        async with asyncio.timeout(START):
            while not _is_ready(record):
                if process.returncode is not None:
                    raise Unreachable(
                        f"{name} did not start: {_last_line(record)}", cure=f"see {record}"
                    )
                await asyncio.sleep(GLANCE)

    async def _installed(self) -> Path:
        """Install what the member's program needs, once for every version of it."""
        version = hashlib.sha256((MEMBER / "package-lock.json").read_bytes()).hexdigest()[:16]
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        home = cache / "fedi-chapter" / f"member-{version}"
        home.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json", "server.mjs"):
            shutil.copyfile(MEMBER / name, home / name)
        if (home / "node_modules" / ".package-lock.json").exists():
            return home
        note("npm installs it, once: some seconds to some minutes, as the network goes …")
        process = await asyncio.create_subprocess_exec(
            *("npm", "ci", "--no-audit", "--no-fund"),
            cwd=home,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        self.processes.append(process)
        async with asyncio.timeout(INSTALL), asyncio.TaskGroup() as group:
            telling = group.create_task(_tell_time())
            _, err = await process.communicate()
            telling.cancel()
        if process.returncode != 0:
            raise Unreachable(f"npm could not install it: {_last(err.decode())}")
        return home


async def control(deps: Deps, origin: str, verb: str, **words: str) -> Any:
    """Ask the member's program for a report, or, with `words`, to do something.

    Raises:
        RemoteFailure: it does not answer, or could not do it.

    """
    url = f"{origin}/control/{verb}"
    if not words:
        return json.loads((await deps.fetcher.get(url, accept="application/json")).body)
    answer = await deps.poster.post(
        url, json.dumps(words).encode(), {"Content-Type": "application/json"}, deadline=30
    )
    if answer.status != 200:
        raise Unreachable(f"the member could not {verb}: {_last(answer.detail)}")
    return None


def free_ports(*wished: int) -> tuple[int, ...]:
    """Return the wished ports, and another one for each that is taken."""
    return tuple(_free_port(port) for port in wished)


@contextlib.contextmanager
def interrupted(task: asyncio.Task[Any]) -> Iterator[None]:
    """Let SIGTERM end `task` as Ctrl-C does."""
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, task.cancel)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGTERM)


async def _tell_time() -> None:
    began = monotonic()
    while True:
        await asyncio.sleep(TOLD_EVERY)
        note(f"npm is still at it, after {monotonic() - began:.0f} s …")


def _program(*words: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "fedi_chapter", *words)


def _environment() -> dict[str, str]:
    # The demo's chapters are nobody's real one: no setting of this shell reaches them.
    kept = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    return {**kept, f"{PREFIX}DANGER_ALLOW_PRIVATE_NETWORK": "1"}


def _free_port(wished: int) -> int:
    for port in (wished, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return int(probe.getsockname()[1])
    raise Unreachable("there is no free port on this machine")


def _is_ready(record: Path) -> bool:
    return any(
        line.startswith("ready ") for line in record.read_text("utf-8", "replace").splitlines()
    )


def _last_line(record: Path) -> str:
    return _last(record.read_text("utf-8", "replace"))


def _last(text: str) -> str:
    return (text.strip().splitlines() or ["no reason given"])[-1][:300]
