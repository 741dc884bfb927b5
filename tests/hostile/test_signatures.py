"""Attacks on the signature of an inbox POST (security cases SIG-…): refused, without effect."""

import json
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from fedi_chapter.core.clock import SetClock
from fedi_chapter.store import remote_actors
from tests.kit.peers.mastodon import AS, SECURITY, Json, Mastodon, Member
from tests.kit.peers.signatures import pem_of, signed_post
from tests.kit.world import Chapter, World

pytestmark = pytest.mark.anyio

ACTIVITY = "application/activity+json"


async def met(world: World) -> tuple[Chapter, Member]:
    """A chapter, and a member whose key it knows."""
    chapter, alice = await world.chapter("a.test"), world.mastodon("m.test").member("alice")
    await alice.like(await chapter.post("Hello"))
    await world.settle()
    world.network.sent.clear()
    return chapter, alice


def follow_of(member: Member, chapter: Chapter) -> Json:
    return member.activity("Follow", chapter.uri, uri=f"{member.uri}#follow/x")


async def nothing_happened(chapter: Chapter, world: World) -> None:
    """Assert that no follower came in by whatever was sent."""
    before = len(await chapter.outcomes())
    await world.settle()
    assert len(await chapter.outcomes()) == before
    assert await chapter.followers() == []


async def test_an_unsigned_post_is_refused_and_no_key_is_fetched(world: World) -> None:  # SIG-01
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    body = json.dumps(follow_of(mastodon.member("alice"), chapter)).encode()
    response = await world.network.send(
        "POST", chapter.urls.shared_inbox, {"Host": "a.test", "Content-Type": ACTIVITY}, body
    )
    assert response.status_code == 401
    assert world.network.fetched("m.test") == []
    await nothing_happened(chapter, world)


async def test_a_request_for_another_server_or_inbox_is_not_taken(world: World) -> None:  # SIG-06
    chapter, alice = await met(world)
    body = json.dumps(follow_of(alice, chapter)).encode()
    for meant in ("https://b.test/inbox", f"{chapter.uri}/inbox"):
        headers = signed_post(alice.key, f"{alice.uri}#main-key", meant, body, world.clock.now())
        response = await world.network.send("POST", chapter.urls.shared_inbox, headers, body)
        assert response.status_code in {400, 401, 421}
    await nothing_happened(chapter, world)


@pytest.mark.parametrize("host", ["evil.test", "m.test"])  # SIG-09, SIG-10
async def test_a_valid_key_does_not_speak_for_another_actor(world: World, host: str) -> None:
    chapter, alice = await met(world)
    server = world.mastodons.get(host) or world.mastodon(host)
    mallory = server.member("mallory")
    forged = follow_of(alice, chapter)
    key_id = f"{mallory.uri}#main-key"
    assert await mallory.send(chapter.urls.shared_inbox, forged, key_id=key_id) == 401
    await nothing_happened(chapter, world)


class KeyServer:
    """A host that answers for keys, in whatever way a test says."""

    def __init__(self, world: World, host: str, key: RSAPrivateKey) -> None:
        self.base, self.pem, self.answers = f"https://{host}", pem_of(key), dict[str, Response]()
        world.network.hosts[host] = Starlette(routes=[Route("/{path:path}", self.answer)])

    async def answer(self, request: Request) -> Response:
        return self.answers.get(request.url.path, Response(status_code=404))

    def document(self, path: str, document: Json, media_type: str = ACTIVITY) -> None:
        self.answers[path] = JSONResponse(document, media_type=media_type)

    def key(self, uri: str, owner: str) -> Json:
        return {"@context": SECURITY, "id": uri, "owner": owner, "publicKeyPem": self.pem}

    def actor(self, name: str, **more: object) -> Json:
        uri = f"{self.base}/{name}"
        return {
            "@context": AS,
            "id": uri,
            "type": "Person",
            "preferredUsername": name,
            "inbox": f"{uri}/inbox",
            **more,
        }


async def test_a_key_document_can_not_claim_a_victim(world: World) -> None:  # SIG-11
    chapter, alice = await met(world)
    evil = KeyServer(world, "evil.test", alice.key)
    key_id = f"{evil.base}/key"
    evil.document("/key", evil.key(key_id, alice.uri))
    follow = follow_of(alice, chapter)
    assert await alice.send(chapter.urls.shared_inbox, follow, key_id=key_id) == 401
    assert await chapter.read(lambda tx: remote_actors.by_key(tx, key_id)) is None
    await nothing_happened(chapter, world)


