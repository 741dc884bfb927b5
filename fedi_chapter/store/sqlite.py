"""SQLite: one writer thread that groups what waits into one commit, and a few readers.

Opened by `engine.open_database`. The units of work are plain functions; here they are
carried to a thread, and their results back to the event loop. No query lives here.

Why threads and not an async driver: a unit runs whole in one hop, so a page of five
queries costs one hand-over instead of ten.
"""

import asyncio
import contextlib
import math
import queue
import sqlite3
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from fedi_chapter.core.clock import Clock
from fedi_chapter.core.errors import DatabaseAway, DatabaseUnusable
from fedi_chapter.core.ids import Ids
from fedi_chapter.store.tx import ReadTx, WriteTx

T = TypeVar("T")

GROUP = 500
"""Units that share one commit at most."""
READERS = 4
LOCK_WAIT = 5.0
"""Seconds a unit waits for another process's write before it is answered with DatabaseAway."""
IMPRECISION = 0.5
"""Seconds more or less don't matter there: to tell SQLite before every commit would cost more."""
FREE_SPACE = "free space on the disk; what waits goes on by itself then"

_TO_READ, _TO_WRITE = "BEGIN", "BEGIN IMMEDIATE"
_PRAGMAS = (
    # Readers never wait for the writer, nor the writer for readers.
    "PRAGMA journal_mode=WAL",
    # FULL: what was acknowledged survives a power cut, not only kill -9. The price is one
    # fsync a commit; the writer groups waiting units into one commit, so under load it is
    # shared: measured with 64 writers, three quarters of the rate of NORMAL (alone: half).
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    # Erased means erased: freed pages are overwritten with zeros.
    "PRAGMA secure_delete=ON",
    "PRAGMA temp_store=MEMORY",
    "PRAGMA cache_size=-4000",
    "PRAGMA mmap_size=268435456",
    # After a long reader let the log grow, cut it back.
    "PRAGMA journal_size_limit=67108864",
)
_LOCKED = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_GIVES_WAY = {
    sqlite3.SQLITE_BUSY: "another process keeps the database locked",
    sqlite3.SQLITE_LOCKED: "the database is locked",
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_IOERR: "the disk can't be read or written",
}


