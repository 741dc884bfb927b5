"""An event that comes without a place, tags or a picture, as its origin shows it.

Some servers send less than they show. Where the page can't be had at the moment, what came is
kept, and the clock asks again: with growing pauses, for some days.

Called by the handlers of events, before their transaction, and by the clock. Nothing is fetched
that nobody keeps.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import groupby

from fedi_chapter.core.errors import RemoteFailure
from fedi_chapter.core.log import get_logger
from fedi_chapter.deps import Deps
from fedi_chapter.domain.neighbour import NeighbourEvent
from fedi_chapter.federation import objects
from fedi_chapter.federation.backoff import asked_again_in
from fedi_chapter.federation.case import Case
from fedi_chapter.federation.intake import take_event
from fedi_chapter.federation.objects import Authored
from fedi_chapter.federation.outcome import Done, Outcome
from fedi_chapter.net.fetch import Budget
from fedi_chapter.net.pools import Cause
from fedi_chapter.store import following, neighbours, unfilled
from fedi_chapter.store.tx import ReadTx, WriteTx
from fedi_chapter.store.unfilled import Unfilled
from fedi_chapter.vocab.activities import CreateEvent, EventDocument, UpdateEvent

log = get_logger(__name__)

PATIENCE = timedelta(days=7)
"""How long a page is asked for again; after that, the next Update asks."""
MOST, MOST_HOST = 40, 5
"""Pages asked for again in one go, and of one host."""
LONGEST_GO = 10.0
"""Seconds that the clock waits for them; the others are asked when they are due again."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What was found at the id of an event that came."""

    event: NeighbourEvent | None = None
    """As its page shows it; None where nothing was asked or found."""
    failed: bool = False
    """The page could not be had at the moment."""


async def look(deps: Deps, activity: CreateEvent | UpdateEvent, case: Case) -> Looked:
    """Look at the event as it stands at its id, where it came bare."""
    document, sender = activity.document, case.sender.uri
    uri = document.event.uri

    def is_kept(tx: ReadTx) -> bool:
        return following.is_followed(tx, sender) or neighbours.get_event(tx, uri) is not None

    if not document.event.is_bare or not document.is_listed or not await deps.db.read(is_kept):
        return Looked()
    try:
        found = await objects.fetch(deps, uri, budget=case.budget)
    except RemoteFailure as error:  # what came is worth keeping without
        return Looked(failed=error.retry)
    page = _page(found, uri)
    return Looked(page.event if page and found.author.uri == sender else None)


def note(
    tx: WriteTx, activity: CreateEvent | UpdateEvent, case: Case, outcome: Outcome, looked: Looked
) -> None:
    """Have the page of an event asked for again that was kept without it."""
    uri = activity.document.event.uri
    if looked.failed and isinstance(outcome, Done) and neighbours.get_event(tx, uri) is not None:
        unfilled.put(tx, uri, case.sender.host, tx.now + asked_again_in(timedelta()))


async def fill_due(deps: Deps) -> None:
    """Ask for the pages that are due, all hosts at the same time, each for one after the other."""

    def claim(tx: WriteTx) -> list[Unfilled]:
        unfilled.forget_old(tx, tx.now - PATIENCE)
        return unfilled.claim(tx, MOST, per_host=MOST_HOST, pause=asked_again_in)

    def host(each: Unfilled) -> str:
        return each.host

    if not await deps.db.read(unfilled.any_due):
        return
    due = sorted(await deps.db.write(claim), key=host)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(LONGEST_GO), asyncio.TaskGroup() as group:
            for _, theirs in groupby(due, host):
                group.create_task(_fill_of_host(deps, list(theirs)))


async def _fill_of_host(deps: Deps, due: Sequence[Unfilled]) -> None:
    """Fill one host's events; the first that fails in passing stands for the others."""
    for each in due:
        try:
            await _fill(deps, each)
        except RemoteFailure as error:
            if error.retry:
                log.info("event not filled", host=each.host, error=error.message)
                return
            await deps.db.write(lambda tx, uri=each.uri: unfilled.remove(tx, uri))  # type: ignore[misc]


async def _fill(deps: Deps, claimed: Unfilled) -> None:
    def actor_of(tx: ReadTx) -> tuple[str, Cause] | None:
        event = neighbours.get_event(tx, claimed.uri)
        if event is None:
            return None
        is_followed = following.is_followed(tx, event.actor_uri)
        return event.actor_uri, Cause.NEIGHBOUR if is_followed else Cause.STRANGER

    kept = await deps.db.read(actor_of)
    if kept is None:
        return
    budget = Budget(cause=kept[1])
    found = await objects.fetch(deps, claimed.uri, budget=budget)
    case = Case(
        sender=found.author,
        urls=deps.urls,
        settings=deps.settings,
        proved=True,
        budget=budget,
        received_at=deps.clock.now(),
    )
    await deps.db.write(lambda tx: _take(tx, claimed, found, case))


def _take(tx: WriteTx, claimed: Unfilled, found: Authored, case: Case) -> None:
    """Keep an event as its page shows it, unless something came of it meanwhile."""
    if not unfilled.holds(tx, claimed):
        return
    page, kept = _page(found, claimed.uri), neighbours.get_event(tx, claimed.uri)
    if page is not None and kept is not None:
        # It is what stands there now, also where it is not dated, or was by when it came.
        told_at = kept.updated_at or kept.published_at
        event = replace(page.event, updated_at=max(page.event.updated_at or told_at, told_at))
        take_event(tx, replace(page, event=event), found.author, case, origin=event)
    unfilled.remove(tx, claimed.uri)


def _page(found: Authored, uri: str) -> EventDocument | None:
    content = found.content
    return content if isinstance(content, EventDocument) and content.event.uri == uri else None
