"""Another process keeps the database locked: senders are told to come back, readers read on.

The long tests are `slow`; what they found is held by the short ones.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from sqlalchemy import select

from fedi_chapter.core.clock import SystemClock
from fedi_chapter.core.errors import Busy, DatabaseUnusable
from fedi_chapter.core.ids import RandomIds
from fedi_chapter.domain.inbox import Incoming
from fedi_chapter.store import inbox, sqlite, tables
from fedi_chapter.store.engine import open_database, parse, sqlite_file
from fedi_chapter.store.sqlite import LOCK_WAIT
from fedi_chapter.store.tx import Database, ReadTx, WriteTx
from tests.kit.databases import Databases
from tests.kit.peers.member import Member
from tests.kit.sending import Inboxes, found_sender
from tests.kit.served import Peer, program, timed, visiting
from tests.kit.world import World

pytestmark = pytest.mark.anyio
EVERY = 0.25
BUSY_MACHINE = 4.0
"""Seconds we may be late because others use the processor."""
MEGABYTE = 1 << 20
WAL_KEPT = 64 * MEGABYTE


@pytest.fixture
def file(databases: Databases) -> Path:
    """A SQLite database in real use: its clock goes on."""
    return sqlite_file(parse(databases.sqlite()))


@pytest.fixture
async def real_db(file: Path) -> AsyncIterator[Database]:
    db = _opened(file)
    yield db
    await db.close()


def _opened(file: Path) -> Database:
    return open_database(_url(file), clock=SystemClock(), ids=RandomIds())


def _url(file: Path) -> str:
    return f"sqlite+aiosqlite:///{file}"


@contextmanager
def locked(file: Path, how: str = "BEGIN IMMEDIATE") -> Iterator[sqlite3.Connection]:
    """Hold a lock as another process would: by a connection that is none of ours."""
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute(how)
        yield other
        other.execute("ROLLBACK")


def _wal(file: Path) -> int:
    return file.with_name(f"{file.name}-wal").stat().st_size


def _stored(tx: ReadTx) -> set[str]:
    return set(tx.conn.execute(select(tables.inbox.c.activity_id)).scalars())


def _put(tx: WriteTx, name: str, size: int) -> None:
    inbox.put_many(tx, [Incoming(name, "a", "Like", b"x" * size)])


@pytest.mark.slow
@pytest.mark.parametrize("how", ["BEGIN IMMEDIATE", "BEGIN EXCLUSIVE"])
async def test_half_a_minute_of_a_locked_database_loses_nothing(
    real_db: Database,
    file: Path,
    tmp_path: Path,
    rsa_keys: tuple[RSAPrivateKey, RSAPrivateKey],
    how: str,
) -> None:
    """Pages are read, each sender hears in time to come back, and who comes back is let in."""
    clock, ids = SystemClock(), RandomIds()
    await found_sender(real_db, tmp_path, rsa_keys[0], clock=clock, ids=ids, poster=Inboxes())
    peer = Peer(rsa_keys[1])
    await real_db.write(peer.known)
    async with program("run", _url(file), tmp_path) as served, visiting(served) as client:
        with locked(file, how):
            before = _wal(file)
            likes, pages = await _come_in(peer, client, seconds=30)
            read = await asyncio.gather(*pages)
            assert _wal(file) == before
        answers = await asyncio.gather(*likes)
        refused = [number for number, (each, _) in enumerate(answers) if each.status_code == 503]
        assert len(refused) > 10 / EVERY
        for answer, seconds in answers:
            assert seconds <= LOCK_WAIT + BUSY_MACHINE
            assert answer.status_code == 202 or "retry-after" in answer.headers
            assert "lock" not in answer.text
        assert {page.status_code for page, _ in read} == {200}
        assert max(seconds for _, seconds in read) < LOCK_WAIT
        assert {(await peer.likes(client, each)).status_code for each in refused} == {202}
        assert await real_db.read(_stored) == {peer.like(each) for each in range(len(answers))}
        await served.stop()


Timed = asyncio.Task[tuple[httpx.Response, float]]


async def _come_in(
    peer: Peer, client: httpx.AsyncClient, *, seconds: float
) -> tuple[list[Timed], list[Timed]]:
    """Send a Like and read a page again and again, whether the last one was answered or not."""
    likes, pages = list[Timed](), list[Timed]()
    for number in range(int(seconds / EVERY)):
        likes.append(asyncio.create_task(timed(lambda n=number: peer.likes(client, n))))  # type: ignore[misc]
        pages.append(asyncio.create_task(timed(lambda: client.get("/"))))
        await asyncio.sleep(EVERY)
    return likes, pages


async def test_nobody_waits_for_the_lock_longer_than_promised_whoever_stood_in_line_before(
    real_db: Database, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "LOCK_WAIT", 2.0)
    loop = asyncio.get_running_loop()

    async def refused() -> float:
        with pytest.raises(Busy, match="locked"):
            await real_db.write(inbox.waiting)
        return loop.time()

    began = loop.time()
    with locked(file):
        first = asyncio.create_task(refused())
        await asyncio.sleep(0.1)  # the writer waits for the lock in the first one's name
        second = await refused()
        assert await first - began >= 1.9
        assert second - await first < 1.9  # one after the other, two seconds would lie between
    assert await real_db.write(inbox.waiting) == 0


async def test_who_comes_to_a_locked_inbox_hears_it_with_those_who_came_before(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    post, members = await chapter.post("Hello"), [mastodon.member(name) for name in "abc"]
    for member in members:  # so that their keys are known
        await member.boost(post)
    monkeypatch.setattr(sqlite, "LOCK_WAIT", 2.0)
    loop, likes = asyncio.get_running_loop(), list[asyncio.Task[float]]()

    async def refused(member: Member) -> float:
        assert await member.like(post) == 503
        return loop.time()

    with locked(Path(await chapter.read(_file_of))):
        for member in members:
            likes.append(asyncio.create_task(refused(member)))
            await asyncio.sleep(0.1)
        heard = await asyncio.gather(*likes)
        assert max(heard) - min(heard) < 1.9  # else one commit waited after the other
    assert await members[0].like(post) == 202


def _file_of(tx: ReadTx) -> str:
    return str(tx.conn.exec_driver_sql("PRAGMA database_list").one()[2])


async def test_what_waits_for_a_lock_is_committed_when_it_is_given_back(
    real_db: Database, file: Path
) -> None:
    with locked(file):
        writes = [asyncio.create_task(real_db.write(lambda tx: _put(tx, "a", 1)))]
        await asyncio.sleep(0.1)
        writes.append(asyncio.create_task(real_db.write(lambda tx: _put(tx, "b", 1))))
        assert await real_db.read(_stored) == set()
    await asyncio.gather(*writes)
    assert await real_db.read(_stored) == {"a", "b"}


async def test_the_log_a_long_reader_let_grow_is_cut_back(real_db: Database, file: Path) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM inbox").fetchone()
        for number in range(17):
            await real_db.write(lambda tx, n=number: _put(tx, f"{n}", 4 * MEGABYTE))  # type: ignore[misc]
        assert _wal(file) > WAL_KEPT
        assert reader.execute("SELECT count(*) FROM inbox").fetchone() == (0,)
        reader.execute("ROLLBACK")
    for name in ("after", "after that"):
        await real_db.write(lambda tx, n=name: _put(tx, n, 1))  # type: ignore[misc]
    assert _wal(file) <= WAL_KEPT


async def test_a_database_locked_at_the_start_is_named_with_the_cure(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient = {"query_only": False, "lock_wait": 0.1}
    monkeypatch.setattr(sqlite.connect, "__kwdefaults__", patient)
    with locked(file), pytest.raises(DatabaseUnusable, match="another process") as refused:
        _opened(file)
    assert "try again" in str(refused.value.cure)
