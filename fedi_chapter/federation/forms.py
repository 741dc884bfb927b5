"""Which of its two forms of an event a server gets, by what it runs: the Event, or its face.

Called by discovery, which learns what servers run, and by the routes of documents, whose
askers say it themselves. No network and no database here.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from fedi_chapter.settings import Settings

TAKES_EVENTS = frozenset(
    {
        "everycal",
        "fedi-chapter",
        "forte",
        "friendica",
        "gancio",
        "hubzilla",
        "mobilizon",
        "pavillion",
        "rebased",
        "streams",
        "wordpress",
    }
)
"""Software that keeps an Event as an event (federation notes on events, §5)."""
SHOWS_FACES = frozenset(
    {
        "akkoma",
        "calckey",
        "cherrypick",
        "firefish",
        "foundkey",
        "gotosocial",
        "iceshrimp",
        "iceshrimp.net",
        "mastodon",
        "misskey",
        "mitra",
        "pixelfed",
        "pleroma",
        "sharkey",
        "snac",
        "takahe",
    }
)
"""Microblogs, by the names they ask under. What stands in neither list is looked up."""
_PARTICULAR = frozenset({"mastodon"})
"""Takes an object only under the address it asked for, unless somebody pasted that address."""

_PRODUCT = re.compile(r"[\s(]*([A-Za-z][A-Za-z0-9._-]{0,40})[/ ]")
_ADDRESS = re.compile(r"https?://[A-Za-z0-9.:-]{1,260}")
_KEY = re.compile(r'\bkeyid="(https?://[A-Za-z0-9.:-]{1,260})[/?#"]', re.IGNORECASE)
LONGEST = 500
"""Characters of a user agent, and of a signature field, that are looked at."""


class Form(StrEnum):
    """One of the two."""

    EVENT = "event"
    FACE = "face"


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks for a document, by its own words: nothing secret may hang on them."""

    software: str | None
    host: str | None


def takes_events(
    settings: Settings, host: str, software: str | None, *, sends_events: bool = False
) -> bool:
    """Tell whether `host` gets the Event; the lists in the settings win over its software.

    Who sends events of its own takes them, unless it is known to be a microblog.
    """
    if host in settings.event_servers:
        return True
    if host in settings.face_servers:
        return False
    return software in TAKES_EVENTS or (sends_events and software not in SHOWS_FACES)


def asker(user_agent: str, signature: str = "") -> Asker:
    """Return what software says of itself, as in `Mastodon/4.5.0 (…; +https://host/)`.

    Where that names no host it is the one of the key in `signature`, the field that names the key
    (Signature-Input, or Signature of the older scheme). It is not checked.
    """
    words = user_agent[:LONGEST]
    product, address = _PRODUCT.match(words), _ADDRESS.search(words)
    key = _KEY.search(signature[:LONGEST])
    named = address[0] if address else key[1] if key else None
    return Asker(
        software=product[1].lower() if product else None,
        host=urlsplit(named).netloc.lower() if named else None,
    )


def asked_form(settings: Settings, asking: Asker, *, takes_pages: bool) -> Form | None:
    """Return the form in which `asking` gets an event, None when only the database can tell.

    Whoever would take a page too (`takes_pages`) looks up an address that somebody pasted;
    Mastodon looks again under the id it finds there. A boost it looks up by the id alone: for
    a document with another id it would drop the boost (mastodon.md §7, §8.2).
    """
    host, software = asking.host or "", asking.software
    if software in _PARTICULAR and not takes_pages:
        return Form.EVENT
    if host in settings.event_servers:
        return Form.EVENT
    if host in settings.face_servers or software in SHOWS_FACES:
        return Form.FACE
    if software in TAKES_EVENTS or asking.host is None:
        return Form.EVENT
    return None
