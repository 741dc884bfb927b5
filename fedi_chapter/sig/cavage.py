"""HTTP signatures as the fediverse knows them: draft-cavage-http-signatures-12.

Called by `sign` and `verify`. The header is written and read here; keys are used there.
"""

import re
from base64 import b64decode
from collections.abc import Mapping, Sequence
from datetime import datetime

from fedi_chapter.core.errors import SignatureInvalid, SignatureMalformed
from fedi_chapter.sig.digest import check_digest
from fedi_chapter.sig.message import (
    Claim,
    Request,
    judge_expiry,
    judge_time,
    names_of,
    seconds_of_date,
    targets_of,
)
from fedi_chapter.sig.multikey import Kind

TARGET, CREATED, EXPIRES = "(request-target)", "(created)", "(expires)"
LATEST = "hs2019"
KINDS: Mapping[str, Kind | None] = {LATEST: None, "rsa-sha256": "rsa"}
"""Algorithm names that are known, and the kind of key each needs (security case SIG-08)."""

_PARAMETER = re.compile(
    r"[ \t]*([A-Za-z][A-Za-z0-9_-]*)="
    r'(?:"([\x20\x21\x23-\x5b\x5d-\x7e]*)"|([0-9A-Za-z.+-]+))'
    r"[ \t]*(?:,|$)"
)
_SECONDS = re.compile(r"[0-9]{1,12}")


def read(request: Request, fields: Mapping[str, str], now: datetime) -> Claim:
    """Read the Signature header, and judge all that can be judged without the key.

    Raises:
        SignatureMalformed: it can't be parsed.
        SignatureInvalid: it covers too little, is out of time, or the digest is wrong.

    """
    parameters = _parse(fields["signature"])
    algorithm = parameters.get("algorithm", LATEST)
    if algorithm not in KINDS:
        raise SignatureInvalid(f"the algorithm {algorithm[:40]} is not accepted")
    names = parameters.get("headers", "").lower().split()
    _judge_coverage(names, request)
    _judge_host(fields.get("host"), request)
    made_at = _judge_times(names, parameters, fields, now)
    if "digest" in names:
        check_digest(fields.get("digest", ""), request.body)
    times = {CREATED: parameters.get("created", ""), EXPIRES: parameters.get("expires", "")}
    lines = [f"{request.method.lower()} {target}" for target in targets_of(request)]
    return Claim(
        key_id=parameters["keyId"],
        signature=_decode(parameters["signature"]),
        made_at=made_at,
        bases=tuple(signing_string(names, {**fields, **times, TARGET: line}) for line in lines),
        kind=KINDS[algorithm],
    )


def signing_string(names: Sequence[str], values: Mapping[str, str]) -> bytes:
    """Return what is signed: the named headers in the named order (§2.3).

    Raises:
        SignatureInvalid: one is not there.
        SignatureMalformed: one has a line break in it, and would read as several.

    """
    try:
        text = "\n".join([f"{name}: {values[name]}" for name in names])
    except KeyError as error:
        raise SignatureInvalid(f"the signed header {error.args[0][:40]} is missing") from error
    if text.count("\n") >= len(names):
        raise SignatureMalformed("a signed header has a line break in it")
    return text.encode("latin-1")


def write(key_id: str, kind: Kind, names: Sequence[str], signature: str) -> str:
    """Return the value of a Signature header; `signature` is in base64."""
    algorithm = "rsa-sha256" if kind == "rsa" else LATEST
    return (
        f'keyId="{key_id}",algorithm="{algorithm}",headers="{" ".join(names)}",'
        f'signature="{signature}"'
    )


def _parse(value: str) -> dict[str, str]:
    """Read `name="value"` pairs; some senders put the word Signature before them."""
    parameters: dict[str, str] = {}
    value = value.removeprefix("Signature ")
    position = 0
    while position < len(value):
        match = _PARAMETER.match(value, position)
        if match is None or match[1] in parameters:
            raise SignatureMalformed("the Signature header can't be parsed, or repeats a name")
        parameters[match[1]] = match[3] or match[2] or ""
        position = match.end()
    if not parameters.get("keyId") or not parameters.get("signature"):
        raise SignatureMalformed("the Signature header has no keyId or no signature")
    return parameters


def _judge_coverage(names: Sequence[str], request: Request) -> None:
    if TARGET not in names or "host" not in names:
        raise SignatureInvalid("the signature does not cover the request target and the host")
    if request.carries_content and "digest" not in names:
        raise SignatureInvalid("the signature does not cover the digest of the body")


def _judge_host(host: str | None, request: Request) -> None:
    # What was signed for another server proves nothing here (security case SIG-06).
    if host is None or host.lower() not in names_of(request.base):
        raise SignatureInvalid(
            f"the request was signed for another host than {request.base}",
            cure="let the reverse proxy pass on the Host header as it came",
        )


def _judge_times(
    names: Sequence[str],
    parameters: Mapping[str, str],
    fields: Mapping[str, str],
    now: datetime,
) -> datetime:
    """Judge every time there is; return the one that is signed.

    One that is not covered can only make things stricter.
    """
    signed: datetime | None = None
    if parameters.get("algorithm", LATEST) != LATEST and (CREATED in names or EXPIRES in names):
        raise SignatureInvalid("(created) and (expires) belong to hs2019 only")
    if CREATED in names or "created" in parameters:
        created = judge_time(_seconds(parameters, "created"), now)
        signed = created if CREATED in names else None
    if EXPIRES in names or "expires" in parameters:
        judge_expiry(_seconds(parameters, "expires"), now)
    if "date" in names:
        signed = judge_time(seconds_of_date(fields.get("date", "")), now)
    if signed is None:
        raise SignatureInvalid("the signature does not cover its time")
    return signed


def _seconds(parameters: Mapping[str, str], name: str) -> int:
    value = parameters.get(name, "")
    if not _SECONDS.fullmatch(value):
        raise SignatureInvalid(f"the parameter {name} is missing or not a time")
    return int(value)


def _decode(signature: str) -> bytes:
    try:
        return b64decode(signature, validate=True)
    except ValueError as error:
        raise SignatureMalformed("the signature is not base64") from error
