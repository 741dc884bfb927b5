"""Whoever pages through the outbox sees every public thing once."""

from datetime import timedelta

import pytest

from fedi_chapter.domain.post import PostId
from fedi_chapter.domain.urls import Urls
from fedi_chapter.federation import collections
from fedi_chapter.store import posts
from fedi_chapter.store.tx import Database, ReadTx, WriteTx
from tests.kit.builders import NOW, a_chapter, a_post, founded

pytestmark = pytest.mark.anyio
URLS = Urls("https://chapter.example", "chapter.example")
MANY = collections.PAGE * 2 + 5


def write_many(tx: WriteTx) -> None:
    """Write posts in threes: each three at one instant, as one transaction makes them."""
    for number in range(MANY):
        at = NOW - timedelta(minutes=number // 3)
        posts.insert(
            tx, a_post(id=PostId(f"{number:08}-0000-7000-8000-000000000000"), published_at=at)
        )


def all_pages(tx: ReadTx) -> list[str]:
    seen: list[str] = []
    before = None
    while True:
        page = collections.outbox_page(tx, a_chapter(), URLS, before)
        items = page["orderedItems"]
        assert isinstance(items, list)
        seen += [item["object"]["id"] for item in items]
        if "next" not in page:
            return seen
        stamp = int(str(page["next"]).rpartition("=")[2])
        before = NOW + timedelta(microseconds=stamp - int(NOW.timestamp() * 1_000_000))


async def test_no_post_is_lost_between_two_pages(db: Database) -> None:
    await founded(db)
    await db.write(write_many)
    seen = await db.read(all_pages)
    assert len(seen) == len(set(seen)) == MANY


async def test_an_empty_outbox_has_an_empty_page(db: Database) -> None:
    await founded(db)
    page = await db.read(lambda tx: collections.outbox_page(tx, a_chapter(), URLS))
    assert page["orderedItems"] == []
    assert "next" not in page
