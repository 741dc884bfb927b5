"""What stands at the doors besides letters: media types, sizes, discovery, private things."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest

from fedi_chapter.domain.audience import Visibility
from fedi_chapter.federation import discover, jrd
from fedi_chapter.services.event_fields import EventFields
from fedi_chapter.services.events import create_event
from fedi_chapter.services.posts import delete_post
from tests.kit.peers.mastodon import Json, Member
from tests.kit.peers.signatures import signed_post
from tests.kit.world import Chapter, World

pytestmark = pytest.mark.anyio

ACTIVITY = "application/activity+json"
PROGRAM = {"Host": "a.test", "Accept": ACTIVITY}
PERSON = {"Host": "a.test", "Accept": "text/html"}


async def met(world: World) -> tuple[Chapter, Member]:
    return await world.chapter("a.test"), world.mastodon("m.test").member("alice")


async def send(world: World, chapter: Chapter, alice: Member, **headers: str | None) -> int:
    """Send a good Follow with some headers changed, or taken away by None."""
    body = json.dumps(alice.activity("Follow", chapter.uri, uri=f"{alice.uri}#f")).encode()
    url = chapter.urls.shared_inbox
    given: dict[str, str | None] = {
        **signed_post(alice.key, f"{alice.uri}#main-key", url, body, world.clock.now())
    }
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    sent = {name: value for name, value in given.items() if value is not None}
    return (await world.network.send("POST", url, sent, body)).status_code


# -- the inbox's door ----------------------------------------------------------------------


@pytest.mark.parametrize(  # JSON-11, JSON-05
    "headers",
    [
        {"Content_Type": "text/plain"},
        {"Content_Type": "multipart/form-data; boundary=x"},
        {"Content_Type": "text/html; application/activity+json"},
        {"Content_Type": None},
        {"Content_Encoding": "gzip"},
        {"Content_Encoding": "identity, br"},
    ],
)
async def test_another_media_type_is_refused(world: World, headers: dict[str, str | None]) -> None:
    chapter, alice = await met(world)
    assert await send(world, chapter, alice, **headers) == 415
    assert world.network.fetched("m.test") == []


@pytest.mark.parametrize("encoding", ["identity", "Identity", "", "identity, identity"])
async def test_a_body_that_is_said_not_to_be_encoded_is_taken(world: World, encoding: str) -> None:
    chapter, alice = await met(world)
    assert await send(world, chapter, alice, Content_Encoding=encoding) == 202


async def test_a_body_above_a_mebibyte_is_refused_unread(world: World) -> None:  # JSON-05
    chapter, alice = await met(world)
    url, body = chapter.urls.shared_inbox, b"{" + b" " * (1 << 20) + b"}"
    headers = signed_post(alice.key, f"{alice.uri}#main-key", url, body, world.clock.now())
    assert (await world.network.send("POST", url, headers, body)).status_code == 413

    async def stream() -> AsyncIterator[bytes]:
        for _ in range(17):
            yield b" " * 65_536

    request = httpx.Request("POST", url, headers=headers, content=stream())
    assert "content-length" not in request.headers
    answer = await httpx.ASGITransport(chapter.app).handle_async_request(request)
    assert answer.status_code == 413
    assert world.network.fetched("m.test") == []


@pytest.mark.parametrize(  # SIG-02, SIG-03, SIG-04, SIG-05, SIG-08, seen through the door
    ("headers", "status"),
    [
        ({"Signature": "garbage"}, 400),
        ({"Signature": 'keyId="https://m.test/users/alice#main-key",' * 2}, 400),
        ({"Signature": "x" * 65_536}, 400),
        ({"Digest": "SHA-256=AAAA"}, 401),
        ({"Digest": "MD5=1B2M2Y8AsgTpgAmY7PhCfg=="}, 401),
        ({"Digest": None}, 401),
        ({"Host": "b.test"}, 400),
        ({"Date": "Sat, 21 Nov 2026 13:30:00 GMT"}, 401),
        ({"Date": "Sat, 21 Nov 2026 10:30:00 GMT"}, 401),
        ({"Date": "1e999"}, 401),
        ({"Date": None}, 401),
    ],
)
async def test_a_request_changed_on_its_way_is_refused_before_any_fetch(
    world: World, headers: dict[str, str | None], status: int
) -> None:
    chapter, alice = await met(world)
    assert await send(world, chapter, alice, **headers) == status
    assert world.network.fetched("m.test") == []
    await world.settle()
    assert await chapter.outcomes() == []


async def test_a_body_changed_on_its_way_is_refused_before_any_fetch(world: World) -> None:
    chapter, alice = await met(world)  # SIG-04
    body = json.dumps(alice.activity("Follow", chapter.uri, uri=f"{alice.uri}#f")).encode()
    url = chapter.urls.shared_inbox
    headers = signed_post(alice.key, f"{alice.uri}#main-key", url, body, world.clock.now())
    for changed in (body.replace(b"#f", b"#g"), body + b" ", body[:-1] + b"\n}"):
        assert (await world.network.send("POST", url, headers, changed)).status_code == 401
    assert world.network.fetched("m.test") == []


async def test_a_replayed_follow_after_the_undo_and_a_like_after_the_unlike_stay_undone(
    world: World,
) -> None:  # SIG-18
    chapter, alice = await met(world)
    post = await chapter.post("Hello")
    await alice.follow(chapter.uri)
    await alice.like(post)
    await alice.unfollow(chapter.uri)
    await alice.unlike(post)
    await world.settle()
    before = len(await chapter.outcomes())
    for activity in (alice.follows[chapter.uri], alice.likes[post]):
        assert await alice.to_shared(chapter.uri, activity) == 202
    await world.settle()
    assert await chapter.followers() == []
    assert len(await chapter.outcomes()) == before


# -- discovery -----------------------------------------------------------------------------


FINGERS = [
    ("", 400),
    ("resource=", 400),
    ("resource=acct:a@a.test&resource=acct:b@a.test", 400),
    ("resource=" + "a" * 10_000, 400),
    ("resource=acct:" + "a" * 10_000, 400),
    ("resource=acct:a@a.test%00", 400),
    ("resource=acct:a@a.test%0d%0aX:y", 400),
    ("resource=acct:%ff@a.test", 404),
    ("resource=acct:a@evil.test", 404),
    ("resource=acct:a@a.test@evil.test", 404),
    ("resource=acct:a@a.test.evil.test", 404),
    ("resource=acct:../../a@a.test", 404),
    ("resource=acct:%25@a.test", 404),
    ("resource=acct:_@a.test", 404),
    ("resource=https://evil.test/chapter", 404),
    ("resource=https://a.test/chapter/../x", 404),
    ("resource=https://a.test@evil.test/chapter", 404),
    ("resource=javascript:alert(1)", 404),
    ("resource=acct:A@A.TEST", 200),
    ("resource=acct:a@a.test", 200),
]


async def test_webfinger_names_only_whom_it_should(world: World) -> None:  # INJ-04
    await world.chapter("a.test")
    for query, status in FINGERS:
        url = f"https://a.test/.well-known/webfinger?{query}"
        answer = await world.network.send("GET", url, {"Host": "a.test"})
        assert answer.status_code == status, query
        assert answer.headers["access-control-allow-origin"] == "*", query
        if status == 200:
            assert answer.headers["content-type"].startswith("application/jrd+json")
            assert answer.json()["subject"] == "acct:a@a.test"


async def test_a_place_in_a_collection_that_is_none_is_a_bad_request(world: World) -> None:
    chapter = await world.chapter("a.test")
    for page in ("0", "-1", "1e9", "x", "%00", "²", "99999999", ""):
        for name in ("followers", "following", "outbox"):
            url = f"{chapter.uri}/{name}?page={page}"
            assert (await world.network.send("GET", url, PROGRAM)).status_code == 400, url
    second = f"{chapter.uri}/outbox?page=2"  # its pages are found by `next`, not by counting
    assert (await world.network.send("GET", second, PROGRAM)).status_code == 400
    for before in ("x", "-1", "%00", "1e5", "999999999999999999", "²"):
        url = f"{chapter.uri}/outbox?page=true&before={before}"
        assert (await world.network.send("GET", url, PROGRAM)).status_code == 400, url
    furthest = f"{chapter.uri}/outbox?page=true&before={'9' * 17}"
    assert (await world.network.send("GET", furthest, PROGRAM)).status_code == 200


# -- what is not for everybody -------------------------------------------------------------


async def hidden_things(world: World, chapter: Chapter) -> list[str]:
    """A draft, a local and a followers-only thing, each with a word nobody else may read."""
    start = f"{chapter.deps.clock.now() + timedelta(days=2):%Y-%m-%dT%H:%M}"
    fields = EventFields(name="canary draft", start=start, timezone="UTC")
    draft = await chapter.write(
        lambda tx: create_event(tx, chapter.actor, fields, chapter.urls, draft=True)
    )
    return [
        chapter.urls.event(draft.id),
        chapter.urls.face(draft.id),
        f"{chapter.urls.event(draft.id)}.ics",
        f"{chapter.urls.event(draft.id)}/replies",
        f"{chapter.urls.event(draft.id)}/attendees",
        await chapter.post("only on our pages", Visibility.LOCAL),
        await chapter.post("canary followers", Visibility.FOLLOWERS),
        await chapter.event("canary event for followers", Visibility.FOLLOWERS),
    ]


async def test_what_is_hidden_looks_missing_to_programs(world: World) -> None:  # PRIV-05, PRIV-08
    chapter = await world.chapter("a.test")
    for uri in await hidden_things(world, chapter):
        hidden = await world.network.send("GET", uri, PROGRAM)
        unknown = uri.replace(uri.split("/")[4][:36], "0197c1b2-7a10-7cc2-9f5e-ffffffffffff")
        absent = await world.network.send("GET", unknown, PROGRAM)
        assert (hidden.status_code, absent.status_code) == (404, 404), uri
        assert hidden.content == absent.content
        assert set(hidden.headers.items()) - {("x-request-id", hidden.headers["x-request-id"])} == (
            set(absent.headers.items()) - {("x-request-id", absent.headers["x-request-id"])}
        )


LISTS = (
    *("/", "/calendar", "/about", "/calendar.ics", "/feed.atom", "/events.json"),
    *("/events.geojson", "/chapter/outbox", "/chapter/outbox?page=true"),
    *("/chapter/featured", "/chapter/upcoming", "/nodeinfo/2.1"),
)


async def test_no_list_holds_what_is_hidden(world: World) -> None:  # PRIV-05
    chapter = await world.chapter("a.test")
    await hidden_things(world, chapter)
    for path in LISTS:
        for headers in (PROGRAM, PERSON):
            answer = await world.network.send("GET", chapter.urls.base + path, headers)
            assert answer.status_code == 200 or answer.has_redirect_location, path
            assert b"canary" not in answer.content


async def test_a_private_answer_is_shown_to_nobody(world: World) -> None:  # PRIV-06
    chapter, alice = await met(world)
    post = await chapter.post("Hello")
    await alice.follow(chapter.uri)
    await world.settle()
    for visibility in ("direct", "followers"):
        await alice.reply(post, "canary", visibility=visibility)
    create = alice.compose("canary", chapter=chapter.uri, in_reply_to=post, visibility="direct")
    note = create["object"]
    assert isinstance(note, dict)
    note["bto"] = note["bcc"] = ["https://www.w3.org/ns/activitystreams#Public"]
    await alice.to_shared(chapter.uri, create)
    await world.settle()
    for path in (post, f"{post}/replies?page=1", f"{chapter.urls.base}/feed.atom"):
        for headers in (PROGRAM, PERSON):
            answer = await world.network.send("GET", path, headers)
            assert b"canary" not in answer.content


async def test_our_own_documents_name_no_hidden_recipients(world: World) -> None:  # PRIV-06
    chapter, alice = await met(world)
    await alice.follow(chapter.uri)
    await chapter.event("Picnic")
    await chapter.post("Hello", Visibility.FOLLOWERS)
    await world.settle()
    sent = json.dumps([each.activity for each in alice.server.received])
    assert '"bto"' not in sent
    assert '"bcc"' not in sent


async def test_a_deleted_thing_is_gone_in_every_form(world: World) -> None:  # PRIV-05
    chapter = await world.chapter("a.test")
    post = await chapter.post("canary")
    own = chapter.urls.own_object(post)
    assert own
    await chapter.write(lambda tx: delete_post(tx, own.id))  # type: ignore[arg-type]
    for headers in (PROGRAM, PERSON):
        answer = await world.network.send("GET", post, headers)
        assert answer.status_code == 410
        assert b"canary" not in answer.content


@pytest.mark.parametrize("signature", ["garbage", 'keyId="https://m.test/users/bob#main-key"'])
async def test_a_bad_signature_does_not_hide_what_is_public(world: World, signature: str) -> None:
    chapter = await world.chapter("a.test")  # SIG-24
    public, private = await chapter.post("Hello"), await chapter.post("x", Visibility.FOLLOWERS)
    headers = {**PROGRAM, "Signature": signature, "Date": "x"}
    answer = await world.network.send("GET", public, headers)
    assert answer.status_code == 200
    assert "Signature" in answer.headers["vary"]
    refused = await world.network.send("GET", private, headers)
    plain = await world.network.send("GET", private, PROGRAM)
    assert (refused.status_code, refused.content) == (404, plain.content)


# -- ways out of the house -----------------------------------------------------------------


@pytest.mark.parametrize(  # ADM-12
    "template",
    [
        "javascript:alert('{uri}')",
        "http://m.test/x?uri={uri}",
        "https://evil.test/x?uri={uri}",
        "https://m.test@evil.test/x?uri={uri}",
        "https://m.test.evil.test/x?uri={uri}",
        "https://m.test\\@evil.test/x?uri={uri}",
        "https://m.test/x\r\nSet-Cookie: a=b?uri={uri}",
        "//evil.test/{uri}",
        "https://m.test/without-a-place",
        "https://evilm.test/{uri}",
    ],
)
async def test_a_visitor_is_never_led_to_another_host(
    world: World, template: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    chapter, _ = await met(world)
    found = jrd.Jrd(
        subject=None,
        actor=None,
        templates={"http://ostatus.org/schema/1.0/subscribe": template},
    )

    async def ask(*_: object) -> object:
        return found

    monkeypatch.setattr(jrd, "ask", ask)
    assert (await discover.follow_page(chapter.deps, "@alice@m.test", chapter.uri)).link is None


NEXT = ["//evil.test", "/\\evil.test", "https:evil.test", "%2f%2fevil.test", "javascript:alert(1)"]


@pytest.mark.parametrize("path", ["/", "/follow", "/chapter", "/calendar"])  # ADM-08
async def test_no_parameter_redirects_anybody_anywhere(world: World, path: str) -> None:
    chapter = await world.chapter("a.test")
    for word in NEXT:
        names = ("next", "url", "object", "return_to")
        url = httpx.URL(chapter.urls.base + path, params=dict.fromkeys(names, word))
        answer = await world.network.send("GET", str(url), PERSON)
        assert answer.status_code in {200, 302, 303}
        place = answer.headers.get("location", "/")
        assert place == "/" or place.startswith(f"{chapter.urls.base}/")
        assert b'href="//evil' not in answer.content
        assert b'href="javascript' not in answer.content


@pytest.mark.parametrize(  # ADM-06, ADM-07
    "headers",
    [
        {"X-Forwarded-Host": "evil.test"},
        {"Forwarded": "host=evil.test;proto=http"},
        {"X-Forwarded-Proto": "http", "X-Forwarded-For": "127.0.0.1"},
        {"X-Original-URL": "/admin", "X-Rewrite-URL": "/admin"},
    ],
)
async def test_headers_of_a_proxy_change_no_address_we_give(
    world: World, headers: dict[str, str]
) -> None:
    chapter = await world.chapter("a.test")
    for path in ("/", "/chapter", "/.well-known/webfinger?resource=acct:a@a.test", "/calendar/"):
        for asked in (PROGRAM, PERSON):
            url = chapter.urls.base + path
            plain = await world.network.send("GET", url, asked)
            spoofed = await world.network.send("GET", url, {**asked, **headers})
            assert spoofed.status_code == plain.status_code
            assert spoofed.content == plain.content
            assert spoofed.headers.get("location") == plain.headers.get("location")


def is_public(document: Json) -> bool:
    return "https://www.w3.org/ns/activitystreams#Public" in json.dumps(document)


async def test_what_is_for_followers_goes_to_them_and_never_says_public(world: World) -> None:
    chapter, alice = await met(world)  # PRIV-06
    await alice.follow(chapter.uri)
    await world.settle()
    await chapter.post("canary", Visibility.FOLLOWERS)
    await chapter.post("only here", Visibility.LOCAL)
    await world.settle()
    told = [each.activity for each in alice.server.received]
    (create,) = [activity for activity in told if activity["type"] == "Create"]
    assert not is_public(create)
    assert "only here" not in json.dumps(create)
