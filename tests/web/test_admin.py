"""The organizers' door and console: who gets in, who may press which button, and who may not."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from itertools import product

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from fedi_chapter.core.clock import SetClock
from fedi_chapter.deps import Deps
from fedi_chapter.domain.attendance import Attendance, AttendanceState
from fedi_chapter.domain.chapter import ActorId, ActorKind, LocalActor
from fedi_chapter.domain.conversation import ReplyState
from fedi_chapter.domain.door import Entry, EntryKind
from fedi_chapter.domain.follower import FollowState
from fedi_chapter.domain.organizer import Role
from fedi_chapter.domain.rsvp import Answer, RsvpId
from fedi_chapter.domain.urls import Urls
from fedi_chapter.services import door
from fedi_chapter.services import organizers as service
from fedi_chapter.store import (
    attendances,
    followers,
    local_actors,
    messages,
    neighbours,
    replies,
    reports,
)
from fedi_chapter.store.tables import (
    event_messages,
    events,
    rsvps,
    sessions,
    sign_in_links,
)
from fedi_chapter.store.tx import Database, ReadTx, WriteTx
from fedi_chapter.web.admin.session import COOKIE as SESSION
from fedi_chapter.web.cache import AnswerCache
from fedi_chapter.web.fedi.forms import ToldApart
from fedi_chapter.web.routes import routes
from tests.kit.attendance import CAFE, rsvp_of, seed_attendance
from tests.kit.desk import HELD, JUN, PRIVATE, REPORT, link_of, seed_desk
from tests.kit.neighbourhood import BASE, CHAPTER, NOW, WESTVIEW
from tests.web.conftest import BROWSER

pytestmark = pytest.mark.anyio
COOKIE = "__Host-session"
HERE = "0197c1b2-7a10-7cc2-9f5e-00000000f002"
OURS = {"Sec-Fetch-Site": "same-origin", "Origin": BASE}
FIELDS = {
    "/admin/replies/show": {"reply": HELD.uri},
    "/admin/replies/hide": {"reply": HELD.uri},
    "/admin/hosts/allow": {"host": "far.example.net"},
    "/admin/messages/close": {"message": PRIVATE.uri},
    "/admin/reports/close": {"report": REPORT},
    "/admin/sign-out": {},
    "/admin/events/{event}/approve": {"rsvp": "Dora"},
    "/admin/events/{event}/decline": {"rsvp": "Ben", "sure": "yes"},
    "/admin/events/{event}/add": {"name": "Fay", "answer": "going", "guests": "0"},
    "/admin/events/{event}/mail": {"rsvp": "Ben", "email": "ben@mail.example"},
    "/admin/events/{event}/seats": {"seats": "9"},
    "/admin/events/{event}/message": {"text": "Bring a lamp.", "urgent": "yes"},
    "/admin/events/{event}/export": {},
    "/admin/events/{event}/door/came": {"rsvp": "Ben", "guests": "1"},
    "/admin/events/{event}/door/undo": {"rsvp": "Here"},
    "/admin/events/{event}/door/walk-in": {
        "rsvp": "0197c1b2-7a10-7cc2-9f5e-00000000f001",
        "name": "Gil",
    },
}
"""What each form carries; a route without a line here fails the tests below."""
MUTATING = sorted(
    route.path
    for route in routes
    if isinstance(route, Route)
    and route.path.startswith("/admin")
    and (route.methods or set()) - {"GET", "HEAD"}
    and not route.path.endswith("/door/sync")  # takes no form: see test_the_door
)
EVERYONE = frozenset(Role)
MODERATORS = frozenset({Role.OWNER, Role.ORGANIZER, Role.MODERATOR})
HOSTS = frozenset({Role.OWNER, Role.ORGANIZER})
GREETERS = frozenset({Role.OWNER, Role.ORGANIZER, Role.GREETER})
POLICY = {
    path: EVERYONE
    if path == "/admin/sign-out"
    else GREETERS
    if "/door/" in path
    else HOSTS
    if "/events/" in path
    else MODERATORS
    for path in FIELDS
}
"""Who may press which button."""
SHOWN = {
    "/admin": MODERATORS,
    "/admin/events": EVERYONE,
    f"/admin/events/{CAFE.id}": HOSTS,
    f"/admin/events/{CAFE.id}/door": GREETERS,
}
"""Who may see which page."""


@pytest.fixture(autouse=True)
async def desk(app: Starlette, sqlite_db: Database) -> None:
    app.add_middleware(AnswerCache, db=sqlite_db, told_apart=ToldApart(app.state.deps.settings))
    await sqlite_db.write(seed_desk)
    await sqlite_db.write(seed_attendance)


@pytest.fixture
async def other(app: Starlette) -> AsyncIterator[httpx.AsyncClient]:
    """A second browser."""
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(
        transport=transport, base_url=BASE, headers={"Accept": BROWSER}
    ) as client:
        yield client


async def enter(browser: httpx.AsyncClient, role: Role = Role.OWNER) -> httpx.Response:
    """Sign in by the link that waits for the organizer of that role."""
    answer = await browser.post("/sign-in", data={"token": link_of(role)}, headers=OURS)
    assert answer.status_code == 303, answer.text
    return answer


async def csrf(browser: httpx.AsyncClient) -> str:
    page = await browser.get("/admin", follow_redirects=True)  # greeters are sent to their events
    found = re.search(r'name="csrf" value="(\w+)"', page.text)
    assert found
    return found[1]


async def everything(db: Database) -> list[object]:
    """Return all that the buttons can change."""

    def read(tx: ReadTx) -> list[object]:
        reply = replies.get(tx, HELD.uri)
        waiting = followers.get(tx, CHAPTER.id, JUN)
        open_sessions = tx.conn.execute(sessions.select()).all()
        theirs = [tx.conn.execute(table.select()).all() for table in (events, event_messages)]
        answers = tx.conn.execute(rsvps.select().order_by(rsvps.c.id)).all()
        tokens = [row.token_hash for row in open_sessions]
        said = [messages.listing(tx), reports.listing(tx)]
        return [reply, waiting, said, tokens, theirs, answers]

    return await db.read(read)


def at(path: str) -> str:
    """Return the address of a route at the sample event."""
    return path.replace("{event}", CAFE.id)


async def fields_of(path: str, db: Database) -> dict[str, str]:
    """Return what the form of a route carries; people by the ids of their answers."""
    fields = FIELDS[path]
    if fields.get("rsvp") == "Here":
        here = Entry(HERE, CAFE.id, RsvpId(HERE), EntryKind.WALK_IN, NOW, "test")
        await db.write(lambda tx: door.record(tx, CAFE, here, name="Here"))
        return {"rsvp": HERE}
    if "rsvp" in fields and fields["rsvp"].isalpha():
        found = await db.read(lambda tx: rsvp_of(tx, fields["rsvp"]))
        return {**fields, "rsvp": found.id}
    return fields


# -- the door --------------------------------------------------------------------------------


async def test_opening_a_link_names_whom_it_signs_in_and_uses_nothing_up(
    browser: httpx.AsyncClient,
) -> None:
    for _ in range(3):
        page = await browser.get("/sign-in", params={"token": link_of(Role.OWNER)})
        assert page.status_code == 200
        assert "Sign in as Ana the owner" in page.text
        assert "set-cookie" not in page.headers
    await enter(browser)


async def test_a_link_works_once(browser: httpx.AsyncClient, other: httpx.AsyncClient) -> None:
    answer = await enter(browser)
    assert answer.headers["location"] == "/admin"
    again = await other.post("/sign-in", data={"token": link_of(Role.OWNER)}, headers=OURS)
    assert again.status_code == 403
    assert "works no more" in again.text
    assert "set-cookie" not in again.headers


@pytest.mark.parametrize("token", ["", "unknown", "ünknown\x00", "x" * 5000])
async def test_a_wrong_link_signs_nobody_in(browser: httpx.AsyncClient, token: str) -> None:
    answer = await browser.post("/sign-in", data={"token": token}, headers=OURS)
    assert answer.status_code == 403
    assert "Ask whoever looks after this server" in answer.text
    assert (await browser.get("/admin")).headers["location"] == "/sign-in"


async def test_an_old_link_signs_nobody_in(browser: httpx.AsyncClient, clock: SetClock) -> None:
    clock.advance(timedelta(days=1))
    page = await browser.get("/sign-in", params={"token": link_of(Role.OWNER)})
    assert page.status_code == 403
    assert "too old" in page.text


async def test_without_a_link_the_door_says_how_to_get_one(browser: httpx.AsyncClient) -> None:
    page = await browser.get("/sign-in")
    assert page.status_code == 200
    assert "Ask whoever looks after this server" in page.text
    assert "fedi-chapter" not in page.text


@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}]
)
async def test_no_other_site_can_sign_somebody_in(
    browser: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    answer = await browser.post("/sign-in", data={"token": link_of(Role.OWNER)}, headers=headers)
    assert answer.status_code == 403
    await enter(browser)  # the link was not used up


# -- the session -----------------------------------------------------------------------------


async def test_the_cookie_is_for_us_alone_and_for_no_script(browser: httpx.AsyncClient) -> None:
    name, _, rest = (await enter(browser)).headers["set-cookie"].partition("=")
    assert name == COOKIE
    flags = {flag.strip().lower() for flag in rest.split(";")[1:]}
    assert {"secure", "httponly", "samesite=lax", "path=/", "max-age=1209600"} <= flags
    assert not any(flag.startswith("domain") for flag in flags)


async def test_the_database_knows_no_token(browser: httpx.AsyncClient, sqlite_db: Database) -> None:
    await enter(browser)
    token = browser.cookies[COOKIE]

    def rows(tx: ReadTx) -> str:
        return str([tx.conn.execute(table.select()).all() for table in (sessions, sign_in_links)])

    told = await sqlite_db.read(rows)
    assert service.token_hash(token) in told
    assert token not in told
    assert link_of(Role.OWNER) not in told


async def test_a_token_somebody_planted_is_worth_nothing_before_and_after(
    browser: httpx.AsyncClient,
) -> None:
    planted = {"Cookie": f"{COOKIE}=planted"}
    token = link_of(Role.OWNER)
    await browser.post("/sign-in", data={"token": token}, headers={**OURS, **planted})
    assert browser.cookies[COOKIE] != "planted"
    browser.cookies.clear()
    assert (await browser.get("/admin", headers=planted)).status_code == 303


async def test_signing_in_again_ends_the_session_before(browser: httpx.AsyncClient) -> None:
    await enter(browser)
    old = browser.cookies[COOKIE]
    await enter(browser, Role.MODERATOR)
    assert browser.cookies[COOKIE] != old
    assert "Ana the moderator" in (await browser.get("/admin")).text
    browser.cookies.clear()
    answer = await browser.get("/admin", headers={"Cookie": f"{COOKIE}={old}"})
    assert answer.status_code == 303


async def test_after_signing_out_the_old_cookie_opens_nothing(browser: httpx.AsyncClient) -> None:
    await enter(browser)
    old, word = browser.cookies[COOKIE], await csrf(browser)
    answer = await browser.post("/admin/sign-out", data={"csrf": word}, headers=OURS)
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    assert COOKIE not in browser.cookies
    headers = {**OURS, "Cookie": f"{COOKIE}={old}"}
    assert (await browser.get("/admin", headers=headers)).status_code == 303
    late = await browser.post(
        "/admin/replies/show", data={"csrf": word, "reply": HELD.uri}, headers=headers
    )
    assert late.status_code == 401


async def test_a_session_ends_after_twelve_idle_hours(
    browser: httpx.AsyncClient, clock: SetClock
) -> None:
    await enter(browser)
    clock.advance(timedelta(hours=11))
    assert (await browser.get("/admin")).status_code == 200
    clock.advance(timedelta(hours=11))
    assert (await browser.get("/admin")).status_code == 200
    clock.advance(timedelta(hours=12))
    assert (await browser.get("/admin")).status_code == 303


async def test_a_session_ends_after_fourteen_days_however_busy(
    browser: httpx.AsyncClient, clock: SetClock
) -> None:
    await enter(browser)
    for _ in range(28):
        clock.advance(timedelta(hours=11, minutes=59))
        assert (await browser.get("/admin")).status_code == 200
    clock.advance(timedelta(hours=1))
    assert (await browser.get("/admin")).status_code == 303


@pytest.mark.parametrize("change", ["removed", "other role"])
async def test_who_is_removed_or_gets_another_role_is_signed_out_at_once(
    browser: httpx.AsyncClient, sqlite_db: Database, change: str
) -> None:
    await enter(browser)
    if change == "removed":
        await sqlite_db.write(lambda tx: service.remove(tx, "Ana the owner"))
    else:
        await sqlite_db.write(lambda tx: service.invite(tx, "Ana the owner", Role.GREETER))
    assert (await browser.get("/admin")).status_code == 303


async def test_who_is_signed_in_finds_the_desk_behind_the_door(
    browser: httpx.AsyncClient,
) -> None:
    await enter(browser)
    assert (await browser.get("/sign-in")).headers["location"] == "/admin"


# -- the console -----------------------------------------------------------------------------


async def test_the_desk_shows_what_the_chapter_does_and_what_waits(
    browser: httpx.AsyncClient,
) -> None:
    await enter(browser)
    page = (await browser.get("/admin")).text
    for words in (
        "A draft nobody sees",
        "For followers alone",
        "The city said yes",
        "A word among ourselves",
        "1 message is on its way to another server.",
        "1 message could not be delivered.",
        "1 piece of our news could not be told, and is set aside.",
        "2 messages that came in could not be taken in, and are set aside.",
        "1 message to somebody who answered could not be sent, and we no longer know",
        "fedi-chapter queue list --state parked",
        "slow.example.com",
        "gone.example.com",
        "Held for now",
        "@jun@far.example.net",
        "Allow far.example.net",
        "They &lt;b&gt;shout&lt;/b&gt; a lot.",
        "servers out of reach</dt><dd>1</dd>",
        "fedi-chapter event create",
        "fedi-chapter post create",
    ):
        assert words in page
    assert page.count(">Draft<") == 1
    assert "Deleted again" not in page
    assert "a cookie only" not in page


async def test_words_from_elsewhere_are_harmless_on_the_desk(browser: httpx.AsyncClient) -> None:
    await enter(browser)
    page = (await browser.get("/admin")).text
    assert "<script" not in page
    assert "onerror" not in page
    assert 'href="javascript' not in page
    assert "style=" not in page


@pytest.mark.parametrize("path", ["/admin", "/sign-in", "/sign-in?token=x"])
async def test_nobody_keeps_a_page_of_ours(
    browser: httpx.AsyncClient, other: httpx.AsyncClient, path: str
) -> None:
    await enter(browser)
    for client in (browser, other, browser):
        headers = (await client.get(path)).headers
        assert set(headers["cache-control"].split(", ")) == {"private", "no-store", "no-transform"}
        assert "etag" not in headers
        assert headers["referrer-policy"] == "same-origin"


async def test_the_cache_of_public_answers_serves_the_desk_to_nobody_else(
    browser: httpx.AsyncClient, other: httpx.AsyncClient
) -> None:
    await enter(browser)
    assert (await browser.get("/admin")).status_code == 200
    stranger = await other.get("/admin")
    assert (stranger.status_code, stranger.headers["location"]) == (303, "/sign-in")
    assert (await browser.get("/admin")).status_code == 200


async def test_a_shown_reply_stands_on_the_events_page_and_a_hidden_one_does_not(
    browser: httpx.AsyncClient, sqlite_db: Database
) -> None:
    await enter(browser)
    for path, state in (("show", ReplyState.SHOWN), ("hide", ReplyState.HIDDEN)):
        data = {"csrf": await csrf(browser), "reply": HELD.uri}
        answer = await browser.post(f"/admin/replies/{path}", data=data, headers=OURS)
        assert answer.headers["location"] == f"/admin?done={state}"
        assert ("Held for now" in (await browser.get(HELD.root)).text) == (path == "show")
        desk = (await browser.get(answer.headers["location"])).text
        assert "Held for now" not in desk
        assert 'role="status"' in desk


async def test_who_waited_follows_once_the_server_is_allowed(
    browser: httpx.AsyncClient, sqlite_db: Database
) -> None:
    await enter(browser)
    data = {"csrf": await csrf(browser), "host": "far.example.net"}
    await browser.post("/admin/hosts/allow", data=data, headers=OURS)
    follower = await sqlite_db.read(lambda tx: followers.get(tx, CHAPTER.id, JUN))
    assert follower
    assert follower.state is FollowState.ACCEPTED
    assert "jun@far.example.net" not in (await browser.get("/admin")).text.partition("Reports")[0]


async def test_a_closed_report_is_off_the_desk_and_can_not_be_closed_again(
    browser: httpx.AsyncClient,
) -> None:
    await enter(browser)
    data = {"csrf": await csrf(browser), "report": REPORT}
    answers = [
        await browser.post("/admin/reports/close", data=data, headers=OURS) for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [303, 404]
    assert "shout" not in (await browser.get("/admin")).text


# -- who may do what -------------------------------------------------------------------------


async def test_every_button_has_its_fields_and_its_line_in_the_policy() -> None:
    assert set(MUTATING) == set(FIELDS) == set(POLICY)


@pytest.mark.parametrize(("role", "path"), list(product(Role, POLICY)))
async def test_a_role_may_do_what_the_policy_says_and_nothing_else(
    browser: httpx.AsyncClient, sqlite_db: Database, role: Role, path: str
) -> None:
    await enter(browser, role)
    data = {"csrf": await csrf(browser), **await fields_of(path, sqlite_db)}
    before = await everything(sqlite_db)
    answer = await browser.post(at(path), data=data, headers=OURS)
    allowed = role in POLICY[path]
    only_reads = path.endswith("/export")
    assert answer.status_code == ((200 if only_reads else 303) if allowed else 403)
    assert (await everything(sqlite_db) != before) == (allowed and not only_reads)


@pytest.mark.parametrize(("role", "path"), list(product(Role, SHOWN)))
async def test_a_role_sees_what_the_policy_says_and_nothing_else(
    browser: httpx.AsyncClient, role: Role, path: str
) -> None:
    await enter(browser, role)
    answer = await browser.get(path)
    if (role, path) == (Role.GREETER, "/admin"):
        assert answer.headers["location"] == "/admin/events"
    else:
        assert answer.status_code == (200 if role in SHOWN[path] else 403)
    browser.cookies.clear()
    assert (await browser.get(path)).headers["location"] == "/sign-in"


async def test_a_greeter_sees_no_button_that_would_be_refused(browser: httpx.AsyncClient) -> None:
    await enter(browser, Role.GREETER)
    page = (await browser.get("/admin/events")).text
    assert re.findall(r'action="(/admin[^"]*)"', page) == ["/admin/sign-out"]


@pytest.mark.parametrize("path", MUTATING)
@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "https://sub.eastside.example.org"},
        {"Origin": "null"},
    ],
)
async def test_a_form_from_another_site_is_refused_even_with_the_right_word(
    browser: httpx.AsyncClient, sqlite_db: Database, path: str, headers: dict[str, str]
) -> None:
    await enter(browser)
    data = {"csrf": await csrf(browser), **await fields_of(path, sqlite_db)}
    before = await everything(sqlite_db)
    assert (await browser.post(at(path), data=data, headers=headers)).status_code == 403
    assert await everything(sqlite_db) == before


@pytest.mark.parametrize("path", MUTATING)
@pytest.mark.parametrize("word", [None, "", "wrong", "ünknown", "of another session"])
async def test_a_form_without_this_sessions_word_is_refused(
    browser: httpx.AsyncClient,
    other: httpx.AsyncClient,
    sqlite_db: Database,
    path: str,
    word: str | None,
) -> None:
    await enter(browser)
    await enter(other, Role.ORGANIZER)
    if word == "of another session":
        word = await csrf(other)
    fields = await fields_of(path, sqlite_db)
    data = fields if word is None else {"csrf": word, **fields}
    before = await everything(sqlite_db)
    assert (await browser.post(at(path), data=data, headers=OURS)).status_code == 403
    assert await everything(sqlite_db) == before


@pytest.mark.parametrize("path", MUTATING)
async def test_nothing_changes_by_a_link_or_by_a_body_that_is_no_form(
    browser: httpx.AsyncClient, sqlite_db: Database, path: str
) -> None:
    await enter(browser)
    fields = {"csrf": await csrf(browser), **await fields_of(path, sqlite_db)}
    before = await everything(sqlite_db)
    assert (await browser.get(at(path), params=fields)).status_code == 405
    for media_type in ("text/plain", "application/json"):
        headers = {**OURS, "Content-Type": media_type}
        answer = await browser.post(at(path), json=fields, headers=headers)
        assert answer.status_code == 403
    query = await browser.post(at(path), params=fields, headers=OURS)
    assert query.status_code == 403
    assert await everything(sqlite_db) == before


@pytest.mark.parametrize("path", MUTATING)
async def test_who_is_not_signed_in_is_told_so(
    browser: httpx.AsyncClient, sqlite_db: Database, path: str
) -> None:
    data = await fields_of(path, sqlite_db)
    before = await everything(sqlite_db)
    assert (await browser.post(at(path), data=data, headers=OURS)).status_code == 401
    assert await everything(sqlite_db) == before


async def test_over_plain_http_the_cookie_has_a_name_that_browsers_take(app: Starlette) -> None:
    deps: Deps = app.state.deps
    assert SESSION.name_at(deps) == COOKIE
    plain = replace(deps, urls=Urls("http://127.0.0.1:8001", "127.0.0.1:8001"))
    assert SESSION.name_at(plain) == "session"


async def test_the_desk_tells_of_neighbours_events_that_are_off(
    browser: httpx.AsyncClient, sqlite_db: Database
) -> None:
    uri = "https://westview.example.net/events/1"

    def said(tx: WriteTx) -> None:
        words = Attendance(CHAPTER.id, uri, "1", Answer.GOING, AttendanceState.TOLD, None, tx.now)
        attendances.put(tx, words)

    await sqlite_db.write(said)
    await enter(browser)
    assert "it is off" not in (await browser.get("/admin")).text
    await sqlite_db.write(lambda tx: neighbours.remove(tx, uri, WESTVIEW))
    page = (await browser.get("/admin")).text
    told = page[page.index("We said that we come, and it is off") :]
    assert told.index("Repair café: bikes and toasters") < told.index("They deleted it.")


async def test_the_desk_counts_the_servers_that_follow_this_server(
    browser: httpx.AsyncClient, sqlite_db: Database
) -> None:
    relay = LocalActor(
        id=ActorId("instance"),
        kind=ActorKind.INSTANCE,
        handle="relay",
        name="relay",
        created_at=NOW,
        updated_at=NOW,
    )

    def followed(tx: WriteTx) -> None:
        local_actors.insert(tx, relay)
        followers.put(tx, relay.id, WESTVIEW, f"{WESTVIEW}#follow", FollowState.ACCEPTED)

    await enter(browser)
    assert "servers follow this server" not in (await browser.get("/admin")).text
    await sqlite_db.write(followed)
    page = (await browser.get("/admin")).text
    assert "servers follow this server</dt><dd>1</dd>" in page


async def test_organizers_read_private_messages_and_put_them_away(
    browser: httpx.AsyncClient, sqlite_db: Database
) -> None:
    await enter(browser, Role.MODERATOR)
    page = (await browser.get("/admin")).text
    assert "May I bring <b>my dog</b>?" in page
    assert "<summary><bdi>A question</bdi></summary>" in page
    data = {"csrf": await csrf(browser), "message": PRIVATE.uri}
    answer = await browser.post("/admin/messages/close", data=data, headers=OURS)
    assert answer.headers["location"] == "/admin?done=read"
    assert "my dog" not in (await browser.get("/admin")).text
    assert await sqlite_db.read(messages.listing) == []


async def test_a_greeter_reads_no_private_message(browser: httpx.AsyncClient) -> None:
    await enter(browser, Role.GREETER)
    assert "my dog" not in (await browser.get("/admin")).text
