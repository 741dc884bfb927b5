"""Fresh databases for tests: the schema is made once a session, then copied.

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

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from fedi_chapter.store import migrate
from tests.kit.postgres import Cluster, cluster, programs

TEMPLATE = "migrated"


@dataclass
class Databases:
    """Makes databases of both kinds, each a copy of a migrated one. One for each session."""

    folder: Path
    stack: ExitStack = field(default_factory=ExitStack)
    numbers: "count[int]" = field(default_factory=lambda: count(1))
    _template: Path | None = None
    _server: Cluster | None = None

    def sqlite(self) -> str:
        """Return the address of a fresh, migrated SQLite database."""
        if self._template is None:
            template = self.folder / f"{TEMPLATE}.db"
            migrate.upgrade(f"sqlite+aiosqlite:///{template}")
            self._template = template
        path = self.empty_folder() / "chapter.db"
        shutil.copyfile(self._template, path)
        return f"sqlite+aiosqlite:///{path}"

    def postgres(self) -> str:
        """Return the address of a fresh, migrated PostgreSQL database."""
        return self.empty_postgres(template=TEMPLATE)

    def empty_folder(self) -> Path:
        """Return a folder of its own, with nothing in it."""
        folder = self.folder / f"data-{next(self.numbers)}"
        folder.mkdir()
        return folder

    def empty_postgres(self, template: str = "template0") -> str:
        """Return the address of a fresh copy of `template`, which has no tables by default."""
        name = f"chapter_{next(self.numbers)}"
        _admin(self.server(), f"CREATE DATABASE {name} TEMPLATE {template}")
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
            _admin(self._server, f"CREATE DATABASE {TEMPLATE}")
            migrate.upgrade(self._server.url(TEMPLATE))
        return self._server


def _admin(server: Cluster, statement: str) -> None:
    """Run a statement that wants to be alone, on the server's own database."""

    async def run() -> None:
        engine = create_async_engine(
            server.url("postgres"), poolclass=NullPool, isolation_level="AUTOCOMMIT"
        )
        async with engine.connect() as conn:
            await conn.execute(text(statement))
        await engine.dispose()

    asyncio.run(run())
