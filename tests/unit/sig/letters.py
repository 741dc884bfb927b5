"""Requests for the signature tests: good ones, and ones signed in ways we never would.

The forger spells out what it signs by itself, so that a slip in the program's own spelling
can't hide in the tests.
"""

from base64 import b64encode, urlsafe_b64decode
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from fedi_chapter.domain.remote_actor import RemoteKey
from fedi_chapter.sig.keys import PrivateKey, SigningKey, public_pem
from fedi_chapter.sig.verify import Request
from tests.unit.sig import published

NOW = datetime(2023, 12, 20, 10, 0, tzinfo=UTC)
DATE = published.MASTODON_DATE
SECONDS = published.MASTODON_CREATED
BASE = "https://chapter.example"
HOST = "chapter.example"
BODY = b'{"type":"Follow"}'
ACTOR = "https://remote.domain/users/bob"


def _rsa() -> RSAPrivateKey:
    loaded = load_pem_private_key(published.MASTODON_KEY.encode(), None)
    assert isinstance(loaded, RSAPrivateKey)
    return loaded


RSA = SigningKey(published.MASTODON_KEY_ID, "rsa", _rsa())
ED25519 = SigningKey(
    f"{ACTOR}#ed25519-key",
    "ed25519",
    Ed25519PrivateKey.from_private_bytes(
        urlsafe_b64decode(published.RFC9421_ED25519_PRIVATE + "=")
    ),
)


def remote(key: SigningKey) -> RemoteKey:
    """Return the public half, as the actor's document gives it."""
    public = key.private.public_key()
    raw = (
        public_pem(key.private).encode() if key.kind == "rsa" else public.public_bytes_raw()  # type: ignore[union-attr]
    )
    return RemoteKey(key.id, ACTOR, key.kind, raw)


def request(
    headers: Mapping[str, str] | Iterable[tuple[str, str]],
    *,
    method: str = "POST",
    target: str | bytes = "/inbox",
    body: bytes | None = None,
    base: str = BASE,
) -> Request:
    """Return the request as a server would hand it over."""
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    if body is None:
        body = BODY if method == "POST" else b""
    return Request(
        method=method,
        target=target,
        headers=tuple((name.lower().encode(), value.encode("latin-1")) for name, value in pairs),
        body=body,
        base=base,
    )


def digest_of(body: bytes) -> str:
    return b64encode(sha256(body).digest()).decode()


def seal(private: PrivateKey, text: str) -> str:
    """Return the signature of `text` in base64."""
    message = text.encode("latin-1")
    if isinstance(private, RSAPrivateKey):
        return b64encode(private.sign(message, PKCS1v15(), SHA256())).decode()
    return b64encode(private.sign(message)).decode()


def cavage(
    names: str | None = "(request-target) host date digest",
    *,
    line: str = "post /inbox",
    key: SigningKey = RSA,
    extra: str = 'algorithm="rsa-sha256"',
    **changed: str | None,
) -> dict[str, str]:
    """Return headers with a valid draft-cavage signature over `names`.

    `changed` replaces headers before signing, or removes them (None); `created` and `expires`
    become parameters. `extra` is put into the Signature header as it is.
    """
    parameters = {name: changed.pop(name) for name in ("created", "expires") if name in changed}
    headers = {"host": HOST, "date": DATE, "digest": f"SHA-256={digest_of(BODY)}"}
    for name, value in changed.items():
        headers.pop(name, None)
        if value is not None:
            headers[name.replace("_", "-")] = value
    known = {
        **headers,
        "(request-target)": line,
        "(created)": parameters.get("created") or "",
        "(expires)": parameters.get("expires") or "",
    }
    signed = "\n".join(f"{name}: {known.get(name, '')}" for name in (names or "date").split())
    words = [f'keyId="{key.id}"', *([extra] if extra else [])]
    words += [f"{name}={value}" for name, value in parameters.items() if value is not None]
    words += [f'headers="{names}"'] if names is not None else []
    words.append(f'signature="{seal(key.private, signed)}"')
    return {**headers, "signature": ",".join(words)}


def rfc9421(
    covered: str = '"@method" "@target-uri" "content-digest"',
    *,
    parameters: str = f';created={SECONDS};keyid="{RSA.id}"',
    key: SigningKey = RSA,
    label: str = "sig1",
    **changed: str | None,
) -> dict[str, str]:
    """Return headers with a valid RFC 9421 signature over `covered`, a POST to our inbox."""
    headers = {"host": HOST, "date": DATE, "content-digest": f"sha-256=:{digest_of(BODY)}:"}
    for name, value in changed.items():
        name = name.replace("_", "-")
        headers.pop(name, None)
        if value is not None:
            headers[name] = value
    known = {
        **headers,
        "@method": "POST",
        "@target-uri": f"{BASE}/inbox",
        "@authority": HOST,
        "@path": "/inbox",
        "@query": "?",
        "@scheme": "https",
        "@request-target": "/inbox",
    }
    lines = [
        f"{item}: {known.get(item.split(';')[0].strip(chr(34)), '')}" for item in covered.split()
    ]
    lines.append(f'"@signature-params": ({covered}){parameters}')
    return {
        **headers,
        "signature-input": f"{label}=({covered}){parameters}",
        "signature": f"{label}=:{seal(key.private, chr(10).join(lines))}:",
    }
