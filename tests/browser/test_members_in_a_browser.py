"""A member in a real browser: to the own server and back, the own page, and out again."""

import asyncio
import re
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import uvicorn
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from playwright.sync_api import Browser, BrowserContext, Page, expect

from fedi_chapter.core.clock import SystemClock
from fedi_chapter.core.ids import RandomIds
from fedi_chapter.domain.event import EventId, RsvpMode
from fedi_chapter.store import events
from fedi_chapter.store.engine import open_database
from fedi_chapter.store.tx import WriteTx
from tests.browser.conftest import PATIENCE
from tests.browser.test_pages_in_a_browser import SMALL_TARGETS
from tests.kit.builders import an_event
from tests.kit.databases import Databases
from tests.kit.peers.oauth import Listening, OAuthServer, serving
from tests.kit.visiting import Visited, visited

pytestmark = pytest.mark.browser
MEETING = EventId("01932000-0000-7000-8000-0000000000e1")
WALK = EventId("01932000-0000-7000-8000-0000000000e2")


class _Town:
    """A chapter and a Mastodon, in an event loop of their own beside the browser's."""

    def __init__(self, database: str, data: Path, key: RSAPrivateKey) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.base = f"http://127.0.0.1:{self.port}"
        self.database, self.data, self.key = database, data, key
        self.server = OAuthServer()
        self.ready = threading.Event()
        self.stopping: asyncio.Event | None = None
        self.loop: asyncio.AbstractEventLoop | None = None
        self.thread = threading.Thread(target=lambda: asyncio.run(self._live()))

    def stop(self) -> None:
        assert self.loop is not None
        assert self.stopping is not None
        self.loop.call_soon_threadsafe(self.stopping.set)
        self.thread.join(PATIENCE)

    async def _live(self) -> None:
        self.loop, self.stopping = asyncio.get_running_loop(), asyncio.Event()
        clock, ids = SystemClock(), RandomIds()
        db = open_database(self.database, clock=clock, ids=ids)
        async with (
            serving(self.server),
            visited(db, self.data, self.key, clock=clock, ids=ids, base=self.base) as chapter,
        ):
            await db.write(lambda tx: self._plan(tx, chapter))
            config = uvicorn.Config(
                chapter.app, host="127.0.0.1", port=self.port, log_level="error", lifespan="off"
            )
            running = Listening(config)
            task = asyncio.create_task(running.serve())
            await running.listens.wait()
            self.ready.set()
            await self.stopping.wait()
            running.should_exit = True
            await task
        await db.close()

    def _plan(self, tx: WriteTx, chapter: Visited) -> None:
        meeting = replace(
            an_event(actor_id=chapter.actor.id, rsvp=RsvpMode.ON),
            starts_at=tx.now + timedelta(days=2),
            ends_at=tx.now + timedelta(days=2, hours=2),
        )
        events.insert(tx, meeting)
        walk = replace(
            meeting, id=WALK, name="Walk the park at dusk", place=None, capacity=1, tags=()
        )
        events.insert(tx, walk)


@pytest.fixture(scope="module")
def town(
    databases: Databases,
    tmp_path_factory: pytest.TempPathFactory,
    rsa_keys: tuple[RSAPrivateKey, RSAPrivateKey],
) -> Iterator[_Town]:
    made = _Town(databases.sqlite(), tmp_path_factory.mktemp("town"), rsa_keys[0])
    made.thread.start()
    assert made.ready.wait(PATIENCE)
    yield made
    made.stop()


@pytest.fixture(scope="module")
def member(chromium: Browser, town: _Town) -> Iterator[BrowserContext]:
    """A phone whose owner came in by way of their own server, without scripts."""
    context = chromium.new_context(
        viewport={"width": 390, "height": 844}, java_script_enabled=False
    )
    page = context.new_page()
    page.goto(f"{town.base}/sign-in")
    page.get_by_label("Your address, or just your server").fill(f"@ana@{town.server.host}")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"On to {town.server.host}")
    page.get_by_role("link", name=f"Go to {town.server.host}").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ana")
    expect(page).to_have_url(f"{town.base}/me")
    page.get_by_role("button", name="Make my calendar").click()
    # A page that is closed while it still sends a form may never say that it is closed.
    expect(page.get_by_role("button", name="Make a new address")).to_be_visible()
    page.close()
    yield context
    context.close()


@pytest.fixture
def own_page(chromium: Browser, member: BrowserContext, town: _Town) -> Iterator[Page]:
    """The member's page in a window that takes measures."""
    context = chromium.new_context(storage_state=member.storage_state())
    page = context.new_page()
    page.goto(f"{town.base}/me")
    expect(page.get_by_role("heading", level=1)).to_have_text("Ana")
    yield page
    context.close()


def test_our_policy_blocks_nothing_on_the_way_in_and_on_the_own_page(
    own_page: Page, town: _Town
) -> None:
    complaints: list[str] = []
    own_page.on("console", lambda message: complaints.append(message.text))
    own_page.goto(f"{town.base}/me")
    assert complaints == []


@pytest.mark.parametrize("width", [320, 360, 768, 1280])
def test_nothing_scrolls_sideways_and_every_button_is_large_enough(
    width: int, own_page: Page, chromium: Browser, town: _Town
) -> None:
    own_page.set_viewport_size({"width": width, "height": 700})
    own_page.goto(f"{town.base}/me")
    assert own_page.evaluate("document.documentElement.scrollWidth") <= width
    assert own_page.evaluate(SMALL_TARGETS) == []
    context = chromium.new_context(viewport={"width": width, "height": 700})
    door = context.new_page()
    door.goto(f"{town.base}/sign-in")
    for typed in ("nobody@127.0.0.1:1", town.server.host):
        door.get_by_label("Your address").fill(typed)
        with door.expect_navigation():
            door.get_by_role("button", name="Go on").click()
        assert door.evaluate("document.documentElement.scrollWidth") <= width
        assert door.evaluate(SMALL_TARGETS) == []
    context.close()


def test_a_member_signs_out_and_is_asked_again(chromium: Browser, town: _Town) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{town.base}/me")
    expect(page).to_have_url(re.compile(r"/sign-in\?next=/me$"))
    page.get_by_label("Your address").fill(town.server.host)
    page.keyboard.press("Enter")
    page.get_by_role("link", name=f"Go to {town.server.host}").click()
    page.get_by_role("button", name="Sign out", exact=True).click()
    expect(page.get_by_role("status")).to_have_text("You are signed out.")
    assert [each["name"] for each in context.cookies(town.base)] == []
    context.close()
