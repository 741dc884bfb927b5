"""Pages for people: templates filled with typed pages. The only importer of Jinja2.

Called by `web.public` and `web.errors`. Everything a template prints is escaped, except what
says of itself that it is safe HTML; a template has loops and conditions and no other logic.
"""

import hashlib
import json
import zlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, partial
from pathlib import Path
from urllib.parse import quote, urlencode, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from fedi_chapter import __version__
from fedi_chapter.core.html import plain
from fedi_chapter.core.i18n import Translator, languages, own_name, translator
from fedi_chapter.core.text import one_line
from fedi_chapter.domain.chapter import LocalActor
from fedi_chapter.domain.member import Member
from fedi_chapter.domain.place import Place
from fedi_chapter.domain.recurrence_words import rule_in_words
from fedi_chapter.web.form_numbers import PLACE
from fedi_chapter.web.language import language_for
from fedi_chapter.web.negotiate import VARY, answer, deps_of
from fedi_chapter.web.qr import qr_code
from fedi_chapter.web.request_headers import headers_of

STATIC = Path(__file__).parent / "static"
INK_COLOURS = {
    "brick": "#a1321c",
    "harbour": "#1d5580",
    "moss": "#3f6122",
    "plum": "#7a2f63",
    "teal": "#0b625d",
    "ochre": "#7a4f00",
}
"""The inks of the style sheet by day; every chapter prints with one of them."""
INKS = tuple(INK_COLOURS)
NO_STORE = "private, no-store, no-transform"
"""For one person: kept by nobody, and not compressed by a proxy on the way (see `web.cache`)."""
_ENDS = frozenset(".!?…‽。！？｡।॥؟۔։።፧")
_CLOSING = "\"'”’»›“‘)]}」』）"
SHOWN_BY = ("object", "page", "token", "next")
"""The names in a query that pages hang on."""
VARY_PAGE = f"{VARY}, Cookie"
"""A cookie may hold the language somebody chose."""


@dataclass(frozen=True, slots=True)
class Chapterless:
    """Stands for the chapter where the database can't be asked: on the page of a failure."""

    chapter: None = None


@dataclass(frozen=True, slots=True)
class Clock:
    """How one page tells time: in a language, in the zone of what it shows."""

    t: Translator

    def zone(self, name: str) -> ZoneInfo:
        """Return the zone called `name`; UTC where a foreign document named none we know."""
        return _zone(name)

    def iso(self, at: datetime, zone: str) -> str:
        """Return the instant as the `datetime` attribute wants it, with the zone's offset."""
        return at.astimezone(_zone(zone)).isoformat(timespec="minutes")

    def same_day(self, one: datetime, other: datetime, zone: str) -> bool:
        """Tell whether both instants fall on one day there."""
        there = _zone(zone)
        return one.astimezone(there).date() == other.astimezone(there).date()

    def within_a_day(self, one: datetime, other: datetime) -> bool:
        """Tell whether a time of day alone says when something that began at `one` ends."""
        return other - one < timedelta(days=1)


def render(
    request: Request,
    name: str,
    page: object,
    *,
    status: int = 200,
    keep: bool = True,
    member: Member | None = None,
) -> Response:
    """Return the template `name` filled with `page`; `page.site` says whose house it is.

    A `member` who is signed in is not asked who they are. An answer for one person, or one that
    is not to be kept (an error, an answer to a form), says so to caches.
    """
    chapter: LocalActor | None = getattr(page, "site", Chapterless()).chapter
    t = translator(language_for(headers_of(request.scope), chapter))
    html = (
        environment()
        .get_template(name)
        .render(
            page=page,
            member=member,
            chapter=chapter,
            urls=deps_of(request).urls,
            t=t,
            clock=Clock(t),
            ink=ink_of(chapter.handle if chapter else ""),
            path=request.url.path,
            here=here(request) if status == 200 else "/",
            version=__version__,
            source=deps_of(request).settings.source_url,
        )
    )
    body = html.encode()
    if status != 200 or not keep or member:
        headers = {"Cache-Control": NO_STORE, "Vary": VARY_PAGE}
        return Response(body, status_code=status, media_type="text/html", headers=headers)
    fields = {"Vary": VARY_PAGE}
    if PLACE in html:  # a cache on the way would hand out one number to many
        fields["Cache-Control"] = "private, max-age=0, must-revalidate"
    return answer(request, body, "text/html", headers=fields)


def here(request: Request) -> str:
    """Return the address that shows a page again; the front page for what a form answered.

    Of the query only what the page hangs on: else every address would be another page.
    """
    if request.method != "GET":
        return "/"
    asked = {name: request.query_params[name] for name in SHOWN_BY if name in request.query_params}
    return f"{request.url.path}?{urlencode(asked)}" if asked else request.url.path


@cache
def environment() -> Environment:
    """Return the template engine: always escaping, refusing unknown names."""
    made = Environment(
        loader=PackageLoader("fedi_chapter.web", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters.update(
        web=web_link,
        excerpt=excerpt,
        host=lambda url: urlsplit(str(url)).netloc,
        data=data_block,
        path=partial(quote, safe=""),
        map_link=map_link,
        in_words=rule_in_words,
        sentence=sentence,
        ended=ended,
    )
    made.globals.update(
        static=static_url, form_number=PLACE, qr=qr_code, languages=languages, own_name=own_name
    )
    return made


def ink_of(handle: str) -> str:
    """Return the ink a chapter prints with: always the same one, and neighbours differ."""
    return INKS[zlib.crc32(handle.encode()) % len(INKS)]


def web_link(url: str | None) -> str:
    """Return `url` if it leads to a web page, else nothing: no script, no data, no password."""
    try:
        parts = urlsplit(url or "")
        host = parts.hostname
    except ValueError:
        return ""
    safe = parts.scheme in {"http", "https"} and host and "@" not in parts.netloc
    return url or "" if safe else ""


def excerpt(html: str, length: int = 200) -> str:
    """Return the beginning of `html` as one line of text."""
    return one_line(plain(html), length)


def sentence(text: str) -> str:
    """Return what an error says as a sentence on a page."""
    return ended(f"{text[:1].upper()}{text[1:]}")


def ended(text: str) -> str:
    """Return a text that others wrote with an end, so that what follows is a sentence of its own.

    What ends a sentence in any script is left as it is, also inside quotation marks.
    """
    last = text.rstrip(_CLOSING)[-1:]
    return text if last in _ENDS else f"{text}."


def map_link(place: Place) -> str:
    """Return a map's page for a place: its point where it is known, else a search."""
    if place.point is None:
        return f"https://www.openstreetmap.org/search?query={quote(place.words)}"
    lat, lon = f"{place.point.lat:.5f}", f"{place.point.lon:.5f}"
    return f"https://www.openstreetmap.org/?mlat={lat}&mlon={lon}#map=17/{lat}/{lon}"


def data_block(value: object) -> Markup:
    """Return `value` as JSON that can't end the script element around it (INJ-07)."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # noqa: S704 — nothing of it can be read as markup now


@cache
def static_url(name: str) -> str:
    """Return the address of a static file, its content's hash in the query."""
    digest = hashlib.blake2b((STATIC / name).read_bytes(), digest_size=6).hexdigest()
    return f"/static/{name}?{digest}"


@cache
def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")
