"""Fresh databases for tests: the schema is made once a session; then SQLite's file is copied,
and PostgreSQL's database emptied, which costs a tenth of a copy.

SQLite always; PostgreSQL where its server programs are installed. With REQUIRE_POSTGRES=1
a missing server is a failure rather than a skip.
"""

import asyncio
import os
import shutil
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import asyncpg
import pytest

from fedi_chapter.store import migrate
from tests.kit.postgres import Cluster, cluster, programs

MIGRATED = "chapter_migrated"
# As after the migration: nobody connected, no rows but the schema's number, ids from one.
# TRUNCATE makes new files for a table, its indexes and all tables that refer to it: it is for
# the few with much in them, whose dead rows would slow every test after this one.
EMPTY = """
SET session_replication_role = replica;
DO $$
DECLARE
  name text;
BEGIN
  PERFORM pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid();
  FOR name IN SELECT format('%I', tablename) FROM pg_tables
    WHERE schemaname = 'public' AND tablename <> 'alembic_version'
  LOOP
    IF pg_relation_size(name) > 1000000 THEN
      EXECUTE format('TRUNCATE %s CASCADE', name);
    ELSIF pg_relation_size(name) > 0 THEN
      EXECUTE format('DELETE FROM %s', name);
    END IF;
  END LOOP;
  PERFORM setval(format('%I.%I', schemaname, sequencename), 1, false) FROM pg_sequences
    WHERE last_value IS NOT NULL;
END
$$
"""


@dataclass
class Databases:
    """Makes databases of both kinds, migrated and empty. One for each session."""

    folder: Path
    stack: ExitStack = field(default_factory=ExitStack)
    numbers: "count[int]" = field(default_factory=lambda: count(1))
    _template: Path | None = None
    _server: Cluster | None = None

    def sqlite(self) -> str:
        """Return the address of a fresh, migrated SQLite database."""
        if self._template is None:
            template = self.folder / f"{MIGRATED}.db"
            migrate.upgrade(f"sqlite+aiosqlite:///{template}")
            self._template = template
        path = self.empty_folder() / "chapter.db"
        shutil.copyfile(self._template, path)
        return f"sqlite+aiosqlite:///{path}"

    def postgres(self) -> str:
        """Return the address of the migrated PostgreSQL database, emptied: a test has one."""
        server = self.server()
        _run(server, MIGRATED, EMPTY)
        return server.url(MIGRATED)

    def empty_folder(self) -> Path:
        """Return a folder of its own, with nothing in it."""
        folder = self.folder / f"data-{next(self.numbers)}"
        folder.mkdir()
        return folder

    def empty_postgres(self) -> str:
        """Return the address of a new PostgreSQL database without tables."""
        name = f"chapter_{next(self.numbers)}"
        _run(self.server(), "postgres", f"CREATE DATABASE {name} TEMPLATE template0")
        return self.server().url(name)

    def server(self) -> Cluster:
        """Return the session's PostgreSQL server; skip the test where there is none."""
        if self._server is None:
            if programs() is None:
                reason = "the programs of a PostgreSQL server (initdb, postgres) are not installed"
                if os.environ.get("REQUIRE_POSTGRES") == "1":
                    pytest.fail(reason)
                pytest.skip(reason)
            self._server = self.stack.enter_context(cluster())
            _run(self._server, "postgres", f"CREATE DATABASE {MIGRATED}")
            migrate.upgrade(self._server.url(MIGRATED))
        return self._server


def _run(server: Cluster, database: str, statement: str) -> None:
    """Run a statement that wants to be alone, on a connection of its own."""

    async def run() -> None:
        connection = await asyncpg.connect(server.address(database))
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    asyncio.run(run())
