"""The loop behind the inbox: many activities at once, those of one actor one after the other.

What an actor said is leased in a run, to one worker at a time: several workers keep its order
together. One that is put back ends its run. No host takes more than a part of the places,
however much it sends and however slowly it answers questions.

Run by the supervisor. What an activity means is the business of `federation.dispatch`; how
failures are put back or aside, of `workers.loop`.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from fedi_chapter.deps import Deps
from fedi_chapter.domain.inbox import InboxJob
from fedi_chapter.federation.dispatch import Went, process
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
"""Activities of one host that are taken at once; twice as many may be processed at a time."""
LEASE = timedelta(minutes=5)
"""After this, an activity that a dead process had in hand is taken up again."""
LEFT_TO_BEGIN = timedelta(minutes=4)
"""An activity that has less of its lease left, after waiting for the one before, is not begun."""
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


class _Run:
    """What one process has in hand of one actor."""

    def __init__(self) -> None:
        self.turn = asyncio.Lock()
        self.left = 0
        self.is_over = False
        """One was put back: those that follow wait for it."""


class _Desk:
    """What one process has in hand, by actor, and processes, by host."""

    def __init__(self, deps: Deps, bell: Bell) -> None:
        self._deps, self._bell = deps, bell
        self._runs: dict[str, _Run] = {}
        self._hosts: Counter[str] = Counter()
        self._giving_way = asyncio.Semaphore(TURN)

    def claim(self, tx: WriteTx, limit: int) -> list[InboxJob]:
        """Take what is due, of no host more than its part."""
        busy = [host for host, held in self._hosts.copy().items() if held >= PER_HOST]
        return inbox.claim(tx, limit, LEASE, per_host=PER_HOST, busy=busy)

    async def do(self, job: InboxJob) -> None:
        """Process one, after those of the same actor that were claimed before."""
        name = f"aside {job.id}" if job.stands_aside else job.actor_uri
        run = self._runs.setdefault(name, _Run())
        run.left += 1
        has_more = False
        try:
            async with run.turn, self._counted(job.host):
                has_more = await self._in_turn(job, run)
        finally:
            run.left -= 1
            if not run.left:
                del self._runs[name]
                if has_more or run.is_over:
                    self._bell.ring()

    @asynccontextmanager
    async def _counted(self, host: str) -> AsyncIterator[None]:
        self._hosts[host] += 1
        try:
            yield
        finally:
            self._hosts[host] -= 1
            if not self._hosts[host]:
                del self._hosts[host]

    async def _in_turn(self, job: InboxJob, run: _Run) -> bool:
        """Process one unless its run is over; return whether more of its actor waits."""
        now = self._deps.clock.now()
        if run.is_over or job.lease_until - now < LEFT_TO_BEGIN:
            run.is_over = True
            await self._deps.db.write(lambda tx: inbox.release(tx, job))
            return True
        try:
            went_on = await self._process(job)
        except BaseException:
            run.is_over = True
            raise
        run.is_over = went_on is Went.BACK
        return went_on is not Went.LAST

    async def _process(self, job: InboxJob) -> Went:
        if self._is_crowded():
            async with self._giving_way:
                await self._rest()
        return await process(self._deps, job)

    async def _rest(self) -> None:
        for _ in range(GLANCES):
            if not self._is_crowded():
                return
            await asyncio.sleep(REST / GLANCES)

    def _is_crowded(self) -> bool:
        return self._deps.metrics.levels[INSIDE] >= CROWD
