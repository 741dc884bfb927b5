"""The loops behind the notices: people are told what concerns them, each by the route they came.

Run by the supervisor, one for each route: a mail server that hangs must not hold up direct
messages. What is said and how it is sent is the business of `federation.telling`; how failures
are put back or aside, of `workers.loop`.
"""

import asyncio
from collections.abc import Mapping
from datetime import timedelta

from fedi_chapter.deps import Deps
from fedi_chapter.domain.notice import NoticeRoute
from fedi_chapter.federation.telling import tell
from fedi_chapter.store import notice_queue
from fedi_chapter.store.notice_queue import NoticeJob
from fedi_chapter.workers.bell import Bell
from fedi_chapter.workers.loop import Queue, work

WIDTH: Mapping[NoticeRoute, int] = {NoticeRoute.DIRECT: 100, NoticeRoute.MAIL: 4}
"""How many are in hand at the same time: messages share a commit, a letter is a connection."""
LEASE = timedelta(minutes=5)
"""Longer than any talk with a mail server; then a dead worker's notice is taken up again."""
MOST_ATTEMPTS = 250
"""At half an hour between two tries that is about five days: a mail server may be away so long."""


def queue(deps: Deps, route: NoticeRoute, lease: timedelta = LEASE) -> Queue[NoticeJob]:
    """Describe the notices of one route to the loop."""
    return Queue(
        name=f"notices {route}",
        claim=lambda tx, limit: notice_queue.claim(tx, limit, lease, route),
        do=lambda job: tell(deps, job),
        retry=notice_queue.retry,
        # Counted all the same: a letter may have gone out before the database failed, and only
        # what is counted is tried again less and less often.
        give_back=notice_queue.retry,
        park=notice_queue.park,
        width=WIDTH[route],
        most_attempts=MOST_ATTEMPTS,
    )


async def run_messages(deps: Deps, stop: asyncio.Event, bell: Bell) -> None:
    """Send direct messages until `stop` is set."""
    await work(deps, queue(deps, NoticeRoute.DIRECT), stop=stop, bell=bell)


async def run_mail(deps: Deps, stop: asyncio.Event, bell: Bell) -> None:
    """Send mail until `stop` is set."""
    await work(deps, queue(deps, NoticeRoute.MAIL), stop=stop, bell=bell)
