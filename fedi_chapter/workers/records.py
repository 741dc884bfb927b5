"""What came of deliveries, gathered and recorded many at a time.

Used by the delivery loop. One row a transaction would be a hundred times slower; what is not
yet recorded when a process dies is delivered once more, under the same activity id.
"""

import asyncio
import random
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from fedi_chapter.core.log import because, get_logger
from fedi_chapter.deps import Deps
from fedi_chapter.domain.delivery import Claimed, DeliveryState, Outcome
from fedi_chapter.federation import backoff
from fedi_chapter.federation.deliver import Answer, outcome
from fedi_chapter.federation.outcomes import record
from fedi_chapter.store import hosts
from fedi_chapter.store.tx import WriteTx
from fedi_chapter.workers.bell import Bell, pause

log = get_logger(__name__)

EVERY = 0.05
"""Seconds in which outcomes gather."""
ENOUGH = 200
"""Outcomes that are recorded without waiting for more."""
PAUSE = 1.0
"""Seconds between two tries while the database does not answer."""


class Records:
    """The outcomes of one delivery loop on their way into the database."""

    def __init__(self, deps: Deps, bell: Bell) -> None:
        self._deps, self._bell = deps, bell
        self._waiting: deque[tuple[Claimed, Answer]] = deque()
        self._some, self._enough = asyncio.Event(), asyncio.Event()

    def add(self, job: Claimed, answer: Answer) -> None:
        """Note what came of a delivery."""
        self._waiting.append((job, answer))
        self._some.set()
        if len(self._waiting) >= ENOUGH:
            self._enough.set()

    async def run(self) -> None:
        """Record what gathers, until cancelled; keep it while the database is away."""
        while True:
            await self._some.wait()
            await pause(self._enough, EVERY)
            self._some.clear()
            self._enough.clear()
            try:
                await self.flush()
            except Exception as error:
                waiting = len(self._waiting)
                log.error("outcomes could not be recorded", waiting=waiting, **because(error))
                self._some.set()
                await asyncio.sleep(PAUSE)

    async def flush(self) -> None:
        """Record all that waits, and wake the loop: what was held back may go now."""
        batch = list(self._waiting)
        if not batch:
            return
        now = self._deps.clock.now()
        outcomes = [
            outcome(job, answer, now=now, chance=random.random())  # noqa: S311 - jitter
            for job, answer in batch
        ]
        asked = {job.host: answer.retry_after for job, answer in batch if answer.retry_after}
        await self._deps.db.write(
            lambda tx: record(tx, with_rest(tx, outcomes, asked), self._deps.urls)
        )
        for _ in batch:
            self._waiting.popleft()
        self._tell(outcomes)
        self._bell.ring()

    def _tell(self, outcomes: Sequence[Outcome]) -> None:
        for one in outcomes:
            self._deps.metrics.add(f"delivery.{one.state.value}")
            if one.state is not DeliveryState.DONE:
                log.info(
                    "delivery not done",
                    delivery=one.id,
                    host=one.host,
                    state=one.state.value,
                    status=one.status,
                    attempts=one.attempts,
                    error=one.error,
                )


def with_rest(
    tx: WriteTx, outcomes: Sequence[Outcome], asked: Mapping[str, float]
) -> list[Outcome]:
    """Add how long each failing host rests: the longer, the more often it failed in a row."""
    rests: dict[str, timedelta] = {}
    for host in {one.host for one in outcomes if _tires_host(one)}:
        known = hosts.get(tx, host)
        failures = (known.failures if known else 0) + 1
        chance = random.random()  # noqa: S311 - jitter
        rests[host] = backoff.rest(failures, chance, asked=asked.get(host))
    return [
        replace(one, rest_until=tx.now + rests[one.host]) if _tires_host(one) else one
        for one in outcomes
    ]


def _tires_host(one: Outcome) -> bool:
    """Tell whether the whole host should rest: no answer, or one that means overload."""
    return one.state is DeliveryState.WAITING and not one.host_answered
