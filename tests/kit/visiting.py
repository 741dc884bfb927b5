"""A chapter with real ways out, and a browser that visits it: for tests of signing in."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path

import httpx
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from starlette.applications import Starlette

from fedi_chapter.app import build_app
from fedi_chapter.core.clock import Clock
from fedi_chapter.core.ids import Ids
from fedi_chapter.deps import Deps
from fedi_chapter.domain.chapter import LocalActor
from fedi_chapter.domain.urls import Urls
from fedi_chapter.net import tls
from fedi_chapter.net.ask import GuardedAsker
from fedi_chapter.net.client import Client
from fedi_chapter.net.fetch import GuardedFetcher
from fedi_chapter.net.guard import Guard
from fedi_chapter.net.post import GuardedPoster
from fedi_chapter.opening import WaysOut, build_deps
from fedi_chapter.services.chapters import Founding, NewKey, ProfileFields, found
from fedi_chapter.settings import Settings
from fedi_chapter.sig.keys import KeyRing, make_master_key, public_pem
from fedi_chapter.store.tx import Database
from tests.kit.peers.oauth import OAuthServer

BASE = "https://chapter.example"
OURS = {"Sec-Fetch-Site": "same-origin", "Origin": BASE}
PAGES = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
_LINK = re.compile(r'class="button button-big"[^>]* href="([^"]+)"')
_CSRF = re.compile(r'name="csrf" value="(\w+)"')


@dataclass
class Browser:
    """One browser of one visitor."""

    client: httpx.AsyncClient

    async def get(self, path: str) -> httpx.Response:
        return await self.client.get(path)

    async def leave_for(self, typed: str, next_path: str = "") -> httpx.Response:
        """Type an address at the door."""
        fields = {"handle": typed, "next": next_path}
        return await self.client.post("/sign-in/with", data=fields, headers=OURS)

    async def link_to(self, typed: str, next_path: str = "") -> str:
        """Type an address at the door; return where the button leads."""
        page = await self.leave_for(typed, next_path)
        link = _LINK.search(page.text)
        assert page.status_code == 200, page.text
        assert link
        return unescape(link[1])

    async def come_back(self, url: str) -> httpx.Response:
        """Follow the other server's redirect."""
        headers = {"Sec-Fetch-Site": "cross-site"}
        return await self.client.get(url.removeprefix(BASE), headers=headers)

    async def sign_in(self, server: OAuthServer, user: str = "ana") -> httpx.Response:
        """Go the whole way."""
        url = await self.link_to(f"@{user}@{server.host}")
        return await self.come_back(server.consent(url, user))

    async def press(self, path: str, **fields: str) -> httpx.Response:
        """Press a button of the member's own page."""
        word = _CSRF.search((await self.get("/me")).text)
        assert word
        return await self.client.post(path, data={"csrf": word[1], **fields}, headers=OURS)


@dataclass
class Visited:
    """A chapter that is visited."""

    deps: Deps
    app: Starlette
    actor: LocalActor
    browsers: list[httpx.AsyncClient] = field(default_factory=list)

    def browser(self) -> Browser:
        """Return a new browser."""
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app), base_url=BASE, headers=PAGES
        )
        self.browsers.append(client)
        return Browser(client)


@asynccontextmanager
async def visited(
    db: Database, data: Path, key: RSAPrivateKey, *, clock: Clock, ids: Ids, base: str = BASE
) -> AsyncIterator[Visited]:
    """Found a chapter at `base` that may connect to loopback."""
    settings = Settings(data=data, danger_allow_private_network=True)
    ring, domain = KeyRing(make_master_key(settings.secret_file)), base.partition("://")[2]
    urls = Urls(base, domain)
    new = (NewKey("rsa", ring.seal(key), public_pem(key)),)
    profile = ProfileFields(name="Eastside Neighbours", timezone="America/New_York")
    founding = Founding(domain, base, "chapter", profile)
    actor, _ = await db.write(lambda tx: found(tx, founding, new, new))
    client = Client(Guard(allow_private=True), tls=tls.context(None), user_agent="a-test/1")
    ways = WaysOut(
        GuardedFetcher(client, clock=clock),
        GuardedPoster(client, clock=clock),
        GuardedAsker(client, deadline=2.0),
    )
    deps = build_deps(settings, urls, db=db, clock=clock, ids=ids, ways=ways)
    made = Visited(deps, build_app(deps, with_workers=False), actor)
    yield made
    for browser in made.browsers:
        await browser.aclose()
    await client.close()
