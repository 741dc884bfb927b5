"""Canaries: a word in every private place, and then everything we ever say is searched for them.

Every address we serve is asked, by its pattern and by following every link, as a stranger, a
member, another chapter, an account elsewhere and a blocked one; everything sent to others, mailed,
logged, counted and told on the command line is read as well. Who may know a word is listed below,
one by one; wherever else it is found, something leaks.
"""

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from html import unescape
from itertools import product
from urllib.parse import quote, urljoin, urlsplit

import httpx
import pytest
from sqlalchemy import select
from starlette.routing import Route as WebRoute
from structlog.testing import capture_logs

from fedi_chapter.app import build_app
from fedi_chapter.cli.event import summary
from fedi_chapter.domain.audience import Visibility
from fedi_chapter.domain.event import Event, EventId, PlaceShown
from fedi_chapter.domain.organizer import Role
from fedi_chapter.domain.rsvp import RANKS, Answer, Party, Route, Saying
from fedi_chapter.federation import remote_actors, signing
from fedi_chapter.net.fetch import Budget
from fedi_chapter.services import members, own_rsvps, rsvps
from fedi_chapter.services.event_fields import EventFields
from fedi_chapter.services.events import create_event
from fedi_chapter.services.messages import message_attendees
from fedi_chapter.services.moderation import block
from fedi_chapter.services.own_rsvps import Guest
from fedi_chapter.services.places import PlaceFields
from fedi_chapter.sig.keys import SigningKey
from fedi_chapter.sig.sign import sign
from fedi_chapter.store import events, organizers, tables
from fedi_chapter.store.rsvps import of_event
from fedi_chapter.store.tx import ReadTx, WriteTx
from fedi_chapter.web.routes import routes
from tests.kit.inviting import Postbox
from tests.kit.network import Network
from tests.kit.peers.mastodon import Member
from tests.kit.world import Chapter, World

pytestmark = pytest.mark.anyio

BASE = "https://a.test"
OURS = {"Sec-Fetch-Site": "same-origin"}
PAGE = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
DOCUMENT = {"Accept": "application/activity+json"}

# Nobody but organizers may read these, wherever they are looked for; those who go read the
# first six, on pages of their own.
PLACE, ADDRESS, LAT, LON = "canaryhouse", "canarylane", "33.7123987", "84.3987123"
LINK, STREAM = "canaryroom", "canarystream"
DRAFT, TEMPLATE, ORGANIZER, NOTE = "canarydraft", "canaryseries", "canaryboss", "canarynote"
COMPLAINT, HELD = "canarycomplaint", "canaryheld"
# These are somebody's own, and go to nobody but them.
HANDLE, NAME, MAIL, UNCONFIRMED = "canaryhandle", "canaryname", "canarymail", "canarystranger"
LETTER, CIRCULAR = "canaryletter", "canarycircular"
FOR_FOLLOWERS = "canarycircle"
SECRETS = (
    *(PLACE, ADDRESS, LAT, LON, LINK, STREAM, DRAFT, TEMPLATE, ORGANIZER, NOTE, COMPLAINT, HELD),
    *(HANDLE, NAME, MAIL, UNCONFIRMED, LETTER, CIRCULAR, FOR_FOLLOWERS),
)
MAY_BE_MAILED = {
    f"{MAIL}@mail.test": {MAIL, CIRCULAR},
    f"{UNCONFIRMED}@mail.test": {UNCONFIRMED},
}
"""Her own address, and what organizers wrote to all who come."""
MAY_BE_SENT = {
    f"https://m.test/users/{HANDLE}/inbox": {HANDLE, CIRCULAR},
    "https://f.test/inbox": {FOR_FOLLOWERS},
    "https://f.test/users/flora/inbox": {FOR_FOLLOWERS},
}
"""A direct message names whom it is for; what is for followers goes to followers."""


def found_in(text: str, *, allowed: set[str] | None = None) -> list[str]:
    """Return the canaries in a text."""
    lower = unescape(text).lower()
    return [secret for secret in SECRETS if secret in lower and secret not in (allowed or set())]


@dataclass
class Overheard(Network):
    """A network that remembers every word the chapter under test sent to others."""

    said: list[tuple[str, str]] = field(default_factory=list)

    async def send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes = b""
    ) -> httpx.Response:
        if not url.startswith(BASE):
            # Whom a request is about stands in its address, and its owner's server knows it.
            self.said.append((url, body.decode()))
        return await super().send(method, url, headers, body)


