"""Undo of a Like: only the one who gave it can take it back."""

from fedi_chapter.federation.case import Case
from fedi_chapter.federation.outcome import Done, Ignored, Outcome
from fedi_chapter.store import reactions
from fedi_chapter.store.tx import WriteTx
from fedi_chapter.vocab.activities import UndoLike


def apply(tx: WriteTx, activity: UndoLike, case: Case) -> Outcome:
    """Take the like back: by what it was for, else by its id."""
    actor = case.sender.uri
    removed = (
        activity.object is not None and reactions.remove(tx, "like", actor, activity.object)
    ) or (
        activity.like_id is not None and reactions.remove_by_activity(tx, actor, activity.like_id)
    )
    return Done("like taken back") if removed else Ignored("no such like")
