"""Create or Update of something given only by its id, or passed on by others.

The object is fetched from its origin, and what stands there is taken as if it had been sent
by its author (OBJ-01, OBJ-11).
"""

from fedi_chapter.deps import Deps
from fedi_chapter.federation import objects
from fedi_chapter.federation.case import Case
from fedi_chapter.federation.intake import take_event, take_note
from fedi_chapter.federation.objects import Authored
from fedi_chapter.federation.outcome import Outcome
from fedi_chapter.store.tx import WriteTx
from fedi_chapter.vocab.activities import CreateByReference, Note


async def prepare(deps: Deps, activity: CreateByReference, case: Case) -> Authored:
    """Fetch the object and its author."""
    return await objects.fetch(deps, activity.object, budget=case.budget)


def apply(tx: WriteTx, activity: CreateByReference, case: Case, prepared: Authored) -> Outcome:
    """Keep what the origin says."""
    if isinstance(prepared.content, Note):
        return take_note(tx, prepared.content, prepared.author, case)
    return take_event(tx, prepared.content, prepared.author, is_update=activity.is_update)
