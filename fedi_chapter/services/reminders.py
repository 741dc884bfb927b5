"""What is told by the clock: a reminder the day before, thanks some hours after.

Called by `workers.schedule`. Looking again puts nothing twice: each notice has its occasion.
"""

from datetime import timedelta

from fedi_chapter.domain.event import Event
from fedi_chapter.domain.notice import NoticeKind
from fedi_chapter.services.notices import tell_all
from fedi_chapter.store import events
from fedi_chapter.store.tx import ReadTx, WriteTx

AHEAD = timedelta(hours=24)
"""How long before the start people are reminded."""
TOO_LATE = timedelta(hours=3)
"""Nobody is reminded of what begins sooner than this."""
STILL_FRESH = timedelta(hours=6)
"""Who answered so recently needs no reminder yet."""
AFTER = timedelta(hours=3)
"""How long after the end people are thanked."""
AHEAD_OF_A_DAY = timedelta(hours=15)
"""The same before a whole day, which begins at midnight: nine in the morning."""
AFTER_A_DAY = timedelta(hours=10)
"""The same after a whole day: ten in the morning."""
THANKS_UNTIL = timedelta(days=2)
"""Thanks that would come later, because we were away, are left out."""


def put_due(tx: WriteTx) -> int:
    """Queue the reminders and thanks that are due; return how many are new."""
    return _remind(tx) + _thank(tx)


def to_remind(tx: ReadTx) -> list[Event]:
    """Return the events whose people are reminded now."""
    soon = events.starting(tx, after=tx.now + TOO_LATE, until=tx.now + AHEAD)
    return [
        event for event in soon if not event.all_day or event.starts_at <= tx.now + AHEAD_OF_A_DAY
    ]


def to_thank(tx: ReadTx) -> list[Event]:
    """Return the events whose people are thanked now."""
    over = events.ended(tx, after=tx.now - THANKS_UNTIL, until=tx.now - AFTER)
    return [event for event in over if not event.all_day or event.over_at <= tx.now - AFTER_A_DAY]


def _remind(tx: WriteTx) -> int:
    return sum(
        tell_all(
            tx,
            event,
            NoticeKind.REMINDER,
            # On another day it is another occasion; of an hour more or less people hear anyway.
            event.local(event.starts_at).date().isoformat(),
            answered_by=tx.now - STILL_FRESH,
        )
        for event in to_remind(tx)
    )


def _thank(tx: WriteTx) -> int:
    return sum(tell_all(tx, event, NoticeKind.THANKS, "after") for event in to_thank(tx))
