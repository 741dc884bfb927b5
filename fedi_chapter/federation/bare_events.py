"""An event that comes without a place, tags or a picture, as its origin shows it.

Some servers send less than they show.

Called by the handlers of events, before their transaction. Nothing is fetched that nobody keeps.
"""

from fedi_chapter.core.errors import RemoteFailure
from fedi_chapter.deps import Deps
from fedi_chapter.domain.neighbour import NeighbourEvent
from fedi_chapter.federation import objects
from fedi_chapter.federation.case import Case
from fedi_chapter.store import following, neighbours
from fedi_chapter.store.tx import ReadTx
from fedi_chapter.vocab.activities import CreateEvent, EventDocument, UpdateEvent


async def look(
    deps: Deps, activity: CreateEvent | UpdateEvent, case: Case
) -> NeighbourEvent | None:
    """Return the event as it stands at its id, where it came bare; None where that can't be had."""
    document, sender = activity.document, case.sender.uri
    uri = document.event.uri

    def is_kept(tx: ReadTx) -> bool:
        return following.is_followed(tx, sender) or neighbours.get_event(tx, uri) is not None

    if not document.event.is_bare or not document.is_listed or not await deps.db.read(is_kept):
        return None
    try:
        found = await objects.fetch(deps, uri, budget=case.budget)
    except RemoteFailure:  # what came is worth keeping without
        return None
    if not isinstance(found.content, EventDocument) or found.author.uri != sender:
        return None
    return found.content.event if found.content.event.uri == uri else None
