"""The shape of foreign JSON: strict about the bytes, tolerant about what stands in them.

Called by the readers of this room and by whoever fetches a document. `parse` refuses what
two readers could understand in two ways; the small readers below take a member in any of
the forms the software out there writes it in. No noun of ours is known here.
"""

import json
import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from fedi_chapter.core.errors import FormInvalid, MalformedActivity, NotJson
from fedi_chapter.core.graphemes import is_visible
from fedi_chapter.core.text import one_line
from fedi_chapter.domain.event import zone_named
from fedi_chapter.vocab.activities import PUBLIC
from fedi_chapter.vocab.terms import PUBLIC_ALIASES

Document = dict[str, object]

DEEPEST = 32
LONGEST_LIST = 1_000
LONGEST_ID = 2_048
LONGEST_HOST = 253  # of a name in DNS
LONGEST_INSTANT = 64
LONGEST_HTML = 20_000
"""Characters of foreign HTML that are kept; nothing behind them is ever shown."""
YEARS = range(1970, 2200)

_ID = re.compile(
    r"(https?)://(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?(?:[/?#][^\s<>\"\\\x00-\x1f\x7f]*)?"
)
_INSTANT = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)"
    r"(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?\s?([Zz]|[+-]\d\d:?\d\d)?)?",
    re.ASCII,
)


# -- bytes ---------------------------------------------------------------------------------


def parse(body: bytes) -> Document:
    """Return the JSON object in `body`, with lists cut at a thousand members.

    orjson already refuses NaN, infinities, invalid UTF-8, a byte order mark and anything behind
    the document. Half a surrogate pair, as in a name cut inside an emoji, is read as U+FFFD. What
    else orjson lets through is refused here: deep nesting, NUL, and members named twice (it keeps
    the last one). An integer beyond 64 bits is read as a float.

    Raises:
        NotJson: no object at all.
        MalformedActivity: with the reason.

    """
    if _HALF_OF_A_PAIR.search(body):
        body = _SURROGATES.sub(_whole, body)
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise NotJson(f"not JSON: {error}") from error
    if not isinstance(document, dict):
        raise NotJson("not a JSON object")
    members = _walk(document)
    if b"\\u0000" in body:
        _refuse_nul(document)
    if members != body.count(b'":') or _SPACED.search(body):
        _STRICT.decode(body.decode())
    return document


def _whole(escape: re.Match[bytes]) -> bytes:
    """Return an escape as it stands, half a surrogate pair as U+FFFD."""
    return rb"\ufffd" if escape["half"] else escape[0]


_HALF_OF_A_PAIR = re.compile(rb"\\u[dD][89a-fA-F]")
"""What may be one; most texts have none."""
_SURROGATES = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    rb"|(?P<half>u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)
"""Every escape, a pair as one."""


def _walk(document: Document) -> int:
    """Refuse nesting that later, recursive readers would stumble over; cut long lists.

    Returns how many members all objects have, or -1 where that is no proof of anything: nobody
    has counted what was cut off.
    """
    level: list[Any] = [document]
    members, is_plain = 0, True
    for _ in range(DEEPEST):
        below: list[Any] = []
        for node in level:
            if type(node) is list:
                is_plain = is_plain and len(node) <= LONGEST_LIST
                del node[LONGEST_LIST:]
                inner = node
            else:
                members += len(node)
                inner = node.values()
            for each in inner:
                if type(each) is dict or type(each) is list:
                    below.append(each)
        if not below:
            return members if is_plain else -1
        level = below
    raise MalformedActivity(f"nested deeper than {DEEPEST}")


def _refuse_nul(node: object) -> None:
    """Refuse what neither database can store as text."""
    if isinstance(node, str) and "\0" in node:
        raise MalformedActivity("a NUL character in a string")
    if isinstance(node, (dict, list)):
        for each in node:
            _refuse_nul(each)
    if isinstance(node, dict):
        for each in node.values():
            _refuse_nul(each)


def _refuse_twins(members: list[tuple[str, object]]) -> None:
    if len(dict(members)) != len(members):
        raise MalformedActivity("a member is named twice")


_STRICT = json.JSONDecoder(object_pairs_hook=_refuse_twins, parse_int=float)
"""Reads a text only to find what orjson lets through; built once, not for every text.

It costs more than all the rest, so it is asked only where there may be something to find. Every
name ends with a quote and a colon, and a quote inside a string stands behind a backslash: so a
text has at least as many `":` as members were written, unless one is spaced. As many as
there are members after reading, and none was named twice.
"""
_SPACED = re.compile(rb'"[ \t\r\n]+:')


