"""Many servers in one process: chapters with all their parts, and peers that test them.

    world.chapter("a.test"), world.mastodon("m.test"), act, `await world.settle()`, assert.

Real signatures, real SQL, real HTTP semantics; only the network is short. `settle` steps all
workers until every queue is empty: no sleeps, and the clock stands still.
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from sqlalchemy import select
from starlette.applications import Starlette

from fedi_chapter.app import build_app
from fedi_chapter.core.clock import SetClock
from fedi_chapter.deps import Deps
from fedi_chapter.domain.audience import Visibility
from fedi_chapter.domain.chapter import LocalActor
from fedi_chapter.domain.follower import Following
from fedi_chapter.domain.notice import NoticeRoute
from fedi_chapter.domain.urls import Urls
from fedi_chapter.federation import deliver, remote_actors, signing
from fedi_chapter.federation.outcomes import record
from fedi_chapter.federation.publish import publish
from fedi_chapter.net.fetch import Budget
from fedi_chapter.opening import WaysOut, build_deps
from fedi_chapter.services.chapters import Founding, NewKey, ProfileFields, found
from fedi_chapter.services.event_fields import EventFields
from fedi_chapter.services.events import create_event
from fedi_chapter.services.following import request_follow
from fedi_chapter.services.posts import PostFields, create_post
from fedi_chapter.settings import Settings
from fedi_chapter.sig.keys import KeyRing, make_ed25519, make_master_key, public_pem
from fedi_chapter.store import deliveries, followers, local_actors, outbox, tables
from fedi_chapter.store.engine import open_database
from fedi_chapter.store.tx import ReadTx, WriteTx
from fedi_chapter.workers import inbox, notices
from tests.kit.databases import Databases
from tests.kit.ids import CountedIds
from tests.kit.network import Network, NetworkAsker, NetworkFetcher, NetworkPoster
from tests.kit.peers.mastodon import Mastodon

T = TypeVar("T")
LEASE = timedelta(minutes=5)
MOST_ROUNDS = 100


@dataclass
class Chapter:
    """One of our servers."""

    deps: Deps
    app: Starlette
    actor: LocalActor

    @property
    def urls(self) -> Urls:
        return self.deps.urls

    @property
    def uri(self) -> str:
        """The chapter actor's id."""
        return self.urls.actor(self.actor)

    @property
    def counts(self) -> dict[str, int]:
        """What happened so far, by the names of the metrics."""
        return dict(self.deps.metrics.counts)

    async def read(self, work: Callable[[ReadTx], T]) -> T:
        return await self.deps.db.read(work)

    async def write(self, work: Callable[[WriteTx], T]) -> T:
        return await self.deps.db.write(work)

    async def post(self, text: str, visibility: Visibility = Visibility.PUBLIC) -> str:
        """Publish a post; return its id."""
        fields = PostFields(text=text, visibility=visibility)
        made = await self.write(lambda tx: create_post(tx, self.actor, fields, self.urls))
        return self.urls.post(made.id)

    async def event(self, name: str, visibility: Visibility = Visibility.PUBLIC) -> str:
        """Publish an event for the day after tomorrow; return its id."""
        start = self.deps.clock.now() + timedelta(days=2)
        fields = EventFields(
            name=name, start=f"{start:%Y-%m-%dT%H:%M}", timezone="UTC", visibility=visibility
        )
        made = await self.write(lambda tx: create_event(tx, self.actor, fields, self.urls))
        return self.urls.event(made.id)

    async def follow(self, uri: str) -> Following:
        """Ask to follow an actor of another server."""
        remote = await remote_actors.actor(self.deps, uri, budget=Budget())
        return await self.write(lambda tx: request_follow(tx, self.actor, remote, self.urls))

    async def followers(self) -> list[str]:
        """Return the ids of those who follow the chapter."""
        return [
            each.uri for each in await self.read(lambda tx: followers.listing(tx, self.actor.id))
        ]

    async def outcomes(self) -> list[str]:
        """Return what became of everything that came in, in order."""
        rows = select(tables.inbox.c.outcome).order_by(tables.inbox.c.id)
        return await self.read(lambda tx: list(tx.conn.execute(rows).scalars()))

    async def step(self) -> int:
        """Do everything that is due in each queue once; return how much that was."""
        told = await self._fan_out() + await self._tell()
        return await self._take_in() + told + await self._deliver()

    async def _take_in(self) -> int:
        queue = inbox.queue(self.deps)
        jobs = await self.write(lambda tx: queue.claim(tx, 100))
        for job in jobs:
            await queue.do(job)
        return len(jobs)

    async def _fan_out(self) -> int:
        jobs = await self.write(lambda tx: outbox.claim(tx, 100, LEASE))
        for job in jobs:
            await publish(self.deps, job)
        return len(jobs)

    async def _tell(self) -> int:
        told = 0
        for route in NoticeRoute:
            queue = notices.queue(self.deps, route)
            jobs = await self.write(lambda tx, queue=queue: queue.claim(tx, 100))  # type: ignore[misc]
            for job in jobs:
                await queue.do(job)
            told += len(jobs)
        return told

    async def _deliver(self) -> int:
        claimed = await self.write(lambda tx: deliveries.claim(tx, 100, LEASE, per_host=2))
        now = self.deps.clock.now()
        outcomes = []
        for job in claimed:
            key = (
                await signing.key_by_id(self.deps, job.key_id)
                if job.key_id
                else await signing.current_key(self.deps, job.actor_id)
            )
            (letter,) = deliver.sign_all([(job, key)], now)
            answer = await deliver.attempt(self.deps.poster, letter, now)
            outcomes.append(deliver.outcome(job, answer, now=now, chance=0.5))
        if outcomes:
            await self.write(lambda tx: record(tx, outcomes, self.urls))
        return len(claimed)


