"""The pages of a sample chapter, asked as a browser asks."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from fedi_chapter.core.clock import SetClock
from fedi_chapter.store.tx import Database
from tests.kit.guests import house
from tests.kit.ids import CountedIds
from tests.kit.neighbourhood import BASE, deps_for, put_picture, seed, site_app

__all__ = ["app", "browser", "house"]
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.fixture
async def app(sqlite_db: Database, clock: SetClock, ids: CountedIds, tmp_path: Path) -> Starlette:
    await sqlite_db.write(seed)
    put_picture(tmp_path)
    return site_app(deps_for(sqlite_db, clock, ids, tmp_path))


@pytest.fixture
async def browser(app: Starlette) -> AsyncIterator[httpx.AsyncClient]:
    """A client that asks for pages and does not follow where it is sent."""
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(
        transport=transport, base_url=BASE, headers={"Accept": BROWSER}
    ) as client:
        yield client
