"""A sample chapter served on loopback, and a real Chromium to look at it."""

import asyncio
import shutil
import signal
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from fedi_chapter.core.clock import SetClock
from fedi_chapter.store.engine import open_database
from tests.kit.attendance import seed_attendance, seed_greeters
from tests.kit.databases import Databases
from tests.kit.desk import seed_desk
from tests.kit.ids import CountedIds
from tests.kit.inviting import Postbox, seed_invitations
from tests.kit.neighbourhood import NOW, deps_for, put_picture, seed, site_app
from tests.kit.recurring import seed_series

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
PATIENCE = 20
"""Seconds until the server must answer."""
PATIENCE_WITH_CHROMIUM = 90
SWITCHES = (
    "--no-sandbox",
    "--disable-gpu",
    # It looks for a proxy, updates and a profile's servers at its start, and where no network
    # answers it waits for them.
    "--no-proxy-server",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
)


@pytest.fixture(scope="session")
def site(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the sample chapter."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    base, data = f"http://127.0.0.1:{port}", tmp_path_factory.mktemp("data")
    server = _Server(databases.sqlite(), data, base, port)
    thread = threading.Thread(target=server.run)
    thread.start()
    assert server.ready.wait(PATIENCE), "the sample chapter did not start"
    yield base
    server.stop()
    thread.join(PATIENCE)


class _Server:
    """Runs the pages in an event loop of their own, beside the one that drives the browser."""

    def __init__(self, database: str, data: Path, base: str, port: int) -> None:
        self.ready = threading.Event()
        self.database, self.data, self.base, self.port = database, data, base, port
        self.uvicorn: uvicorn.Server | None = None

    def run(self) -> None:
        asyncio.run(self._serve())

    def stop(self) -> None:
        assert self.uvicorn is not None
        self.uvicorn.should_exit = True

    async def _serve(self) -> None:
        clock, ids = SetClock(NOW), CountedIds()
        db = open_database(self.database, clock=clock, ids=ids)
        await db.write(seed)
        await db.write(seed_desk)
        await db.write(seed_attendance)
        await db.write(seed_greeters)
        await db.write(seed_series)
        await db.write(seed_invitations)
        put_picture(self.data)
        deps = deps_for(db, clock, ids, self.data, base=self.base)
        app = site_app(replace(deps, mailer=Postbox()))
        config = uvicorn.Config(app, host="127.0.0.1", port=self.port, log_level="error")
        self.uvicorn = _Uvicorn(config, self.ready)
        await self.uvicorn.serve()
        await db.close()


class _Uvicorn(uvicorn.Server):
    """Tells when it listens."""

    def __init__(self, config: uvicorn.Config, ready: threading.Event) -> None:
        super().__init__(config)
        self.ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine: install the distribution's package")
    with sync_playwright() as playwright:
        try:
            browser = _started(playwright)
        except TimeoutError:  # on a new machine it hung once before its first page: once more
            browser = _started(playwright)
        yield browser
        browser.close()


def _started(playwright: Playwright) -> Browser:
    """Start Chromium and see it open a window: the library waits for that without an end."""

    def give_up(*_: object) -> None:
        raise TimeoutError(f"Chromium opened no window within {PATIENCE_WITH_CHROMIUM} seconds")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(PATIENCE_WITH_CHROMIUM)
    try:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
        browser.new_page().close()
        return browser
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A fresh window of a desktop's size, scripts off as our pages need none."""
    context = chromium.new_context(
        java_script_enabled=True, viewport={"width": 1280, "height": 900}
    )
    yield context.new_page()
    context.close()
