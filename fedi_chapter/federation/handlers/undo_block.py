"""Undo of a Block: nothing comes back by it, but a Block that comes late ends no new follow."""

from fedi_chapter.federation.case import Case
from fedi_chapter.federation.outcome import Ignored, Outcome
from fedi_chapter.store.tx import WriteTx
from fedi_chapter.vocab.activities import UndoBlock


def apply(_: WriteTx, __: UndoBlock, ___: Case) -> Outcome:
    """Leave everything as it is."""
    return Ignored("a block ended the follows; they come back by a new Follow")
