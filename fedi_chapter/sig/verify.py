"""Verifying requests: what a signature claims, and whether a key bears it out.

Called by `federation.inbox` and by readers of signed GETs, in two steps: `claim` judges all
that needs no key, so that no key is fetched for a request that can't be good; `check` is the
proof. Whose key it is, and what its owner may do, is judged in `federation`.
"""

from collections.abc import Iterable
from datetime import datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256

from fedi_chapter.core.errors import SignatureInvalid
from fedi_chapter.domain.remote_actor import RemoteKey
from fedi_chapter.sig import cavage, rfc9421
from fedi_chapter.sig.keys import PublicKey, load_public
from fedi_chapter.sig.message import Claim, Request, fields_of

__all__ = ["Claim", "Request", "check", "claim", "is_signed"]

_PADDING, _HASH = PKCS1v15(), SHA256()


def is_signed(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Tell whether the headers hold a signature of either scheme, good or bad."""
    return any(name.lower() in {b"signature", b"signature-input"} for name, _ in headers)


def claim(request: Request, *, now: datetime) -> Claim:
    """Read the signature of `request`, and judge all that can be judged without the key.

    A request with a Signature-Input is RFC 9421 and nothing else: there is no falling back to
    the older scheme inside one request (security case SIG-22).

    Raises:
        SignatureMalformed: the headers can't be parsed.
        SignatureInvalid: there is no signature, it covers too little, is out of time, names an
            unknown algorithm, or the digest is not the body's.

    """
    fields = fields_of(request.headers)
    if "signature-input" in fields:
        return rfc9421.read(request, fields, now)
    if "signature" in fields:
        return cavage.read(request, fields, now)
    raise SignatureInvalid("the request is not signed")


def check(claim: Claim, key: RemoteKey) -> None:
    """Verify the signature of `claim` with `key`.

    The key's own kind decides how; the algorithm a sender names can only rule it out.

    Raises:
        SignatureInvalid: the signature was not made with this key, or the key is no good.

    """
    if claim.kind is not None and claim.kind != key.kind:
        raise SignatureInvalid(f"the algorithm named does not go with the {key.kind} key")
    public = load_public(key.kind, key.public)
    if not any(_holds(public, claim.signature, base) for base in claim.bases):
        raise SignatureInvalid(f"the signature was not made with the key {key.id[:200]}")


def _holds(public: PublicKey, signature: bytes, base: bytes) -> bool:
    try:
        if isinstance(public, RSAPublicKey):
            public.verify(signature, base, _PADDING, _HASH)
        else:
            public.verify(signature, base)
    except InvalidSignature:
        return False
    return True
