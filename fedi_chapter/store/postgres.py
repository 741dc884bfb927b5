"""PostgreSQL: a pool of asyncpg connections, and units of work run whole on one of them.

Opened by `engine.open_database`. No query lives here. Units run at READ COMMITTED: rules
that two writers could break between a look and a write stand as unique keys, upserts and
row locks in the queries themselves.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from sqlalchemy import URL, Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolExhausted
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from fedi_chapter.core.clock import Clock
from fedi_chapter.core.errors import DatabaseAway, DatabaseUnusable
from fedi_chapter.core.ids import Ids
from fedi_chapter.store.tx import ReadTx, WriteTx

T = TypeVar("T")

RETRIES = 3
PAUSE = 0.05
"""Seconds before the first repetition; each further one waits twice as long."""
POOL, OVERFLOW, POOL_WAIT = 8, 8, 9.0
"""Connections, and the seconds a unit of work waits for one: a rush for seats stands in line,
but a server that sends us something gives up after ten."""
VERSIONS_A_SECOND = 4

_REPEATABLE = frozenset({"40001", "40P01"})  # serialization failure, deadlock: undone whole
_REFUSALS = {
    "28P01": "correct the user name and password in DATABASE_URL",
    "28000": "let this user connect (pg_hba.conf), or correct DATABASE_URL",
    "3D000": "make the database (createdb), or correct its name in DATABASE_URL",
    "42501": "grant this user the right to the schema",
}
_RESTARTS = ("57P", "53", "08")  # shutting down or starting, too many clients, connection lost


class PostgresDatabase:
    """A `Database` on a PostgreSQL server."""

    def __init__(self, address: URL, *, clock: Clock, ids: Ids) -> None:
        self._clock, self._ids = clock, ids
        self._where = address.render_as_string(hide_password=True)
        self._reached = False
        try:
            self._engine = create_async_engine(
                address.set(drivername="postgresql+asyncpg"),
                pool_size=POOL,
                max_overflow=OVERFLOW,
                pool_timeout=POOL_WAIT,
                hide_parameters=True,  # errors are logged, and these are people's names and words
            )
        except ModuleNotFoundError as error:
            raise DatabaseUnusable(
                "the driver for PostgreSQL is missing",
                cure="install it: pip install 'fedi-chapter[postgres]'",
            ) from error
        # One snapshot for all queries of a page, and no way to write.
        self._readers = self._engine.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )

    async def read(self, work: Callable[[ReadTx], T]) -> T:
        """Run `work` in one read-only transaction and return what it returns."""
        return await self._repeated(lambda: self._read(work))

    async def look_up(self, work: Callable[[ReadTx], T]) -> T:
        """Do as `read`: here the way over the network is the cost, however little is asked."""
        return await self.read(work)

    async def write(self, work: Callable[[WriteTx], T]) -> T:
        """Run `work` in one transaction; repeat it when the server undid it (≤ 3 times)."""
        return await self._repeated(lambda: self._write(work))

    def version(self) -> int:
        """Return a number that changes every quarter of a second.

        The server has no cheap counter of commits: an answer is old by 250 ms at most.
        """
        return int(time.monotonic() * VERSIONS_A_SECOND)

    async def close(self) -> None:
        """Close every connection."""
        await self._engine.dispose()

    async def _read(self, work: Callable[[ReadTx], T]) -> T:
        async with self._readers.connect() as conn:
            self._reached = True
            return await conn.run_sync(self._read_unit, work)

    def _read_unit(self, conn: Connection, work: Callable[[ReadTx], T]) -> T:
        return work(ReadTx(conn, self._clock.now()))

    async def _write(self, work: Callable[[WriteTx], T]) -> T:
        async with self._engine.connect() as conn:
            self._reached = True
            result = await conn.run_sync(self._write_unit, work)
            await _commit(conn)
            return result

    def _write_unit(self, conn: Connection, work: Callable[[WriteTx], T]) -> T:
        return work(WriteTx(conn, self._clock.now(), self._ids))

    async def _repeated(self, attempt: Callable[[], Awaitable[T]]) -> T:
        for pause in (PAUSE * 2**count for count in range(RETRIES)):
            try:
                return await attempt()
            except (DBAPIError, OSError, PoolExhausted) as error:
                if not _may_repeat(error):
                    raise self._translated(error) from error
            await asyncio.sleep(pause)
        try:
            return await attempt()
        except (DBAPIError, OSError, PoolExhausted) as error:
            raise self._translated(error) from error

    def _translated(self, error: Exception) -> Exception:
        """Return what an operator or a caller can act on, else `error` itself."""
        state = _state(error)
        if state in _REFUSALS and not self._reached:
            return DatabaseUnusable(f"{self._where}: {_words(error)}", cure=_REFUSALS[state])
        if not _is_lost(error) and state not in _REPEATABLE:
            return error
        if self._reached:
            return DatabaseAway(
                f"the database did not answer: {_words(error)}",
                cure="see that the PostgreSQL server is up; what waits goes on by itself then",
            )
        return DatabaseUnusable(
            f"{self._where} can't be reached: {_words(error)}",
            cure="start the PostgreSQL server, or correct DATABASE_URL",
        )


async def _commit(conn: AsyncConnection) -> None:
    """Commit. A connection lost just now leaves open what happened: never repeated.

    Raises:
        DatabaseAway: nobody knows whether the transaction was committed.

    """
    try:
        await conn.commit()
    except (DBAPIError, OSError) as error:
        if not _is_lost(error):
            raise
        raise DatabaseAway("the connection was lost during a commit") from error


def _may_repeat(error: Exception) -> bool:
    """Tell whether another try may help; who stood in line for a connection has waited enough."""
    if isinstance(error, PoolExhausted):
        return False
    return _state(error) in _REPEATABLE or _is_lost(error)


def _is_lost(error: Exception) -> bool:
    """Tell whether the server went away, or was out of reach, before anything was committed."""
    if isinstance(error, OSError | PoolExhausted):
        return True
    if not isinstance(error, DBAPIError):
        return False
    return error.connection_invalidated or _state(error).startswith(_RESTARTS)


def _state(error: Exception) -> str:
    """Return the five characters with which PostgreSQL names an error, or nothing."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    return str(getattr(cause, "sqlstate", None) or "")


def _words(error: Exception) -> str:
    return str(error.orig if isinstance(error, DBAPIError) else error).strip().partition("\n")[0]
