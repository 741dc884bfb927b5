"""When others wrote and changed things: never later than it came, and which edit is the newest.

Called by `federation.intake` for notes and events.
"""

from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from fedi_chapter.domain.conversation import Message, Reply
from fedi_chapter.domain.neighbour import NeighbourPost
from fedi_chapter.federation.case import Case
from fedi_chapter.vocab.activities import Note

Dated = TypeVar("Dated", Reply, Message, NeighbourPost)


def dated(note: Note, case: Case) -> Note:
    """Return a note whose dates are not later than it came: nobody has written it since."""
    arrived = second(case.received_at)
    return replace(
        note,
        published=no_later(note.published, arrived),
        updated=no_later(note.updated, arrived),
    )


def second(at: datetime) -> datetime:
    """Return the whole second: stamps have no finer ones, and the next may be of the same."""
    return at.replace(microsecond=0)


def no_later(at: datetime | None, arrived: datetime) -> datetime | None:
    """Return an instant, or when it came where that was before."""
    return None if at is None else min(at, arrived)


def edit(told: Dated, kept: Dated, case: Case, *, is_update: bool) -> Dated | None:
    """Return an edit as it is to be kept, None where it does not count.

    An update without a time is made when it came, if it says anything new.
    """
    says_more = told != replace(kept, updated_at=told.updated_at)
    if is_update and told.updated_at is None and says_more:
        told = replace(told, updated_at=second(case.received_at))
    known = kept.updated_at or kept.published_at
    return told if is_later(told.updated_at, known, says_more=says_more) else None


def is_later(stated: datetime | None, known: datetime | None, *, says_more: bool) -> bool:
    """Tell whether an edit replaces what we keep: later than that, or as late with other words."""
    if stated is None:
        return False
    return known is None or stated > known or (stated == known and says_more)
