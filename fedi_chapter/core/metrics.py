"""Counters of what happened and levels of what is going on, in memory of one process.

Incremented by edges and workers; read by the log line at shutdown and by tests.
Never a source of truth: what must survive lives in the database.
"""

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Metrics:
    """Counts by name, such as `inbox.accepted` or `inbox.ignored.unknown-type`."""

    counts: Counter[str] = field(default_factory=Counter)
    levels: Counter[str] = field(default_factory=Counter)
    """How many are under way now, by name, such as `inbox.inside`."""

    def add(self, name: str, by: int = 1) -> None:
        """Count `by` more of `name`."""
        self.counts[name] += by