def encode(document: Mapping[str, object]) -> bytes:
    """Return `document` as the JSON bytes that are stored, hashed and sent."""
    return orjson.dumps(document)


# -- one or many ---------------------------------------------------------------------------


def many(value: object) -> list[object]:
    """Return the members of a list, a single value as a list of one, null as an empty list."""
    if isinstance(value, list):
        return [each for each in value if each is not None]
    return [] if value is None else [value]


def only(value: object) -> object:
    """Return a value, or the one member of a list; None for a list of several."""
    if not isinstance(value, list):
        return value
    members = many(value)
    return members[0] if len(members) == 1 else None


def mapping(value: object) -> Document:
    """Return an object, or the first object in a list; anything else as an empty object."""
    for each in value if isinstance(value, list) else (value,):
        if isinstance(each, dict):
            return each
    return {}


def mappings(value: object) -> list[Document]:
    """Return all objects in a list, or the one object as a list."""
    return [each for each in many(value) if isinstance(each, dict)]


# -- ids and types -------------------------------------------------------------------------


def id_of(value: object) -> str | None:
    """Return the http(s) id that `value` is, or that the object `value` has, to the letter.

    Names with a user part, with anything but plain ASCII in the host, with a host longer than
    any name in DNS, or longer than we store are none: nobody gets a second name by spelling a
    host in another way.
    """
    if isinstance(value, dict):
        value = value.get("id")
    if isinstance(value, str) and len(value) <= LONGEST_ID and _is_id(value):
        return value
    return None


# Remembered: an activity names its actor, its object and us several times each.
@lru_cache(maxsize=4096)
def _is_id(text: str) -> bool:
    match = _ID.fullmatch(text)
    return match is not None and len(match[2]) <= LONGEST_HOST


def ids_of(value: object) -> tuple[str, ...]:
    """Return every id in a value, object or list, each once, Public in its full form."""
    if isinstance(value, str):
        uri = PUBLIC if value in PUBLIC_ALIASES else id_of(value)
        return (uri,) if uri else ()
    found: dict[str, None] = {}
    for each in many(value):
        uri = PUBLIC if isinstance(each, str) and each in PUBLIC_ALIASES else id_of(each)
        if uri:
            found[uri] = None
    return tuple(found)


def types_of(document: Mapping[str, object]) -> tuple[str, ...]:
    """Return the types a document gives itself."""
    stated = document.get("type")
    if isinstance(stated, str):
        return (stated,)
    return tuple([each for each in many(stated) if isinstance(each, str)])


def type_of(document: Mapping[str, object], supported: Collection[str] = ()) -> str | None:
    """Return the first of a document's types that is `supported`; any, when none are named."""
    for each in types_of(document):
        if not supported or each in supported:
            return each
    return None


@lru_cache(maxsize=4096)
def host_of(uri: str) -> str:
    """Return the host of an http(s) id in one spelling, with the port if it isn't the default.

    An address that is no http(s) id has the empty host, which equals no other's.
    """
    match = _ID.fullmatch(uri)
    if match is None:
        return ""
    scheme, name, port = match[1], match[2].lower().rstrip("."), match[3] or ""
    number = int(port[1:]) if port else None
    default = 443 if scheme == "https" else 80
    return name if number in (None, default) else f"{name}:{number}"


def same_host(first: str, second: str) -> bool:
    """Tell whether two ids live on one host."""
    return host_of(first) == host_of(second) != ""


def link_of(value: object) -> str | None:
    """Return the address in a string, a Link, an object with `url`, or a list of these.

    In a list a Link to HTML comes first: PeerTube lists a page among many video files.
    """
    if isinstance(value, str):
        return id_of(value)
    members = many(value)
    pages = [each for each in mappings(value) if each.get("mediaType") == "text/html"]
    for each in [*pages, *members]:
        if isinstance(each, dict):
            each = each.get("href") or each.get("url")
        found = id_of(each) if isinstance(each, str) else None
        if found:
            return found
    return None


# -- text and numbers ----------------------------------------------------------------------


