"""Feeds: the same events and posts for calendars, readers, maps and scripts.

Each answer carries an ETag and the time of its last change, and may be read by any page.
"""

from datetime import datetime, timedelta

import orjson
from starlette.requests import Request
from starlette.responses import Response

from fedi_chapter.domain.event import EventId
from fedi_chapter.domain.urls import Urls
from fedi_chapter.feeds.atom import write_feed
from fedi_chapter.feeds.geojson import write_features
from fedi_chapter.feeds.ics import write_calendar
from fedi_chapter.feeds.listing import write_list
from fedi_chapter.store.pages.calendar import calendar_feed
from fedi_chapter.store.pages.event import readable_event
from fedi_chapter.store.pages.feed import news_feed
from fedi_chapter.store.pages.site import site
from fedi_chapter.store.tx import ReadTx
from fedi_chapter.web.negotiate import answer, deps_of

CALENDAR = "text/calendar; charset=utf-8"
KEPT = timedelta(days=180)
"""How long past events stay in a calendar: whoever looks back still finds them."""
OPEN = {"Access-Control-Allow-Origin": "*"}

Made = tuple[bytes, datetime]


async def calendar_ics(request: Request) -> Response:
    """Serve all coming events, and those of the last months, as one calendar to subscribe to."""
    deps = deps_of(request)

    def work(tx: ReadTx) -> Made:
        feed = calendar_feed(tx, kept=KEPT)
        return write_calendar(feed.site.chapter.name, feed.events, deps.urls), feed.changed_at

    return _answer(request, await deps.db.read(work), CALENDAR)


async def event_ics(request: Request) -> Response:
    """Serve one event as a calendar file."""
    deps = deps_of(request)
    event_id = EventId(str(request.path_params["id"]))

    def work(tx: ReadTx) -> Made:
        event, chapter = readable_event(tx, event_id), site(tx).chapter
        changed = event.updated_at or event.published_at or event.created_at
        body = write_calendar(chapter.name, [event], deps.urls)
        return body, max(changed, chapter.updated_at)

    response = _answer(request, await deps.db.read(work), CALENDAR)
    response.headers["Content-Disposition"] = f'inline; filename="{event_id}.ics"'
    return response


async def feed_atom(request: Request) -> Response:
    """Serve the newest posts and events to feed readers."""
    deps = deps_of(request)

    def work(tx: ReadTx) -> Made:
        feed = news_feed(tx)
        body = write_feed(feed.site.chapter, feed.items, deps.urls, changed_at=feed.changed_at)
        return body, feed.changed_at

    return _answer(request, await deps.db.read(work), "application/atom+xml; charset=utf-8")


async def events_geojson(request: Request) -> Response:
    """Serve coming events as points on a map."""
    deps = deps_of(request)
    made = await deps.db.read(lambda tx: _geojson(tx, deps.urls))
    return _answer(request, made, "application/geo+json")


async def events_json(request: Request) -> Response:
    """Serve coming events as a plain list."""
    deps = deps_of(request)
    made = await deps.db.read(lambda tx: _json(tx, deps.urls))
    return _answer(request, made, "application/json")


def _geojson(tx: ReadTx, urls: Urls) -> Made:
    feed = calendar_feed(tx)
    return orjson.dumps(write_features(feed.events, urls)), feed.changed_at


def _json(tx: ReadTx, urls: Urls) -> Made:
    feed = calendar_feed(tx)
    return orjson.dumps(write_list(feed.events, urls)), feed.changed_at


def _answer(request: Request, made: Made, media_type: str) -> Response:
    body, modified = made
    return answer(request, body, media_type, modified=modified, headers=OPEN)
