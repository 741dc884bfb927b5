"""`run`, `web`, `worker`: serve the chapter, whole or in halves."""

import asyncio
import contextlib
import gc
import ipaddress
import resource
import signal
import socket
import ssl
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
import uvicorn
import uvloop

from fedi_chapter.app import build_app
from fedi_chapter.cli.frame import DANGER, Setup, Verb, check_schema, note, pass_setup
from fedi_chapter.core.errors import Conflict, FormInvalid
from fedi_chapter.opening import open_deps
from fedi_chapter.settings import Settings
from fedi_chapter.store import migrate
from fedi_chapter.web.wire import BoundedProtocol
from fedi_chapter.workers import supervisor

BACKLOG = 2_048
EARS = 16
"""Connections taken in one turn of the event loop. libuv takes one from each listening socket,
and a page that comes behind a crowd at the inbox would wait a turn for each of them (ABU-05)."""
LAST_ANSWERS = 4
"""Seconds open requests get at the end. Deliveries get theirs after that, and everything is to
be over within ten."""
YOUNG = 50_000
"""New objects between two searches for garbage in cycles: every request makes and drops hundreds
without any, and Python's own 700 spend a tenth of an inbox's time on searching."""
OPEN_FILES = 65_536
"""A connection is an open file, and a fan-out keeps up to two to each of a thousand hosts: more
than the 1,024 that many systems allow a program that does not ask."""
_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Listening(uvicorn.Server):
    """A server that says when it answers, and leaves signals to this program."""

    ready: str = ""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and tell where."""
        await super().startup(sockets)
        if self.started:
            note(f"ready {self.ready}")

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone: the server's own handler would end us before we closed."""
        yield


_ADDRESS = (
    click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen."),
    click.option(
        "--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="Port."
    ),
    click.option("--tls-cert", type=click.Path(path_type=Path), help="Certificate (PEM)."),
    click.option("--tls-key", type=click.Path(path_type=Path), help="Its key (PEM)."),
)


def _listening(function: Any) -> Any:
    for option in reversed(_ADDRESS):
        function = option(function)
    return function


@click.command(cls=Verb)
@_listening
@pass_setup
def run(setup: Setup, host: str, port: int, tls_cert: Path | None, tls_key: Path | None) -> None:
    """Serve the chapter with its background loops, in one process."""
    _serve(setup, (host, port), (tls_cert, tls_key), with_workers=True)


@click.command(cls=Verb)
@_listening
@pass_setup
def web(setup: Setup, host: str, port: int, tls_cert: Path | None, tls_key: Path | None) -> None:
    """Serve pages and inboxes only; `worker` does the rest."""
    _serve(setup, (host, port), (tls_cert, tls_key), with_workers=False)


@click.command(cls=Verb)
@pass_setup
def worker(setup: Setup) -> None:
    """Run the background loops only; `web` does the rest."""
    settings = _prepared(setup)

    async def work() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in _SIGNALS:
            loop.add_signal_handler(number, stop.set)
        async with open_deps(settings, serving=True) as deps:
            note("ready")
            await supervisor.run(deps, stop=stop)

    _run(work())


def _serve(
    setup: Setup,
    address: tuple[str, int],
    tls: tuple[Path | None, Path | None],
    *,
    with_workers: bool,
) -> None:
    _check_tls(*tls)
    settings = setup.settings()
    with _bound(*address) as listener:
        _prepare(settings)
        _run(_answer(settings, listener, tls, with_workers=with_workers))


async def _answer(
    settings: Settings,
    listener: socket.socket,
    tls: tuple[Path | None, Path | None],
    *,
    with_workers: bool,
) -> None:
    loop = asyncio.get_running_loop()
    async with open_deps(settings, serving=True) as deps:
        server = Listening(
            uvicorn.Config(
                build_app(deps, with_workers=with_workers),
                http=BoundedProtocol,
                ws="none",
                lifespan="on",
                access_log=False,
                log_config=None,
                log_level="error",
                server_header=False,
                proxy_headers=False,  # `web.middleware` reads who asks, in its own way
                timeout_graceful_shutdown=LAST_ANSWERS,
                ssl_certfile=tls[0],
                ssl_keyfile=tls[1],
            )
        )
        server.ready = _address(listener, deps.urls.base, secure=tls[0] is not None)
        for number in _SIGNALS:
            loop.add_signal_handler(number, _stop, server)
        await server.serve(sockets=all_ears(listener))
        if not server.started:
            raise Conflict("the server could not start", cure="see the lines above for the reason")


def all_ears(listener: socket.socket) -> list[socket.socket]:
    """Return the listening socket as often as it is to be heard in one turn of the loop."""
    return [listener, *(listener.dup() for _ in range(EARS - 1))]


def _stop(server: uvicorn.Server) -> None:
    server.should_exit = True


def _run(work: Coroutine[Any, Any, None]) -> None:
    gc.freeze()  # what was imported stays for good: nobody has to look through it again
    gc.set_threshold(YOUNG)
    _allow_open_files()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(work)


def _allow_open_files() -> None:
    """Ask the system for as many open files as it lets us have, up to `OPEN_FILES`."""
    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if most == resource.RLIM_INFINITY else min(OPEN_FILES, most)
    if now != resource.RLIM_INFINITY and now < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


def _prepared(setup: Setup) -> Settings:
    settings = setup.settings()
    _prepare(settings)
    return settings


def _prepare(settings: Settings) -> None:
    if settings.danger_allow_private_network:
        note(DANGER)
    if migrate.current(settings.database) is not None:
        before, after = migrate.upgrade(settings.database)
        if before != after:
            note(f"migrated the database from {before} to {after}")
    check_schema(settings)


@contextlib.contextmanager
def _bound(host: str, port: int) -> Iterator[socket.socket]:
    """Take the port before anything is opened, so that nothing has to be undone."""
    try:
        family, kind, _, _, where = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError as error:
        raise FormInvalid(f"can't listen on {host}: {error}", cure="check --host") from error
    listener = socket.socket(family, kind)
    with listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(where)
            listener.listen(BACKLOG)
        except OSError as error:
            raise Conflict(
                f"port {port} of {host} can't be taken: {error.strerror}",
                cure="stop the program that uses it, or choose another with --port",
            ) from error
        listener.setblocking(False)
        yield listener


def _check_tls(certificate: Path | None, key: Path | None) -> None:
    if (certificate is None) != (key is None):
        raise click.UsageError("--tls-cert and --tls-key belong together")
    for path in (certificate, key):
        if path is not None and not path.is_file():
            raise FormInvalid(f"there is no file {path}", cure="check --tls-cert and --tls-key")
    if certificate is not None:
        try:
            ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(certificate, key)
        except OSError as error:  # of both: SSLError is one
            raise FormInvalid(
                f"{certificate} and {key} can't be used: {error}",
                cure="give a certificate and its own key without a password, both as PEM",
            ) from error


def _address(listener: socket.socket, base: str, *, secure: bool) -> str:
    """Where people can open the chapter from this machine: its own address if that is here."""
    host, port = listener.getsockname()[:2]
    parts = urlsplit(base)
    here = parts.hostname == "localhost" or _is_loopback(parts.hostname or "")
    if here and (parts.port or (443 if parts.scheme == "https" else 80)) == port:
        return base
    shown = f"[{host}]" if ":" in host else host
    return f"{'https' if secure else 'http'}://{shown}:{port}"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
