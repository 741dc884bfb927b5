"""A worker process that may be killed: fan-out and deliveries over real sockets, short leases.

Started as `python -m tests.kit.sending_worker DATABASE FOLDER`; says `ready` and works until
it is ended.
"""

import asyncio
import sys
from datetime import timedelta
from pathlib import Path

from fedi_chapter.core.clock import SystemClock
from fedi_chapter.core.ids import RandomIds
from fedi_chapter.deps import Deps
from fedi_chapter.net import tls
from fedi_chapter.net.guard import Guard
from fedi_chapter.net.post import GuardedPoster
from fedi_chapter.store.engine import open_database
from fedi_chapter.workers import fanout, supervisor
from fedi_chapter.workers.bell import Bell
from fedi_chapter.workers.delivery import DeliveryLoop, Pace
from fedi_chapter.workers.loop import work
from tests.kit.sending import deps_on

LEASE = timedelta(seconds=1)


async def _fan_out(deps: Deps, stop: asyncio.Event, bell: Bell) -> None:
    await work(deps, fanout.queue(deps, LEASE), stop=stop, bell=bell)


async def _deliver(deps: Deps, stop: asyncio.Event, bell: Bell) -> None:
    await DeliveryLoop(deps, bell, Pace(lease=LEASE)).run(stop)


async def _main(url: str, data: Path) -> None:
    clock, ids = SystemClock(), RandomIds()
    db = open_database(url, clock=clock, ids=ids)
    poster = GuardedPoster(Guard(allow_private=True), tls=tls.context(None), user_agent="test")
    deps = deps_on(db, data, clock=clock, ids=ids, poster=poster)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await supervisor.run(
        deps, stop=asyncio.Event(), loops={"outbox": _fan_out, "deliveries": _deliver}
    )


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1], Path(sys.argv[2])))