@dataclass(frozen=True, slots=True)
class _Unit:
    """One waiting unit of work and the future its caller waits on."""

    work: Callable[[WriteTx], Any]
    future: asyncio.Future[Any]
    until: float
    """When it has waited long enough for the lock, on the clock that never steps."""

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The event loop the caller runs on."""
        return self.future.get_loop()


@dataclass(frozen=True, slots=True)
class _Answer:
    """How a unit ended."""

    unit: _Unit
    result: Any = None
    error: BaseException | None = None

    def deliver(self) -> None:
        """Wake the caller; runs on its event loop. A caller that gave up is left alone."""
        if self.unit.future.done():
            return
        if self.error is None:
            self.unit.future.set_result(self.result)
        else:
            self.unit.future.set_exception(self.error)


class SqliteDatabase:
    """A `Database` on one SQLite file."""

    def __init__(self, path: Path, *, clock: Clock, ids: Ids) -> None:
        self._clock, self._ids = clock, ids
        self._waiting: queue.SimpleQueue[_Unit | None] = queue.SimpleQueue()
        self._idle: queue.LifoQueue[Connection] = queue.LifoQueue()
        self._closing = False
        self._patience = math.inf  # not told yet
        with unusable(path):
            self._version = connect(path)
            _check_writable(self._version)
            self._write_conn = engine(path, begin=_TO_WRITE).connect()
            readers = engine(path, begin=_TO_READ, query_only=True)
            self._read_conns = [readers.connect() for _ in range(READERS)]
            self._look_conn, self._looking = readers.connect(), threading.Lock()
        for conn in self._read_conns:
            self._idle.put(conn)
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="sqlite-read")
        self._writer = threading.Thread(target=self._write_all, name="sqlite-write", daemon=True)
        self._writer.start()

    async def read(self, work: Callable[[ReadTx], T]) -> T:
        """Run `work` in one read transaction and return what it returns."""
        self._refuse_when_closing()
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._readers, self._read, work)

    async def look_up(self, work: Callable[[ReadTx], T]) -> T:
        """Run a few look-ups by key on the caller's own thread.

        They take some tens of microseconds, read what is mapped into memory, and wait for no
        writer; a thread, woken and waited for, makes the whole loop slower than that.
        """
        self._refuse_when_closing()
        with self._looking:
            return self._read_on(self._look_conn, work)

    async def write(self, work: Callable[[WriteTx], T]) -> T:
        """Run `work`, together with what else waits, and return when it is committed."""
        self._refuse_when_closing()
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.put(_Unit(work, future, time.monotonic() + LOCK_WAIT))
        return await future

    def version(self) -> int:
        """Return a number that changes with every commit, ours or another process's.

        Takes a few microseconds: SQLite looks at its shared memory only.
        """
        return int(self._version.execute("PRAGMA data_version").fetchone()[0])

    async def close(self) -> None:
        """Run what waits, then close every connection. A second call does nothing."""
        if self._closing:
            return
        self._closing = True
        self._waiting.put(None)
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        self._writer.join()
        self._readers.shutdown()
        for conn in (self._write_conn, self._look_conn, *self._read_conns):
            conn.close()
        self._version.close()

    def _refuse_when_closing(self) -> None:
        if self._closing:
            raise DatabaseAway("the database is being closed")

    # -- reader threads -------------------------------------------------------------------

    def _read(self, work: Callable[[ReadTx], T]) -> T:
        conn = self._idle.get()  # as many as threads: never waits
        try:
            return self._read_on(conn, work)
        finally:
            self._idle.put(conn)

    def _read_on(self, conn: Connection, work: Callable[[ReadTx], T]) -> T:
        try:
            with transaction(conn, _TO_READ):
                return work(ReadTx(conn, self._clock.now()))
        except (DBAPIError, sqlite3.Error) as error:
            raise translated(error) from error

    # -- the writer thread ----------------------------------------------------------------

    def _write_all(self) -> None:
        while unit := self._waiting.get():
            _deliver(self._run([unit]))

    def _run(self, batch: list[_Unit]) -> list[_Answer]:
        """Run a unit, and all that wait once the lock is ours, in one transaction.

        Nobody is answered before the commit. Without the lock it is this one unit whose time is
        up: each waits as long as was promised, however many stand in line before it.
        """
        try:
            self._have_patience(batch[0])
            with transaction(self._write_conn, _TO_WRITE):
                batch += self._others()
                alone = len(batch) == 1
                return [self._run_one(unit, alone=alone) for unit in batch]
        except BaseException as error:  # it belongs to the callers, all of them
            return [_Answer(unit, error=translated(error)) for unit in batch]

    def _have_patience(self, unit: _Unit) -> None:
        """Let SQLite wait for the lock for what is left of a unit's time, more or less."""
        left = max(0.0, unit.until - time.monotonic())
        if abs(left - self._patience) > IMPRECISION:
            driver(self._write_conn).execute(f"PRAGMA busy_timeout={round(left * 1000)}")
            self._patience = left

    def _others(self) -> list[_Unit]:
        """Take what waits at this moment, as many as may share a commit."""
        found: list[_Unit] = []
        with contextlib.suppress(queue.Empty):
            while len(found) < GROUP - 1:
                unit = self._waiting.get_nowait()
                if unit is None:
                    self._waiting.put(None)  # close() was called: go after this batch
                    break
                found.append(unit)
        return found

    def _run_one(self, unit: _Unit, *, alone: bool) -> _Answer:
        """Run a unit in its own savepoint; alone in its transaction it needs none."""
        tx = WriteTx(self._write_conn, self._clock.now(), self._ids)
        if alone:
            return _Answer(unit, unit.work(tx))
        raw = driver(self._write_conn)
        raw.execute("SAVEPOINT unit")  # SQLAlchemy's own costs twenty times as much
        try:
            result = unit.work(tx)
            raw.execute("RELEASE unit")
        except BaseException as error:
            if not raw.in_transaction:
                raise  # SQLite gave the whole transaction up (disk full): so must we
            raw.execute("ROLLBACK TO unit")
            raw.execute("RELEASE unit")
            return _Answer(unit, error=translated(error))
        return _Answer(unit, result)


def _deliver(answers: list[_Answer]) -> None:
    """Hand results to their event loops, with one wake-up for each loop."""
    by_loop: defaultdict[asyncio.AbstractEventLoop, list[_Answer]] = defaultdict(list)
    for answer in answers:
        by_loop[answer.unit.loop].append(answer)
    for loop, own in by_loop.items():
        # A loop that was closed meanwhile has nobody left who could be told.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(_deliver_here, own)


