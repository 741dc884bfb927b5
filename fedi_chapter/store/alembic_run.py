"""Apply the steps of `migrations/`: a program of its own, started by `migrate.upgrade`.

The only importer of Alembic, which costs a fifth of a second that a normal start saves.
All steps run in one transaction that holds a lock, so that of two programs starting at
once one works and the other finds nothing to do.
"""

import asyncio
import os
import sys
from datetime import datetime
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from fedi_chapter.core.clock import SystemClock
from fedi_chapter.core.errors import ChapterError, DatabaseUnusable
from fedi_chapter.store import sqlite
from fedi_chapter.store.engine import parse, sqlite_file
from fedi_chapter.store.migrate import URL_VARIABLE, folder, head

KEPT_BACKUPS = 3
LOCK_WAIT = 120.0
"""Seconds to wait for another program that applies steps."""
_LOCK = 7_305_201_118  # any number, the same for everyone


def main() -> None:
    """Apply all steps to the database named in the environment."""
    address = parse(os.environ[URL_VARIABLE])
    if address.get_backend_name() == "sqlite":
        upgrade_sqlite(sqlite_file(address))
    else:
        asyncio.run(_upgrade_postgres(address.set(drivername="postgresql+asyncpg")))


def upgrade_sqlite(path: Path) -> None:
    """Apply all steps to a SQLite file; where it holds data, copy it first.

    Raises:
        DatabaseUnusable: the file can't be used, or the rows no longer agree afterwards.

    """
    engine = sqlite.engine(path, begin="BEGIN IMMEDIATE", lock_wait=LOCK_WAIT)
    with sqlite.unusable(path), engine.connect() as conn:
        # A table that is made anew is empty for a moment; checked as a whole at the end.
        # (Outside a transaction: SQLite ignores the switch inside one.)
        sqlite.driver(conn).execute("PRAGMA foreign_keys=OFF")
        with conn.begin():
            if _version(conn) == head():
                return
            if _version(conn) is not None:
                _back_up(path, SystemClock().now())
            _apply(conn)
            broken = conn.execute(text("PRAGMA foreign_key_check")).all()
            if broken:
                raise DatabaseUnusable(f"{len(broken)} rows point nowhere after the upgrade")


async def _upgrade_postgres(address: object) -> None:
    engine = create_async_engine(address, poolclass=NullPool)  # type: ignore[arg-type]
    async with engine.begin() as conn:
        await conn.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        await conn.run_sync(_apply)
    await engine.dispose()


def _apply(conn: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(folder()))
    config.attributes["connection"] = conn
    command.upgrade(config, "head")


def _version(conn: Connection) -> str | None:
    return MigrationContext.configure(conn).get_current_revision()


def _back_up(path: Path, now: datetime) -> None:
    """Copy the database beside itself and keep the newest few copies."""
    backups = path.parent / "backups"
    backups.mkdir(mode=0o700, exist_ok=True)
    copy = backups / f"{path.stem}-before-{head()}-{now:%Y%m%dT%H%M%S%f}.db"
    source = sqlite.connect(path)
    try:
        source.execute("VACUUM INTO ?", (str(copy),))
    finally:
        source.close()
    copy.chmod(0o600)
    for old in sorted(backups.glob(f"{path.stem}-before-*.db"), key=_age)[:-KEPT_BACKUPS]:
        old.unlink()


def _age(copy: Path) -> str:
    return copy.stem.rpartition("-")[2]


if __name__ == "__main__":
    try:
        main()
    except ChapterError as error:  # whoever started us shows it to a person
        sys.exit(error.message)
