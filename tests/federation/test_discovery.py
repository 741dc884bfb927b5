"""Finding the actor behind a handle, a host's software, and a visitor's follow page."""

import json
from urllib.parse import quote

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fedi_chapter.core.errors import UnknownHandle, Unreachable
from fedi_chapter.federation import discover, learning
from fedi_chapter.federation.discover import FollowPage
from fedi_chapter.store import hosts
from tests.kit.world import Chapter, World

pytestmark = pytest.mark.anyio
SUBSCRIBE = "http://ostatus.org/schema/1.0/subscribe"
INTENT = "https://w3id.org/fep/3b86"


def _webfinger(
    world: World, host: str, subject: str, actor: str, templates: dict[str, str] | None = None
) -> None:
    """Start a server that answers every WebFinger request with one JRD."""
    links = [{"rel": "self", "type": "application/activity+json", "href": actor}]
    links += [{"rel": rel, "template": page} for rel, page in (templates or {}).items()]

    async def serve(_: Request) -> Response:
        return JSONResponse({"subject": subject, "links": links})

    world.network.hosts[host] = Starlette(routes=[Route("/.well-known/webfinger", serve)])


@pytest.mark.parametrize(
    "written", ["@alice@m.test", "alice@m.test", "alice@M.TEST", " alice@m.test "]
)
async def test_a_handle_leads_to_its_actor(world: World, written: str) -> None:
    chapter, alice = await world.chapter("a.test"), world.mastodon("m.test").member("alice")
    found = await discover.resolve(chapter.deps, written)
    assert found.uri == alice.uri
    assert found.handle == "alice@m.test"


async def test_an_address_leads_to_its_actor(world: World) -> None:
    chapter, alice = await world.chapter("a.test"), world.mastodon("m.test").member("alice")
    assert (await discover.resolve(chapter.deps, alice.uri)).uri == alice.uri


AS = "https://www.w3.org/ns/activitystreams"


@pytest.mark.parametrize(
    "kind",
    [
        f'application/ld+json;profile="{AS}"',
        f'application/ld+json ; profile="{AS}"',
        f"application/ld+json; profile={AS}",
        f'application/ld+json; charset=utf-8; profile="{AS} {AS}#more"',
        "application/activity+json; charset=utf-8",
        "application/activity+json;charset=utf-8",
        "Application/Activity+JSON",
    ],
)
async def test_a_link_to_an_actor_is_known_in_every_spelling_of_its_type(
    world: World, kind: str
) -> None:
    chapter, alice = await world.chapter("a.test"), world.mastodon("m.test").member("alice")
    document = {
        "subject": "ACCT:@alice@m.test",
        "links": [
            {"rel": "self", "type": "application/activity+json"},
            {"rel": "self", "type": kind, "href": None},
            {"rel": "http://webfinger.net/rel/profile-page", "href": "https://m.test/@alice"},
            {"rel": "self", "type": "text/html", "href": "https://m.test/@alice"},
            {"rel": "self", "type": kind, "href": alice.uri},
        ],
    }
    body = b"\xef\xbb\xbf" + json.dumps(document).encode()
    resource = "https://m.test/.well-known/webfinger?resource=acct%3Aalice%40m.test"
    world.network.instead[resource] = httpx.Response(200, content=body)
    assert (await discover.resolve(chapter.deps, "@alice@m.test")).uri == alice.uri


@pytest.mark.parametrize(
    ("kind", "is_read"),
    [
        ("application/activity+json; charset=utf-8", True),
        ("Application/Activity+JSON", True),
        (f'application/ld+json;profile="{AS}"', True),
        (f"application/ld+json; profile={AS}", True),
        ("application/ld+json", False),
        ("application/json", False),
    ],
)
async def test_an_actor_is_read_in_every_spelling_of_its_media_type(
    world: World, kind: str, is_read: bool
) -> None:
    chapter, alice = await world.chapter("a.test"), world.mastodon("m.test").member("alice")
    body = json.dumps(alice.document()).encode()
    answer = httpx.Response(200, content=body, headers={"Content-Type": kind})
    world.network.instead[alice.uri] = answer
    if is_read:
        assert (await discover.resolve(chapter.deps, alice.uri)).uri == alice.uri
    else:
        with pytest.raises(Unreachable):
            await discover.resolve(chapter.deps, alice.uri)