def text_of(document: Mapping[str, object], member: str, limit: int = LONGEST_HTML) -> str:
    """Return the text of `member`, or of the first language in `<member>Map`, else nothing.

    Either may be a list, or its texts objects with a language (JSON-LD 1.1, §4.2.4).
    """
    value = document.get(member)
    if isinstance(value, str) and value:
        return value[:limit]
    by_language = mapping(document.get(f"{member}Map")).values()
    texts = map(_first_text, (*many(value), *by_language))
    return next(filter(None, texts), "")[:limit]


def _first_text(value: object) -> str:
    texts = (each.get("@value") if isinstance(each, dict) else each for each in many(value))
    return next((text for text in texts if isinstance(text, str) and text), "")


def line_of(document: Mapping[str, object], member: str, limit: int = 200) -> str:
    """Return the text of `member` as one clean line (HTML-04)."""
    return seen_line(text_of(document, member, limit * 5), limit)


def seen_line(text: str, limit: int) -> str:
    """Return a text as one clean line, nothing where there is nothing to see in it."""
    line = one_line(text, limit) if text else ""
    return line if is_visible(line) else ""


def language_of(document: Mapping[str, object]) -> str | None:
    """Return the language a document names first, in its text maps or by itself."""
    for member in ("contentMap", "nameMap", "summaryMap"):
        for tag in mapping(document.get(member)):
            return _language(tag)
    stated = document.get("inLanguage")
    if isinstance(stated, dict):  # PeerTube and Lemmy name the identifier and the language
        stated = stated.get("identifier")
    return _language(stated)


def _language(tag: object) -> str | None:
    fits = isinstance(tag, str) and re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", tag)
    return str(tag)[:35] if fits and tag != "und" else None


def number_of(value: object) -> float | None:
    """Return a number given as such or as text; Hubzilla writes coordinates as text."""
    if isinstance(value, str) and re.fullmatch(r"-?\d{1,15}(\.\d{1,30})?", value.strip(), re.ASCII):
        return float(value)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    return None


# -- instants ------------------------------------------------------------------------------


def instant_of(value: object, zone: tzinfo = UTC) -> datetime | None:
    """Return the instant in `value`, aware and in UTC, or None when there is none in range.

    Taken are Z and offsets, fractions, missing seconds, local times (read in `zone`) and a
    bare date (its midnight in `zone`). Years far away are refused: they overflow later,
    when somebody shows them in another zone (JSON-10).
    """
    if not isinstance(value, str) or len(value) > LONGEST_INSTANT:
        return None
    return _instant(value, zone)


# Remembered: an activity and its object often name the same one, and both are read twice.
@lru_cache(maxsize=4096)
def _instant(text: str, zone: tzinfo) -> datetime | None:
    match = _INSTANT.fullmatch(text.strip())
    if match is None:
        return None
    year, month, day, hour, minute, second = [int(part or 0) for part in match.groups()[:6]]
    microsecond = int(match[7][:6].ljust(6, "0")) if match[7] else 0
    if year not in YEARS:
        return None
    stated = match[8]
    try:
        clock = hour, minute, second, microsecond
        at = datetime(year, month, day, *clock, tzinfo=UTC if stated else zone)
        return at - _offset(stated) if stated else at.astimezone(UTC)
    except ValueError:
        return None


def _offset(text: str) -> timedelta:
    if text in "Zz":
        return timedelta()
    sign = -1 if text[0] == "-" else 1
    hours, minutes = int(text[1:3]), int(text[-2:])
    if hours > 15 or minutes > 59:
        raise ValueError("no such offset")
    return sign * timedelta(hours=hours, minutes=minutes)


def is_date_only(value: object) -> bool:
    """Tell whether `value` is a date without a time: an event of a whole day (EveryCal)."""
    match = _INSTANT.fullmatch(value.strip()) if isinstance(value, str) else None
    return match is not None and match[4] is None


def zone_of_offset(value: object) -> ZoneInfo | None:
    """Return a zone for the offset in a time, of whole hours; None for UTC, which says nothing."""
    match = _INSTANT.fullmatch(value.strip()) if isinstance(value, str) else None
    stated = (match[8] or "") if match else ""
    hours = int(stated[:3]) if stated[-2:] == "00" else 0
    return zone_of(f"Etc/GMT{-hours:+d}") if hours else None


def zone_of(value: object) -> ZoneInfo | None:
    """Return the time zone with the IANA name `value`, or None."""
    if not isinstance(value, str) or not value:
        return None
    try:
        return zone_named(value)
    except FormInvalid:
        return None
