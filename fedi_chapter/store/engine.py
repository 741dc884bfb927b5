"""The one place that turns a database's address into a database.

Called by the composition root, the command line and the tests. What differs between the
two databases lives in `sqlite` and `postgres`; everything above knows only `Database`.
"""

from importlib import import_module
from pathlib import Path
from typing import Any

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from fedi_chapter.core.clock import Clock
from fedi_chapter.core.errors import DatabaseUnusable
from fedi_chapter.core.ids import Ids
from fedi_chapter.store.sqlite import SqliteDatabase
from fedi_chapter.store.tx import Database


def open_database(url: str, *, clock: Clock, ids: Ids) -> Database:
    """Open the database at `url` (`sqlite+aiosqlite:///FILE`, `postgresql+asyncpg://…`).

    Raises:
        DatabaseUnusable: the address, the file or the driver can't be used; with the cure.

    """
    address = parse(url)
    if address.get_backend_name() == "sqlite":
        return SqliteDatabase(sqlite_file(address), clock=clock, ids=ids)
    # Loaded only where it is used: SQLAlchemy's asynchronous half costs a small machine a
    # tenth of its start and 8 MB, and most chapters never leave SQLite.
    postgres: Any = import_module("fedi_chapter.store.postgres")
    opened: Database = postgres.PostgresDatabase(address, clock=clock, ids=ids)
    return opened


def parse(url: str) -> URL:
    """Return the parts of a database's address.

    Raises:
        DatabaseUnusable: it is not an address of a database we know.

    """
    cure = "use sqlite+aiosqlite:///FILE or postgresql+asyncpg://USER@HOST/NAME"
    try:
        address = make_url(url)
    except ArgumentError as error:
        raise DatabaseUnusable("the address of the database can't be read", cure=cure) from error
    if address.get_backend_name() not in {"sqlite", "postgresql"}:
        raise DatabaseUnusable(f"{address.drivername} is no database we know", cure=cure)
    if address.get_backend_name() == "sqlite" and address.database in {None, "", ":memory:"}:
        raise DatabaseUnusable("SQLite needs a file", cure=cure)
    return address


def sqlite_file(address: URL) -> Path:
    """Return the file of a SQLite address."""
    return Path(str(address.database))
