"""The page of a series of events, and its calendar file."""

from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response

from fedi_chapter.domain.series import SeriesId
from fedi_chapter.feeds.series_ics import write_series, year_of
from fedi_chapter.store.pages.series import series_feed
from fedi_chapter.store.pages.series import series_page as read_series
from fedi_chapter.store.tx import ReadTx
from fedi_chapter.web.negotiate import answer, deps_of
from fedi_chapter.web.public.feeds import CALENDAR, OPEN
from fedi_chapter.web.templating import render


async def series_page(request: Request) -> Response:
    """Serve the page of a series of events."""
    series_id = SeriesId(str(request.path_params["id"]))
    page = await deps_of(request).db.read(lambda tx: read_series(tx, series_id))
    return render(request, "public/series.html", page)


async def series_ics(request: Request) -> Response:
    """Serve a series of events as one calendar to subscribe to."""
    deps, series_id = deps_of(request), SeriesId(str(request.path_params["id"]))

    def work(tx: ReadTx) -> tuple[bytes, datetime]:
        feed = series_feed(tx, series_id)
        name = f"{feed.event.name} – {feed.site.chapter.name}"
        body = write_series(name, feed.series, feed.event, feed.made, deps.urls, now=tx.now)
        return body, max(feed.changed_at, year_of(tx.now))

    body, modified = await deps.db.read(work)
    response = answer(request, body, CALENDAR, modified=modified, headers=OPEN)
    response.headers["Content-Disposition"] = f'inline; filename="{series_id}.ics"'
    return response
