"""Create of a note: a reply, a private message, a post of somebody we follow."""

from fedi_chapter.federation.case import Case
from fedi_chapter.federation.intake import take_note
from fedi_chapter.federation.outcome import Outcome
from fedi_chapter.store.tx import WriteTx
from fedi_chapter.vocab.activities import CreateNote


def apply(tx: WriteTx, activity: CreateNote, case: Case) -> Outcome:
    """Keep the note where it belongs."""
    return take_note(tx, activity.note, case.sender, case)
