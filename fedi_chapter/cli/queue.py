"""`queue`: deliveries that wait, rest or failed; jobs that were set aside."""

from collections.abc import Mapping

import click

from fedi_chapter.cli.frame import Noun, Setup, ask, pass_setup
from fedi_chapter.deps import Deps
from fedi_chapter.domain.delivery import DeliveryState, QueuedDelivery, QueueStatus
from fedi_chapter.store import deliveries, dropped, parked
from fedi_chapter.store.parked import ParkedCounts, ParkedJob
from fedi_chapter.store.tx import ReadTx, WriteTx

MOST = 500
PARKED = "parked"


@click.group(cls=Noun)
def queue() -> None:
    """Deliveries to other servers, and jobs set aside."""


@queue.command("status")
@pass_setup
def status(setup: Setup) -> None:
    """Count the deliveries that wait, are under way, or failed, and the jobs set aside.

    Set aside (parked) is what came in or happened here and could not be processed; failed
    notices are messages and mails to people that no try could send. Of lost ones nobody knows
    any more whom they were for: they can't be tried again. Dropped is what came in the very same
    once more, and what people said of their own account whom nobody here ever met.
    """

    def read(tx: ReadTx) -> tuple[QueueStatus, ParkedCounts, Mapping[str, int]]:
        return deliveries.status(tx), parked.counts(tx), dropped.counts(tx)

    async def work(deps: Deps) -> tuple[QueueStatus, ParkedCounts, Mapping[str, int]]:
        return await deps.db.read(read)

    now, aside, gone = ask(setup, work)
    setup.tell(
        {
            "waiting": now.waiting,
            "in_flight": now.in_flight,
            "failed": now.failed,
            "resting_hosts": now.resting_hosts,
            "oldest_seconds": now.oldest_seconds,
            "parked_inbox": aside.inbox,
            "parked_outbox": aside.outbox,
            "failed_notices": aside.notices,
            "lost_notices": aside.lost,
            "dropped_replays": gone[dropped.REPLAY],
            "dropped_strangers": gone[dropped.STRANGER],
        },
        f"waiting {now.waiting}, in flight {now.in_flight}, failed {now.failed}, "
        f"resting hosts {now.resting_hosts}, oldest {now.oldest_seconds:.0f} s",
        f"set aside: {aside.inbox} of what came in, {aside.outbox} of what happened here, "
        f"{aside.notices} of what people were to be told (and {aside.lost} lost)",
        f"dropped so far: {gone[dropped.REPLAY]} that came the very same again, "
        f"{gone[dropped.STRANGER]} about accounts that nobody here ever met",
    )


@queue.command("list")
@click.option("--host", help="Only deliveries to this host.")
@click.option(
    "--state",
    type=click.Choice([*(str(each) for each in DeliveryState), PARKED]),
    help="Only deliveries in this state; parked lists the jobs set aside.",
)
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, MOST))
@pass_setup
def listing(setup: Setup, host: str | None, state: str | None, limit: int) -> None:
    """List deliveries, or the jobs set aside, with their last error."""
    if state == PARKED:
        _list_parked(setup, host, limit)
        return
    wanted = DeliveryState(state) if state else None

    async def work(deps: Deps) -> list[QueuedDelivery]:
        return await deps.db.read(
            lambda tx: [*deliveries.listing(tx, host=host, state=wanted, limit=limit)]
        )

    found = ask(setup, work)
    setup.tell(
        [
            {
                "activity": each.activity,
                "inbox": each.inbox,
                "host": each.host,
                "state": str(each.state),
                "attempts": each.attempts,
                "due": each.due.isoformat() if each.due else None,
                "status": each.status,
                "error": each.error,
            }
            for each in found
        ],
        *(
            f"{each.state:<9}  {each.attempts:>2} tries  {each.host}  {each.activity}  "
            f"{each.error or ''}"
            for each in found
        ),
    )


@queue.command("retry")
@click.option("--host", help="Only deliveries to this host, and jobs that came from it.")
@pass_setup
def retry(setup: Setup, host: str | None) -> None:
    """Try failed and resting deliveries and the jobs set aside again, now."""

    def write(tx: WriteTx) -> tuple[int, int]:
        return deliveries.retry(tx, host=host), parked.retry(tx, host=host)

    async def work(deps: Deps) -> tuple[int, int]:
        return await deps.db.write(write)

    count, aside = ask(setup, work)
    setup.tell(
        {"requeued": count, "unparked": aside},
        f"{count} deliveries and {aside} jobs set aside will be tried again now",
    )


def _list_parked(setup: Setup, host: str | None, limit: int) -> None:
    async def work(deps: Deps) -> list[ParkedJob]:
        return await deps.db.read(lambda tx: parked.listing(tx, host=host, limit=limit))

    found = ask(setup, work)
    setup.tell(
        [
            {
                "queue": each.queue,
                "job": each.job,
                "host": each.host,
                "state": PARKED,
                "attempts": each.attempts,
                "error": each.error,
                "since": each.since.isoformat(),
                "lost": each.lost,
            }
            for each in found
        ],
        *(
            f"{each.queue:<7}  {each.attempts:>2} tries  {each.job}  {each.error or ''}"
            f"{' (lost: we no longer know whom it was for)' if each.lost else ''}"
            for each in found
        ),
    )