@pytest.mark.parametrize("kind", ["application/ld+json", "application/json", "text/html", 7, None])
async def test_a_link_of_another_type_leads_to_nobody(world: World, kind: object) -> None:
    chapter, alice = await world.chapter("a.test"), world.mastodon("m.test").member("alice")
    document = {"links": [{"rel": "self", "type": kind, "href": alice.uri}]}
    resource = "https://m.test/.well-known/webfinger?resource=acct%3Aalice%40m.test"
    world.network.instead[resource] = httpx.Response(200, json=document)
    with pytest.raises(UnknownHandle):
        await discover.resolve(chapter.deps, "@alice@m.test")


@pytest.mark.parametrize(
    "wrong", ["alice", "@alice", "a@b@c", "alice@m.test/x", "alice@m.test?x", "@@m.test", ""]
)
async def test_what_is_no_handle_is_refused_with_a_cure(world: World, wrong: str) -> None:
    chapter = await world.chapter("a.test")
    with pytest.raises(UnknownHandle) as refused:
        await discover.resolve(chapter.deps, wrong)
    assert refused.value.cure
    assert world.network.sent == []


async def test_a_name_nobody_has_is_unknown(world: World) -> None:
    chapter = await world.chapter("a.test")
    world.mastodon("m.test")
    with pytest.raises(UnknownHandle) as refused:
        await discover.resolve(chapter.deps, "nobody@m.test")
    assert refused.value.cure == "check the spelling"


async def test_a_server_that_does_not_answer_is_unreachable(world: World) -> None:
    chapter = await world.chapter("a.test")
    with pytest.raises(Unreachable) as refused:
        await discover.resolve(chapter.deps, "alice@gone.test")
    assert refused.value.cure


async def test_our_own_handle_is_nobody_elsewhere(world: World) -> None:
    chapter = await world.chapter("a.test")
    with pytest.raises(UnknownHandle):
        await discover.resolve(chapter.deps, "a@a.test")


async def test_a_domain_cant_name_an_actor_whose_server_does_not_agree(world: World) -> None:
    chapter, alice = await world.chapter("a.test"), world.mastodon("m.test").member("alice")
    _webfinger(world, "evil.test", "acct:alice@evil.test", alice.uri)
    with pytest.raises(UnknownHandle, match="does not agree"):
        await discover.resolve(chapter.deps, "alice@evil.test")


async def test_a_split_domain_names_an_actor_whose_server_agrees(world: World) -> None:
    chapter, alice = await world.chapter("a.test"), world.mastodon("ap.town.test").member("alice")
    _webfinger(world, "town.test", "acct:alice@town.test", alice.uri)
    _answer_webfinger(world, "ap.town.test", "acct:alice@town.test", alice.uri)
    for written in ("alice@town.test", "alice@ap.town.test"):
        found = await discover.resolve(chapter.deps, written)
        assert (found.uri, found.handle) == (alice.uri, "alice@town.test")


def _answer_webfinger(world: World, host: str, subject: str, actor: str) -> None:
    """Let a Mastodon answer WebFinger with another subject than its own host's."""
    link = {"rel": "self", "type": "application/activity+json", "href": actor}

    async def serve(_: Request) -> Response:
        return JSONResponse({"subject": subject, "links": [link]})

    world.mastodons[host].app.router.routes.insert(0, Route("/.well-known/webfinger", serve))


