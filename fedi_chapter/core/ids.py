"""The one source of randomness for names: time-ordered ids and unguessable tokens.

Called by transactions and by whoever needs a secret link. Keys for signatures are made
in `sig.keys`; nothing here is derived from data.
"""

import os
import secrets
from datetime import datetime
from typing import Protocol


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
        raw = bytearray(int(at.timestamp() * 1000).to_bytes(6) + os.urandom(10))
        raw[6] = raw[6] & 0x0F | 0x70
        raw[8] = raw[8] & 0x3F | 0x80
        text = raw.hex()
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

    def token(self) -> str:
        """Return an unguessable, URL-safe word of 256 bits."""
        return secrets.token_urlsafe(32)
