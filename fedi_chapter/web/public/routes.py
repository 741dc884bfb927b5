"""All addresses of the pages and feeds for everyone, in one list.

`/chapter`, `/events/ID` and `/posts/ID` are shared with other servers and stand in `web.fedi`,
which calls the page functions of this folder.
"""

from starlette.routing import BaseRoute, Route

from fedi_chapter.web.public import (
    cards,
    events,
    feeds,
    files,
    follow,
    home,
    language,
    mail_stop,
    posts,
    series,
)

routes: list[BaseRoute] = [
    Route("/", home.home_page),
    Route("/calendar", home.calendar_page),
    Route("/about", home.about_page),
    Route("/language", language.choose, methods=["POST"]),
    Route("/tags/{name}", posts.tag_page),
    Route("/follow", follow.follow_form, methods=["GET"]),
    Route("/follow", follow.follow, methods=["POST"]),
    Route("/mail/stop/{token}", mail_stop.mail_stop_page, methods=["GET"]),
    Route("/mail/stop/{token}", mail_stop.mail_stop, methods=["POST"]),
    Route("/e/{short}", events.short_address),
    Route("/calendar.ics", feeds.calendar_ics),
    Route("/events/{id:uuid}.ics", feeds.event_ics),
    Route("/events/{id:uuid}/card.jpg", cards.card),
    Route("/series/{id:uuid}", series.series_page),
    Route("/series/{id:uuid}.ics", series.series_ics),
    Route("/feed.atom", feeds.feed_atom),
    Route("/events.geojson", feeds.events_geojson),
    Route("/events.json", feeds.events_json),
    Route("/static/{file}", files.static_file),
    Route("/media/{file}", files.media_file),
    Route("/robots.txt", files.robots),
    Route("/favicon.ico", files.favicon),
]