async def test_a_third_name_is_never_followed(world: World) -> None:
    chapter, alice = await world.chapter("a.test"), world.mastodon("m.test").member("alice")
    _webfinger(world, "one.test", "acct:alice@two.test", alice.uri)
    _webfinger(world, "two.test", "acct:alice@three.test", alice.uri)
    with pytest.raises(UnknownHandle, match="does not agree"):
        await discover.resolve(chapter.deps, "alice@one.test")


# -- software ------------------------------------------------------------------------------


def _nodeinfo(world: World, host: str, software: str) -> None:
    rel = "http://nodeinfo.diaspora.software/ns/schema/2.0"

    async def index(_: Request) -> Response:
        return JSONResponse({"links": [{"rel": rel, "href": f"https://{host}/nodeinfo/2.0"}]})

    async def document(_: Request) -> Response:
        return JSONResponse({"software": {"name": software, "version": "5.1"}})

    world.network.hosts[host] = Starlette(
        routes=[Route("/.well-known/nodeinfo", index), Route("/nodeinfo/2.0", document)]
    )


async def _takes_events(chapter: Chapter, host: str) -> bool:
    known = await chapter.read(lambda tx: hosts.get(tx, host))
    assert known is not None
    return known.takes_events


@pytest.mark.parametrize(
    ("software", "takes"),
    [("Mobilizon", True), ("gancio", True), ("friendica", True), ("mastodon", False), ("x", False)],
)
async def test_software_that_keeps_events_gets_them(
    world: World, software: str, takes: bool
) -> None:
    chapter = await world.chapter("a.test")
    _nodeinfo(world, "b.test", software)
    await learning.learn_host(chapter.deps, "b.test")
    assert await _takes_events(chapter, "b.test") is takes


SCHEMA = "//nodeinfo.diaspora.software/ns/schema/"


@pytest.mark.parametrize(
    ("links", "software"),
    [
        ([("http:", "1.0")], {"name": "Gancio", "version": "1.2"}),
        ([("http:", "1.1")], {"name": "Gancio", "version": "1.2"}),
        ([("https:", "2.0")], {"name": "Gancio", "version": "1.2"}),
        ([("https:", "2.1#")], {"name": " gancio ", "version": "1.2"}),
        ([("http:", "1.0"), ("https:", "2.1"), ("http:", "2.0")], {"name": "GANCIO"}),
        ([("http:", "2.0")], "gancio"),
        ([("http:", "2.0")], "Gancio 1.2"),
        ([("http:", "2.0")], "gancio/1.2"),
        ([("http:", "2.0")], [{"name": "gancio", "version": 1.2}]),
    ],
)
@pytest.mark.parametrize("where", ["https://g.test{}", "http://g.test{}", "{}"])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
async def test_nodeinfo_is_read_in_spite_of_small_mistakes(
    world: World, links: list[tuple[str, str]], software: object, where: str, bom: bytes
) -> None:
    chapter = await world.chapter("a.test")
    world.mastodon("g.test")
    index = [
        {"rel": f"{scheme}{SCHEMA}{version}", "href": where.format(f"/nodeinfo/{version[:3]}")}
        for scheme, version in links
    ]
    newest = max(version[:3] for _, version in links)
    documents = {
        "/.well-known/nodeinfo": {"links": index if len(index) > 1 else index[0]},
        f"/nodeinfo/{newest}": {"version": newest, "software": software},
    }
    for path, document in documents.items():
        body = bom + json.dumps(document).encode()
        world.network.instead[f"https://g.test{path}"] = httpx.Response(200, content=body)
    await learning.learn_host(chapter.deps, "g.test")
    known = await chapter.read(lambda tx: hosts.get(tx, "g.test"))
    assert known is not None
    assert (known.software, known.takes_events) == ("gancio", True)


