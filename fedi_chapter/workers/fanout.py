"""The loop behind the outbox: what happened here becomes activities and deliveries.

Run by the supervisor. One happening at a time, so that they are told in the order in which
they happened; who is told what is the business of `federation.publish`.
"""

import asyncio
from datetime import timedelta

from fedi_chapter.deps import Deps
from fedi_chapter.federation.publish import publish
from fedi_chapter.store import outbox
from fedi_chapter.store.outbox import OutboxJob
from fedi_chapter.workers.bell import Bell
from fedi_chapter.workers.loop import Queue, work

LEASE = timedelta(seconds=60)
"""Far longer than a fan-out takes: after it, a dead worker's happening is taken up again."""


def queue(deps: Deps, lease: timedelta = LEASE) -> Queue[OutboxJob]:
    """Describe the outbox to the loop."""
    return Queue(
        name="outbox",
        claim=lambda tx, limit: outbox.claim(tx, limit, lease),
        do=lambda job: publish(deps, job),
        retry=outbox.retry,
        give_back=outbox.give_back,
        park=outbox.park,
    )


async def run(deps: Deps, stop: asyncio.Event, bell: Bell) -> None:
    """Tell what happened until `stop` is set."""
    await work(deps, queue(deps), stop=stop, bell=bell)
