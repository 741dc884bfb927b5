"""What is told by the clock: a reminder the day before, thanks some hours after.

Called by `workers.schedule`. Looking again puts nothing twice: each notice has its occasion.
"""

from datetime import timedelta

from fedi_chapter.domain.notice import NoticeKind
from fedi_chapter.services.notices import tell_all
from fedi_chapter.store import events
from fedi_chapter.store.tx import WriteTx

AHEAD = timedelta(hours=24)
"""How long before the start people are reminded."""
TOO_LATE = timedelta(hours=3)
"""Nobody is reminded of what begins sooner than this."""
STILL_FRESH = timedelta(hours=6)
"""Who answered so recently needs no reminder yet."""
AFTER = timedelta(hours=3)
"""How long after the end people are thanked."""
THANKS_UNTIL = timedelta(days=2)
"""Thanks that would come later, because we were away, are left out."""


def put_due(tx: WriteTx) -> int:
    """Queue the reminders and thanks that are due; return how many are new."""
    return _remind(tx) + _thank(tx)


def _remind(tx: WriteTx) -> int:
    soon = events.starting(tx, after=tx.now + TOO_LATE, until=tx.now + AHEAD)
    return sum(
        tell_all(
            tx,
            event,
            NoticeKind.REMINDER,
            # On another day it is another occasion; of an hour more or less people hear anyway.
            event.starts_at.astimezone(event.zone).date().isoformat(),
            answered_by=tx.now - STILL_FRESH,
        )
        for event in soon
    )


def _thank(tx: WriteTx) -> int:
    over = events.ended(tx, after=tx.now - THANKS_UNTIL, until=tx.now - AFTER)
    return sum(tell_all(tx, event, NoticeKind.THANKS, "after") for event in over)
