"""Followers who are gone for good without a word: their inbox says so, and their own address too.

Called by the clock; uses the network, so never inside a transaction.
"""

import asyncio
from datetime import timedelta

from fedi_chapter.core.errors import RemoteFailure
from fedi_chapter.core.log import get_logger
from fedi_chapter.deps import Deps
from fedi_chapter.federation import gone
from fedi_chapter.federation.gone import Found
from fedi_chapter.net.fetch import Budget
from fedi_chapter.services.erasure import forget_person
from fedi_chapter.store import audiences
from fedi_chapter.store import remote_actors as stored
from fedi_chapter.store.tx import WriteTx

log = get_logger(__name__)

MOST, AT_ONCE = 50, 8
"""Followers asked about in one go, and of those at the same time."""
ASKED_AGAIN = timedelta(days=1)
"""One who turned out to be alive is not asked about again for this long."""


async def forget_departed(deps: Deps) -> None:
    """Forget the followers whose inbox answered 410, where their own address does as well."""
    now = deps.clock.now()
    found = await deps.db.read(lambda tx: audiences.followers_behind_closed_inboxes(tx))
    due = [uri for uri in found if not deps.fetches.is_closed(_name(uri), now)][:MOST]
    places = asyncio.Semaphore(AT_ONCE)

    async def ask(uri: str) -> None:
        async with places:
            await _forget_if_gone(deps, uri)

    async with asyncio.TaskGroup() as group:
        for uri in due:
            deps.fetches.close(_name(uri), now, ASKED_AGAIN)
            group.create_task(ask(uri))


async def _forget_if_gone(deps: Deps, uri: str) -> None:
    try:
        if await gone.look(deps, uri, Budget(3)) is not Found.GONE:
            return
    except RemoteFailure:
        return  # asked again tomorrow

    def forget(tx: WriteTx) -> None:
        forget_person(tx, uri, is_gone=True)
        stored.mark_gone(tx, uri)

    await deps.db.write(forget)
    log.info("follower gone", host=uri.partition("://")[2].partition("/")[0])


def _name(uri: str) -> str:
    return f"departed {uri}"
