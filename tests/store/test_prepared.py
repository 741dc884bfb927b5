"""Statements handed straight to SQLite's driver say the same as through SQLAlchemy."""

import asyncio
import sqlite3
from dataclasses import replace

import pytest
from sqlalchemy import bindparam, select
from sqlalchemy.exc import SQLAlchemyError

from fedi_chapter.store import remote_actors, tables
from fedi_chapter.store.prepared import Prepared
from fedi_chapter.store.tx import Database, WriteTx
from fedi_chapter.store.upsert import insert
from tests.kit.builders import a_remote_actor

pytestmark = pytest.mark.anyio

ACTORS = select(tables.remote_actors).where(tables.remote_actors.c.uri == bindparam("uri"))
PUT_HOST = Prepared(insert(tables.hosts), given=["host"])
HOSTS = Prepared(select(tables.hosts))


async def test_a_row_reads_like_one_of_sqlalchemys(db: Database) -> None:
    actor = replace(a_remote_actor(), also_known_as=("https://old.example/me",))
    await db.write(lambda tx: remote_actors.put(tx, actor))
    values = {"uri": actor.uri}
    usual = await db.read(lambda tx: tx.conn.execute(ACTORS, values).mappings().one())
    assert await db.read(lambda tx: Prepared(ACTORS).one(tx, **values)) == dict(usual)


async def test_nothing_found_is_no_row(db: Database) -> None:
    assert await db.read(lambda tx: Prepared(ACTORS).first(tx, uri="https://no.example")) is None


async def test_columns_that_are_not_given_get_their_defaults(db: Database) -> None:
    await db.write(lambda tx: PUT_HOST.run(tx, host="peer.example"))
    row = await db.read(HOSTS.one)
    assert (row["scheme"], row["takes_events"], row["failures"]) == ("cavage", False, 0)


async def test_a_forgotten_parameter_is_an_error(db: Database) -> None:
    with pytest.raises((sqlite3.Error, SQLAlchemyError)):
        await db.read(lambda tx: Prepared(ACTORS).rows(tx))


async def test_a_list_that_grows_is_refused(sqlite_db: Database) -> None:
    of_some = select(tables.hosts).where(tables.hosts.c.host.in_(bindparam("some", expanding=True)))
    with pytest.raises(TypeError, match="not constant"):
        await sqlite_db.read(lambda tx: Prepared(of_some).rows(tx, some=["a.example"]))


async def test_a_unit_that_fails_in_the_driver_takes_no_other_along(db: Database) -> None:
    def twice(tx: WriteTx) -> None:
        PUT_HOST.run(tx, host="twice.example")
        PUT_HOST.run(tx, host="twice.example")

    def once(tx: WriteTx) -> None:
        PUT_HOST.run(tx, host="once.example")

    ends = await asyncio.gather(db.write(twice), db.write(once), return_exceptions=True)
    assert [type(end) is type(None) for end in ends] == [False, True]
    assert [row["host"] for row in await db.read(HOSTS.rows)] == ["once.example"]
