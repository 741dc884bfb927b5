"""What PostgreSQL alone promises: repeated transactions, plain words when it can't be reached."""

import asyncio

import asyncpg
import pytest
from sqlalchemy import text

from fedi_chapter.core.clock import SetClock
from fedi_chapter.core.errors import Busy, DatabaseUnusable
from fedi_chapter.domain.inbox import Incoming
from fedi_chapter.store import inbox, postgres
from fedi_chapter.store.engine import open_database
from fedi_chapter.store.tx import Database, WriteTx
from tests.kit.builders import NOW
from tests.kit.databases import Databases
from tests.kit.ids import CountedIds

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]


@pytest.fixture
def url(databases: Databases) -> str:
    return databases.postgres()


def opened(url: str) -> Database:
    return open_database(url, clock=SetClock(NOW), ids=CountedIds())


async def test_a_transaction_whose_connection_is_lost_is_repeated(url: str) -> None:
    db = opened(url)
    attempts = []

    def unit(tx: WriteTx) -> None:
        attempts.append(1)
        inbox.put_many(tx, [Incoming("1", "a", "Like", b"")])
        if len(attempts) < 3:
            tx.conn.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    await db.write(unit)
    assert len(attempts) == 3
    assert await db.read(inbox.waiting) == 1
    await db.close()


async def test_of_two_that_block_each_other_both_succeed_in_the_end(url: str) -> None:
    db = opened(url)

    def unit(tx: WriteTx, first: int, second: int) -> None:
        tx.conn.execute(text(f"SELECT pg_advisory_xact_lock({first})"))
        tx.conn.execute(text("SELECT pg_sleep(0.2)"))
        tx.conn.execute(text(f"SELECT pg_advisory_xact_lock({second})"))
        inbox.put_many(tx, [Incoming(str(first), "a", "Like", b"")])

    await asyncio.gather(db.write(lambda tx: unit(tx, 1, 2)), db.write(lambda tx: unit(tx, 2, 1)))
    assert await db.read(inbox.waiting) == 2
    await db.close()


@pytest.mark.parametrize("state", ["40001", "40P01"])
async def test_what_the_server_undid_for_others_sake_is_repeated(url: str, state: str) -> None:
    """Whatever brought them about: a serialization failure and a deadlock are undone whole."""
    db, attempts = opened(url), []

    def unit(tx: WriteTx) -> None:
        attempts.append(1)
        inbox.put_many(tx, [Incoming("1", "a", "Like", b"")])
        if len(attempts) < 3:
            tx.conn.exec_driver_sql(f"DO $$ BEGIN RAISE SQLSTATE '{state}'; END $$")

    await db.write(unit)
    assert len(attempts) == 3
    assert await db.read(inbox.waiting) == 1
    await db.close()


async def test_an_error_of_our_own_is_not_repeated(url: str) -> None:
    db = opened(url)
    attempts = []

    def unit(tx: WriteTx) -> None:
        attempts.append(1)
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await db.write(unit)
    assert attempts == [1]
    await db.close()


async def test_who_waits_too_long_for_a_connection_is_told_that_we_are_busy(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"POOL": 1, "OVERFLOW": 0, "POOL_WAIT": 0.1}.items():
        monkeypatch.setattr(postgres, name, value)
    db = opened(url)
    await db.read(inbox.waiting)

    holds = asyncio.Event()

    def slow(tx: WriteTx) -> None:
        holds.set()
        tx.conn.execute(text("SELECT pg_advisory_xact_lock(1)"))

    other = await asyncpg.connect(url.replace("+asyncpg", ""))
    await other.execute("SELECT pg_advisory_lock(1)")
    first = asyncio.create_task(db.write(slow))
    await holds.wait()
    with pytest.raises(Busy):
        await db.read(inbox.waiting)
    await other.close()
    await first
    await db.close()


@pytest.mark.parametrize(
    ("change", "cure"),
    [
        (("/chapter_", "/nothing_"), "make the database"),
        (("chapter@", "nobody@"), "correct"),
        (("127.0.0.1:", "127.0.0.1:1"), "start the PostgreSQL server"),
    ],
)
async def test_a_server_that_refuses_is_named_with_the_cure(
    url: str, change: tuple[str, str], cure: str
) -> None:
    wrong = url.replace(*change)
    if "127.0.0.1:1" in change[1]:
        wrong = url.replace(url.split("/")[2], "chapter@127.0.0.1:1")
    db = opened(wrong)
    with pytest.raises(DatabaseUnusable) as refused:
        await db.read(inbox.waiting)
    assert cure in str(refused.value.cure)
    await db.close()


async def test_the_version_never_stands_still_for_long(url: str) -> None:
    db = opened(url)
    before = db.version()
    await asyncio.sleep(0.3)
    assert db.version() > before
    await db.close()
