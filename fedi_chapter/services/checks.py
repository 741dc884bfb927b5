"""Rules that several verbs share: lengths of text, languages, addresses, tags, local times.

Called by the other services. Each raises FormInvalid with its cure. Rules of one noun alone
stand in that noun's file or in `domain`.
"""

import re
from datetime import UTC, date, datetime, timedelta
from functools import cache
from importlib.resources import files
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from fedi_chapter.core.errors import FormInvalid
from fedi_chapter.core.graphemes import is_visible, length
from fedi_chapter.core.text import find_hashtags, hashtags, one_line
from fedi_chapter.domain.event import zone_named

LONGEST_TEXT = 20_000
"""Characters of one Markdown text."""
LONGEST_URL = 2_048
MOST_POINTS = 3_000
"""Code points of a name: a family of four emoji is eleven."""
MOST_TAGS = 30
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*", re.IGNORECASE)
_TIME = re.compile(
    r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?",
    re.IGNORECASE | re.ASCII,
)
_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T ]00:00(?::00)?)?", re.ASCII | re.IGNORECASE)
_DAY_CURE = "write 2026-09-19, without an hour"
_AREAS = frozenset(
    {"Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe"}
    | {"Indian", "Pacific"}
)
_YEARS = range(2000, 2200)
_TIME_CURE = "write 2026-09-19T10:00, in the event's time zone"


def text_of(source: str, what: str) -> str:
    """Return a Markdown text that is not too long and can be stored."""
    text = source.replace("\r\n", "\n").replace("\0", "").strip()
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise FormInvalid(f"the {what} is not valid text", cure="send it as UTF-8") from error
    if len(text) > LONGEST_TEXT:
        raise FormInvalid(
            f"the {what} has {len(text)} characters",
            cure=f"shorten it to {LONGEST_TEXT}, or link to the rest",
        )
    return text


def name_line(text: str, longest: int, what: str) -> str:
    """Return a name on one line, with something to see in it and not too long for people."""
    name = one_line(text, MOST_POINTS)
    if not is_visible(name):
        raise FormInvalid(f"{what} has nothing to see in it", cure="write at least one letter")
    if len(text) > MOST_POINTS or length(name) > longest:
        raise FormInvalid(
            f"{what} has at most {longest} characters", cure="say the rest in the description"
        )
    return name


def known_zone(name: str) -> ZoneInfo:
    """Return the time zone called `name`, if calendars and servers elsewhere know it so too.

    Raises:
        FormInvalid: there is none, or its name is an old one that many have no longer.

    """
    zone = zone_named(name)
    if name not in _zones():
        raise FormInvalid(
            f"the time zone {name!r} is not known everywhere by that name",
            cure="use one named by its area and city, such as America/New_York, or UTC",
        )
    return zone


@cache
def _zones() -> frozenset[str]:
    """Return the names of IANA zones by area and city; others are left out of many systems."""
    listed = (files("tzdata") / "zones").read_text(encoding="utf-8").split()
    cities = (name for name in listed if name.partition("/")[0] in _AREAS)
    return frozenset(("UTC", "Etc/UTC", *cities))


def edited_at(now: datetime, last: datetime) -> datetime:
    """Return when an edit was made: a whole second at least after the `last` one.

    Stamps on the wire have whole seconds, and Mastodon drops an edit that is not later than
    the one it has (mastodon.md §9 item 25).
    """
    return max(now, last + timedelta(seconds=1))


def language_tag(text: str) -> str:
    """Return a language tag such as `en` or `pt-BR` (the form of RFC 5646)."""
    if not _LANGUAGE.fullmatch(text) or len(text) > 35:
        raise FormInvalid(
            f"{text!r} is not a language tag", cure="use one such as en, de, es or pt-BR"
        )
    first, _, rest = text.partition("-")
    return f"{first.lower()}-{rest}" if rest else first.lower()


def web_address(text: str, what: str) -> str:
    """Return an absolute http or https address without credentials."""
    cure = "give a whole address such as https://meet.example.org/room"
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise FormInvalid(f"the {what} is not an address: {error}", cure=cure) from error
    clean = text.isprintable() and " " not in text and "\\" not in text
    if parts.scheme not in {"http", "https"} or not host or not clean or len(text) > LONGEST_URL:
        raise FormInvalid(f"the {what} {text!r} is not a web address", cure=cure)
    if "@" in parts.netloc:
        raise FormInvalid(f"the {what} contains a name or password", cure="leave them out")
    return text


def tags_of(given: tuple[str, ...], text: str) -> tuple[str, ...]:
    """Return the tags given by name and those in `text`, each once, first spelling kept."""
    words = []
    for tag in given:
        word = f"#{tag.strip().removeprefix('#')}"
        found = next(find_hashtags(word), None)
        if found is None or found.end < len(word):
            raise FormInvalid(
                f"{tag!r} can't be a tag", cure="use letters, digits and _ only, without spaces"
            )
        words.append(word)
    return hashtags(f"{' '.join(words)} {text}")[:MOST_TAGS]


def instant(text: str, zone: ZoneInfo, what: str) -> datetime:
    """Return the UTC instant of an ISO 8601 time; without an offset it is local time in `zone`.

    A local time that occurs twice, when clocks go back, means the first.
    """
    if not _TIME.fullmatch(text.strip()):
        raise FormInvalid(f"the {what} {text!r} is not a date with a time", cure=_TIME_CURE)
    try:
        read = datetime.fromisoformat(text.strip().upper())
    except ValueError as error:
        raise FormInvalid(f"there is no {what} {text!r}: {error}", cure=_TIME_CURE) from error
    if read.year not in _YEARS:
        raise FormInvalid(f"the {what} {text!r} is too far away", cure="check the year")
    if read.tzinfo is not None:
        return read.astimezone(UTC)
    at = read.replace(tzinfo=zone).astimezone(UTC)
    there = at.astimezone(zone).replace(tzinfo=None)
    if there != read:
        raise FormInvalid(
            f"the {what} {text!r} does not exist in {zone.key}: clocks are put forward then",
            cure=f"did you mean {there.isoformat(timespec='minutes')}?",
        )
    return at


def day_of(text: str, what: str) -> date:
    """Return a day written as ISO 8601; an hour is refused, but for the midnight it begins with."""
    match = _DAY.fullmatch(text.strip())
    if match is None:
        raise FormInvalid(f"the {what} {text!r} is not a day", cure=_DAY_CURE)
    try:
        day = date.fromisoformat(match[1])
    except ValueError as error:
        raise FormInvalid(f"there is no {what} {text!r}: {error}", cure=_DAY_CURE) from error
    if day.year not in _YEARS:
        raise FormInvalid(f"the {what} {text!r} is too far away", cure="check the year")
    return day
