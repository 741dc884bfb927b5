from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import pytest
from sqlalchemy import select

from fedi_chapter.domain.chapter import LocalActor
from fedi_chapter.domain.happening import Happening, from_row
from fedi_chapter.domain.urls import Urls
from fedi_chapter.services.chapters import Founding, NewKey, ProfileFields, found
from fedi_chapter.store.tables import outbox
from fedi_chapter.store.tx import Database, ReadTx, WriteTx

T = TypeVar("T")
URLS = Urls("https://chapter.example.org", "example.org")
KEYS = (NewKey("rsa", b"sealed rsa", "PEM RSA"), NewKey("ed25519", b"sealed ed", "PEM ED"))
FOUNDING = Founding(
    domain="example.org",
    base_url=URLS.base,
    handle="atlanta",
    profile=ProfileFields(name="Atlanta Neighbours", timezone="America/New_York", place="Atlanta"),
)


@dataclass
class House:
    """A founded chapter over a database, and what its services write down."""

    db: Database
    chapter: LocalActor
    urls: Urls = URLS

    async def do(self, work: Callable[[WriteTx], T]) -> T:
        return await self.db.write(work)

    async def see(self, work: Callable[[ReadTx], T]) -> T:
        return await self.db.read(work)

    async def happenings(self) -> list[Happening]:
        """Everything written down so far, in order."""

        def read(tx: ReadTx) -> list[Happening]:
            rows = tx.conn.execute(select(outbox).order_by(outbox.c.id))
            return [from_row(row.kind, row.fields) for row in rows]

        return await self.db.read(read)


@pytest.fixture
async def house(sqlite_db: Database) -> House:
    chapter, _ = await sqlite_db.write(lambda tx: found(tx, FOUNDING, KEYS, KEYS))
    return House(sqlite_db, chapter)
