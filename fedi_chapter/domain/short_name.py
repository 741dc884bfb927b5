"""The short name of an event, for paper and for telling: eight letters that its id stands behind.

Made from the id alone, so an event has it for good; 40 bits, so nobody finds an event that is
not listed by trying. `store.events` keeps it to look it up by.
"""

import hashlib

LENGTH = 8
_BITS = 5
_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"
"""Base 32 after Crockford: no letter in it can be read as another one, or as a digit."""
_MEANT = str.maketrans({"o": "0", "i": "1", "l": "1", "-": None, " ": None})


def short_name(event_id: str) -> str:
    """Return the short name of an event."""
    digest = hashlib.blake2b(event_id.encode(), digest_size=LENGTH * _BITS // 8).digest()
    number = int.from_bytes(digest)
    places = range(_BITS * (LENGTH - 1), -1, -_BITS)
    return "".join(_LETTERS[number >> place & 31] for place in places)


def meant(typed: str) -> str:
    """Return the short name somebody meant who typed it from paper."""
    return typed.lower().translate(_MEANT)[:LENGTH]