@dataclass
class World:
    """All servers of one test."""

    clock: SetClock
    ids: CountedIds
    databases: Databases
    folder: Path
    our_key: RSAPrivateKey
    their_key: RSAPrivateKey
    our_edwards_key: Ed25519PrivateKey = field(default_factory=make_ed25519)
    network: Network = field(default_factory=Network)
    chapters: dict[str, Chapter] = field(default_factory=dict)
    mastodons: dict[str, Mastodon] = field(default_factory=dict)

    async def chapter(self, host: str, **settings: object) -> Chapter:
        """Found a chapter at `host`; its handle is the first part of the name."""
        data = self.folder / host
        data.mkdir()
        made = Settings.model_validate({"data": data, **settings})
        urls = Urls(f"https://{host}", host)
        ring = KeyRing(make_master_key(made.secret_file))
        db = open_database(self.databases.sqlite(), clock=self.clock, ids=self.ids)
        keys = (
            NewKey("rsa", ring.seal(self.our_key), public_pem(self.our_key)),
            NewKey("ed25519", ring.seal(self.our_edwards_key), public_pem(self.our_edwards_key)),
        )
        profile = ProfileFields(name=f"Chapter {host}")
        founding = Founding(host, urls.base, host.partition(".")[0], profile)
        await db.write(lambda tx: found(tx, founding, keys, keys))
        deps = build_deps(
            made,
            urls,
            db=db,
            clock=self.clock,
            ids=self.ids,
            ways=WaysOut(
                NetworkFetcher(self.network, self.clock),
                NetworkPoster(self.network),
                NetworkAsker(self.network),
            ),
        )
        actor = await db.read(local_actors.chapter)
        assert actor is not None
        chapter = Chapter(deps, build_app(deps, with_workers=False), actor)
        self.network.hosts[host] = chapter.app
        self.chapters[host] = chapter
        return chapter

    def mastodon(self, host: str) -> Mastodon:
        """Start a fake Mastodon at `host`."""
        made = Mastodon(host, self.network, self.clock, self.their_key)
        self.network.hosts[host] = made.app
        self.mastodons[host] = made
        return made

    async def settle(self) -> None:
        """Step everybody until nobody has anything to do."""
        for _ in range(MOST_ROUNDS):
            done = 0
            for chapter in self.chapters.values():
                done += await chapter.step()
            for mastodon in self.mastodons.values():
                done += await mastodon.step()
            if not done:
                return
        raise AssertionError("the world does not settle")


@pytest.fixture
async def world(
    clock: SetClock,
    ids: CountedIds,
    databases: Databases,
    tmp_path: Path,
    rsa_keys: tuple[RSAPrivateKey, RSAPrivateKey],
) -> AsyncIterator[World]:
    """An empty world; every chapter's database is closed at the end."""
    made = World(clock, ids, databases, tmp_path, *rsa_keys)
    yield made
    for chapter in made.chapters.values():
        await chapter.deps.db.close()