async def test_a_key_of_its_own_counts_when_its_owner_lists_it(world: World) -> None:
    chapter, alice = await met(world)
    good = KeyServer(world, "good.test", alice.key)
    owner, key_id = f"{good.base}/bob", f"{good.base}/keys/1"
    good.document("/keys/1", good.key(key_id, owner))
    good.document("/bob", good.actor("bob"))
    follow = {**follow_of(alice, chapter), "actor": owner, "id": f"{owner}#1"}
    assert await alice.send(chapter.urls.shared_inbox, follow, key_id=key_id) == 401
    world.clock.advance(timedelta(minutes=6))
    good.document("/bob", good.actor("bob", publicKey=key_id))
    assert await alice.send(chapter.urls.shared_inbox, follow, key_id=key_id) == 202


@pytest.mark.parametrize(  # SIG-12
    ("fault", "status"), [("other id", 401), ("redirect", 401), ("detour", 503), ("html", 503)]
)
async def test_a_key_document_that_is_not_the_key_asked_for_is_refused(
    world: World, fault: str, status: int
) -> None:
    chapter, alice = await met(world)
    evil = KeyServer(world, "evil.test", alice.key)
    actor = evil.actor("mallory")
    key_id = f"{actor['id']}#main-key"
    actor["publicKey"] = evil.key(key_id, str(actor["id"]))
    match fault:
        case "other id":
            evil.document("/mallory", {**actor, "id": alice.uri})
        case "redirect" | "detour":
            other = KeyServer(world, "cdn.test", alice.key)
            other.document("/mallory", actor)
            moved = 301 if fault == "redirect" else 307
            evil.answers["/mallory"] = RedirectResponse("https://cdn.test/mallory", moved)
        case "html":
            evil.document("/mallory", actor, media_type="text/html")
    follow = {**follow_of(alice, chapter), "actor": actor["id"], "id": f"{actor['id']}#1"}
    assert await alice.send(chapter.urls.shared_inbox, follow, key_id=key_id) == status
    assert world.network.fetched("cdn.test") == []
    assert await chapter.read(lambda tx: remote_actors.by_key(tx, key_id)) is None
    await nothing_happened(chapter, world)


@pytest.mark.parametrize(  # SIG-13
    "key_id",
    [
        "https://a.test/chapter#main-key",
        "https://A.TEST:443/chapter#main-key",
        "https://127.0.0.1/actor#main-key",
        "https://localhost/actor#main-key",
        "https://m.test:22/actor#main-key",
        "acct:alice@m.test",
        "file:///etc/passwd",
    ],
)
async def test_a_key_id_leads_nowhere_it_should_not(world: World, key_id: str) -> None:
    chapter, alice = await met(world)
    follow = follow_of(alice, chapter)
    assert await alice.send(chapter.urls.shared_inbox, follow, key_id=key_id) in {400, 401}
    assert [each.method for each in world.network.sent] == ["POST"]
    await nothing_happened(chapter, world)


async def test_a_rotated_key_is_fetched_once_and_then_known(  # SIG-14
    world: World, rsa_keys: tuple[RSAPrivateKey, RSAPrivateKey]
) -> None:
    chapter, alice = await met(world)
    alice.key = alice.server.key = rsa_keys[0]
    for number in range(3):
        like = alice.activity("Like", chapter.uri, uri=f"{alice.uri}#likes/r{number}")
        assert await alice.send(chapter.urls.shared_inbox, like) == 202
    assert world.network.fetched("m.test") == [alice.uri]


async def test_bad_signatures_cause_one_fetch_in_ten_minutes(  # SIG-15
    world: World, rsa_keys: tuple[RSAPrivateKey, RSAPrivateKey]
) -> None:
    chapter, alice = await met(world)
    alice.key = rsa_keys[0]  # not the one that is published
    for _ in range(50):
        assert await alice.send(chapter.urls.shared_inbox, follow_of(alice, chapter)) == 401
    assert len(world.network.fetched("m.test")) == 1
    world.clock.advance(timedelta(minutes=11))
    assert await alice.send(chapter.urls.shared_inbox, follow_of(alice, chapter)) == 401
    assert len(world.network.fetched("m.test")) == 2
    await nothing_happened(chapter, world)


