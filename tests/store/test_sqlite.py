"""What SQLite alone promises: durability, shared commits, plain words when it can't work."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import insert

from fedi_chapter.core.clock import SetClock
from fedi_chapter.core.errors import Busy, DatabaseUnusable
from fedi_chapter.domain.inbox import Incoming
from fedi_chapter.store import inbox, sqlite
from fedi_chapter.store.engine import open_database
from fedi_chapter.store.sqlite import driver
from fedi_chapter.store.tables import hosts
from fedi_chapter.store.tx import Database, ReadTx, WriteTx
from tests.kit.builders import NOW
from tests.kit.databases import Databases
from tests.kit.ids import CountedIds

pytestmark = pytest.mark.anyio

WRITER = """
import asyncio, sys
from fedi_chapter.core.clock import SystemClock
from fedi_chapter.core.ids import RandomIds
from fedi_chapter.domain.inbox import Incoming
from fedi_chapter.store import inbox
from fedi_chapter.store.engine import open_database

async def one(db, name):
    await db.write(lambda tx: inbox.put_many(tx, [Incoming(name, "a", "Like", b"{}")]))
    print(name, flush=True)

async def main():
    db = open_database(sys.argv[1], clock=SystemClock(), ids=RandomIds())
    for batch in range(100_000):
        await asyncio.gather(*(one(db, f"{batch}-{n}") for n in range(20)))

