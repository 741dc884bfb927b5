"""Ids that are the same in every run."""

from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from uuid import UUID


@dataclass
class CountedIds:
    """Counts up: the first id of an instant ends in 1, tokens are `token-1`, `token-2`…"""

    numbers: "count[int]" = field(default_factory=lambda: count(1))

    def new(self, at: datetime) -> str:
        value = int(at.timestamp() * 1000) << 80 | 0x7 << 76 | 0x2 << 62 | next(self.numbers)
        return str(UUID(int=value))

    def token(self) -> str:
        return f"token-{next(self.numbers)}"
