"""Places in line: who sends much stands behind those of the same host who send little.

Held by the inbox's door. Places decide only who goes first when many wait; an actor's own
activities stay in the order they came.
"""

from collections import OrderedDict
from datetime import datetime, timedelta

APART = timedelta(minutes=1)
"""An actor's activities stand so far apart, however quickly it sends them: as long as a
slow one may take."""
FARTHEST = timedelta(days=1)
MOST = 10_000
"""Actors whose last place is known."""


class Line:
    """Gives each activity a place, which is a time: that of its arrival, or later."""

    def __init__(self) -> None:
        self._last: OrderedDict[str, datetime] = OrderedDict()

    def place(self, actor: str, now: datetime) -> datetime:
        """Return the place of what `actor` sends `now`."""
        last = self._last.pop(actor, None)
        place = now if last is None else min(max(now, last + APART), now + FARTHEST)
        self._last[actor] = place
        if len(self._last) > MOST:
            self._last.popitem(last=False)
        return place
