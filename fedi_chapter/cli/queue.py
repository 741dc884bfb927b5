"""`queue`: deliveries that wait, rest or failed."""

import click

from fedi_chapter.cli.frame import Noun, Setup, ask, pass_setup
from fedi_chapter.deps import Deps
from fedi_chapter.domain.delivery import DeliveryState, QueuedDelivery, QueueStatus
from fedi_chapter.store import deliveries

MOST = 500


@click.group(cls=Noun)
def queue() -> None:
    """Deliveries to other servers."""


@queue.command("status")
@pass_setup
def status(setup: Setup) -> None:
    """Count the deliveries that wait, are under way, or failed."""

    async def work(deps: Deps) -> QueueStatus:
        return await deps.db.read(deliveries.status)

    now = ask(setup, work)
    setup.tell(
        {
            "waiting": now.waiting,
            "in_flight": now.in_flight,
            "failed": now.failed,
            "resting_hosts": now.resting_hosts,
            "oldest_seconds": now.oldest_seconds,
        },
        f"waiting {now.waiting}, in flight {now.in_flight}, failed {now.failed}, "
        f"resting hosts {now.resting_hosts}, oldest {now.oldest_seconds:.0f} s",
    )


@queue.command("list")
@click.option("--host", help="Only deliveries to this host.")
@click.option(
    "--state",
    type=click.Choice([str(each) for each in DeliveryState]),
    help="Only deliveries in this state.",
)
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, MOST))
@pass_setup
def listing(setup: Setup, host: str | None, state: str | None, limit: int) -> None:
    """List deliveries with their last error."""
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
@click.option("--host", help="Only deliveries to this host.")
@pass_setup
def retry(setup: Setup, host: str | None) -> None:
    """Try failed and resting deliveries again, now."""

    async def work(deps: Deps) -> int:
        return await deps.db.write(lambda tx: deliveries.retry(tx, host=host))

    count = ask(setup, work)
    setup.tell({"requeued": count}, f"{count} deliveries will be tried again now")
