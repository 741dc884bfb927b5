"""When the pages of bare events are asked again: kept in the database, fair to each host."""

import asyncio
from datetime import timedelta

import pytest

from fedi_chapter.core.clock import SetClock
from fedi_chapter.domain.neighbour import NeighbourEvent
from fedi_chapter.store import neighbours, remote_actors, unfilled
from fedi_chapter.store.tx import Database, WriteTx
from fedi_chapter.store.unfilled import Unfilled
from tests.kit.builders import NOW, a_remote_actor

pytestmark = pytest.mark.anyio

ANA = a_remote_actor("ana")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def uri(number: int) -> str:
    return f"{ANA.uri}/{number}"


async def wanted(db: Database, number: int, host: str = "m.test", due: timedelta = HOUR) -> None:
    def put(tx: WriteTx) -> None:
        remote_actors.put(tx, ANA)
        starts = NOW + 7 * DAY
        neighbours.put_event(
            tx, NeighbourEvent(uri(number), ANA.uri, "Tea", starts, uri(number), NOW)
        )
        unfilled.put(tx, uri(number), host, tx.now + due)

    await db.write(put)


async def claimed(db: Database, most: int = 10, per_host: int = 10) -> list[Unfilled]:
    def pause(age: timedelta) -> timedelta:
        return age

    return await db.write(lambda tx: unfilled.claim(tx, most, per_host=per_host, pause=pause))


async def test_nothing_is_asked_before_it_is_due(db: Database, clock: SetClock) -> None:
    await wanted(db, 1)
    assert not await db.read(unfilled.any_due)
    assert await claimed(db) == []
    clock.advance(HOUR)
    assert await db.read(unfilled.any_due)
    assert await claimed(db) == [Unfilled(uri(1), "m.test", NOW, NOW + 2 * HOUR)]
    assert await claimed(db) == []


async def test_two_processes_never_ask_for_the_same(db: Database, clock: SetClock) -> None:
    for number in range(20):
        await wanted(db, number)
    clock.advance(HOUR)
    found = await asyncio.gather(*(claimed(db, 20, 20) for _ in range(4)))
    assert sorted(each.uri for some in found for each in some) == sorted(map(uri, range(20)))


async def test_each_host_has_its_part(db: Database, clock: SetClock) -> None:
    for number in range(8):
        await wanted(db, number, due=timedelta())
    await wanted(db, 9, host="n.test")
    clock.advance(HOUR)
    assert [each.host for each in await claimed(db, 3, 2)] == ["m.test", "n.test", "m.test"]


async def test_what_comes_anew_is_not_the_same_any_more(db: Database, clock: SetClock) -> None:
    await wanted(db, 1)
    clock.advance(HOUR)
    (taken,) = await claimed(db)
    assert await db.write(lambda tx: unfilled.holds(tx, taken))
    await wanted(db, 1)
    assert not await db.write(lambda tx: unfilled.holds(tx, taken))
    await db.write(lambda tx: unfilled.remove(tx, uri(1)))
    assert not await db.write(lambda tx: unfilled.holds(tx, taken))


async def test_it_goes_with_its_event_and_with_its_time(db: Database, clock: SetClock) -> None:
    for number in (1, 2):
        await wanted(db, number)
    await db.write(lambda tx: neighbours.remove(tx, uri(1), ANA.uri))
    clock.advance(DAY)
    await wanted(db, 3)
    await db.write(lambda tx: unfilled.forget_old(tx, tx.now))
    clock.advance(DAY)
    assert [each.uri for each in await claimed(db)] == [uri(3)]
    clock.advance(7 * DAY)
    await db.write(lambda tx: unfilled.forget_old(tx, NOW))
    assert await claimed(db) == []
