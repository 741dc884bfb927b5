"""What was taken back: until when, and whether the next of it counts."""

from datetime import timedelta

import pytest

from fedi_chapter.store import undone
from fedi_chapter.store.tx import Database
from tests.kit.builders import NOW

pytestmark = pytest.mark.anyio

MINUTE = timedelta(minutes=1)


async def test_what_was_signed_before_does_not_count_and_what_was_signed_later_does(
    db: Database,
) -> None:
    await db.write(lambda tx: undone.put(tx, "follow", NOW, is_open=False))
    for minutes, barred in ((-1, True), (0, False), (1, False), (-1, True)):
        at = NOW + minutes * MINUTE
        assert await db.write(lambda tx, at=at: undone.bars(tx, ["follow", "x"], at)) is barred  # type: ignore[misc]


async def test_of_what_never_came_the_next_does_not_count_whenever_it_was_signed(
    db: Database,
) -> None:
    later = NOW + MINUTE
    await db.write(lambda tx: undone.put(tx, "like", NOW, is_open=True))
    assert await db.write(lambda tx: undone.bars(tx, ["x", "like"], later))
    assert not await db.write(lambda tx: undone.bars(tx, ["like"], later))
    assert await db.write(lambda tx: undone.bars(tx, ["like"], NOW))
    assert not await db.write(lambda tx: undone.bars(tx, ["other"], NOW))


async def test_the_latest_date_counts_and_what_has_come_is_waited_for_no_more(
    db: Database,
) -> None:
    for minutes, is_open in ((2, False), (1, True)):
        at = NOW + minutes * MINUTE
        await db.write(lambda tx, at=at, now=is_open: undone.put(tx, "m", at, is_open=now))  # type: ignore[misc]
    assert await db.write(lambda tx: undone.bars(tx, ["m"], NOW + MINUTE))
    assert not await db.write(lambda tx: undone.bars(tx, ["m"], NOW + 2 * MINUTE))
    assert await db.read(lambda tx: undone.has(tx, "m"))
    await db.write(lambda tx: undone.remove(tx, "m"))
    assert not await db.read(lambda tx: undone.has(tx, "m"))
    await db.write(lambda tx: undone.put(tx, "m", NOW, is_open=True))
    assert await db.write(lambda tx: undone.purge(tx, NOW)) == 0
    assert await db.write(lambda tx: undone.purge(tx, NOW + MINUTE)) == 1