@dataclass
class Aviary:
    """The chapter full of canaries, and those who come to look."""

    world: World
    chapter: Chapter
    post: Postbox
    network: Overheard
    supper: Event
    reading: Event
    """Online only, for those an organizer says yes to."""
    ids: list[str]

    async def ask(self, url: str, headers: Mapping[str, str], cookies: str = "") -> httpx.Response:
        more = {"Cookie": cookies} if cookies else {}
        return await self.network.send("GET", url, {**headers, **more, "Host": "a.test"})


async def planted(world: World) -> Aviary:
    """A chapter with a canary in every private place."""
    network = world.network = Overheard()
    chapter, post = await world.chapter("a.test", replies="followers"), Postbox()
    await world.chapter("b.test")
    chapter.deps = replace(chapter.deps, mailer=post)
    chapter.app = build_app(chapter.deps, with_workers=False)
    network.hosts["a.test"] = chapter.app
    mastodon = world.mastodon("m.test")
    hedda, flora = mastodon.member(HANDLE), world.mastodon("f.test").member("flora")
    await flora.follow(chapter.uri)
    await world.settle()
    await remote_actors.actor(chapter.deps, hedda.uri, budget=Budget())
    supper, reading = await chapter.write(lambda tx: _events(tx, chapter))
    for event in (supper, reading):
        await chapter.write(lambda tx, event=event: _people(tx, chapter, event, hedda))  # type: ignore[misc]
    await chapter.post(f"Only among us: {FOR_FOLLOWERS}", Visibility.FOLLOWERS)
    public = await chapter.post("For everybody")
    stranger = mastodon.member("stranger")
    await stranger.reply(public, HELD)
    await stranger.dm(chapter.uri, LETTER)
    await mastodon.member("reporter").report([public], COMPLAINT)
    await world.settle()
    await chapter.write(lambda tx: message_attendees(tx, supper.id, CIRCULAR))
    await world.settle()
    ids = await chapter.read(_every_id)
    return Aviary(world, chapter, post, network, supper, reading, ids)


def _events(tx: WriteTx, chapter: Chapter) -> tuple[Event, Event]:
    organizers.put(tx, ORGANIZER, Role.OWNER)
    start = f"{chapter.deps.clock.now():%Y}-12-20T18:00"
    place = PlaceFields(
        PLACE, f"7 {ADDRESS}", float(LAT), -float(LON), area="Eastside", shown=PlaceShown.TO_GOING
    )
    supper = EventFields(
        name="Supper",
        start=start,
        place=place,
        bring="A spoon",
        online_url=f"https://meet.test/{LINK}",
    )
    reading = EventFields(
        name="Reading", start=start, approval=True, online_url=f"https://meet.test/{STREAM}"
    )
    draft = EventFields(name=DRAFT, start=start, description=DRAFT, place=PlaceFields(DRAFT))
    template = replace(draft, name=TEMPLATE, description=TEMPLATE, place=PlaceFields(TEMPLATE))
    for fields in (draft, template):
        create_event(tx, chapter.actor, fields, chapter.urls, draft=True)
    return (
        create_event(tx, chapter.actor, supper, chapter.urls),
        create_event(tx, chapter.actor, reading, chapter.urls),
    )


def _people(tx: WriteTx, chapter: Chapter, event: Event, hedda: Member) -> None:
    going = Saying(Answer.GOING, Route.POLL, tx.now, RANKS[Answer.GOING], 1, note=NOTE)
    party = Party(hedda.uri, hedda.uri, name=NAME)
    rsvps.respond(tx, event, party, going)
    web = Saying(Answer.GOING, Route.WEB, tx.now, RANKS[Answer.GOING])
    for address in (MAIL, UNCONFIRMED):
        guest = Guest(NAME, f"{address}@mail.test")
        response = own_rsvps.answer_as_guest(tx, event, guest, web)
        if address == MAIL:
            own_rsvps.confirm_email(tx, event, response.rsvp)


def _every_id(tx: ReadTx) -> list[str]:
    columns = [
        tables.events.c.id,
        tables.posts.c.id,
        tables.places.c.id,
        tables.rsvps.c.id,
        tables.notices.c.id,
        tables.local_actors.c.id,
        tables.organizers.c.id,
        tables.reports.c.id,
    ]
    return [str(each) for column in columns for each in tx.conn.execute(select(column)).scalars()]


# -- who looks -----------------------------------------------------------------------------


@dataclass
class Looker:
    """Somebody who asks for everything."""

    name: str
    headers: Mapping[str, str]
    key: SigningKey | None = None
    cookies: str = ""
    own: frozenset[str] = frozenset()
    """What may be read on the page of their own answer."""

    def headers_for(self, url: str, aviary: Aviary) -> dict[str, str]:
        headers = dict(self.headers)
        if self.key:
            at = aviary.world.clock.now()
            headers |= sign("cavage", self.key, method="GET", url=url, at=at)
        return headers


