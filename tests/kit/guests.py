"""A chapter with events to answer, and a browser that answers them without an account.

Used by the tests of the pages on which people say that they come.
"""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware

from fedi_chapter.core.clock import SetClock
from fedi_chapter.core.errors import RemoteRefused
from fedi_chapter.deps import Deps
from fedi_chapter.domain.event import Event
from fedi_chapter.domain.notice import NoticeRoute
from fedi_chapter.domain.rsvp import Rsvp
from fedi_chapter.store import rsvps as store
from fedi_chapter.store.tx import Database
from fedi_chapter.web.cache import AnswerCache
from fedi_chapter.web.fedi.forms import ToldApart
from fedi_chapter.workers import notices as notice_loop
from tests.kit.ids import CountedIds
from tests.kit.inviting import PICNIC, Postbox, seed_invitations
from tests.kit.neighbourhood import BASE, deps_for, seed, site_app

PATH = f"/events/{PICNIC.id}"
OURS = {"Sec-Fetch-Site": "same-origin"}
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@dataclass
class House:
    """The chapter, and a browser that visits it."""

    deps: Deps
    app: Starlette
    browser: httpx.AsyncClient
    post: Postbox
    clock: SetClock

    async def read(self, work: Any) -> Any:
        return await self.deps.db.read(work)

    async def answer(self, event: Event, **fields: str) -> httpx.Response:
        form = {"name": "Ines", "answer": "going", "guests": "0", **fields}
        return await self.browser.post(f"/events/{event.id}/rsvp", data=form, headers=OURS)

    async def number(self, event: Event) -> str:
        """Open an event's page, and return the number of its form."""
        found = re.search(
            r'name="number" value="(\w+)"', await self.page(f"/events/{event.id}?answer=new")
        )
        assert found
        return found[1]

    async def own(self, event: Event, **fields: str) -> str:
        """Answer, and return the path of one's own page."""
        self.clock.advance(timedelta(seconds=1))
        answer = await self.answer(event, **fields)
        assert answer.status_code == 303, answer.text
        return answer.headers["location"].partition("?")[0]

    async def press(self, path: str, **fields: str) -> httpx.Response:
        self.clock.advance(timedelta(seconds=1))
        return await self.browser.post(path, data=fields, headers=OURS)

    async def page(self, path: str) -> str:
        answer = await self.browser.get(path)
        assert answer.status_code == 200, answer.text
        return answer.text

    async def everyone(self, event: Event) -> list[Rsvp]:
        found: list[Rsvp] = await self.read(lambda tx: store.of_event(tx, event.id))
        return found

    async def deliver_mail(self) -> None:
        queue = notice_loop.queue(self.deps, NoticeRoute.MAIL)
        for job in await self.deps.db.write(lambda tx: queue.claim(tx, 100)):
            await queue.do(job)

    async def deliver_refused(self) -> None:
        """Let the mail server refuse what waits to be sent."""
        with pytest.raises(RemoteRefused):
            await self.deliver_mail()


@pytest.fixture
async def house(
    sqlite_db: Database, clock: SetClock, ids: CountedIds, tmp_path: Path
) -> AsyncIterator[House]:
    await sqlite_db.write(seed)
    await sqlite_db.write(seed_invitations)
    post = Postbox()
    deps = replace(deps_for(sqlite_db, clock, ids, tmp_path), mailer=post)
    apart = ToldApart(deps.settings)
    app = site_app(deps, Middleware(AnswerCache, db=sqlite_db, told_apart=apart))
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url=BASE, headers=BROWSER) as client:
        yield House(deps, app, client, post, clock)
