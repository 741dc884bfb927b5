"""What both signature schemes share: a request as it came, a signature's claim, and its time.

Called by `cavage`, `rfc9421` and `verify`. How a scheme spells things stays with the scheme.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from fedi_chapter.core.errors import SignatureInvalid, SignatureMalformed
from fedi_chapter.sig.multikey import Kind

WINDOW = timedelta(minutes=60)
"""How far a request's time may lie from ours: Mastodon's margin, for clocks and queues."""
SKEW = timedelta(minutes=5)
MAX_FIELD = 8 * 1024
"""Characters of a header that is parsed here; a signature of RSA-4096 needs a tenth of it."""
SINGLE = frozenset(
    {
        "host",
        "date",
        "digest",
        "content-digest",
        "signature",
        "signature-input",
        "content-length",
    }
)
"""Headers whose second line one reader takes and another drops (security case SIG-23)."""

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DATE = re.compile(
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), "
    rf"([0-9]{{2}}) ({'|'.join(MONTHS)}) ([0-9]{{4}}) ([0-9]{{2}}):([0-9]{{2}}):([0-9]{{2}}) GMT"
)
_PORT = re.compile(r":[0-9]+$")


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it came over the wire: nothing decoded, nothing merged."""

    method: str
    target: bytes | str
    """The raw path with its query."""
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes
    base: str
    """Our public origin, such as `https://chapter.example`; never taken from the request."""

    @property
    def carries_content(self) -> bool:
        """Tell whether the signature has to cover a digest."""
        return self.method == "POST" or bool(self.body)


@dataclass(frozen=True, slots=True)
class Claim:
    """A signature that holds if the key `key_id` made it."""

    key_id: str
    signature: bytes
    made_at: datetime
    """The date that is signed: nobody else can repeat the request under a later one."""
    bases: tuple[bytes, ...]
    """What may have been signed: the request as it came, then as some servers spell it."""
    kind: Kind | None
    """The kind of key that the named algorithm needs; None where the key decides."""


def fields_of(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Return the headers by lower-case name, repeated ones joined as both schemes want it.

    Raises:
        SignatureMalformed: a header that may come once comes twice, one that is parsed here is
            too long, or the length of the body is given in two ways (request smuggling).

    """
    fields: dict[str, str] = {}
    for raw_name, raw_value in headers:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1").strip(" \t")
        if name in SINGLE:
            if name in fields:
                raise SignatureMalformed(f"the header {name} comes twice")
            if len(value) > MAX_FIELD:
                raise SignatureMalformed(f"the header {name} is too long")
        fields[name] = f"{fields[name]}, {value}" if name in fields else value
    if "content-length" in fields and "transfer-encoding" in fields:
        raise SignatureMalformed("the length of the body is given in two ways")
    return fields


def targets_of(request: Request) -> tuple[str, ...]:
    """Return the request target, then, if it has a query, the target without it.

    Gancio signs without the query and asks with it; Mastodon verifies both ways, too.

    Raises:
        SignatureMalformed: it is not a path, such as an absolute URI.

    """
    target = request.target
    text = target if isinstance(target, str) else target.decode("latin-1")
    if not text.startswith("/") or not text.isascii() or not text.isprintable():
        raise SignatureMalformed("the request target is not a path")
    path, query, _ = text.partition("?")
    return (text, path) if query else (text,)


@lru_cache(maxsize=16)
def names_of(base: str) -> tuple[str, str]:
    """Return the authority of `base`, and the same with its port left out or spelled out.

    Gancio sends and signs its Host without the port; others name the default one.
    """
    scheme, _, authority = base.partition("://")
    bare = _PORT.sub("", authority)
    other = bare if bare != authority else f"{bare}:{443 if scheme == 'https' else 80}"
    return authority, other


def seconds_of_date(value: str) -> float:
    """Return an HTTP-date (RFC 9110 §5.6.7, its one current form) in seconds since 1970.

    Raises:
        SignatureInvalid: it is not one.

    """
    match = _DATE.fullmatch(value)
    if match is None:
        raise SignatureInvalid("the Date is not an HTTP-date")
    day, month, year, hour, minute, second = match.groups()
    clock = int(hour), int(minute), int(second)
    try:
        at = datetime(int(year), MONTHS.index(month) + 1, int(day), *clock, tzinfo=UTC)
    except ValueError as error:
        raise SignatureInvalid("the Date is a day or time that never was") from error
    return at.timestamp()


def judge_time(made: float, now: datetime) -> datetime:
    """Hold the time of signing, in seconds since 1970, against the window; return it.

    Raises:
        SignatureInvalid: it lies too far back or ahead (security case SIG-07).

    """
    if abs(now.timestamp() - made) > (WINDOW + SKEW).total_seconds():
        raise SignatureInvalid("the signature is too old, or from the future: check both clocks")
    return datetime.fromtimestamp(made, UTC)


def judge_expiry(expires: float, now: datetime) -> None:
    """Hold the end the signer set, in seconds since 1970, against the clock.

    Raises:
        SignatureInvalid: it is past, by more than clocks differ.

    """
    if now.timestamp() > expires + SKEW.total_seconds():
        raise SignatureInvalid("the signature has expired")
