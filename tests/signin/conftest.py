"""A chapter visited by members, and a server they live on; real sockets, real signatures."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from fedi_chapter.core.clock import SetClock
from fedi_chapter.core.ids import RandomIds
from fedi_chapter.store.tx import Database
from tests.kit.peers.oauth import OAuthServer, serving
from tests.kit.visiting import Browser, Visited, visited


@pytest.fixture
async def chapter(
    sqlite_db: Database,
    tmp_path: Path,
    rsa_keys: tuple[RSAPrivateKey, RSAPrivateKey],
    clock: SetClock,
) -> AsyncIterator[Visited]:
    async with visited(sqlite_db, tmp_path, rsa_keys[0], clock=clock, ids=RandomIds()) as made:
        yield made


@pytest.fixture
def browser(chapter: Visited) -> Browser:
    return chapter.browser()


@pytest.fixture
async def server() -> AsyncIterator[OAuthServer]:
    """A Mastodon of today."""
    async with serving(OAuthServer()) as made:
        yield made


@pytest.fixture
async def evil() -> AsyncIterator[OAuthServer]:
    """A server that does not mean well."""
    async with serving(OAuthServer()) as made:
        yield made
