"""A member's own page in a browser: answers, calendar, what is held, and the way out."""

import re
from datetime import timedelta
from html import unescape

import pytest
from icalendar import Calendar
from sqlalchemy import select

from fedi_chapter.core.clock import SetClock
from fedi_chapter.domain.chapter import LocalActor
from fedi_chapter.domain.door import Entry, EntryKind
from fedi_chapter.domain.event import Event, EventId, EventStatus, PlaceShown, RsvpMode
from fedi_chapter.domain.follower import FollowState
from fedi_chapter.domain.place import Place
from fedi_chapter.domain.rsvp import Route, Rsvp
from fedi_chapter.services import door
from fedi_chapter.store import events, exact_places, followers, rsvps
from fedi_chapter.store.holdings import HOLDINGS
from fedi_chapter.store.tables import member_sessions
from fedi_chapter.store.tx import ReadTx, WriteTx
from fedi_chapter.web.members.routes import routes
from tests.kit.builders import EVENT_ID, an_event
from tests.kit.peers.oauth import OAuthServer
from tests.kit.traces import leave_traces
from tests.kit.visiting import BASE, OURS, Browser, Visited

pytestmark = pytest.mark.anyio
FIELDS = {
    "/me/answer": {"event": EVENT_ID, "answer": "going"},
    "/me/calendar": {},
    "/me/erase": {"sure": "yes"},
    "/me/sign-out": {},
}
"""What each form carries; a route without a line here fails the tests below."""
MUTATING = [
    route.path  # type: ignore[attr-defined]
    for route in routes
    if "POST" in (route.methods or set())  # type: ignore[attr-defined]
    and route.path.startswith("/me")  # type: ignore[attr-defined]
]
_FEED = re.compile(rf"{BASE}(/me/calendar/[\w-]+\.ics)")


async def put_event(chapter: Visited, **facts: object) -> Event:
    event = an_event(actor_id=chapter.actor.id, rsvp=RsvpMode.ON, **facts)
    await chapter.deps.db.write(lambda tx: events.insert(tx, event))
    return event


async def answers(chapter: Visited) -> list[Rsvp]:
    return await chapter.deps.db.read(lambda tx: rsvps.of_event(tx, EventId(EVENT_ID)))


@pytest.fixture
async def inside(browser: Browser, server: OAuthServer) -> Browser:
    """A browser that is signed in as ana."""
    await browser.sign_in(server)
    return browser


# -- forms ------------------------------------------------------------------------------------


def test_every_button_is_looked_at_below() -> None:
    assert set(MUTATING) == set(FIELDS)


@pytest.mark.parametrize("path", sorted(FIELDS))
async def test_no_button_works_without_its_word_from_elsewhere_or_without_a_session(
    path: str, chapter: Visited, inside: Browser, server: OAuthServer
) -> None:
    await put_event(chapter)
    other = chapter.browser()
    await other.sign_in(server, "ben")
    word = re.search(r'name="csrf" value="(\w+)"', (await other.get("/me")).text)
    assert word
    mine = re.search(r'name="csrf" value="(\w+)"', (await inside.get("/me")).text)
    assert mine
    fields = FIELDS[path]
    tries = [
        ({**fields}, OURS),
        ({**fields, "csrf": ""}, OURS),
        ({**fields, "csrf": word[1]}, OURS),
        ({**fields, "csrf": mine[1]}, {"Sec-Fetch-Site": "cross-site"}),
        ({**fields, "csrf": mine[1]}, {"Sec-Fetch-Site": "same-site"}),
        ({**fields, "csrf": mine[1]}, {"Origin": "null"}),
    ]
    for data, headers in tries:
        assert (await inside.client.post(path, data=data, headers=headers)).status_code == 403
    plain = await inside.client.post(path, content=b'{"csrf":"x"}', headers=OURS)
    assert plain.status_code == 403
    stranger = chapter.browser()
    assert (await stranger.client.post(path, data=fields, headers=OURS)).status_code == 401
    assert (await inside.client.get(path)).status_code in {404, 405}
    assert await answers(chapter) == []
    page = await inside.get("/me")
    assert page.status_code == 200
    assert _FEED.search(page.text) is None


async def test_the_page_is_kept_by_nobody_and_tells_its_address_to_no_other_site(
    inside: Browser,
) -> None:
    page = await inside.get("/me")
    assert page.headers["cache-control"] == "private, no-store, no-transform"
    assert page.headers["referrer-policy"] == "same-origin"
    assert 'content="noindex"' in page.text


# -- answers ----------------------------------------------------------------------------------


