"""Update of an event by its own author: moved, reworded or cancelled."""

from fedi_chapter.domain.neighbour import NeighbourEvent
from fedi_chapter.federation import learning
from fedi_chapter.federation.case import Case
from fedi_chapter.federation.intake import take_event
from fedi_chapter.federation.outcome import Outcome
from fedi_chapter.store.tx import WriteTx
from fedi_chapter.vocab.activities import UpdateEvent


def apply(tx: WriteTx, activity: UpdateEvent, case: Case, origin: NeighbourEvent | None) -> Outcome:
    """Keep the event of somebody we follow, as it now is."""
    learning.sent_event(tx, case.settings, case.sender.host)
    return take_event(tx, activity.document, case.sender, case, is_update=True, origin=origin)
