"""Posts and events as an Atom feed (RFC 4287), for feed readers.

Called by `web.public.feeds`; pure. Elements are built, never pasted, so no text can break out.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from xml.etree.ElementTree import Element, SubElement, register_namespace, tostring

from fedi_chapter.core.html import escape, plain
from fedi_chapter.core.i18n import translator
from fedi_chapter.core.text import one_line
from fedi_chapter.domain.chapter import LocalActor
from fedi_chapter.domain.event import Event
from fedi_chapter.domain.post import Post
from fedi_chapter.domain.urls import Urls

ATOM = "http://www.w3.org/2005/Atom"
TITLE = 200
SHORT_TITLE = 80
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
register_namespace("", ATOM)


def write_feed(
    chapter: LocalActor, items: Iterable[Event | Post], urls: Urls, *, changed_at: datetime
) -> bytes:
    """Return the feed of `items`, in the order given, as a UTF-8 document."""
    feed = Element(f"{{{ATOM}}}feed", {"xml:lang": chapter.language})
    _text(feed, "id", f"{urls.base}/feed.atom")
    _text(feed, "title", one_line(chapter.name, TITLE))
    if chapter.summary_html:
        _text(feed, "subtitle", plain(chapter.summary_html))
    _text(feed, "updated", _instant(changed_at))
    _link(feed, "self", f"{urls.base}/feed.atom", "application/atom+xml")
    _link(feed, "alternate", f"{urls.base}/", "text/html")
    author = SubElement(feed, f"{{{ATOM}}}author")
    _text(author, "name", one_line(chapter.name, TITLE))
    _text(author, "uri", f"{urls.base}/")
    for item in items:
        if isinstance(item, Post):
            _post(feed, item, urls)
        else:
            _event(feed, item, urls)
    document: bytes = tostring(feed, encoding="utf-8", xml_declaration=True)
    return document


def _post(feed: Element, post: Post, urls: Urls) -> None:
    title = post.title or post.warning or one_line(plain(post.html), SHORT_TITLE)
    entry = _entry(feed, urls.post(post.id), title, post.language)
    _text(entry, "published", _instant(post.published_at))
    _text(entry, "updated", _instant(post.updated_at or post.published_at))
    _tags(entry, post.tags)
    if post.warning is None:
        _html(entry, "content", post.html)
    else:  # who reads it in a feed opens the page to read on
        _text(entry, "summary", post.warning)


def _event(feed: Element, event: Event, urls: Urls) -> None:
    published = event.published_at or event.created_at
    entry = _entry(feed, urls.event(event.id), _name(event), event.language)
    _text(entry, "published", _instant(published))
    _text(entry, "updated", _instant(event.updated_at or published))
    if event.takes_place:
        _link(entry, "enclosure", urls.event_ics(event.id), "text/calendar")
    _tags(entry, event.tags)
    _text(entry, "summary", _when_and_where(event))
    _html(entry, "content", _told(event))


def _name(event: Event) -> str:
    """Return what the event is called; of one that does not take place, that first."""
    if event.takes_place:
        return event.name
    off = "Cancelled" if event.is_cancelled else "Postponed"
    return f"{translator(event.language)(off).upper()}: {event.name}"


def _told(event: Event) -> str:
    """Return all there is to read: where there is a content, readers don't show the summary."""
    lines = [_when_and_where(event)]
    if event.cancel_reason:
        lines.append(event.cancel_reason)
    return "".join(f"<p>{escape(line)}</p>" for line in lines) + event.description_html


def _when_and_where(event: Event) -> str:
    start = event.local(event.starts_at)
    if event.is_postponed:
        t = translator(event.language)
        told = t("Not {date}: a new date will follow.", date=start.date())
        return f"{told} {event.place.name}" if event.place else told
    place = f", {event.place.name}" if event.place else ""
    if not event.all_day:
        return f"{start:%Y-%m-%d %H:%M} ({event.timezone}){place}"
    first, last = start.date(), event.last_day
    return (f"{first}" if first == last else f"{first} – {last}") + place


def _entry(feed: Element, uri: str, title: str, language: str) -> Element:
    entry = SubElement(feed, f"{{{ATOM}}}entry", {"xml:lang": language})
    _text(entry, "id", uri)
    _text(entry, "title", one_line(title, TITLE))
    _link(entry, "alternate", uri, "text/html")
    return entry


def _tags(entry: Element, tags: tuple[str, ...]) -> None:
    for tag in tags:
        SubElement(entry, f"{{{ATOM}}}category", {"term": _clean(tag)})


def _link(parent: Element, relation: str, href: str, media_type: str) -> None:
    SubElement(parent, f"{{{ATOM}}}link", {"rel": relation, "type": media_type, "href": href})


def _html(parent: Element, name: str, html: str) -> None:
    SubElement(parent, f"{{{ATOM}}}{name}", {"type": "html"}).text = _clean(html)


def _text(parent: Element, name: str, text: str) -> None:
    SubElement(parent, f"{{{ATOM}}}{name}").text = _clean(text)


def _clean(text: str) -> str:
    return _NOT_XML.sub("", text)


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
