"""What both databases promise to units of work."""

import asyncio

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from fedi_chapter.domain.chapter import Instance
from fedi_chapter.domain.event import EventId
from fedi_chapter.store import events, instance, local_actors
from fedi_chapter.store.tx import Database, ReadTx, WriteTx
from tests.kit.builders import NOW, a_chapter, an_event, founded

pytestmark = pytest.mark.anyio


async def test_what_was_written_is_read_at_once(db: Database) -> None:
    await founded(db)
    assert await db.read(instance.get) == Instance(
        "chapter.example", "https://chapter.example", NOW
    )


async def test_a_look_up_sees_what_was_written_just_before(db: Database) -> None:
    await founded(db)
    for name in ("One", "Two"):
        event = an_event(id=EventId(name), name=name)
        await db.write(lambda tx, event=event: events.insert(tx, event))
        found = await db.look_up(lambda tx, event=event: events.get(tx, event.id))
        assert found is not None
        assert found.name == name


async def test_a_look_up_that_fails_leaves_the_next_one_alone(db: Database) -> None:
    await founded(db)

    def fail(_: ReadTx) -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await db.look_up(fail)
    assert await db.look_up(instance.get) is not None


async def test_a_unit_that_raises_changes_nothing(db: Database) -> None:
    def fail(tx: WriteTx) -> None:
        local_actors.insert(tx, a_chapter())
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await db.write(fail)
    assert await db.read(local_actors.chapter) is None


async def test_an_error_names_nothing_of_what_was_to_be_written(db: Database) -> None:
    await founded(db)
    secret = an_event(name="Canary")
    await db.write(lambda tx: events.insert(tx, secret))
    with pytest.raises(DBAPIError) as caught:
        await db.write(lambda tx: events.insert(tx, secret))
    assert "Canary" not in str(caught.value)


async def test_many_writers_at_once_all_succeed(db: Database) -> None:
    await asyncio.gather(
        *(
            db.write(lambda tx, n=n: local_actors.insert(tx, a_chapter(id=f"a{n}", handle=f"h{n}")))
            for n in range(100)
        )
    )
    assert len(await db.read(local_actors.everyone)) == 100


async def test_a_unit_that_fails_among_many_leaves_the_others_alone(db: Database) -> None:
    def unit(tx: WriteTx, number: int) -> int:
        local_actors.insert(tx, a_chapter(id=f"a{number}", handle=f"h{number}"))
        if number % 3 == 0:
            raise ValueError(str(number))
        return number

    ended = await asyncio.gather(
        *(db.write(lambda tx, n=n: unit(tx, n)) for n in range(30)), return_exceptions=True
    )
    for number, end in enumerate(ended):
        assert isinstance(end, ValueError) if number % 3 == 0 else end == number
    assert len(await db.read(local_actors.everyone)) == 20


async def test_a_unit_that_reads_can_not_write(db: Database) -> None:
    def sneak(tx: ReadTx) -> None:
        tx.conn.execute(text("DELETE FROM local_actors"))

    await founded(db)
    for ask in (db.read, db.look_up):
        with pytest.raises(DBAPIError):
            await ask(sneak)
    assert len(await db.read(local_actors.everyone)) == 2


async def test_units_that_wait_at_closing_are_still_run(db: Database) -> None:
    writes = [
        asyncio.ensure_future(
            db.write(lambda tx, n=n: local_actors.insert(tx, a_chapter(id=f"a{n}", handle=f"h{n}")))
        )
        for n in range(20)
    ]
    await asyncio.sleep(0)
    assert await asyncio.gather(*writes) == [None] * 20
    await db.close()
    assert all(write.done() for write in writes)
