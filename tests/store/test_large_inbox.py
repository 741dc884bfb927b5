"""A claim from a long inbox looks at little, whoever fills it: work is counted, not time."""

from datetime import timedelta

import pytest
from sqlalchemy import insert, text

from fedi_chapter.domain.inbox import InboxJob
from fedi_chapter.store import inbox
from fedi_chapter.store.postgres import PostgresDatabase
from fedi_chapter.store.sqlite import driver
from fedi_chapter.store.tables import inbox as table
from fedi_chapter.store.tx import Database, WriteTx
from tests.kit.builders import NOW

pytestmark = pytest.mark.anyio

ROWS, PER_HOST, CLAIMS = 20_000, 25, 4
LEASE = timedelta(minutes=5)
STEPS = 200
"""What SQLite's machine may do for each row that may be looked at."""
_ROWS_READ = text(
    "SELECT coalesce(sum(seq_tup_read + coalesce(idx_tup_fetch, 0)), 0)"
    " FROM pg_stat_xact_user_tables WHERE relname = 'inbox'"
)


def _fill(tx: WriteTx, actors: int, hosts: int) -> None:
    rows = []
    for number in range(ROWS):
        actor = number % actors
        host = f"h{actor % hosts}.example"
        rows.append(
            {
                "activity_id": f"https://{host}/{number}",
                "digest": str(number),
                "signed_at": NOW,
                "place": NOW + timedelta(seconds=number // actors),
                "proved": True,
                "host": host,
                "actor_uri": f"https://{host}/u{actor}",
                "type": "Like",
                "body": b"{}",
                "received_at": NOW,
                "state": "waiting",
                "attempts": 0,
                "due": NOW,
            }
        )
    tx.conn.execute(insert(table), rows)


@pytest.mark.parametrize(
    ("actors", "hosts", "taken"),
    [
        (1, 1, inbox.LONGEST_RUN),
        (3, 1, 3 * inbox.LONGEST_RUN),
        (ROWS, 1, PER_HOST),
        (ROWS, 100, 100),
        (100, 100, 100),
    ],
)
async def test_a_claim_from_a_long_inbox_reads_little_more_than_it_takes(
    db: Database, actors: int, hosts: int, taken: int
) -> None:
    await db.write(lambda tx: _fill(tx, actors, hosts))
    if isinstance(db, PostgresDatabase):  # as the server does by itself; SQLite never does
        await db.write(lambda tx: tx.conn.execute(text("ANALYZE")) and None)

    def claim(tx: WriteTx) -> list[InboxJob]:
        return inbox.claim(tx, 100, LEASE, per_host=PER_HOST)

    def work(tx: WriteTx) -> tuple[int, list[InboxJob]]:
        """Claim, and return how much the database did for it."""
        if isinstance(db, PostgresDatabase):
            before = tx.conn.execute(_ROWS_READ).scalar_one()
            jobs = claim(tx)
            return int(tx.conn.execute(_ROWS_READ).scalar_one() - before), jobs
        thousands = list[int]()
        driver(tx.conn).set_progress_handler(lambda: thousands.append(1), 1_000)
        jobs = claim(tx)
        driver(tx.conn).set_progress_handler(None, 0)
        return len(thousands), jobs

    looked_at = inbox.LOOKED_AT * PER_HOST * hosts
    bound = 3 * looked_at + 3_000
    if not isinstance(db, PostgresDatabase):
        bound = STEPS * looked_at // 1_000 + 20
    for _ in range(CLAIMS):
        done, jobs = await db.write(work)
        assert len(jobs) == taken
        assert done < bound
        if actors <= 100:  # the next of each has to wait
            done, none = await db.write(work)
            assert none == []
            assert done < bound
        await db.write(lambda tx, jobs=jobs: [inbox.finish(tx, job.id, "") for job in jobs])


@pytest.mark.parametrize(("actors", "more"), [(ROWS, False), (ROWS // 2, True), (1, True)])
async def test_ending_one_of_many_looks_at_those_of_its_actor_alone(
    db: Database, actors: int, more: bool
) -> None:
    await db.write(lambda tx: _fill(tx, actors, 100))
    if isinstance(db, PostgresDatabase):
        await db.write(lambda tx: tx.conn.execute(text("ANALYZE")) and None)

    def end(tx: WriteTx) -> tuple[bool, int]:
        (job, *_) = inbox.claim(tx, 1, LEASE, per_host=PER_HOST)
        if isinstance(db, PostgresDatabase):
            before = tx.conn.execute(_ROWS_READ).scalar_one()
            has_more = inbox.finish(tx, job.id, "")
            return has_more, int(tx.conn.execute(_ROWS_READ).scalar_one() - before)
        tens = list[int]()
        driver(tx.conn).set_progress_handler(lambda: tens.append(1), 10)
        has_more = inbox.finish(tx, job.id, "")
        driver(tx.conn).set_progress_handler(None, 0)
        return has_more, len(tens) * 10

    has_more, done = await db.write(end)
    assert has_more is more
    assert done < (20 if isinstance(db, PostgresDatabase) else STEPS)
