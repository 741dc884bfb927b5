"""HTTP message signatures: RFC 9421, as far as requests between servers need it.

Called by `sign` and `verify`. The headers are written and read here; keys are used there.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from fedi_chapter.core.errors import SignatureInvalid, SignatureMalformed
from fedi_chapter.sig import structured
from fedi_chapter.sig.digest import check_content_digest
from fedi_chapter.sig.message import (
    Claim,
    Request,
    judge_expiry,
    judge_time,
    names_of,
    targets_of,
)
from fedi_chapter.sig.multikey import Kind

METHOD, TARGET_URI, AUTHORITY, PATH = "@method", "@target-uri", "@authority", "@path"
PARAMETERS: Mapping[str, type] = {
    "created": int,
    "expires": int,
    "keyid": str,
    "alg": str,
    "nonce": str,
    "tag": str,
}
KINDS: Mapping[str, Kind] = {"rsa-v1_5-sha256": "rsa", "ed25519": "ed25519"}
"""Algorithm names that are known, and the kind of key each needs (RFC 9421 §6.2.2)."""


def read(request: Request, fields: Mapping[str, str], now: datetime) -> Claim:
    """Read Signature-Input and Signature, and judge all that can be judged without the key.

    Raises:
        SignatureMalformed: they can't be parsed.
        SignatureInvalid: they cover too little, are out of time, or the digest is wrong.

    """
    label, signed = _only_member(fields["signature-input"])
    signature = _signature(fields.get("signature", ""), label)
    names = _names(signed)
    _judge_coverage(names, request)
    key_id, kind, made_at = _judge_parameters(signed[1], now)
    if "content-digest" in names:
        check_content_digest(fields.get("content-digest", ""), request.body)
    parameters = structured.serialise(signed)
    return Claim(
        key_id=key_id,
        signature=signature,
        made_at=made_at,
        bases=tuple(
            signature_base(names, {**fields, **derived}, parameters)
            for derived in _spellings(request, fields)
        ),
        kind=kind,
    )


def signature_base(names: Sequence[str], values: Mapping[str, str], parameters: str) -> bytes:
    """Return what is signed: the named components, then the signature's parameters (§2.5).

    Raises:
        SignatureInvalid: a component is not there.
        SignatureMalformed: one has a line break in it, and would read as several.

    """
    try:
        lines = [f'"{name}": {values[name]}' for name in names]
    except KeyError as error:
        raise SignatureInvalid(f"the signed component {error.args[0][:40]} is missing") from error
    text = "\n".join([*lines, f'"@signature-params": {parameters}'])
    if text.count("\n") > len(names):
        raise SignatureMalformed("a signed header has a line break in it")
    return text.encode("latin-1")


def write_parameters(names: Sequence[str], *, created: int, key_id: str) -> str:
    """Return the covered components and parameters; no `alg`, the key says it (§2.3)."""
    covered = " ".join([f'"{name}"' for name in names])
    return f'({covered});created={created};keyid="{key_id}"'


def _only_member(value: str) -> tuple[str, structured.Member]:
    members = structured.dictionary(value)
    if len(members) != 1:
        raise SignatureInvalid("a request carries exactly one signature")
    return next(iter(members.items()))


def _signature(value: str, label: str) -> bytes:
    named, (signature, _) = _only_member(value)
    if named != label or not isinstance(signature, bytes):
        raise SignatureInvalid("Signature and Signature-Input do not fit each other")
    return signature


def _names(signed: structured.Member) -> tuple[str, ...]:
    """Return the names of the covered components: each once, and each whole.

    Component parameters choose a part or a spelling of a field, or another message's: nobody
    among our peers uses them, and each is a way to sign less than it seems (SIG-22).
    """
    covered = signed[0]
    if not isinstance(covered, list):
        raise SignatureInvalid("the Signature-Input lists no components")
    names = tuple(name for name, parameters in covered if type(name) is str and not parameters)
    if len(set(names)) != len(covered):
        raise SignatureInvalid("a component is no name, has parameters, or is covered twice")
    return names


def _judge_coverage(names: Sequence[str], request: Request) -> None:
    covers_place = TARGET_URI in names or (AUTHORITY in names and PATH in names)
    if METHOD not in names or not covers_place:
        raise SignatureInvalid("the signature does not cover @method and @target-uri")
    if request.carries_content and "content-digest" not in names:
        raise SignatureInvalid("the signature does not cover the digest of the body")


def _judge_parameters(
    parameters: Mapping[str, object], now: datetime
) -> tuple[str, Kind | None, datetime]:
    """Judge the signature's parameters.

    Return the key's id, the kind of key `alg` needs, and when it was made.
    """
    for name, value in parameters.items():
        if type(value) is not PARAMETERS.get(name):
            raise SignatureInvalid(f"the parameter {name[:40]} is unknown or of a wrong type")
    created, expires = parameters.get("created"), parameters.get("expires")
    key_id, alg = parameters.get("keyid"), parameters.get("alg")
    if not isinstance(created, int) or not isinstance(key_id, str) or not key_id:
        raise SignatureInvalid("the signature has no created or no keyid")
    made_at = judge_time(created, now)
    if isinstance(expires, int):
        judge_expiry(expires, now)
    if not isinstance(alg, str):
        return key_id, None, made_at
    if alg not in KINDS:
        raise SignatureInvalid(f"the algorithm {alg[:40]} is not accepted")
    return key_id, KINDS[alg], made_at


def _spellings(request: Request, fields: Mapping[str, str]) -> list[dict[str, str]]:
    """Return the derived components (§2.2) in every spelling that is accepted.

    Our own origin comes first. A Host that differs from it in the port alone may stand in its
    place, and the query may be missing, as in the older scheme. No other name of this server
    counts: what was signed for another host proves nothing here.
    """
    ours = names_of(request.base)
    host = fields.get("host", "").lower()
    authorities = (ours[0], host) if host == ours[1] else ours[:1]
    scheme = request.base.partition("://")[0]
    return [
        {
            METHOD: request.method,
            TARGET_URI: f"{scheme}://{authority}{target}",
            AUTHORITY: authority,
            "@scheme": scheme,
            "@request-target": target,
            PATH: target.partition("?")[0],
            "@query": f"?{target.partition('?')[2]}",
        }
        for authority in authorities
        for target in targets_of(request)
    ]
