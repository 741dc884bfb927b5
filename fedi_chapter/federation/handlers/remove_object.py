"""Delete of a note or an event: by its owner, or confirmed by its origin (OBJ-06).

A tombstone stays, so that a Create or Update that arrives late brings nothing back (OBJ-22).
"""

from fedi_chapter.deps import Deps
from fedi_chapter.federation import gone, undoing
from fedi_chapter.federation.case import Case
from fedi_chapter.federation.gone import Found
from fedi_chapter.federation.outcome import Done, Ignored, Outcome
from fedi_chapter.store import messages, neighbours, replies, tombstones
from fedi_chapter.store.tx import ReadTx, WriteTx
from fedi_chapter.vocab.activities import DeleteObject


async def prepare(deps: Deps, activity: DeleteObject, case: Case) -> bool:
    """Tell whether the origin confirms the Delete; where the sender's word will do, don't ask."""
    owner = await deps.db.read(lambda tx: owner_of(tx, activity.object))
    if owner is None or _is_own_word(owner, case):
        return False
    found = await gone.look(deps, activity.object, case.budget)
    return found is not Found.THERE


def apply(tx: WriteTx, activity: DeleteObject, case: Case, prepared: bool) -> Outcome:
    """Remove whatever we keep under this id; it may have come in since `prepare` looked."""
    uri = activity.object
    owner = owner_of(tx, uri)
    if not (prepared or _is_own_word(owner, case)):
        return Ignored("deletes what is not the sender's")
    if owner is None:
        undoing.note_unknown_deleted(tx, case.sender.uri, uri)
    tombstones.put(tx, uri, activity.former_type or "Object", False)
    if owner is None:
        return Ignored("deletes what we never kept")
    replies.remove(tx, uri)
    messages.remove(tx, uri)
    neighbours.remove(tx, uri, owner)
    return Done("deleted")


def _is_own_word(owner: str | None, case: Case) -> bool:
    return case.proved and owner in (None, case.sender.uri)


def owner_of(tx: ReadTx, uri: str) -> str | None:
    """Return who wrote what we keep under `uri`."""
    kept = (
        replies.get(tx, uri)
        or messages.get(tx, uri)
        or neighbours.get_post(tx, uri)
        or neighbours.get_event(tx, uri)
    )
    return kept.actor_uri if kept else None
