"""Update of a note: an edit by its author.

An edit of what we never saw is kept like a new note, so that a late Create can't bring the
old text (OBJ-22).
"""

from fedi_chapter.federation.case import Case
from fedi_chapter.federation.intake import take_note
from fedi_chapter.federation.outcome import Outcome
from fedi_chapter.store.tx import WriteTx
from fedi_chapter.vocab.activities import UpdateNote


def apply(tx: WriteTx, activity: UpdateNote, case: Case) -> Outcome:
    """Apply the newer text."""
    return take_note(tx, activity.note, case.sender, case, is_update=True)
