"""Two worker processes on PostgreSQL keep what one actor says in order, live and from a backlog."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from sqlalchemy import select

from fedi_chapter.core.clock import SystemClock
from fedi_chapter.core.ids import RandomIds
from fedi_chapter.domain.audience import Visibility
from fedi_chapter.domain.remote_actor import RemoteActor, RemoteKey
from fedi_chapter.services.posts import PostFields, create_post
from fedi_chapter.store import inbox, remote_actors, replies, tables
from fedi_chapter.store.engine import open_database
from fedi_chapter.store.tx import Database, ReadTx, WriteTx
from tests.kit.databases import Databases
from tests.kit.loopback_peer import LoopbackPeer, loopback_peer
from tests.kit.peers.signatures import pem_of, signed_post
from tests.kit.sending import BASE, Inboxes, found_sender, until_stored
from tests.kit.served import program, visiting

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]

AS = "https://www.w3.org/ns/activitystreams"
PUBLIC = f"{AS}#Public"
AT_ONCE = 16
PAIRS = ("Follow Undo", "Undo Follow", "Like Undo", "Announce Undo", "Create Update")
Json = dict[str, Any]


@dataclass
class House:
    """A chapter on PostgreSQL, its post, and people of another server."""

    url: str
    folder: Path
    db: Database
    post: str
    peer: LoopbackPeer

    def pair(self, kind: str, name: str) -> tuple[Json, Json]:
        """Return two activities of one person, to be sent one after the other."""
        who, chapter = self.peer.person(name), f"{BASE}/chapter"
        first, second = kind.split()

        def activity(verb: str, thing: object, uri: str) -> Json:
            return {
                "@context": AS,
                "id": f"{who}/{uri}",
                "type": verb,
                "actor": who,
                "object": thing,
                "to": [PUBLIC],
            }

        if first == "Undo":  # of a follow before; then they follow again
            old = activity("Follow", chapter, "follow/0")
            return activity("Undo", old, "undo"), activity("Follow", chapter, "follow/1")
        if first == "Create":
            notes = [_note(who, self.post, text) for text in ("first", "second")]
            notes[1]["updated"] = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
            return activity(first, notes[0], "create"), activity(second, notes[1], "update")
        made = activity(first, chapter if first == "Follow" else self.post, "made")
        return made, activity("Undo", made, "undo")

    def is_right(self, tx: ReadTx, kind: str, name: str) -> bool:
        """Tell whether the second of a pair is what counts."""
        who = self.peer.person(name)
        follows = select(tables.followers.c.uri).where(tables.followers.c.uri == who)
        reacted = select(tables.reactions.c.kind).where(tables.reactions.c.actor_uri == who)
        if kind == "Create Update":
            reply = replies.get(tx, f"{who}/note")
            return reply is not None and "second" in reply.html
        if kind == "Undo Follow":
            return tx.conn.execute(follows).first() is not None
        query = follows if kind == "Follow Undo" else reacted
        return tx.conn.execute(query).first() is None

    def meet(self, tx: WriteTx, name: str) -> None:
        """Know somebody's profile and key."""
        uri = self.peer.person(name)
        key = RemoteKey(f"{uri}#main-key", uri, "rsa", pem_of(self.peer.key).encode())
        remote_actors.put(
            tx,
            RemoteActor(
                *(uri, uri.split("/")[2], "Person", name, f"{name}@peer.test", name),
                *(f"{uri}/inbox", uri),
                fetched_at=tx.now,
                keys=(key,),
            ),
        )

    async def say(self, client: httpx.AsyncClient, activity: Json) -> None:
        """Send an activity until it is taken."""
        body = json.dumps(activity).encode()
        while True:
            key_id = f"{activity['actor']}#main-key"
            headers = signed_post(self.peer.key, key_id, f"{BASE}/inbox", body, datetime.now(UTC))
            answer = await client.post("/inbox", content=body, headers=headers)
            if answer.status_code == 202:
                return
            assert answer.status_code == 503, answer.text

    async def all_say(self, client: httpx.AsyncClient, people: dict[str, str]) -> None:
        """Let everybody send their pair, the second when the first was taken."""
        places = asyncio.Semaphore(AT_ONCE)

        async def send(name: str, kind: str) -> None:
            async with places:
                for activity in self.pair(kind, name):
                    await self.say(client, activity)

        await asyncio.gather(*(send(*each) for each in people.items()))

    async def wrong(self, people: dict[str, str]) -> list[str]:
        """Return the pairs of which not the second counts, when all is processed."""
        await until_stored(self.db, lambda tx: inbox.waiting(tx) == 0, seconds=300)

        def look(tx: ReadTx) -> list[str]:
            return [kind for name, kind in people.items() if not self.is_right(tx, kind, name)]

        return await self.db.read(look)


def _note(who: str, post: str, text: str) -> Json:
    return {
        "id": f"{who}/note",
        "type": "Note",
        "attributedTo": who,
        "inReplyTo": post,
        "content": text,
        "to": [PUBLIC],
        "published": "2026-11-01T12:00:00Z",
    }


@pytest.fixture
def peer(rsa_keys: tuple[RSAPrivateKey, RSAPrivateKey]) -> Iterator[LoopbackPeer]:
    with loopback_peer(rsa_keys[1]) as made:
        yield made


@pytest.fixture
def url(databases: Databases) -> str:
    return databases.postgres()


@pytest.fixture
async def house(
    url: str, tmp_path: Path, rsa_keys: tuple[RSAPrivateKey, RSAPrivateKey], peer: LoopbackPeer
) -> AsyncIterator[House]:
    clock, ids = SystemClock(), RandomIds()
    db = open_database(url, clock=clock, ids=ids)
    sender = await found_sender(db, tmp_path, rsa_keys[0], clock=clock, ids=ids, poster=Inboxes())
    fields = PostFields(text="Hello", visibility=Visibility.PUBLIC)
    urls = sender.deps.urls
    made = await db.write(lambda tx: create_post(tx, sender.actor, fields, urls))
    yield House(url, tmp_path, db, urls.post(made.id), peer)
    await db.close()


def crowd(each: int, *, known: bool) -> dict[str, str]:
    """Return so many people for each kind of pair, by name."""
    way = "known" if known else "new"
    return {
        f"{way}-{kind.replace(' ', '-')}-{number}": kind for number in range(each) for kind in PAIRS
    }


async def check(house: House, people: dict[str, str], *, live: bool) -> None:
    """Send all pairs to a web process, while two workers run or before they are started."""
    known = [name for name in people if name.startswith("known")]
    await house.db.write(lambda tx: [house.meet(tx, name) for name in known] and None)
    async with program("web", house.url, house.folder) as served, visiting(served) as client:
        if not live:
            await house.all_say(client, people)
        async with (
            program("worker", house.url, house.folder) as one,
            program("worker", house.url, house.folder) as other,
        ):
            if live:
                await house.all_say(client, people)
            assert await house.wrong(people) == []
            assert one.said("put back") + other.said("put back") == []


@pytest.mark.parametrize("live", [True, False], ids=["live", "backlog"])
async def test_two_workers_keep_what_an_actor_says_in_order(house: House, live: bool) -> None:
    await check(house, crowd(6, known=True) | crowd(3, known=False), live=live)


@pytest.mark.slow
@pytest.mark.parametrize("live", [True, False], ids=["live", "backlog"])
@pytest.mark.parametrize("known", [True, False], ids=["known", "unknown"])
async def test_two_workers_keep_hundreds_of_pairs_in_order(
    house: House, live: bool, known: bool
) -> None:
    await check(house, crowd(60, known=known), live=live)
