"""A claim stays fast however much waits: R-10 and R-16 of the reliability plan.

What must not happen is a scan of the queue, so the work of the database is counted, not the time.
"""

from datetime import timedelta

import pytest
from sqlalchemy import insert, text

from fedi_chapter.domain.delivery import Outcome
from fedi_chapter.store import deliveries
from fedi_chapter.store.postgres import PostgresDatabase
from fedi_chapter.store.sqlite import driver
from fedi_chapter.store.tables import deliveries as table
from fedi_chapter.store.tables import hosts
from fedi_chapter.store.tx import Database, WriteTx
from tests.kit.builders import CHAPTER_ID, NOW, founded
from tests.store.test_deliveries import EVENT, FACE, an_activity, ended, follow

pytestmark = pytest.mark.anyio

ROWS, BACKLOG, HOSTS, LIVE = 20_000, 10_000, 2_000, 200
LEASE = timedelta(minutes=5)
CLAIMS = 5
STRANGERS = 10_000
"""Hosts that nothing waits for."""
ROWS_READ = 4_000
"""What PostgreSQL may look at for a claim of a hundred: a scan would be twenty thousand."""
STEPS = 300
"""What SQLite may do for it, in thousands of its machine's steps."""


_ROWS_READ = text(
    "SELECT coalesce(sum(seq_tup_read + coalesce(idx_tup_fetch, 0)), 0)"
    " FROM pg_stat_xact_user_tables WHERE relname = 'deliveries'"
)


def _fill(tx: WriteTx) -> None:
    """Put 20,000 waiting rows: 1,800 of 2,000 hosts rest, and one has half the queue."""
    activity = an_activity(tx, "create")
    rest = NOW + timedelta(hours=1)
    tx.conn.execute(
        insert(hosts),
        [{"host": f"h{n}.example", "rest_until": None if n < LIVE else rest} for n in range(HOSTS)],
    )
    rows = []
    for number in range(ROWS):
        host = 0 if number < BACKLOG else number % HOSTS
        due = NOW if host < LIVE else rest
        rows.append(
            {
                "activity_id": activity,
                "inbox": f"https://h{host}.example/inbox/{number}",
                "host": f"h{host}.example",
                "object_uri": f"o{number}",
                "state": "waiting",
                "attempts": 0,
                "first_due": NOW,
                "due": due,
            }
        )
    tx.conn.execute(insert(table), rows)


async def test_a_claim_from_a_long_queue_reads_little_more_than_it_takes_and_is_fair(
    db: Database,
) -> None:
    await founded(db)
    await db.write(_fill)
    if isinstance(db, PostgresDatabase):  # as the server does by itself; SQLite never does
        await db.write(lambda tx: tx.conn.execute(text("ANALYZE")) and None)

    def work(tx: WriteTx) -> int:
        """Claim, and return how much the database did for it."""
        if isinstance(db, PostgresDatabase):
            before = tx.conn.execute(_ROWS_READ).scalar_one()
            claim(tx)
            return int(tx.conn.execute(_ROWS_READ).scalar_one() - before)
        thousands = list[int]()
        driver(tx.conn).set_progress_handler(lambda: thousands.append(1), 1_000)
        claim(tx)
        driver(tx.conn).set_progress_handler(None, 0)
        return len(thousands)

    def claim(tx: WriteTx) -> None:
        claimed = deliveries.claim(tx, 100, LEASE, per_host=2)
        assert len(claimed) == 100
        assert len({each.host for each in claimed}) >= 50
        taken.append([ended(each) for each in claimed])

    taken = list[list[Outcome]]()
    for _ in range(CLAIMS):
        done = await db.write(work)
        assert done < (ROWS_READ if isinstance(db, PostgresDatabase) else STEPS)
        await db.write(lambda tx: deliveries.finish(tx, taken[-1]))


async def test_hosts_that_nothing_waits_for_cost_a_claim_nothing(sqlite_db: Database) -> None:
    await founded(sqlite_db)

    def claim(tx: WriteTx) -> int:
        """Claim the one delivery there is, and return how much SQLite did for it."""
        tens = list[int]()
        driver(tx.conn).set_progress_handler(lambda: tens.append(1), 10)
        [claimed] = deliveries.claim(tx, 100, LEASE, per_host=2)
        driver(tx.conn).set_progress_handler(None, 0)
        deliveries.finish(tx, [ended(claimed)])
        return len(tens)

    def work(tx: WriteTx) -> tuple[int, int]:
        activity, steps = an_activity(tx, "create"), []
        for known in (1, STRANGERS):
            names = [{"host": f"h{known}-{number}.example"} for number in range(known)]
            tx.conn.execute(insert(hosts), names)
            deliveries.to_inbox(tx, activity, f"https://h.example/{known}", "h.example")
            steps.append(claim(tx))
        return steps[0], steps[1]

    few, many = await sqlite_db.write(work)
    assert many < few * 2


async def test_the_tenth_edit_costs_no_more_than_the_second_however_many_follow(
    sqlite_db: Database,
) -> None:
    def told(tx: WriteTx, number: int) -> int:
        """Tell the followers of an edit, and return how much SQLite did for it."""
        thousands = list[int]()
        event = an_activity(tx, f"event-{number}", kind="Update")
        face = an_activity(tx, f"face-{number}", object_uri=FACE, kind="Update")
        driver(tx.conn).set_progress_handler(lambda: thousands.append(1), 1_000)
        deliveries.to_followers(tx, event, CHAPTER_ID, takes_events=True, counterpart=FACE)
        deliveries.to_followers(tx, face, CHAPTER_ID, takes_events=False, counterpart=EVENT)
        deliveries.to_past_recipients(tx, face, FACE)
        driver(tx.conn).set_progress_handler(None, 0)
        return len(thousands)

    def work(tx: WriteTx) -> list[int]:
        for number in range(300):
            follow(tx, f"ana{number}", host=f"h{number}.example")
        return [told(tx, number) for number in range(11)]

    await founded(sqlite_db)
    costs = await sqlite_db.write(work)
    assert costs[10] < 3 * costs[2]