@pytest.mark.parametrize(
    "newest",
    [
        httpx.Response(404),
        httpx.Response(403),
        httpx.Response(200, text="<html>Not this one</html>"),
        httpx.Response(200, json={"version": "2.1", "software": {}}),
        None,
    ],
)
async def test_an_older_nodeinfo_does_where_the_newest_says_nothing(
    world: World, newest: httpx.Response | None
) -> None:
    chapter = await world.chapter("a.test")
    world.mastodon("g.test").software = "gancio"
    where = "https://g.test/nodeinfo/2.1" if newest else "https://other.test/nodeinfo/2.1"
    links = [
        {"rel": f"http:{SCHEMA}2.1", "href": where},
        {"rel": [f"HTTP:{SCHEMA}2.0"], "href": " ../nodeinfo/2.0 "},
        {"rel": f"http:{SCHEMA}1.0", "href": "http://[broken"},
    ]
    index = httpx.Response(200, json={"links": links})
    world.network.instead["https://g.test/.well-known/nodeinfo"] = index
    if newest:
        world.network.instead[where] = newest
    await learning.learn_host(chapter.deps, "g.test")
    assert await _takes_events(chapter, "g.test")
    assert world.network.fetched("other.test") == []


@pytest.mark.parametrize(
    "link",
    [
        {"rel": f"http:{SCHEMA}2.0", "href": "https://m.test/nodeinfo/2.0"},
        {"rel": f"http:{SCHEMA}2.0", "href": "//m.test/nodeinfo/2.0"},
        {"rel": f"http:{SCHEMA}2.0", "href": "ftp://g.test/nodeinfo/2.0"},
        {"rel": f"http:{SCHEMA}2.0", "href": ["https://g.test/nodeinfo/2.0"]},
        {"rel": f"http:{SCHEMA}2.0"},
        {"rel": "http://evil.test/ns/schema/2.0", "href": "https://g.test/nodeinfo/2.0"},
    ],
)
async def test_nodeinfo_elsewhere_is_not_read(world: World, link: dict[str, object]) -> None:
    chapter = await world.chapter("a.test")
    for host in ("g.test", "m.test"):
        world.mastodon(host)
    index = httpx.Response(200, json={"links": [link]})
    world.network.instead["https://g.test/.well-known/nodeinfo"] = index
    await learning.learn_host(chapter.deps, "g.test")
    assert world.network.fetched("g.test") == ["https://g.test/.well-known/nodeinfo"]
    assert world.network.fetched("m.test") == []


async def test_another_chapter_gets_events(world: World) -> None:
    chapter = await world.chapter("a.test")
    await world.chapter("b.test")
    await learning.learn_host(chapter.deps, "b.test")
    assert await _takes_events(chapter, "b.test")


async def test_the_settings_win_over_the_software(world: World) -> None:
    chapter = await world.chapter(
        "a.test", event_servers=("m.test", "quiet.test"), face_servers=("g.test",)
    )
    _nodeinfo(world, "m.test", "mastodon")
    _nodeinfo(world, "g.test", "gancio")
    for host in ("m.test", "g.test"):
        await learning.learn_host(chapter.deps, host)
    await chapter.write(lambda tx: learning.apply_wishes(tx, chapter.deps.settings))
    assert await _takes_events(chapter, "m.test")
    assert not await _takes_events(chapter, "g.test")
    assert await _takes_events(chapter, "quiet.test")


async def test_a_host_that_is_down_keeps_what_was_known(world: World) -> None:
    chapter = await world.chapter("a.test")
    _nodeinfo(world, "g.test", "gancio")
    await learning.learn_host(chapter.deps, "g.test")
    world.network.down.add("g.test")
    await learning.learn_host(chapter.deps, "g.test")
    assert await _takes_events(chapter, "g.test")


# -- follow pages --------------------------------------------------------------------------

THING = "https://a.test/events/1?x=y&z"
ENCODED = quote(THING, safe="")


@pytest.mark.parametrize(
    ("templates", "page"),
    [
        (
            {
                SUBSCRIBE: "https://m.test/old?uri={uri}",
                f"{INTENT}/Object": "https://m.test/object?o={object}",
                f"{INTENT}/Follow": "https://m.test/follow?o={object}",
            },
            f"https://m.test/follow?o={ENCODED}",
        ),
        (
            {
                SUBSCRIBE: "https://m.test/old?uri={uri}",
                f"{INTENT}/Object": "https://m.test/object?o={object}",
            },
            f"https://m.test/object?o={ENCODED}",
        ),
        ({SUBSCRIBE: "https://m.test/old?uri={uri}"}, f"https://m.test/old?uri={ENCODED}"),
        ({SUBSCRIBE: "https://web.m.test/old?uri={uri}"}, f"https://web.m.test/old?uri={ENCODED}"),
        ({}, f"https://m.test/authorize_interaction?uri={ENCODED}"),
    ],
)
async def test_the_best_follow_page_is_taken(
    world: World, templates: dict[str, str], page: str
) -> None:
    chapter = await world.chapter("a.test")
    _webfinger(world, "m.test", "acct:me@m.test", "https://m.test/users/me", templates)
    assert await discover.follow_page(chapter.deps, "@me@m.test", THING) == FollowPage(page, THING)


@pytest.mark.parametrize(
    "template",
    [
        "javascript:alert(1)//{uri}",
        "http://m.test/follow?uri={uri}",
        "https://evil.test/follow?uri={uri}",
        "https://notm.test/follow?uri={uri}",
        "https://m.test@evil.test/?uri={uri}",
        "https://m.test\\@evil.test/?uri={uri}",
        "https://m.test/\r\nLocation: https://evil.test/?uri={uri}",
        "https://m.test/without-a-place",
        "//evil.test/?uri={uri}",
    ],
)
async def test_a_hostile_follow_page_is_never_given_out(world: World, template: str) -> None:
    chapter = await world.chapter("a.test")
    _webfinger(world, "m.test", "acct:me@m.test", "https://m.test/users/me", {SUBSCRIBE: template})
    assert (await discover.follow_page(chapter.deps, "@me@m.test", THING)).link is None


async def test_a_handle_nobody_has_is_no_follow_page(world: World) -> None:
    chapter = await world.chapter("a.test")
    world.mastodon("m.test")
    with pytest.raises(UnknownHandle):
        await discover.follow_page(chapter.deps, "@nobody@m.test", THING)


@pytest.mark.parametrize(("software", "takes_events"), [("mastodon", False), ("mobilizon", True)])
async def test_an_event_is_opened_as_what_that_server_gets_of_it_and_never_followed(
    world: World, software: str, takes_events: bool
) -> None:
    chapter = await world.chapter("a.test")
    event = await chapter.event("Tea for all")
    templates = {
        f"{INTENT}/Follow": "https://m.test/follow?o={object}",
        f"{INTENT}/Object": "https://m.test/object?o={object}",
    }
    _webfinger(world, "m.test", "acct:me@m.test", "https://m.test/users/me", templates)
    await chapter.write(lambda tx: hosts.learned(tx, "m.test", software, "5", takes_events))
    entry = event if takes_events else f"{event}/face"
    for asked in (event, f"{event}/face"):
        page = await discover.follow_page(chapter.deps, "@me@m.test", asked)
        assert page == FollowPage(f"https://m.test/object?o={quote(entry, safe='')}", entry)


async def test_a_server_never_heard_of_opens_an_event_as_its_face(world: World) -> None:
    chapter = await world.chapter("a.test")
    event = await chapter.event("Tea for all")
    _webfinger(
        world,
        "m.test",
        "acct:me@m.test",
        "https://m.test/users/me",
        {SUBSCRIBE: "https://m.test/authorize_interaction?uri={uri}"},
    )
    page = await discover.follow_page(chapter.deps, "@me@m.test", event)
    assert page.entry == f"{event}/face"
    assert page.link == f"https://m.test/authorize_interaction?uri={quote(page.entry, safe='')}"