async def test_a_member_answers_changes_and_takes_back(
    chapter: Visited, inside: Browser, server: OAuthServer, clock: SetClock
) -> None:
    await put_event(chapter, capacity=4)
    steps = [
        ({"answer": "going", "guests": "2"}, "going", 2),
        ({"answer": "maybe", "guests": "2"}, "maybe", 0),
        ({"answer": "going", "guests": ""}, "going", 0),
        ({"answer": "no"}, "no", 0),
    ]
    for fields, status, guests in steps:
        clock.advance(timedelta(seconds=1))
        answer = await inside.press("/me/answer", event=EVENT_ID, **fields)
        assert answer.headers["location"] == "/me?done=answered"
        (rsvp,) = await answers(chapter)
        assert (rsvp.status, rsvp.guests) == (status, guests)
    assert (rsvp.key, rsvp.actor_uri) == (server.uri("ana"), server.uri("ana"))
    assert rsvp.route is Route.ACCOUNT
    page = (await inside.get("/me")).text
    assert "Monthly meeting" in page
    assert "You can’t come" in page
    clock.advance(timedelta(seconds=1))
    await inside.press("/me/answer", event=EVENT_ID, answer="none")
    assert await answers(chapter) == []


async def test_a_member_who_is_checked_in_is_asked_nothing_that_would_not_count(
    chapter: Visited, inside: Browser
) -> None:
    event = await put_event(chapter)
    await inside.press("/me/answer", event=EVENT_ID, answer="going")
    pages = "/me", f"/events/{event.id}"
    for each in pages:
        assert 'name="answer"' in (await inside.get(each)).text
    (rsvp,) = await answers(chapter)

    def check_in(tx: WriteTx) -> None:
        door.record(
            tx, event, Entry(tx.new_id(), event.id, rsvp.id, EntryKind.CAME, tx.now, "form")
        )

    await chapter.deps.db.write(check_in)
    for each in pages:
        page = (await inside.get(each)).text
        assert "You are checked in" in page
        assert 'name="answer"' not in page


@pytest.mark.parametrize(
    ("facts", "guests", "says"),
    [
        ({"status": EventStatus.CANCELLED}, "0", "This event is cancelled."),
        ({"capacity": 2}, "5", "too many people"),
    ],
)
async def test_what_can_not_be_is_said_in_plain_words(
    facts: dict[str, object], guests: str, says: str, chapter: Visited, inside: Browser
) -> None:
    await put_event(chapter, **facts)
    answer = await inside.press("/me/answer", event=EVENT_ID, answer="going", guests=guests)
    assert says in (await inside.get(answer.headers["location"])).text


@pytest.mark.parametrize("event", ["", "unknown", "01932000-0000-7000-8000-0000000000ff"])
async def test_an_event_that_is_not_there_can_not_be_answered(event: str, inside: Browser) -> None:
    assert (await inside.press("/me/answer", event=event, answer="going")).status_code == 404


# -- the calendar -----------------------------------------------------------------------------


async def feed_of(browser: Browser) -> str:
    found = _FEED.search(unescape((await browser.get("/me")).text))
    assert found
    return found[1]


async def test_the_secret_calendar_shows_one_s_own_events_to_whoever_knows_its_address(
    chapter: Visited, inside: Browser, clock: SetClock
) -> None:
    event = await put_event(chapter, capacity=1, place_shown=PlaceShown.TO_GOING)
    exact = Place("x", "Back door", "7 Alley")
    await chapter.deps.db.write(lambda tx: exact_places.put(tx, event.id, exact))
    assert _FEED.search((await inside.get("/me")).text) is None  # nobody asked for one yet
    await inside.press("/me/calendar")
    await inside.press("/me/answer", event=EVENT_ID, answer="going")
    feed = await feed_of(inside)
    program = chapter.browser()
    answer = await program.get(feed)
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    assert answer.headers["cache-control"] == "private, no-cache, no-transform"
    (entry,) = Calendar.from_ical(answer.text).walk("VEVENT")
    assert entry["UID"] == chapter.deps.urls.event(event.id)
    assert (entry["STATUS"], entry["LOCATION"]) == ("CONFIRMED", "Back door, 7 Alley")
    first = int(entry["SEQUENCE"])
    known = {"If-None-Match": answer.headers["etag"]}
    assert (await program.client.get(feed, headers=known)).status_code == 304
    clock.advance(timedelta(seconds=1))
    await inside.press("/me/answer", event=EVENT_ID, answer="maybe")
    (entry,) = Calendar.from_ical((await program.get(feed)).text).walk("VEVENT")
    assert entry["STATUS"] == "TENTATIVE"
    assert "Town Library" in entry["LOCATION"]
    assert int(entry["SEQUENCE"]) > first
    await inside.press("/me/calendar")
    assert (await program.get(feed)).status_code == 404
    assert (await program.get(await feed_of(inside))).status_code == 200


