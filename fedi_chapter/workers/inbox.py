"""The loop behind the inbox: many activities at once, those of one actor one after the other.

An actor's next activity is leased when the one before has ended, wherever that was processed:
several workers keep the order together. No host takes more than a part of the places, however
much it sends and however slowly it answers questions (ABU-05).

Run by the supervisor. What an activity means is the business of `federation.dispatch`; how
failures are put back or aside, of `workers.loop`.
"""

import asyncio
from collections import Counter
from datetime import timedelta

from fedi_chapter.deps import Deps
from fedi_chapter.domain.inbox import InboxJob
from fedi_chapter.federation.dispatch import process
from fedi_chapter.federation.inbox import INSIDE
from fedi_chapter.store import inbox
from fedi_chapter.store.tx import WriteTx
from fedi_chapter.workers.bell import Bell
from fedi_chapter.workers.loop import Queue, work

WIDTH = 200
"""Activities in hand at the same time; most wait for one commit together."""
CROWD = 8
"""With so many requests at the door, activities are processed more slowly: both need the one
processor and the one database, and a sender who waits for its answer comes first."""
TURN, REST, GLANCES = 8, 0.25, 5
"""Then so many have their turn together, after so many seconds of rest: one commit for all of
them costs the door less than a commit for each. A glance at a door that is free ends the rest."""
PER_HOST = 25
"""Activities of one host that are taken at once; twice as many may be in hand."""
LEASE = timedelta(minutes=5)
"""After this, an activity that a dead process had in hand is taken up again."""
MOST_ATTEMPTS = 4
"""Three tries for what fails unexpectedly; servers that do not answer have waits of their own."""


def queue(deps: Deps, bell: Bell | None = None) -> Queue[InboxJob]:
    """Describe the inbox queue to the loop; `bell` is rung when an actor's next may be leased."""
    desk = _Desk(deps, bell or Bell())
    return Queue(
        name="inbox",
        claim=desk.claim,
        do=desk.do,
        retry=inbox.retry,
        give_back=inbox.give_back,
        park=inbox.park,
        width=WIDTH,
        most_attempts=MOST_ATTEMPTS,
    )


async def run(deps: Deps, stop: asyncio.Event, bell: Bell) -> None:
    """Process what comes in until `stop` is set."""
    await work(deps, queue(deps, bell), stop=stop, bell=bell)


class _Desk:
    """What one process has in hand, by host."""

    def __init__(self, deps: Deps, bell: Bell) -> None:
        self._deps, self._bell = deps, bell
        self._hosts: Counter[str] = Counter()
        self._giving_way = asyncio.Semaphore(TURN)

    def claim(self, tx: WriteTx, limit: int) -> list[InboxJob]:
        """Take what is due, of no host more than its part."""
        busy = [host for host, held in self._hosts.copy().items() if held >= PER_HOST]
        return inbox.claim(tx, limit, LEASE, per_host=PER_HOST, busy=busy)

    async def do(self, job: InboxJob) -> None:
        """Process one; then the next of the same actor may be leased."""
        self._hosts[job.host] += 1
        try:
            await self._process(job)
        finally:
            self._hosts[job.host] -= 1
            if not self._hosts[job.host]:
                del self._hosts[job.host]

    async def _process(self, job: InboxJob) -> None:
        if self._is_crowded():
            async with self._giving_way:
                await self._rest()
        if await process(self._deps, job):
            self._bell.ring()

    async def _rest(self) -> None:
        for _ in range(GLANCES):
            if not self._is_crowded():
                return
            await asyncio.sleep(REST / GLANCES)

    def _is_crowded(self) -> bool:
        return self._deps.metrics.levels[INSIDE] >= CROWD
