"""Undo of a Announce: only the one who gave it can take it back."""

from fedi_chapter.federation.case import Case
from fedi_chapter.federation.outcome import Done, Ignored, Outcome
from fedi_chapter.store import reactions
from fedi_chapter.store.tx import WriteTx
from fedi_chapter.vocab.activities import UndoAnnounce


def apply(tx: WriteTx, activity: UndoAnnounce, case: Case) -> Outcome:
    """Take the boost back: by what it was for, else by its id."""
    actor = case.sender.uri
    removed = (
        activity.object is not None and reactions.remove(tx, "boost", actor, activity.object)
    ) or (
        activity.announce_id is not None
        and reactions.remove_by_activity(tx, actor, activity.announce_id)
    )
    return Done("boost taken back") if removed else Ignored("no such boost")