def _key_of(member: Member) -> SigningKey:
    return SigningKey(f"{member.uri}#main-key", "rsa", member.key)


async def lookers(aviary: Aviary) -> list[Looker]:
    """Everybody who is not the person herself, a follower or an organizer."""
    world, chapter = aviary.world, aviary.chapter
    eve, blocked = world.mastodon("e.test").member("eve"), world.mastodon("x.test").member("xan")
    for uri in (eve.uri, blocked.uri):
        await remote_actors.actor(chapter.deps, uri, budget=Budget())
    await chapter.write(lambda tx: block(tx, "x.test", chapter.urls))

    def sign_in(tx: WriteTx) -> str:
        maybe = Saying(Answer.MAYBE, Route.ACCOUNT, tx.now, RANKS[Answer.MAYBE])
        rsvps.respond(tx, aviary.supper, members.party(eve.uri), maybe)
        return members.sign_in(tx, eve.uri, instead_of=None)

    token = await chapter.write(sign_in)
    other = await signing.instance_key(world.chapters["b.test"].deps)
    return [
        Looker("a stranger", PAGE),
        Looker("a program", DOCUMENT),
        Looker("a member", PAGE, cookies=f"__Host-member={token}", own=frozenset({CIRCULAR})),
        Looker("another chapter", DOCUMENT, other),
        Looker("an account elsewhere", DOCUMENT, _key_of(eve)),
        Looker("a blocked account", DOCUMENT, _key_of(blocked)),
    ]


def addresses(aviary: Aviary, method: str) -> list[str]:
    """Return every address we serve: each pattern, filled with all that could stand there."""
    words = ["x", "a", "1", PLACE, quote(HANDLE), "style.css", "chapter"]
    found = []
    for route in routes:
        if not isinstance(route, WebRoute) or method not in (route.methods or {"GET"}):
            continue
        pools = [
            aviary.ids if "uuid" in type(convertor).__name__.lower() else words
            for convertor in route.param_convertors.values()
        ]
        names = list(route.param_convertors)
        for values in product(*pools):
            path = re.sub(r":\w+}", "}", route.path)
            for name, value in zip(names, values, strict=True):
                path = path.replace(f"{{{name}}}", value)
            found.append(BASE + path)
    return [*dict.fromkeys(found)]


def searches(aviary: Aviary) -> list[str]:
    """Return addresses with a question in them."""
    asked = [
        f"/.well-known/webfinger?resource=acct:{HANDLE}@m.test",
        "/.well-known/webfinger?resource=acct:a@a.test",
        f"/follow?object={BASE}/events/{aviary.supper.id}",
        f"/follow?object={MAIL}@mail.test",
        "/chapter/outbox?page=true",
        "/healthz",
        "/readyz",
        "/metrics",
    ]
    return [BASE + path for path in asked]


def links_in(body: str, at: str) -> set[str]:
    """Return the addresses of ours that an answer names, whatever it is."""
    raw = re.findall(r'(?:href|src)="([^"\s]+)"|"(https://a\.test[^"\s]*)"', unescape(body))
    whole = {urljoin(at, one or other).partition("#")[0] for one, other in raw}
    return {url for url in whole if url.startswith(f"{BASE}/")}


async def crawl(aviary: Aviary, looker: Looker) -> AsyncIterator[tuple[str, httpx.Response]]:
    """Yield every answer somebody gets who asks for everything and follows every link."""
    todo, seen = [*addresses(aviary, "GET"), *searches(aviary)], set[str]()
    while todo:
        url = todo.pop()
        if url in seen:
            continue
        seen.add(url)
        answer = await aviary.ask(url, looker.headers_for(url, aviary), looker.cookies)
        yield url, answer
        kind = answer.headers.get("content-type", "")
        if not kind.startswith("image/"):
            todo += sorted(links_in(answer.text, url) - seen)


@pytest.fixture
async def aviary(world: World) -> Aviary:
    return await planted(world)


# -- the searches --------------------------------------------------------------------------


async def test_no_page_feed_or_document_tells_a_secret_to_anybody(aviary: Aviary) -> None:
    leaks: list[tuple[str, str, list[str]]] = []
    answers: dict[str, int] = {}
    with capture_logs() as logs:
        for looker in await lookers(aviary):
            async for url, answer in crawl(aviary, looker):
                told = f"{answer.headers!r} {answer.text}"
                path = urlsplit(url).path
                known = set(found_in(path + urlsplit(url).query))
                if path.startswith("/rsvp/"):
                    known |= looker.own
                if each := found_in(told, allowed=known):
                    leaks.append((looker.name, url, each))
                answers[looker.name] = answers.get(looker.name, 0) + 1
    assert leaks == []
    assert set(found_in(repr(logs))) <= {PLACE, HANDLE}  # what the crawl itself put into paths
    assert min(answers.values()) > 200
    assert found_in(repr(aviary.chapter.counts)) == []


