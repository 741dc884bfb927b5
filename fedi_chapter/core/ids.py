"""The one source of randomness for names: time-ordered ids and unguessable tokens.

Called by transactions and by whoever needs a secret link. Keys for signatures are made
in `sig.keys`; nothing here is derived from data.
"""

import secrets
from datetime import datetime
from typing import Protocol
from uuid import UUID


class Ids(Protocol):
    """Makes names that nobody has used before."""

    def new(self, at: datetime) -> str:
        """Return a UUID whose order follows `at` (RFC 9562 §5.7, version 7)."""
        ...

    def token(self) -> str:
        """Return an unguessable, URL-safe word of 256 bits."""
        ...


class RandomIds:
    """Ids from the operating system's random source."""

    def new(self, at: datetime) -> str:
        """Return a UUID whose order follows `at` (RFC 9562 §5.7, version 7)."""
        milliseconds = int(at.timestamp() * 1000)
        value = milliseconds << 80 | secrets.randbits(80)
        value = value & ~(0xF << 76) | 0x7 << 76
        value = value & ~(0x3 << 62) | 0x2 << 62
        return str(UUID(int=value))

    def token(self) -> str:
        """Return an unguessable, URL-safe word of 256 bits."""
        return secrets.token_urlsafe(32)
