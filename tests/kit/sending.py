"""A chapter that has followers to tell: for tests of the queue's way out.

The database and the loops are real; only the far ends are made up, at the edge (`Inboxes`).
"""

import asyncio
import contextlib
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from fedi_chapter.core.clock import Clock
from fedi_chapter.core.errors import Unreachable
from fedi_chapter.core.ids import Ids
from fedi_chapter.deps import Deps
from fedi_chapter.domain.chapter import LocalActor
from fedi_chapter.domain.follower import FollowState
from fedi_chapter.domain.remote_actor import RemoteActor
from fedi_chapter.domain.urls import Urls
from fedi_chapter.federation.publish.message import Followers, Message, send
from fedi_chapter.net.fetch import Budget, Fetched
from fedi_chapter.net.post import Posted, Poster
from fedi_chapter.services.chapters import Founding, NewKey, ProfileFields, found
from fedi_chapter.settings import Settings
from fedi_chapter.sig.keys import KeyRing, make_master_key, public_pem, read_master_key
from fedi_chapter.sig.links import Links
from fedi_chapter.store import followers, local_actors, remote_actors
from fedi_chapter.store.tx import Database, ReadTx, WriteTx
from fedi_chapter.workers.bell import Bell
from fedi_chapter.workers.delivery import DeliveryLoop, Pace
from tests.kit.patience import PATIENCE

BASE = "https://chapter.test"
QUICK = Pace(lease=timedelta(seconds=60), patience=0.05, grace=0.1)
Answer = int | Posted | Unreachable | asyncio.Event


class NoFetcher:
    """A Fetcher that reaches nobody."""

    async def get(self, url: str, *, budget: Budget | None = None, **_: object) -> Fetched:
        raise Unreachable(f"no connection to {url}")


@dataclass
class Inboxes:
    """Every inbox there is: notes what comes, and answers each host as it was told to.

    A host with a list of answers gives one after the other, and the last one for ever; an
    event is an answer that hangs until it is set, and then is 202.
    """

    answers: dict[str, list[Answer]] = field(default_factory=dict)
    tried: list[tuple[str, str]] = field(default_factory=list)
    """Host and activity id of every attempt, in order."""
    taken: list[tuple[str, str]] = field(default_factory=list)
    """The same of those that were answered with 2xx."""
    schemes: list[str] = field(default_factory=list)

    async def post(
        self, url: str, body: bytes, headers: Mapping[str, str], *, deadline: float = 10.0
    ) -> Posted:
        host, uri = urlsplit(url).netloc, json.loads(body)["id"]
        self.tried.append((host, uri))
        self.schemes.append("rfc9421" if "Signature-Input" in headers else "cavage")
        told = self.answers.get(host, [202])
        answer = told.pop(0) if len(told) > 1 else told[0]
        if isinstance(answer, Unreachable):
            raise answer
        if isinstance(answer, asyncio.Event):
            await answer.wait()
            answer = 202
        posted = answer if isinstance(answer, Posted) else Posted(answer)
        if 200 <= posted.status < 300:
            self.taken.append((host, uri))
        return posted

    def count(self, host: str) -> int:
        """Return how often a host was tried."""
        return Counter(each for each, _ in self.tried)[host]


@dataclass
class Sender:
    """A founded chapter with everything it needs to send."""

    deps: Deps
    actor: LocalActor

    async def followed_by(self, *inboxes: str) -> None:
        """Add a follower for each inbox, on the host of the inbox."""
        await self.deps.db.write(lambda tx: add_followers(tx, self.actor, inboxes))

    async def tell(self, kind: str, about: str) -> str:
        """Queue an activity about an object to all followers; return its id."""
        uri = f"{about}#{kind.lower()}"
        document: dict[str, object] = {"id": uri, "type": kind, "object": about}
        message = Message(document, self.actor, about, (Followers(self.actor.id),))
        await self.deps.db.write(lambda tx: send(tx, message))
        return uri

    @contextlib.asynccontextmanager
    async def delivering(self, pace: Pace = QUICK) -> AsyncIterator[None]:
        """Run the delivery loop meanwhile."""
        stop, bell = asyncio.Event(), Bell()
        running = asyncio.create_task(DeliveryLoop(self.deps, bell, pace).run(stop))
        try:
            yield
        finally:
            stop.set()
            bell.ring()
            await running


async def until(check: Callable[[], bool], seconds: float = PATIENCE) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(seconds):
        while not check():  # noqa: ASYNC110 - the other side knows no event of ours
            await asyncio.sleep(0.005)


async def until_stored(
    db: Database, check: Callable[[ReadTx], bool], seconds: float = PATIENCE
) -> None:
    """Wait until something is so in the database."""
    async with asyncio.timeout(seconds):
        while not await db.read(check):  # noqa: ASYNC110 - nor does the database
            await asyncio.sleep(0.01)


async def found_sender(
    db: Database, data: Path, key: RSAPrivateKey, *, clock: Clock, ids: Ids, poster: Poster
) -> Sender:
    """Found a chapter in an empty database, with its secret in `data`."""
    secret = Settings(data=data).secret_file
    ring = KeyRing(make_master_key(secret))
    new = NewKey("rsa", ring.seal(key), public_pem(key))
    founding = Founding("chapter.test", BASE, "chapter", ProfileFields(name="Chapter"))
    actor, _ = await db.write(lambda tx: found(tx, founding, (new,), (new,)))
    return Sender(deps_on(db, data, clock=clock, ids=ids, poster=poster), actor)


def deps_on(db: Database, data: Path, *, clock: Clock, ids: Ids, poster: Poster) -> Deps:
    """Return what the loops need, over a founded chapter."""
    settings = Settings(data=data)
    master = read_master_key(settings.secret_file)
    return Deps(
        settings=settings,
        clock=clock,
        ids=ids,
        urls=Urls(BASE, "chapter.test"),
        db=db,
        keys=KeyRing(master),
        links=Links(master),
        fetcher=NoFetcher(),
        poster=poster,
        asker=cast(Any, None),
    )


async def chapter_of(db: Database) -> LocalActor:
    """Return the chapter of a founded database."""
    actor = await db.read(local_actors.chapter)
    assert actor is not None
    return actor


def add_followers(tx: WriteTx, actor: LocalActor, inboxes: Sequence[str]) -> None:
    """Add a follower for each inbox."""
    for inbox in inboxes:
        host, uri = urlsplit(inbox).netloc, f"{inbox}#owner"
        known = RemoteActor(uri, host, "Person", "x", f"x@{host}", "X", inbox, uri)
        remote_actors.put(tx, known)
        followers.put(tx, actor.id, uri, f"{uri}/follow", FollowState.ACCEPTED)
