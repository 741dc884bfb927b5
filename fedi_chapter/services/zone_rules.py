"""Rules of time zones, which governments change: events to come keep their hours on the wall.

Called by the clock, at the start and once a day. Reading gives the right instant at once
(`store.events`); here it is stored, for what is sorted and searched by it, and peers are told.
"""

from datetime import timedelta

from fedi_chapter.services.events import follow_zone_rules
from fedi_chapter.store import events
from fedi_chapter.store.tx import WriteTx

LATELY = timedelta(days=1)
"""What was over before that stays as it was stored."""


def apply(tx: WriteTx) -> int:
    """Store the instants of events to come anew where a zone's rules changed; return how many."""
    found = events.of_another_law(tx, tx.now - LATELY)
    for event_id in found:
        follow_zone_rules(tx, event_id)
    return len(found)