async def test_no_address_of_a_calendar_can_be_made_up(
    chapter: Visited, inside: Browser, server: OAuthServer
) -> None:
    await inside.press("/me/calendar")
    feed = await feed_of(inside)
    token = feed.removeprefix("/me/calendar/").removesuffix(".ics")
    links, uri = chapter.deps.links, server.uri("ana")
    made_up = ["", "x", token[:-1], token + "A", links.make("calendar", uri), "%00", "é"]
    made_up += [links.make("rsvp", uri), links.make("calendar", server.uri("ben"), 1)]
    for each in made_up:
        assert (await chapter.browser().get(f"/me/calendar/{each}.ics")).status_code in {404, 405}


async def test_no_secret_address_is_written_to_the_log(
    chapter: Visited, inside: Browser, capsys: pytest.CaptureFixture[str]
) -> None:
    await inside.press("/me/calendar")
    feed = await feed_of(inside)
    capsys.readouterr()
    await inside.get(feed)
    said = capsys.readouterr()
    assert feed.removeprefix("/me/calendar/") not in said.out + said.err


# -- what is held, and the way out --------------------------------------------------------------


async def test_the_page_lists_everything_that_names_the_member(
    chapter: Visited, inside: Browser, server: OAuthServer
) -> None:
    await put_event(chapter)
    await inside.press("/me/answer", event=EVENT_ID, answer="going")

    def leave(tx: WriteTx) -> None:
        leave_traces(tx, server.uri("ana"), ours=chapter.actor.id)

    await chapter.deps.db.write(leave)
    page = (await inside.get("/me")).text
    shown = re.findall(r"<dt>([^<]+)</dt><dd>(\d+)</dd>", page)
    assert len(shown) == len({name for name, _ in shown})
    # all but a block, with which nobody is signed in; this server publishes no keys
    assert len(shown) == len(HOLDINGS) - 2
    assert ("Browsers you are signed in with", "2") in shown


async def test_who_wants_to_be_forgotten_is_and_is_out_everywhere(
    chapter: Visited, inside: Browser, server: OAuthServer
) -> None:
    await put_event(chapter, capacity=1)
    await inside.press("/me/answer", event=EVENT_ID, answer="going")
    await inside.press("/me/calendar")
    feed = await feed_of(inside)
    second = chapter.browser()
    await second.sign_in(server)
    ours: LocalActor = chapter.actor
    await chapter.deps.db.write(
        lambda tx: followers.put(tx, ours.id, server.uri("ana"), "f", FollowState.ACCEPTED)
    )
    unsure = await inside.press("/me/erase")
    assert unsure.headers["location"] == "/me?done=unsure"
    assert len(await answers(chapter)) == 1
    answer = await inside.press("/me/erase", sure="yes")
    assert answer.headers["location"] == "/sign-in?done=erased"
    assert "is erased" in (await inside.get("/sign-in?done=erased")).text
    assert await answers(chapter) == []
    for browser in (inside, second):
        assert (await browser.get("/me")).status_code == 303
    assert (await inside.get(feed)).status_code == 404

    def follows(tx: ReadTx) -> bool:
        return followers.is_follower(tx, server.uri("ana"))

    assert not await chapter.deps.db.read(follows)


async def test_signing_out_ends_this_browser_s_session_or_all_of_them(
    chapter: Visited, inside: Browser, server: OAuthServer
) -> None:
    old = inside.client.cookies["__Host-member"]
    second = chapter.browser()
    await second.sign_in(server)
    assert "Sign out everywhere" in (await second.get("/me")).text
    answer = await inside.press("/me/sign-out")
    assert answer.headers["location"] == "/sign-in?done=out"
    assert "__Host-member" not in inside.client.cookies
    inside.client.cookies.set("__Host-member", old, domain="chapter.example")
    assert (await inside.get("/me")).status_code == 303
    assert (await second.get("/me")).status_code == 200
    third = chapter.browser()
    await third.sign_in(server)
    await second.press("/me/sign-out", everywhere="yes")
    assert (await third.get("/me")).status_code == 303

    def stored(tx: ReadTx) -> list[str]:
        return list(tx.conn.execute(select(member_sessions.c.token_hash)).scalars())

    assert await chapter.deps.db.read(stored) == []


async def test_an_organizer_is_no_member_and_a_member_no_organizer(inside: Browser) -> None:
    assert (await inside.get("/admin")).headers["location"] == "/sign-in"
    token = inside.client.cookies["__Host-member"]
    inside.client.cookies.set("__Host-session", token, domain="chapter.example")
    assert (await inside.get("/admin")).headers["location"] == "/sign-in"
