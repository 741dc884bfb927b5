"""Links that are keys: whoever holds one may see or do one thing, and nobody can guess one.

Made by whoever writes to a person, read by the pages behind the links. Nothing is stored: a
token carries what it stands for and a proof that we wrote it. What the subject is, and whether
it still may, is for the page to know.
"""

import base64
import binascii
import hmac

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

PROOF = 16
"""Bytes of the proof: 128 bits."""
LONGEST = 1024
"""Characters of a token that are looked at."""


class Links:
    """Makes and reads tokens, under a key of their own that comes from the master key."""

    def __init__(self, master: bytes) -> None:
        self._key = HKDF(SHA256(), 32, salt=None, info=b"fedi-chapter links").derive(master)

    def make(self, purpose: str, subject: str, turn: int = 0) -> str:
        """Return the token of `subject` for `purpose`; with another `turn` it is another one."""
        body = f"{turn}.{subject}".encode()
        return base64.urlsafe_b64encode(self._proof(purpose, body) + body).rstrip(b"=").decode()

    def read(self, purpose: str, token: str) -> tuple[str, int] | None:
        """Return subject and turn of a token that `make` made for `purpose`, else None."""
        try:
            raw = base64.b64decode(_padded(token[:LONGEST]), altchars=b"-_", validate=True)
            turn, _, subject = raw[PROOF:].decode().partition(".")
            expected = self.make(purpose, subject, int(turn))
        except (binascii.Error, ValueError):
            return None
        # Made anew and compared whole: each token has one spelling only.
        return (subject, int(turn)) if hmac.compare_digest(expected, token) else None

    def fingerprint(self, purpose: str, text: str) -> str:
        """Return what stands for `text` where the text itself must not be kept or shown."""
        return self._proof(f"fingerprint {purpose}", text.encode()).hex()

    def _proof(self, purpose: str, body: bytes) -> bytes:
        return hmac.digest(self._key, purpose.encode() + b"\0" + body, "sha256")[:PROOF]


def _padded(token: str) -> str:
    return token + "=" * (-len(token) % 4)
