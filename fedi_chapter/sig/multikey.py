"""Multikeys (FEP-521a): a public key as multibase text with a multicodec prefix.

Called by `keys`. Only the spelling is read here; whether the key is a good one is judged there.
"""

from base64 import b64decode
from typing import Literal

from fedi_chapter.core.errors import SignatureInvalid

Kind = Literal["rsa", "ed25519"]

CODES: dict[Kind, bytes] = {"ed25519": b"\xed\x01", "rsa": b"\x85\x24"}
MAX_TEXT = 1024
ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def write(kind: Kind, key: bytes) -> str:
    """Return the Multikey text of `key`, in base58btc."""
    data = CODES[kind] + key
    number, digits = int.from_bytes(data), ""
    while number:
        number, digit = divmod(number, 58)
        digits = ALPHABET[digit] + digits
    return f"z{digits}"


def read(text: str) -> tuple[Kind, bytes]:
    """Return the kind and the bytes of a Multikey in base58btc (z) or base64url (u).

    Raises:
        SignatureInvalid: it is neither, or not the code of a kind of key that is used here.

    """
    if len(text) > MAX_TEXT:
        raise SignatureInvalid("the Multikey is too long")
    data = _from_base58(text[1:]) if text.startswith("z") else _from_base64(text)
    for kind, code in CODES.items():
        if data.startswith(code):
            return kind, data[len(code) :]
    raise SignatureInvalid("the Multikey is of an unknown kind")


def _from_base58(text: str) -> bytes:
    # No code begins with a zero byte, so leading ones, which stand for zeros, lead nowhere.
    number = 0
    for letter in text:
        digit = ALPHABET.find(letter)
        if digit < 0:
            raise SignatureInvalid("the Multikey is not base58")
        number = number * 58 + digit
    return number.to_bytes((number.bit_length() + 7) // 8) if text[:1] != "1" else b""


def _from_base64(text: str) -> bytes:
    if not text.startswith("u"):
        raise SignatureInvalid("the Multikey is in an unknown multibase")
    digits = text[1:]
    try:
        return b64decode(digits + "=" * (-len(digits) % 4), altchars=b"-_", validate=True)
    except ValueError as error:
        raise SignatureInvalid("the Multikey is not base64url") from error