def _deliver_here(answers: list[_Answer]) -> None:
    for answer in answers:
        answer.deliver()


def translated(error: BaseException) -> BaseException:
    """Return DatabaseAway for what passes by itself (a lock, a full disk), else `error`."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    code = getattr(cause, "sqlite_errorcode", None)
    reason = None if code is None else _GIVES_WAY.get(code & 0xFF)
    if reason is None:
        return error
    away = DatabaseAway(reason, cure=FREE_SPACE if "disk" in reason else None)
    away.__cause__ = error
    return away


def connect(
    path: Path, *, query_only: bool = False, lock_wait: float = LOCK_WAIT
) -> sqlite3.Connection:
    """Open a connection with our settings; transactions are begun by whoever uses it."""
    conn = sqlite3.connect(path, lock_wait, isolation_level=None, check_same_thread=False)
    try:
        for pragma in _PRAGMAS:
            conn.execute(pragma)
        conn.execute(f"PRAGMA query_only={int(query_only)}")
    except sqlite3.Error:
        conn.close()
        raise
    return conn


def engine(
    path: Path, *, begin: str, query_only: bool = False, lock_wait: float = LOCK_WAIT
) -> Engine:
    """Return an engine whose transactions open with `begin`: the driver's own is deferred.

    Inside a `transaction` they join the one that is open.
    """
    made = create_engine(
        "sqlite://",
        creator=lambda: connect(path, query_only=query_only, lock_wait=lock_wait),
        poolclass=NullPool,
        hide_parameters=True,  # errors are logged, and these are people's names and words
    )

    @event.listens_for(made, "begin")
    def _begin(conn: Connection) -> None:
        if not driver(conn).in_transaction:
            conn.exec_driver_sql(begin)

    return made


@contextlib.contextmanager
def transaction(conn: Connection, begin: str) -> Iterator[None]:
    """Open a transaction with `begin`; commit it at the end, or undo it after an error.

    SQLAlchemy's own costs as much as two look-ups. Its half is closed here, too: it begins one
    by itself when a statement goes through it, and many a unit has none that does.
    """
    raw = driver(conn)
    raw.execute(begin)
    try:
        yield
        conn.commit()
        raw.commit()
    except BaseException:
        conn.rollback()
        raw.rollback()
        raise


def driver(conn: Connection) -> sqlite3.Connection:
    """Return the driver's own connection below one of SQLAlchemy's."""
    own = conn.connection.dbapi_connection
    if not isinstance(own, sqlite3.Connection):
        raise TypeError("this is no connection to SQLite")
    return own


def _check_writable(conn: sqlite3.Connection) -> None:
    """Meet a read-only file at the start rather than at the first event.

    Beginning to write is not enough: SQLite quietly begins to read where it may not write.
    """
    conn.execute("BEGIN IMMEDIATE")
    version = conn.execute("PRAGMA user_version").fetchone()[0]
    conn.execute(f"PRAGMA user_version={int(version)}")
    conn.execute("ROLLBACK")


@contextlib.contextmanager
def unusable(path: Path) -> Iterator[None]:
    """Say in an operator's words why the file at `path` can't be used."""
    try:
        yield
    except (sqlite3.Error, DBAPIError) as error:
        raise DatabaseUnusable(f"{path}: {_complaint(error)}", cure=_cure(path, error)) from error


def _complaint(error: Exception) -> str:
    code = _code_of(error)
    if code in _LOCKED:
        return _GIVES_WAY[code]
    return str(error.orig if isinstance(error, DBAPIError) else error)


def _code_of(error: Exception) -> int:
    cause = error.orig if isinstance(error, DBAPIError) else error
    return int(getattr(cause, "sqlite_errorcode", 0)) & 0xFF


def _cure(path: Path, error: Exception) -> str:
    code = _code_of(error)
    if code in _LOCKED:
        return "wait until that one is done, such as a backup or an sqlite3 shell, and try again"
    if code == sqlite3.SQLITE_NOTADB:
        return "this file is no SQLite database: move it away, or restore a backup"
    if code in {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}:
        return "free space on the disk, or have it checked for faults"
    if code == sqlite3.SQLITE_READONLY:
        return f"let this program's user write {path} and its folder"
    if not path.parent.is_dir():
        return f"make the folder {path.parent}, or correct the data folder"
    return f"let this program's user write the folder {path.parent}"
