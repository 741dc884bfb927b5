"""Shared ground of all tests: a standing clock, counted ids, a fresh database each."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import settings

from fedi_chapter.core.clock import SetClock
from fedi_chapter.store.engine import open_database
from fedi_chapter.store.tx import Database
from tests.kit.databases import Databases
from tests.kit.engines import compiled_once
from tests.kit.ids import CountedIds

# A busy machine is slow, not wrong; and a failure must come back when it is looked for.
settings.register_profile("calm", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("calm")

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session", autouse=True)
def _compiled_once() -> Iterator[None]:
    with compiled_once():
        yield


@pytest.fixture
def clock() -> SetClock:
    """A clock that stands at noon until a test moves it."""
    return SetClock(NOW)


@pytest.fixture
def ids() -> CountedIds:
    return CountedIds()


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    made = Databases(tmp_path_factory.mktemp("databases"))
    with made.stack:
        yield made


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, databases: Databases) -> str:
    """The address of a fresh, migrated database: the test runs once on each kind."""
    return databases.sqlite() if request.param == "sqlite" else databases.postgres()


@pytest.fixture
async def db(database_url: str, clock: SetClock, ids: CountedIds) -> AsyncIterator[Database]:
    """An open, empty database of each kind."""
    opened = open_database(database_url, clock=clock, ids=ids)
    yield opened
    await opened.close()


@pytest.fixture
async def sqlite_db(
    databases: Databases, clock: SetClock, ids: CountedIds
) -> AsyncIterator[Database]:
    """An open, empty SQLite database, for tests that ask nothing of the database itself."""
    opened = open_database(databases.sqlite(), clock=clock, ids=ids)
    yield opened
    await opened.close()


@pytest.fixture(scope="session")
def rsa_keys() -> tuple[rsa.RSAPrivateKey, rsa.RSAPrivateKey]:
    """Two RSA keys for the whole session: making one is slow."""
    return rsa.generate_private_key(65537, 2048), rsa.generate_private_key(65537, 2048)
