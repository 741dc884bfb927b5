"""Signing requests: a URL and a key in, headers out.

Called by `net.fetch` and `federation.deliver`, also from threads: nothing is kept, and the
costly step, the RSA signature, lets other threads run. Sending is theirs.
"""

import re
from base64 import b64encode
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Literal

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256

from fedi_chapter.core.errors import UnsafeAddress
from fedi_chapter.sig import cavage, rfc9421
from fedi_chapter.sig.keys import SigningKey

Scheme = Literal["cavage", "rfc9421"]

ACTIVITY = "application/activity+json"
LABEL = "sig1"

_URL = re.compile(r"(https?)://([^/?#@\s]+)(/[^?#\s]*)?(\?[^#\s]*)?(?:#.*)?", re.IGNORECASE)
_DEFAULT_PORT = {"http": ":80", "https": ":443"}


def sign(
    scheme: Scheme,
    key: SigningKey,
    *,
    method: str,
    url: str,
    at: datetime,
    digest: str | None = None,
) -> dict[str, str]:
    """Return all headers that `method` on `url` needs, signed with `key` at the instant `at`.

    `digest` is the SHA-256 of the body in base64; a POST needs one.

    Raises:
        UnsafeAddress: `url` is not an http or https URL.

    """
    if method == "POST" and digest is None:
        raise ValueError("a POST is signed with the digest of its body")
    origin, host, target = _split(url)
    headers = {"Host": host, "Date": format_datetime(at.astimezone(UTC), usegmt=True)}
    if digest is not None:
        headers["Content-Type"] = ACTIVITY
    if scheme == "cavage":
        _sign_cavage(headers, key, f"{method.lower()} {target}", digest)
    else:
        values = {rfc9421.METHOD: method, rfc9421.TARGET_URI: origin + target}
        _sign_rfc9421(headers, key, values, created=int(at.timestamp()), digest=digest)
    return headers


def _sign_cavage(
    headers: dict[str, str], key: SigningKey, request_line: str, digest: str | None
) -> None:
    values = {cavage.TARGET: request_line, "host": headers["Host"], "date": headers["Date"]}
    if digest is not None:
        values["digest"] = headers["Digest"] = f"SHA-256={digest}"
    signature = _signature(key, cavage.signing_string(tuple(values), values))
    headers["Signature"] = cavage.write(key.id, key.kind, tuple(values), signature)


def _sign_rfc9421(
    headers: dict[str, str],
    key: SigningKey,
    values: dict[str, str],
    *,
    created: int,
    digest: str | None,
) -> None:
    if digest is not None:
        values["content-digest"] = headers["Content-Digest"] = f"sha-256=:{digest}:"
    parameters = rfc9421.write_parameters(tuple(values), created=created, key_id=key.id)
    signature = _signature(key, rfc9421.signature_base(tuple(values), values, parameters))
    headers["Signature-Input"] = f"{LABEL}={parameters}"
    headers["Signature"] = f"{LABEL}=:{signature}:"


def _signature(key: SigningKey, message: bytes) -> str:
    private = key.private
    if isinstance(private, RSAPrivateKey):
        return b64encode(private.sign(message, PKCS1v15(), SHA256())).decode()
    return b64encode(private.sign(message)).decode()


def _split(url: str) -> tuple[str, str, str]:
    """Return origin, host with any port that is not the default one, and request target."""
    match = _URL.fullmatch(url)
    if match is None:
        raise UnsafeAddress(f"{url[:200]} is not a URL that can be signed for")
    scheme = match[1].lower()
    host = match[2].lower().removesuffix(_DEFAULT_PORT[scheme])
    return f"{scheme}://{host}", host, (match[3] or "/") + (match[4] or "")
