"""Digests of bodies: what we send, and whether what we got is right.

Called by `cavage` and `rfc9421`, and by whoever queues a body, once per body. Whether a digest
is signed is judged there.
"""

from base64 import b64encode
from hashlib import sha256, sha512

from fedi_chapter.core.errors import SignatureInvalid, SignatureMalformed
from fedi_chapter.sig import structured

ALGORITHMS = {"sha-256": sha256, "sha-512": sha512}
"""Those a body is trusted by; others are passed over, and alone they prove nothing."""


def sha256_base64(body: bytes) -> str:
    """Return the SHA-256 of `body` in base64."""
    return b64encode(sha256(body).digest()).decode()


def check_digest(value: str, body: bytes) -> None:
    """Compare a `Digest` header (RFC 3230) with `body`; every known digest in it must match.

    Raises:
        SignatureInvalid: one does not, or none is known.

    """
    known = 0
    for item in value.split(","):
        name, _, given = item.strip().partition("=")
        algorithm = ALGORITHMS.get(name.lower())
        if algorithm is None:
            continue
        known += 1
        if given.encode("latin-1") != b64encode(algorithm(body).digest()):
            raise SignatureInvalid("the Digest is not the body's")
    if not known:
        raise SignatureInvalid("the Digest has neither SHA-256 nor SHA-512")


def check_content_digest(value: str, body: bytes) -> None:
    """Compare a `Content-Digest` header (RFC 9530) with `body`, in the same way.

    Raises:
        SignatureMalformed: it is not a dictionary of byte sequences.
        SignatureInvalid: a digest differs, or none is known.

    """
    known = 0
    for name, (given, _) in structured.dictionary(value).items():
        if not isinstance(given, bytes):
            raise SignatureMalformed("a Content-Digest is not a byte sequence")
        if name in ALGORITHMS:
            known += 1
            if given != ALGORITHMS[name](body).digest():
                raise SignatureInvalid("the Content-Digest is not the body's")
    if not known:
        raise SignatureInvalid("the Content-Digest has neither sha-256 nor sha-512")
