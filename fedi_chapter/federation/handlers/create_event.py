"""Create of an event by its own author: a neighbour's invitation."""

from fedi_chapter.domain.neighbour import NeighbourEvent
from fedi_chapter.federation import learning
from fedi_chapter.federation.case import Case
from fedi_chapter.federation.intake import take_event
from fedi_chapter.federation.outcome import Outcome
from fedi_chapter.store.tx import WriteTx
from fedi_chapter.vocab.activities import CreateEvent


def apply(tx: WriteTx, activity: CreateEvent, case: Case, origin: NeighbourEvent | None) -> Outcome:
    """Keep the event of somebody we follow."""
    learning.sent_event(tx, case.settings, case.sender.host)
    return take_event(tx, activity.document, case.sender, case, origin=origin)
