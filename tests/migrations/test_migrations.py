"""The steps lead to the tables the program knows, on both databases, whoever starts first."""

import sqlite3
import subprocess
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, create_engine
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from fedi_chapter.core.errors import DatabaseUnusable
from fedi_chapter.store import alembic_run, migrate
from fedi_chapter.store.tables import metadata
from tests.kit.databases import Databases


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def empty_url(request: pytest.FixtureRequest, databases: Databases) -> str:
    """The address of a database without tables."""
    if request.param == "postgres":
        return databases.empty_postgres()
    return f"sqlite+aiosqlite:///{databases.empty_folder()}/chapter.db"


def difference(conn: Connection) -> list[Any]:
    return list(compare_metadata(MigrationContext.configure(conn), metadata))


@pytest.mark.anyio
async def test_the_steps_end_at_the_tables_we_query(database_url: str) -> None:
    if database_url.startswith("sqlite"):
        engine = create_engine(database_url.replace("+aiosqlite", ""), poolclass=NullPool)
        with engine.connect() as conn:
            assert difference(conn) == []
        return
    server = create_async_engine(database_url, poolclass=NullPool)
    async with server.connect() as connection:
        assert await connection.run_sync(difference) == []


def test_a_new_database_is_brought_to_the_newest_step(empty_url: str) -> None:
    assert migrate.current(empty_url) is None
    assert migrate.upgrade(empty_url) == (None, migrate.head())
    assert migrate.current(empty_url) == migrate.head()
    assert migrate.upgrade(empty_url) == (migrate.head(), migrate.head())


def test_two_programs_that_start_at_once_both_succeed(empty_url: str) -> None:
    with ThreadPoolExecutor(2) as both:
        ends = list(both.map(migrate.upgrade, [empty_url] * 2))
    assert {after for _, after in ends} == {migrate.head()}
    assert migrate.current(empty_url) == migrate.head()


def test_a_step_that_fails_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "chapter.db"
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("CREATE TABLE instance (id INTEGER)")  # somebody else's
        conn.execute("CREATE INDEX ix_posts_in_reply_to ON instance (id)")
        conn.commit()
    with pytest.raises(DatabaseUnusable):
        migrate.upgrade(f"sqlite+aiosqlite:///{path}")
    with closing(sqlite3.connect(path)) as conn:
        names = {name for (name,) in conn.execute("SELECT name FROM sqlite_master")}
    assert names == {"instance", "ix_posts_in_reply_to"}


def test_data_are_copied_before_a_step_and_three_copies_stay(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = Path(databases.sqlite().partition("///")[2])
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("INSERT INTO tombstones VALUES ('u', NULL, 0, 0)")
        conn.commit()
    monkeypatch.setattr(alembic_run, "head", lambda: "9999")
    monkeypatch.setattr(alembic_run, "_apply", lambda conn: None)
    for _ in range(5):
        alembic_run.upgrade_sqlite(path)
    copies = sorted((path.parent / "backups").iterdir())
    assert len(copies) == 3
    with closing(sqlite3.connect(copies[-1])) as conn:
        assert conn.execute("SELECT uri FROM tombstones").fetchall() == [("u",)]
    assert copies[0].stat().st_mode & 0o077 == 0


def test_a_start_with_nothing_to_do_never_loads_alembic() -> None:
    code = "import sys, fedi_chapter.store.migrate; sys.exit('alembic' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_steps_import_nothing_of_ours() -> None:
    for step in migrate.folder().rglob("*.py"):
        assert "fedi_chapter." not in step.read_text().replace("`fedi_chapter.", "")


def test_an_installed_package_finds_the_steps_in_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "fedi_chapter"
    package.mkdir()
    monkeypatch.setattr(migrate.fedi_chapter, "__file__", str(package / "__init__.py"))
    assert migrate.folder() == tmp_path / "migrations"
    settings = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
    packed = settings["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]["migrations"]
    (tmp_path / packed).mkdir()
    assert migrate.folder() == tmp_path / packed