asyncio.run(main())
"""


def path_of(url: str) -> Path:
    return Path(url.partition("///")[2])


def opened(url: str) -> Database:
    return open_database(url, clock=SetClock(NOW), ids=CountedIds())


def test_what_was_acknowledged_survives_kill_9(databases: Databases) -> None:
    url = databases.sqlite()
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, url], stdout=subprocess.PIPE, text=True, cwd=Path.cwd()
    )
    assert writer.stdout is not None
    acknowledged = [writer.stdout.readline().strip() for _ in range(300)]
    writer.send_signal(signal.SIGKILL)
    acknowledged += writer.stdout.read().split()
    writer.stdout.close()
    writer.wait()
    assert len(acknowledged) >= 300
    with closing(sqlite3.connect(path_of(url))) as conn:
        stored = {name for (name,) in conn.execute("SELECT activity_id FROM inbox")}
        assert conn.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert set(acknowledged) <= stored | {acknowledged[-1]}  # the last line may be torn


async def test_units_that_wait_together_share_one_commit(databases: Databases) -> None:
    url = databases.sqlite()
    db = opened(url)
    versions = set()

    def unit(tx: WriteTx, number: int) -> None:
        inbox.put_many(tx, [Incoming(str(number), "a", "Like", b"")])

    holds, lets_go = threading.Event(), threading.Event()

    def wait(tx: WriteTx) -> None:
        holds.set()
        lets_go.wait()

    hold = asyncio.ensure_future(db.write(wait))
    await asyncio.to_thread(holds.wait)
    before = db.version()
    writes = [asyncio.ensure_future(db.write(lambda tx, n=n: unit(tx, n))) for n in range(50)]
    await asyncio.sleep(0)  # all of them stand in line
    lets_go.set()
    for write in asyncio.as_completed([hold, *writes]):
        await write
        versions.add(db.version())
    assert len(versions - {before}) == 1
    await db.close()


async def test_one_transaction_holds_what_goes_by_either_way(databases: Databases) -> None:
    db = opened(databases.sqlite())

    def both(tx: WriteTx) -> None:
        inbox.put_many(tx, [Incoming("1", "a", "Like", b"")])  # by the driver
        tx.conn.execute(insert(hosts).values(host="a.example"))

    def fails(tx: WriteTx) -> None:
        both(tx)
        raise ValueError("no")

    def seen(tx: ReadTx) -> tuple[int, int]:
        [by_driver] = driver(tx.conn).execute("SELECT count(*) FROM hosts").fetchone()
        return by_driver, inbox.waiting(tx)

    with pytest.raises(ValueError, match="no"):
        await db.write(fails)
    assert await db.read(seen) == await db.look_up(seen) == (0, 0)
    await db.write(both)
    assert await db.read(seen) == await db.look_up(seen) == (1, 1)
    await db.close()


async def test_the_version_changes_when_another_process_writes(databases: Databases) -> None:
    url = databases.sqlite()
    db = opened(url)
    before = db.version()
    assert db.version() == before
    with closing(sqlite3.connect(path_of(url))) as other:
        other.execute("INSERT INTO tombstones VALUES ('u', NULL, 0, 0)")
        other.commit()
    assert db.version() != before
    await db.close()


async def test_a_lock_that_is_never_given_back_is_answered_with_busy(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "LOCK_WAIT", 0.1)
    url = databases.sqlite()
    db = opened(url)
    with closing(sqlite3.connect(path_of(url), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Busy, match="locked"):
            await db.write(inbox.waiting)
        assert await db.read(inbox.waiting) == 0
        other.execute("ROLLBACK")
    assert await db.write(inbox.waiting) == 0
    await db.close()


async def test_a_full_disk_is_answered_with_busy_and_passes(databases: Databases) -> None:
    db = opened(databases.sqlite())

    def limit(tx: WriteTx, pages: int) -> None:
        tx.conn.exec_driver_sql(f"PRAGMA max_page_count={pages}")

    def grow(tx: WriteTx, name: str) -> None:
        inbox.put_many(tx, [Incoming(name, "a", "Like", b"x" * 1_000_000)])

    await db.write(lambda tx: limit(tx, 1))  # SQLite takes the size it has now
    ended = await asyncio.gather(
        *(db.write(lambda tx, n=n: grow(tx, n)) for n in "abc"), return_exceptions=True
    )
    assert all(isinstance(end, Busy) for end in ended), ended
    assert await db.read(inbox.waiting) == 0
    await db.write(lambda tx: limit(tx, 1_000_000))
    await db.write(lambda tx: grow(tx, "d"))
    assert await db.read(inbox.waiting) == 1
    await db.close()


async def test_a_closed_database_takes_nothing_more(databases: Databases) -> None:
    db = opened(databases.sqlite())
    await db.close()
    await db.close()
    with pytest.raises(Busy, match="closed"):
        await db.read(inbox.waiting)
    with pytest.raises(Busy, match="closed"):
        await db.look_up(inbox.waiting)
    with pytest.raises(Busy, match="closed"):
        await db.write(inbox.waiting)


def test_a_missing_folder_is_named_with_the_cure(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnusable) as refused:
        opened(f"sqlite+aiosqlite:///{tmp_path}/no/chapter.db")
    assert refused.value.cure == f"make the folder {tmp_path}/no, or correct the data folder"


def test_a_file_that_is_no_database_is_named_with_the_cure(tmp_path: Path) -> None:
    (tmp_path / "chapter.db").write_text("dear diary, " * 100)
    with pytest.raises(DatabaseUnusable, match="not a database") as refused:
        opened(f"sqlite:///{tmp_path}/chapter.db")
    assert "restore a backup" in str(refused.value.cure)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_file_is_named_with_the_cure(databases: Databases) -> None:
    url = databases.sqlite()
    path_of(url).chmod(0o400)
    with pytest.raises(DatabaseUnusable) as refused:
        opened(url)
    assert "let this program's user write" in str(refused.value.cure)


@pytest.mark.parametrize("url", ["mysql://a/b", "nonsense", "sqlite://", "sqlite+aiosqlite:///"])
def test_an_address_of_no_known_database_is_refused(url: str) -> None:
    with pytest.raises(DatabaseUnusable) as refused:
        opened(url)
    assert "sqlite+aiosqlite:///FILE" in str(refused.value.cure)
