"""A chapter whose PostgreSQL server goes away under load: 503 meanwhile, and nothing is lost."""

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import asyncpg
import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from tests.kit.databases import Databases
from tests.kit.loopback_peer import LoopbackPeer, loopback_peer
from tests.kit.postgres import Cluster, cluster
from tests.kit.processes import Chapter, free_port, make_authority, until

pytestmark = [pytest.mark.slow, pytest.mark.postgres]

DATABASE = "chapter"
RECOVERY = 10.0
"""Seconds the pool may take after the server is back."""


@dataclass
class Traffic:
    """People who ask to follow and visitors who read, all the time, and what they were answered."""

    chapter: Chapter
    peer: LoopbackPeer
    acknowledged: set[str] = field(default_factory=set)
    follows: Counter[int] = field(default_factory=Counter)
    pages: Counter[int] = field(default_factory=Counter)
    unfit: list[str] = field(default_factory=list)
    """Answers that nobody should get."""
    over: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def flowing(self) -> Iterator[None]:
        threads = [threading.Thread(target=each) for each in (self._follow, self._read)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self.over.set()
            for thread in threads:
                thread.join()

    def _follow(self) -> None:
        for number in count():
            if self.over.is_set():
                return
            answer = self.peer.follow(self.chapter, f"guest-{number}")
            self.follows[answer.status_code] += 1
            if answer.status_code == 202:
                self.acknowledged.add(self.peer.person(f"guest-{number}"))
            self._judge(answer, 202)

    def _read(self) -> None:
        for number in count():
            if self.over.is_set():
                return
            # Each time another address, so that none is served from memory.
            answer = self.chapter.get(f"/?{number}", "text/html")
            self.pages[answer.status_code] += 1
            self._judge(answer, 200)

    def _judge(self, answer: httpx.Response, good: int) -> None:
        is_retry = answer.status_code == 503 and int(answer.headers.get("Retry-After", 0)) > 0
        if answer.status_code != good and not is_retry:
            self.unfit.append(f"{answer.request.url}: {answer.status_code} {answer.text[:300]}")


@pytest.fixture
def server(databases: Databases) -> Iterator[Cluster]:
    databases.server()  # skips where there is none
    # The machine does not fail here, only the server: what it told us is stored must be in its
    # log by then.
    with cluster(synchronous_commit="on") as made:
        asyncio.run(_run(made, "postgres", f"CREATE DATABASE {DATABASE}"))
        yield made


async def _run(server: Cluster, database: str, statement: str) -> None:
    connection = await asyncpg.connect(server.address(database))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


@pytest.fixture
def traffic(
    server: Cluster, tmp_path: Path, rsa_keys: tuple[RSAPrivateKey, RSAPrivateKey]
) -> Iterator[Traffic]:
    settings = {"FEDI_CHAPTER_DATABASE_URL": server.url(DATABASE)}
    data, authority = tmp_path / "data", make_authority(tmp_path)
    chapter = Chapter("Atlanta", "atlanta", data, free_port(), authority, settings)
    with loopback_peer(rsa_keys[0]) as peer:
        chapter.found().start()
        try:
            yield Traffic(chapter, peer)
        finally:
            chapter.stop()


def check_nothing_is_lost(traffic: Traffic) -> None:
    """Check that all who were acknowledged follow now and heard so, and nobody saw a failure."""
    chapter, peer = traffic.chapter, traffic.peer
    assert traffic.unfit == []
    assert traffic.follows[202] > 0
    assert traffic.pages[200] > 0

    def missing() -> set[str]:
        return traffic.acknowledged - {each["actor"] for each in chapter.run("followers")}

    until(lambda: not missing(), "every follower to be known")
    until(lambda: len(set(peer.heard("Accept"))) >= len(traffic.acknowledged), "every Accept", 90)
    said = chapter.run("queue", "status")
    assert (said["parked_inbox"], said["parked_outbox"], said["failed"]) == (0, 0, 0)
    log = (chapter.data / "server.log").read_text()
    assert "Traceback" not in log, log[log.index("Traceback") - 500 :][:5000]


def test_a_server_that_is_cut_off_and_comes_back_costs_nothing(
    traffic: Traffic, server: Cluster
) -> None:
    chapter = traffic.chapter
    with traffic.flowing():
        until(lambda: len(traffic.acknowledged) > 5, "some followers")
        for number in range(2):
            chapter.run("post", "create", f"News {number}")
            server.stop()
            until(lambda: chapter.get("/readyz").status_code == 503, "the alarm")
            time.sleep(2)
            server.start()
            until(chapter.is_ready, "the pool to recover", RECOVERY)
            before = len(traffic.acknowledged)
            until(lambda: len(traffic.acknowledged) > before, "new followers", RECOVERY)  # noqa: B023
    assert traffic.follows[503] > 0
    assert traffic.pages[503] > 0
    check_nothing_is_lost(traffic)
    until(lambda: len(set(traffic.peer.heard("Create"))) == 2, "both posts to be told", 90)


def test_connections_that_are_killed_all_the_time_cost_nothing(
    traffic: Traffic, server: Cluster
) -> None:
    kill = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        f" WHERE datname = '{DATABASE}' AND pid <> pg_backend_pid()"
    )
    with traffic.flowing():
        until(lambda: len(traffic.acknowledged) > 5, "some followers")
        for _ in range(40):
            asyncio.run(_run(server, DATABASE, kill))
            time.sleep(0.1)
        until(traffic.chapter.is_ready, "the pool to recover", RECOVERY)
    check_nothing_is_lost(traffic)
