"""Which schema a database has, which one this program needs, and the way there.

Called by the command line before anything else touches the database. Steps only go
forward. Alembic is imported by the process that applies steps (`alembic_run`) and by nobody
else: a start that has nothing to do does not pay for it.
"""

import asyncio
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from sqlalchemy import text

import fedi_chapter
from fedi_chapter.core.clock import SystemClock
from fedi_chapter.core.errors import DatabaseUnusable, SchemaBehind
from fedi_chapter.core.ids import RandomIds
from fedi_chapter.store.engine import open_database, parse, sqlite_file
from fedi_chapter.store.sqlite import unusable
from fedi_chapter.store.tx import ReadTx

URL_VARIABLE = "FEDI_CHAPTER_MIGRATE_URL"
"""How the address reaches the process that applies steps: not where others can read it."""
_VERSION = "SELECT version_num FROM alembic_version"


def folder() -> Path:
    """Return where the steps lie: inside an installed package, or beside it in a checkout."""
    package = Path(fedi_chapter.__file__).parent
    installed = package / "_migrations"
    return installed if installed.is_dir() else package.parent / "migrations"


def head() -> str:
    """Return the version this program needs: the number of the newest step."""
    return max(step.name.partition("_")[0] for step in (folder() / "versions").glob("[0-9]*.py"))


def current(url: str) -> str | None:
    """Return the version of the database at `url`, None while it has no tables.

    Not to be called on the event loop's thread.

    Raises:
        DatabaseUnusable: it can't be opened.

    """
    address = parse(url)
    if address.get_backend_name() == "sqlite":
        return _sqlite_version(sqlite_file(address))
    return asyncio.run(_postgres_version(url))


def refuse_newer(version: str) -> None:
    """Refuse a database of `version` that only a newer program can read.

    Raises:
        SchemaBehind: the version is above `head`.

    """
    wanted = head()
    if version > wanted:
        raise SchemaBehind(
            f"the database has schema {version}, this program knows {wanted}",
            cure="run the newer fedi-chapter, or restore the backup made before the upgrade",
        )


def upgrade(url: str) -> tuple[str | None, str]:
    """Bring the database at `url` to `head`; return its version before and after.

    Two processes may do so at once: one works, the other waits and finds nothing to do.
    Not to be called on the event loop's thread.

    Raises:
        SchemaBehind: the database was made by a newer program.
        DatabaseUnusable: it can't be opened, or a step failed; nothing was changed.

    """
    before, wanted = current(url), head()
    if before == wanted:
        return before, wanted
    if before is not None:
        refuse_newer(before)
    _check_folder(url)
    done = subprocess.run(
        [sys.executable, "-m", "fedi_chapter.store.alembic_run"],
        env={**os.environ, URL_VARIABLE: url},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise DatabaseUnusable(
            f"the step to schema {wanted} failed: {done.stderr.strip()[-2000:]}",
            cure="nothing was changed; run the program of before, and report this",
        )
    return before, wanted


def _check_folder(url: str) -> None:
    address = parse(url)
    if address.get_backend_name() != "sqlite":
        return
    place = sqlite_file(address).parent
    if not place.is_dir():
        raise DatabaseUnusable(
            f"there is no folder {place} for the database",
            cure="make it, or correct DATABASE_URL",
        )


def _sqlite_version(path: Path) -> str | None:
    if not path.exists():
        return None
    with unusable(path), closing(sqlite3.connect(path)) as conn:
        known = conn.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'")
        if known.fetchone() is None:
            return None
        row = conn.execute(_VERSION).fetchone()
        return None if row is None else str(row[0])


async def _postgres_version(url: str) -> str | None:
    db = open_database(url, clock=SystemClock(), ids=RandomIds())
    try:
        return await db.read(_version)
    finally:
        await db.close()


def _version(tx: ReadTx) -> str | None:
    if tx.conn.execute(text("SELECT to_regclass('alembic_version')::text")).scalar() is None:
        return None
    return tx.conn.execute(text(_VERSION)).scalar_one_or_none()
