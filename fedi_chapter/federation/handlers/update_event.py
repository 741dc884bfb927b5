"""Update of an event by its own author: moved, reworded or cancelled."""

from fedi_chapter.federation import bare_events
from fedi_chapter.federation.bare_events import Looked
from fedi_chapter.federation.case import Case
from fedi_chapter.federation.intake import take_event
from fedi_chapter.federation.outcome import Outcome
from fedi_chapter.store.tx import WriteTx
from fedi_chapter.vocab.activities import UpdateEvent


def apply(tx: WriteTx, activity: UpdateEvent, case: Case, looked: Looked) -> Outcome:
    """Keep the event of somebody we follow, as it now is."""
    outcome = take_event(
        tx, activity.document, case.sender, case, is_update=True, origin=looked.event
    )
    bare_events.note(tx, activity, case, outcome, looked)
    return outcome
