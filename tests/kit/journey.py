"""What a member sees: our pages in her browser, the timeline of her app, her calendar.

Used by the tests of the member's journey; the servers behind it are in `world`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import httpx
from icalendar import Calendar

from fedi_chapter.core.html import plain
from fedi_chapter.domain.event import PlaceShown
from fedi_chapter.services.places import PlaceFields
from fedi_chapter.store import calendar_feeds
from fedi_chapter.store.tx import WriteTx
from tests.kit.peers.mastodon import Json, Mastodon
from tests.kit.visiting import PAGES, Browser
from tests.kit.world import Chapter

HALL = PlaceFields(name="Grace Hall", address="1450 Glenwood Ave")
HIDDEN = replace(HALL, area="East side", shown=PlaceShown.TO_GOING)
EVENING: Mapping[str, object] = MappingProxyType(
    {
        "name": "Repair café",
        "start": "2026-11-24T18:30",
        "end": "2026-11-24T20:30",
        "timezone": "America/New_York",
        "place": HALL,
        "capacity": 40,
        "bring": "a mug",
        "description": "There is a ramp, and a quiet room.",
    }
)
"""Fields of an event, in the words of an organizer."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An event as her calendar shows it."""

    uid: str
    sequence: int
    status: str
    name: str
    place: str
    start: str
    """ISO 8601, with the event's own offset."""


def her_browser(chapter: Chapter) -> Browser:
    """Return a new browser that visits the chapter; it runs no programs."""
    transport = httpx.ASGITransport(chapter.app)
    return Browser(
        httpx.AsyncClient(transport=transport, base_url=chapter.urls.base, headers=PAGES)
    )


async def read_page(chapter: Chapter, address: str) -> str:
    """Return a page as a new visitor gets it."""
    answer = await her_browser(chapter).get(address)
    assert answer.status_code == 200, answer.text
    return answer.text


async def seen(chapter: Chapter, address: str) -> str:
    """Return the words on a page."""
    return " ".join(plain(await read_page(chapter, address)).split())


async def own_feed(chapter: Chapter, actor_uri: str) -> str:
    """Return the address of a new calendar of all that somebody answered."""

    def renewed(tx: WriteTx) -> int:
        calendar_feeds.renew(tx, actor_uri)
        return calendar_feeds.turn(tx, actor_uri) or 0

    turn = await chapter.write(renewed)
    return chapter.urls.personal_calendar(chapter.deps.links.make("calendar", actor_uri, turn))


async def calendar_entry(chapter: Chapter, address: str) -> Entry:
    """Return the one event in a calendar file, read by another program than wrote it."""
    answer = await her_browser(chapter).get(address)
    assert answer.headers["content-type"].startswith("text/calendar"), answer.text
    (found,) = Calendar.from_ical(answer.text).walk("VEVENT")
    return Entry(
        uid=str(found["UID"]),
        sequence=int(str(found["SEQUENCE"])),
        status=str(found["STATUS"]),
        name=str(found["SUMMARY"]),
        place=str(found.get("LOCATION", "")),
        start=found.decoded("DTSTART").isoformat(),
    )


def entries(server: Mastodon, kind: str) -> list[Json]:
    """Return the polls that a server was told of by a `kind` of activity, in order."""
    things = [each.activity["object"] for each in server.received if each.activity["type"] == kind]
    return [each for each in things if isinstance(each, dict) and each["type"] == "Question"]
