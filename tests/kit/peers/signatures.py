"""Draft-cavage signatures as Mastodon makes and checks them, written apart from our own code.

`cryptography` is all they share with the product: a fault in `fedi_chapter.sig` can't hide
behind the same fault here.
"""

import base64
import hashlib
import re
from collections.abc import Mapping
from datetime import datetime
from email.utils import format_datetime
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

_PARAMETER = re.compile(r'(\w+)="([^"]*)"')
REQUIRED = {"(request-target)", "host", "date", "digest"}


def digest_of(body: bytes) -> str:
    return "SHA-256=" + base64.b64encode(hashlib.sha256(body).digest()).decode()


def signed_post(
    key: RSAPrivateKey, key_id: str, url: str, body: bytes, at: datetime
) -> dict[str, str]:
    """Return the headers of a POST in the order and form Mastodon 4 sends them."""
    parts = urlsplit(url)
    headers = {
        "Host": parts.netloc,
        "Date": format_datetime(at, usegmt=True),
        "Digest": digest_of(body),
        "Content-Type": "application/activity+json",
    }
    covered = ["host", "date", "digest", "content-type", "(request-target)"]
    values = {name.lower(): value for name, value in headers.items()}
    values["(request-target)"] = f"post {parts.path}"
    text = "\n".join(f"{name}: {values[name]}" for name in covered)
    signature = base64.b64encode(key.sign(text.encode(), PKCS1v15(), hashes.SHA256())).decode()
    headers["Signature"] = (
        f'keyId="{key_id}",algorithm="rsa-sha256",headers="{" ".join(covered)}",'
        f'signature="{signature}"'
    )
    return headers


def key_id_of(headers: Mapping[str, str]) -> str | None:
    """Return the key a request says it was signed with."""
    return dict(_PARAMETER.findall(headers.get("signature", ""))).get("keyId")


def is_good(pem: str, method: str, path: str, headers: Mapping[str, str], body: bytes) -> bool:
    """Tell whether a POST is covered and signed as Mastodon demands it."""
    given = dict(_PARAMETER.findall(headers.get("signature", "")))
    covered = given.get("headers", "date").split()
    if not set(covered) >= REQUIRED or headers.get("digest") != digest_of(body):
        return False
    values = {**headers, "(request-target)": f"{method.lower()} {path}"}
    text = "\n".join(f"{name}: {values.get(name, '')}" for name in covered)
    public = serialization.load_pem_public_key(pem.encode())
    assert isinstance(public, RSAPublicKey)
    try:
        signature = base64.b64decode(given["signature"])
        public.verify(signature, text.encode(), PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True


def pem_of(key: RSAPrivateKey) -> str:
    """Return the public half as Mastodon publishes it."""
    return (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )
