"""An upgrade in the middle of work, one that fails, and a program older than its database."""

import asyncio
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine, inspect, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from fedi_chapter.core.clock import SetClock
from fedi_chapter.core.errors import DatabaseUnusable, SchemaBehind
from fedi_chapter.domain.happening import EventPublished
from fedi_chapter.store import deliveries, inbox, migrate, outbox
from fedi_chapter.store.engine import open_database
from fedi_chapter.store.tx import WriteTx
from tests.kit.builders import NOW
from tests.kit.databases import Databases
from tests.kit.ids import CountedIds
from tests.kit.patience import PATIENCE

LEASE = timedelta(minutes=1)
QUEUES = "0002"
"""The first step at which there are queues."""
LAST_BUT_ONE = "0009"
WORK = (
    "INSERT INTO hosts (host, takes_events, scheme, failures)"
    " VALUES ('h.example', {no}, 'cavage', 0)",
    "INSERT INTO local_actors (id, kind, handle, name, summary, summary_html, language, timezone,"
    " also_known_as, created_at, updated_at)"
    " VALUES ('us', 'chapter', 'us', 'n', '', '', 'en', 'UTC', '[]', 1, 1)",
    "INSERT INTO inbox (activity_id, actor_uri, type, body, received_at, state, attempts, due)"
    " VALUES ('https://h.example/1', 'https://h.example/ana', 'Like', :body, 1, 'waiting', 0, 1)",
    "INSERT INTO outbox (kind, fields, at, due, attempts)"
    " VALUES ('EventPublished', '{\"event_id\": \"e\"}', 1, 1, 0)",
    "INSERT INTO activities (id, uri, type, actor_id, object_uri, body, digest, at)"
    " VALUES (1, 'https://us.example/1', 'Create', 'us', 'o', :body, '', 1)",
    # On its way when the old program was stopped: its lease has run out.
    "INSERT INTO deliveries"
    " (activity_id, inbox, host, object_uri, state, attempts, first_due, due, lease_until)"
    " VALUES (1, 'https://h.example/inbox', 'h.example', 'o', 'in_flight', 2, 1, 1, 1)",
)
"""Something in each queue."""


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, databases: Databases) -> str:
    """The address of a database without tables."""
    if request.param == "postgres":
        return databases.empty_postgres()
    return f"sqlite+aiosqlite:///{databases.empty_folder()}/chapter.db"


def on(url: str, work: Callable[[Connection], Any]) -> Any:
    """Run `work` in one transaction of its own."""
    if url.startswith("sqlite"):
        engine = create_engine(url.replace("+aiosqlite", ""), poolclass=NullPool)
        with engine.begin() as conn:
            return work(conn)

    async def run() -> Any:
        server = create_async_engine(url, poolclass=NullPool)
        async with server.begin() as connection:
            return await connection.run_sync(work)

    return asyncio.run(run())


def at_step(url: str, version: str) -> None:
    """Bring a new database to an older form."""

    def step(conn: Connection) -> None:
        config = Config()
        config.set_main_option("script_location", str(migrate.folder()))
        config.attributes["connection"] = conn
        command.upgrade(config, version)

    on(url, step)


def put_work(conn: Connection) -> None:
    no = "false" if conn.dialect.name == "postgresql" else "0"
    for statement in (each.replace("{no}", no) for each in WORK):
        conn.execute(text(statement), {"body": b"{}"} if ":body" in statement else {})


def schema(conn: Connection) -> dict[str, list[str]]:
    """Return the columns and indexes of every table."""
    found = inspect(conn)
    return {
        table: sorted(
            [each["name"] for each in found.get_columns(table)]
            + [str(each["name"]) for each in found.get_indexes(table)]
        )
        for table in found.get_table_names()
    }


def claim_all(tx: WriteTx) -> None:
    """Check that everything that waited is there to be taken up."""
    (come,) = inbox.claim(tx, 10, LEASE)
    (told,) = outbox.claim(tx, 10, LEASE)
    (sent,) = deliveries.claim(tx, 10, LEASE, per_host=2)
    assert (come.activity_id, come.body) == ("https://h.example/1", b"{}")
    assert told.happening == EventPublished("e")
    assert (sent.inbox, sent.body, sent.attempts) == ("https://h.example/inbox", b"{}", 2)


async def check_work(url: str) -> None:
    db = open_database(url, clock=SetClock(NOW), ids=CountedIds())
    try:
        await db.write(claim_all)
    finally:
        await db.close()


def test_what_waits_in_the_queues_is_taken_up_after_an_upgrade(url: str) -> None:
    at_step(url, QUEUES)
    on(url, put_work)
    assert migrate.upgrade(url) == (QUEUES, migrate.head())
    asyncio.run(check_work(url))


def test_a_step_that_fails_leaves_everything_to_the_program_of_before(url: str) -> None:
    at_step(url, LAST_BUT_ONE)
    on(url, put_work)
    in_the_way = "CREATE INDEX ix_followers_host_state_since ON followers (uri)"
    on(url, lambda conn: conn.execute(text(in_the_way)))
    before = on(url, schema)
    with pytest.raises(DatabaseUnusable, match="failed") as refused:
        migrate.upgrade(url)
    assert "run the program of before" in str(refused.value.cure)
    assert migrate.current(url) == LAST_BUT_ONE
    assert on(url, schema) == before
    on(url, lambda conn: conn.execute(text("DROP INDEX ix_followers_host_state_since")))
    assert migrate.upgrade(url) == (LAST_BUT_ONE, migrate.head())
    asyncio.run(check_work(url))


@pytest.fixture
def of_a_newer_program(database_url: str) -> Iterator[str]:
    """The database with a version that nobody knows yet; other tests have it afterwards."""
    change = text("UPDATE alembic_version SET version_num = :version")
    on(database_url, lambda conn: conn.execute(change, {"version": "9999"}))
    yield database_url
    on(database_url, lambda conn: conn.execute(change, {"version": migrate.head()}))


def test_a_database_of_a_newer_program_is_refused_and_left_as_it_is(
    of_a_newer_program: str,
) -> None:
    url = of_a_newer_program
    before = on(url, schema)
    with pytest.raises(SchemaBehind, match="9999") as refused:
        migrate.upgrade(url)
    assert "newer fedi-chapter" in str(refused.value.cure)
    assert (migrate.current(url), on(url, schema)) == ("9999", before)


@pytest.mark.parametrize("words", [("run", "--port", "0"), ("queue", "status")])
def test_an_older_program_says_so_and_stops(databases: Databases, words: tuple[str, ...]) -> None:
    url = databases.sqlite()
    on(url, lambda conn: conn.execute(text("UPDATE alembic_version SET version_num = '9999'")))
    data = Path(url.partition("///")[2]).parent
    refused = subprocess.run(
        [sys.executable, "-m", "fedi_chapter", *words, "--data", str(data)],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert refused.returncode == 3
    assert "the database has schema 9999, this program knows" in refused.stderr
    assert "Cure: run the newer fedi-chapter" in refused.stderr
    assert "Traceback" not in refused.stderr