async def test_no_button_answers_with_a_secret(aviary: Aviary) -> None:
    pressed: list[int] = []
    for looker in (await lookers(aviary))[:3]:
        for url in addresses(aviary, "POST"):
            headers = {**looker.headers, **OURS, "Host": "a.test"}
            if looker.cookies:
                headers["Cookie"] = looker.cookies
            answer = await aviary.network.send("POST", url, headers)
            told, asked = f"{answer.headers!r} {answer.text}", set(found_in(urlsplit(url).path))
            assert found_in(told, allowed=asked) == [], (looker.name, url)
            pressed.append(answer.status_code)
    assert len(pressed) > 100
    assert 500 not in pressed  # 503 is the limit of answers from one network


async def test_nothing_told_to_other_servers_is_somebody_elses_secret(aviary: Aviary) -> None:
    bodies = [(url, body) for url, body in aviary.network.said if body]
    leaks = [
        (url, found)
        for url, body in bodies
        if (found := found_in(body, allowed=MAY_BE_SENT.get(url)))
    ]
    assert leaks == []
    whole = " ".join(body for _, body in bodies)
    assert "Supper" in whole
    assert CIRCULAR in whole  # it did go to whom it was for
    assert FOR_FOLLOWERS in whole


async def test_no_mail_tells_a_secret_of_somebody_else(aviary: Aviary) -> None:
    letters = aviary.post.letters
    leaks = [
        (letter.to, found)
        for letter in letters
        if (found := found_in(repr(letter), allowed=MAY_BE_MAILED[letter.to]))
    ]
    assert leaks == []
    assert {letter.to for letter in letters} == set(MAY_BE_MAILED)
    assert sum(letter.to.startswith(UNCONFIRMED) for letter in letters) == 2  # events


async def test_the_log_names_nobody_and_no_place(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    with capture_logs() as logs:
        aviary = await planted(world)
    out, err = capsys.readouterr()
    assert found_in(f"{logs!r} {out} {err}") == []
    assert aviary.post.letters


async def test_commands_anybody_may_look_over_name_no_exact_place(aviary: Aviary) -> None:
    def listed(tx: ReadTx) -> list[dict[str, object]]:
        chapter = aviary.chapter
        return [
            summary(event, chapter.urls)
            for event in events.listing(tx, chapter.actor.id)
            if not event.is_draft
        ]

    told = await aviary.chapter.read(listed)
    assert {each["place"] for each in told} == {"Eastside", None}
    assert {each["online"] for each in told} == {True}
    assert found_in(repr(told)) == []


async def test_an_error_page_repeats_nothing_it_was_told(aviary: Aviary) -> None:
    form = {"name": NAME, "email": f"{MAIL}@mail.test", "answer": "going", "guests": "1"}
    path = f"{BASE}/events/{aviary.supper.id}/rsvp"
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(aviary.chapter.app), base_url=BASE, headers=PAGE
    ) as client:
        refused = await client.post(path, data=form, headers={"Origin": "https://evil.test"})
        unknown = await client.post(
            f"{BASE}/rsvp/{MAIL}/forget", data={"sure": "yes"}, headers=OURS
        )
        answered = await client.post(path, data=form, headers=OURS)
    assert [refused.status_code, unknown.status_code, answered.status_code] == [403, 404, 303]
    for answer in (refused, unknown, answered):
        assert found_in(f"{answer.headers!r}{answer.text}") == []


async def test_the_canaries_are_really_there(aviary: Aviary) -> None:
    """Without them the other tests would find nothing in an empty cage."""

    def everything(tx: ReadTx) -> str:
        rows = [
            repr(tuple(row))
            for table in tables.metadata.sorted_tables
            for row in tx.conn.execute(select(table))
        ]
        return " ".join(rows)

    whole = await aviary.chapter.read(everything)
    assert set(found_in(whole)) == set(SECRETS)
    people = await aviary.chapter.read(lambda tx: of_event(tx, EventId(aviary.supper.id)))
    assert len(people) == 3


async def test_a_search_that_finds_a_canary_says_so() -> None:
    assert found_in(f"<p>{PLACE.upper()}</p>") == [PLACE]
    assert found_in(f"&#99;anaryhouse, {LAT}") == [PLACE, LAT]
    assert found_in(PLACE, allowed={PLACE}) == []
