"""A real PostgreSQL server for tests: one temporary cluster.

Started when a test asks for it and the server's programs are installed. PostgreSQL refuses
to run as root, so root hands it to an unprivileged user.
"""

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.kit.patience import PATIENCE

FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "max_connections": "200",
    "shared_buffers": "32MB",
    "listen_addresses": "127.0.0.1",
}


def programs() -> Path | None:
    """The folder with initdb and postgres, if there is one."""
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((folder for folder in folders if (folder / "initdb").exists()), None)


@dataclass
class Cluster:
    """A server, running unless it was stopped."""

    port: int
    home: Path
    settings: dict[str, str]
    server: "subprocess.Popen[bytes] | None" = None

    def address(self, database: str) -> str:
        """Where the driver finds a database."""
        return f"postgresql://chapter@127.0.0.1:{self.port}/{database}"

    def url(self, database: str) -> str:
        """Where the program finds it."""
        return self.address(database).replace("postgresql:", "postgresql+asyncpg:")

    def start(self) -> None:
        """Start, and wait until it takes connections; after `stop` it mends what was cut off."""
        folder = programs()
        assert folder is not None
        options = [
            part for name, value in self.settings.items() for part in ("-c", f"{name}={value}")
        ]
        with (self.home / "log").open("ab") as log:
            self.server = subprocess.Popen(
                [folder / "postgres", "-D", self.home / "data", *options],
                stdout=log, stderr=log, user=_unprivileged(), cwd=self.home,
            )  # fmt: skip
        _wait_for(self.server, self.home)

    def stop(self) -> None:
        """Stop at once, in PostgreSQL's immediate mode: nothing is finished, nothing written."""
        if self.server is None:
            return
        self.server.send_signal(signal.SIGQUIT)
        try:
            self.server.wait(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            self.server.kill()
            self.server.wait()
        self.server = None


@contextlib.contextmanager
def cluster(**changes: str) -> Iterator[Cluster]:
    """Start a server in a temporary folder; stop it and remove everything at the end."""
    folder = programs()
    if folder is None:
        raise FileNotFoundError("no PostgreSQL server programs")
    home = Path(tempfile.mkdtemp(prefix="fc-pg-"))
    user = _unprivileged()
    if user:
        shutil.chown(home, user)
    try:
        _run([folder / "initdb", "-D", home / "data", "-U", "chapter", "-A", "trust", "-E", "UTF8",
              "--locale=C.UTF-8", "--no-sync"], user)  # fmt: skip
        port = _free_port()
        at = {"port": str(port), "unix_socket_directories": str(home)}
        made = Cluster(port, home, {**FAST, **at, **changes})
        try:
            made.start()
            yield made
        finally:
            made.stop()
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _unprivileged() -> str | None:
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _run(command: list[str | Path], user: str | None) -> None:
    done = subprocess.run(command, user=user, cwd="/", capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{command[0]}: {done.stderr or done.stdout}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(server: "subprocess.Popen[bytes]", home: Path) -> None:
    """Wait until the server says in its lock file that it is ready; its port opens before."""
    lock, deadline = home / "data" / "postmaster.pid", time.monotonic() + 30
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise RuntimeError(f"PostgreSQL did not start:\n{(home / 'log').read_text()}")
        with contextlib.suppress(OSError):
            if lock.read_text().rstrip().endswith("ready"):
                return
        time.sleep(0.02)
    raise RuntimeError("PostgreSQL did not start in 30 seconds")
