"""Transactions as the floors above see them: one instant, one id source, one connection.

Only edges open one (`Database.read`, `Database.write`): a web route, one worker job, one
CLI verb. Work is written as plain functions of the transaction and runs whole, in one hop,
beside the event loop. Nobody below commits, and no network call happens inside.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

from sqlalchemy import Connection

from fedi_chapter.core.ids import Ids

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ReadTx:
    """A consistent view of the database. A statement that writes fails in the database."""

    conn: Connection
    now: datetime


@dataclass(frozen=True, slots=True)
class WriteTx(ReadTx):
    """A change that happens whole or not at all. All its rows agree on `now`."""

    ids: Ids

    def new_id(self) -> str:
        """Return a fresh UUID ordered by this transaction's instant."""
        return self.ids.new(self.now)


class Database(Protocol):
    """The database as edges hold it."""

    async def read(self, work: Callable[[ReadTx], T]) -> T:
        """Run `work` in one read transaction and return what it returns."""
        ...

    async def look_up(self, work: Callable[[ReadTx], T]) -> T:
        """Run a unit that finds a few rows by their keys and computes nothing; else use `read`.

        On SQLite it runs here and now, because the way to a thread costs far more.
        """
        ...

    async def write(self, work: Callable[[WriteTx], T]) -> T:
        """Run `work` in one transaction; return when it is committed.

        Several waiting units may share one commit, each in its own savepoint: a unit that
        raises changes nothing and its error is raised here, the others are not touched.
        """
        ...

    def version(self) -> int:
        """Return a number that changes when the data may have changed; cheap, no waiting."""
        ...

    async def close(self) -> None:
        """Finish what was begun and close every connection."""
        ...