async def test_invented_key_names_of_one_actor_cause_one_fetch(world: World) -> None:  # SIG-15
    chapter, alice = await met(world)
    for number in range(20):
        key_id = f"{alice.uri}#key-{number}"
        follow = follow_of(alice, chapter)
        assert await alice.send(chapter.urls.shared_inbox, follow, key_id=key_id) == 401
    assert len(world.network.fetched("m.test")) == 1


@pytest.mark.parametrize("failure", ["dead", "500"])  # SIG-16
async def test_a_key_server_that_fails_is_left_alone_for_a_while(
    world: World, clock: SetClock, failure: str
) -> None:
    chapter, alice = await met(world)
    bob = Mastodon("slow.test", world.network, clock, alice.key).member("bob")
    tries = 0

    async def fail(_: Request) -> Response:
        nonlocal tries
        tries += 1
        return Response(status_code=500)

    if failure == "500":
        world.network.hosts["slow.test"] = Starlette(routes=[Route("/{path:path}", fail)])
    for _ in range(20):
        assert await bob.send(chapter.urls.shared_inbox, follow_of(bob, chapter)) == 503
    assert len(world.network.fetched("slow.test")) == 1
    clock.advance(timedelta(minutes=5, seconds=1))
    assert await bob.send(chapter.urls.shared_inbox, follow_of(bob, chapter)) == 503
    assert len(world.network.fetched("slow.test")) == 2
    await nothing_happened(chapter, world)


async def test_a_farewell_nobody_can_prove_needs_more_than_a_404(  # SIG-17
    world: World, rsa_keys: tuple[RSAPrivateKey, RSAPrivateKey]
) -> None:
    chapter, alice = await met(world)
    alice.key = rsa_keys[0]
    members = alice.server.members
    del members["alice"]  # its address answers 404
    assert await alice.say_goodbye(chapter=chapter.uri) == 202
    await world.settle()
    assert len(world.network.fetched("m.test")) == 1
    known = await chapter.read(lambda tx: remote_actors.get(tx, alice.uri))
    assert known
    assert known.gone_at is None
    members["alice"], alice.deleted = alice, True  # its address answers 410
    world.clock.advance(timedelta(minutes=11))
    delete = alice.activity("Delete", alice.uri, uri=f"{alice.uri}#delete/2")
    assert await alice.send(chapter.urls.shared_inbox, delete) == 202
    await world.settle()
    known = await chapter.read(lambda tx: remote_actors.get(tx, alice.uri))
    assert known
    assert known.gone_at is not None


async def test_a_storm_of_farewells_of_strangers_is_free(world: World) -> None:  # SIG-17, ABU-05
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    for number in range(30):
        stranger = mastodon.member(f"s{number}")
        delete = stranger.activity("Delete", stranger.uri, uri=f"{stranger.uri}#delete")
        assert await stranger.send(chapter.urls.shared_inbox, delete) == 202
    assert world.network.fetched("m.test") == []
    assert await chapter.outcomes() == []


async def test_an_exact_replay_has_no_second_effect(world: World) -> None:  # SIG-18
    chapter, alice = await met(world)
    body = json.dumps(follow_of(alice, chapter)).encode()
    headers = signed_post(
        alice.key, f"{alice.uri}#main-key", chapter.urls.shared_inbox, body, world.clock.now()
    )
    for _ in range(3):
        response = await world.network.send("POST", chapter.urls.shared_inbox, headers, body)
        assert response.status_code == 202
    await world.settle()
    assert alice.server.types() == ["Accept"]
    assert len(await chapter.outcomes()) == 2


async def test_a_broken_9421_signature_is_not_saved_by_a_good_cavage_one(  # SIG-22
    world: World,
) -> None:
    chapter, alice = await met(world)
    body = json.dumps(follow_of(alice, chapter)).encode()
    inbox = chapter.urls.shared_inbox
    headers = signed_post(alice.key, f"{alice.uri}#main-key", inbox, body, world.clock.now())
    headers["Signature-Input"] = 'sig1=("@method");created=1;keyid="x"'
    response = await world.network.send("POST", inbox, headers, body)
    assert response.status_code in {400, 401}
    await nothing_happened(chapter, world)
