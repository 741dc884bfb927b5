"""The delivery loop: leases deliveries, signs them in threads, posts them.

Started by the supervisor. Ids, hosts and bytes only: what a delivery says was decided when the
fan-out ran, what its answer means is decided by `workers.records`. Servers that hang move to
the slow lane (`workers.lanes`), so that they don't slow down those that answer.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta

from fedi_chapter.core.errors import Missing
from fedi_chapter.core.log import because, get_logger
from fedi_chapter.deps import Deps
from fedi_chapter.domain.delivery import Claimed
from fedi_chapter.federation import signing
from fedi_chapter.federation.deliver import Answer, Letter, attempt, sign_all
from fedi_chapter.sig.keys import SigningKey
from fedi_chapter.store import deliveries
from fedi_chapter.store.tx import WriteTx
from fedi_chapter.workers.bell import Bell
from fedi_chapter.workers.lanes import Lanes
from fedi_chapter.workers.loop import POLL
from fedi_chapter.workers.records import Records

log = get_logger(__name__)

PAUSE = 1.0
"""Seconds between two tries while the database does not answer."""
REMEMBERED = 10_000
"""Hosts remembered as slow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How hard the loop works; tests shorten it."""

    batch: int = 256
    """Deliveries leased at once."""
    lease: timedelta = timedelta(seconds=60)
    """Longer than two knocks of ten seconds each and the wait for a place."""
    per_host: int = 2
    """More would open more connections, and a TLS handshake costs as much as two signatures."""
    fast: int = 128
    slow: int = 512
    patience: float = 0.5
    """Seconds after which a post moves to the slow lane."""
    chunk: int = 8
    """Signatures made in one hop to a thread."""
    signers: int = 2
    grace: float = 5.0
    """Seconds that posts under way get when the loop is stopped."""


class DeliveryLoop:
    """The delivery loop of one process."""

    def __init__(self, deps: Deps, bell: Bell, pace: Pace | None = None) -> None:
        self._deps, self._bell, self._pace = deps, bell, pace or Pace()
        self._lanes = Lanes(
            fast=self._pace.fast, slow=self._pace.slow, patience=self._pace.patience
        )
        self._slow_hosts: OrderedDict[str, None] = OrderedDict()
        self._under_way: dict[asyncio.Task[None], int] = {}
        self._queued = 0
        self._records = Records(deps, bell)
        self._signers = ThreadPoolExecutor(self._pace.signers, thread_name_prefix="sign")

    async def run(self, stop: asyncio.Event) -> None:
        """Deliver until `stop` is set; then give posts under way a few seconds."""
        recorder = asyncio.create_task(self._records.run(), name="delivery records")
        try:
            while not stop.is_set():
                await self._turn()
        finally:
            await self._wind_up(recorder)

    async def _turn(self) -> None:
        """Lease a batch and start it; wait when there is nothing, or enough to start already."""
        if self._queued >= self._pace.batch:
            await asyncio.sleep(0.01)
            return
        try:
            jobs = await self._deps.db.write(self._claim)
            keys = await self._keys(jobs)
        except Exception as error:  # the database is away: nothing is lost, the leases run out
            log.error("deliveries could not be leased", **because(error))
            await self._bell.wait(PAUSE)
            return
        if not jobs:
            await self._bell.wait(POLL)
            return
        ready = [(job, keys[_key_of(job)]) for job in jobs if _key_of(job) in keys]
        for job in jobs:
            if _key_of(job) not in keys:
                self._records.add(job, Answer(error="there is no key to sign with", hopeless=True))
        size = self._pace.chunk
        chunks = [ready[start : start + size] for start in range(0, len(ready), size)]
        await asyncio.gather(*(self._start(chunk) for chunk in chunks))

    def _claim(self, tx: WriteTx) -> list[Claimed]:
        pace = self._pace
        return deliveries.claim(tx, pace.batch, pace.lease, per_host=pace.per_host)

    async def _keys(self, jobs: Sequence[Claimed]) -> dict[str, SigningKey]:
        """Read each key once a batch: a rotated key is used from the next batch on."""
        keys = {}
        for job in {_key_of(job): job for job in jobs}.values():
            try:
                keys[_key_of(job)] = (
                    await signing.key_by_id(self._deps, job.key_id)
                    if job.key_id
                    else await signing.current_key(self._deps, job.actor_id)
                )
            except Missing:
                log.error("signing key lost", actor=job.actor_id, key=job.key_id)
        return keys

    async def _start(self, chunk: Sequence[tuple[Claimed, SigningKey]]) -> None:
        loop, now = asyncio.get_running_loop(), self._deps.clock.now()
        for letter in await loop.run_in_executor(self._signers, sign_all, chunk, now):
            self._queued += 1
            task = asyncio.create_task(self._carry(letter))
            self._under_way[task] = letter.job.id
            task.add_done_callback(self._under_way.pop)

    async def _carry(self, letter: Letter) -> None:
        """Post one letter in the lane its host deserves, and note the answer."""
        host = letter.job.host
        try:
            place = await self._lanes.enter(slow=host in self._slow_hosts)
        finally:
            self._queued -= 1
        try:
            answer = await self._attempt(letter)
        finally:
            place.leave()
        self._remember(host, slow=answer.status is None)
        self._records.add(letter.job, answer)

    async def _attempt(self, letter: Letter) -> Answer:
        try:
            return await attempt(self._deps.poster, letter, self._deps.clock.now())
        except Exception as error:  # one broken letter stops no other
            log.exception("attempt failed", delivery=letter.job.id, host=letter.job.host)
            return Answer(error=f"{type(error).__name__}: {error}"[:200])

    def _remember(self, host: str, *, slow: bool) -> None:
        self._slow_hosts.pop(host, None)
        if slow:
            self._slow_hosts[host] = None
            if len(self._slow_hosts) > REMEMBERED:
                self._slow_hosts.popitem(last=False)

    async def _wind_up(self, recorder: asyncio.Task[None]) -> None:
        """Let posts under way end, record them, give the leases of the others back."""
        late: set[asyncio.Task[None]] = set()
        if self._under_way:
            _, late = await asyncio.wait(set(self._under_way), timeout=self._pace.grace)
        unsent = [self._under_way[task] for task in late]
        for task in late:
            task.cancel()
        recorder.cancel()
        await asyncio.gather(*late, recorder, return_exceptions=True)
        self._signers.shutdown(wait=False)
        await self._records.flush()
        if unsent:
            await self._deps.db.write(lambda tx: deliveries.release(tx, unsent))


async def run(deps: Deps, stop: asyncio.Event, bell: Bell) -> None:
    """Deliver what waits until `stop` is set."""
    await DeliveryLoop(deps, bell).run(stop)


def _key_of(job: Claimed) -> str:
    return job.key_id or job.actor_id
