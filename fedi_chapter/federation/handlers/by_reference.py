"""Create or Update of something given only by its id, or passed on by others.

The object is fetched from its origin, and what stands there is taken as if it had been sent
by its author (OBJ-01, OBJ-11).
"""

from fedi_chapter.deps import Deps
from fedi_chapter.federation import objects
from fedi_chapter.federation.case import Case
from fedi_chapter.federation.intake import root_of, take_event, take_note
from fedi_chapter.federation.objects import Authored
from fedi_chapter.federation.outcome import Ignored, Outcome
from fedi_chapter.store import followers, following, known
from fedi_chapter.store.tx import ReadTx, WriteTx
from fedi_chapter.vocab.activities import CreateByReference, Note
from fedi_chapter.vocab.shape import host_of


async def prepare(deps: Deps, activity: CreateByReference, case: Case) -> Authored | None:
    """Fetch the object and its author; None when nobody would keep it."""
    if case.proved and not await deps.db.read(lambda tx: _is_wanted(tx, activity, case)):
        return None
    return await objects.fetch(deps, activity.object, budget=case.budget)


def apply(
    tx: WriteTx, activity: CreateByReference, case: Case, prepared: Authored | None
) -> Outcome:
    """Keep what the origin says."""
    if prepared is None:
        return Ignored("the id of something unknown, by somebody without a tie to us")
    if isinstance(prepared.content, Note):
        return take_note(tx, prepared.content, prepared.author, case, is_update=activity.is_update)
    return take_event(
        tx,
        prepared.content,
        prepared.author,
        case,
        is_update=activity.is_update,
        origin=prepared.content.event,
    )


def _is_wanted(tx: ReadTx, activity: CreateByReference, case: Case) -> bool:
    """Tell whether it is kept already, or may be a neighbour's, or is said to be a reply to us.

    Members of a Mobilizon publish in the name of a group: one that we follow is on their host.
    """
    who = case.sender.uri
    return (
        known.as_what(tx, activity.object) is not None
        or following.is_followed(tx, who)
        or following.is_anybody_followed(tx, host_of(activity.object))
        or followers.is_follower(tx, who)
        or root_of(tx, case.urls, activity.in_reply_to) is not None
    )
