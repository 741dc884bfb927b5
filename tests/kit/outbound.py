"""Fixtures for tests of outbound HTTP: guarded clients whose names all lead to loopback.

The guard stays on: only the answers of its resolver are the tests' own, and every one of
them is judged. Imported by the conftest files that want them.
"""

import ssl
from collections.abc import AsyncIterator, Sequence

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from fedi_chapter.core.clock import SetClock
from fedi_chapter.net import tls
from fedi_chapter.net.client import Client
from fedi_chapter.net.fetch import GuardedFetcher
from fedi_chapter.net.guard import Guard
from fedi_chapter.net.post import GuardedPoster
from fedi_chapter.sig.keys import SigningKey
from tests.kit.hostile_server import Authority

AGENT = "a-test/1"


class Names:
    """A resolver with a script: the last answer stays; every name asked is written down."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers or [["127.0.0.1"]])
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        """Answer by the script."""
        self.asked.append(host)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@pytest.fixture
def names() -> Names:
    """Where names lead: to loopback, until a test says otherwise."""
    return Names()


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """A certificate authority of this session."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def trust(authority: Authority) -> ssl.SSLContext:
    """A context that trusts that authority."""
    return tls.context(authority.file)


@pytest.fixture
def demo_guard(names: Names) -> Guard:
    """A guard that lets loopback through, and forgets names at once."""
    return Guard(allow_private=True, resolver=names, remember=0)


@pytest.fixture
def signing_key(rsa_keys: tuple[RSAPrivateKey, RSAPrivateKey]) -> SigningKey:
    """A key to sign with."""
    return SigningKey("https://chapter.example/actor#main-key", "rsa", rsa_keys[0])


@pytest.fixture
async def client(demo_guard: Guard, trust: ssl.SSLContext) -> AsyncIterator[Client]:
    """The client of both, behind that guard."""
    made = Client(demo_guard, tls=trust, user_agent=AGENT)
    yield made
    await made.close()


@pytest.fixture
def fetcher(client: Client, clock: SetClock) -> GuardedFetcher:
    """A fetcher behind that guard."""
    return GuardedFetcher(client, clock=clock)


@pytest.fixture
def poster(client: Client, clock: SetClock) -> GuardedPoster:
    """A poster behind that guard."""
    return GuardedPoster(client, clock=clock)
