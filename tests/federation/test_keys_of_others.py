"""Keys of other servers as they really write them, changed ones, and why one is refused."""

import json
from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import delete

from fedi_chapter.core.clock import SetClock
from fedi_chapter.sig.keys import make_ed25519, multibase
from fedi_chapter.store import remote_actors, tables
from tests.kit.peers.mastodon import Json, Member
from tests.kit.peers.signatures import pem_of, signed_post
from tests.kit.world import Chapter, World

pytestmark = pytest.mark.anyio

ACTIVITY = "application/activity+json"
EDWARDS = make_ed25519()


class Altered(Member):
    """Somebody whose profile says other things about keys and addresses."""

    changes: Json

    def document(self) -> Json:
        return {**super().document(), **self.changes}


async def somebody(
    world: World, *, trusted_proxies: str = "", **changes: object
) -> tuple[Chapter, Altered]:
    chapter = await world.chapter("a.test", trusted_proxies=trusted_proxies)
    mastodon = world.mastodon("m.test")
    alice = Altered(mastodon, "alice", mastodon.key)
    alice.changes = changes
    mastodon.members["alice"] = alice
    return chapter, alice


async def post(member: Member, activity: Json, chapter: Chapter, key_id: str) -> httpx.Response:
    """Send an activity under a key id, and return the answer with its words."""
    body, inbox = (
        httpx.Request("POST", chapter.uri, json=activity).content,
        chapter.urls.shared_inbox,
    )
    headers = signed_post(member.key, key_id, inbox, body, member.server.clock.now())  # type: ignore[attr-defined]
    return await member.server.network.send("POST", inbox, headers, body)  # type: ignore[attr-defined,no-any-return]


def like(member: Member, number: int) -> Json:
    return member.activity("Like", "https://a.test/posts/1", uri=f"{member.uri}#likes/{number}")


@pytest.mark.parametrize("is_known", [False, True])
async def test_the_id_of_the_actor_as_key_id_means_its_only_key(
    world: World, is_known: bool
) -> None:
    chapter, alice = await somebody(world)
    if is_known:
        await alice.follow(chapter.uri)
    for number in range(2):
        answer = await post(alice, like(alice, number), chapter, alice.uri)
        assert answer.status_code == 202
    assert world.network.fetched("m.test") == [alice.uri]


async def test_a_key_called_as_its_owner_is_found(world: World, rsa_keys: object) -> None:
    chapter, alice = await somebody(world)
    alice.changes = {"publicKey": {"id": alice.uri, "publicKeyPem": pem_of(alice.key)}}
    assert (await post(alice, like(alice, 1), chapter, alice.uri)).status_code == 202
    assert (await post(alice, like(alice, 2), chapter, f"{alice.uri}#main-key")).status_code == 401


async def test_the_id_of_an_actor_with_two_keys_means_none(
    world: World, rsa_keys: tuple[RSAPrivateKey, RSAPrivateKey]
) -> None:
    chapter, alice = await somebody(world)
    keys = [
        {"id": f"{alice.uri}#{name}", "owner": alice.uri, "publicKeyPem": pem_of(key)}
        for name, key in (("main-key", alice.key), ("second", rsa_keys[0]))
    ]
    alice.changes = {"publicKey": keys}
    assert (await post(alice, like(alice, 1), chapter, alice.uri)).status_code == 401
    assert (await post(alice, like(alice, 2), chapter, f"{alice.uri}#main-key")).status_code == 202


async def test_one_key_shown_in_two_ways_is_still_an_actor_s_only_one(world: World) -> None:
    chapter, alice = await somebody(world)
    multikey = {"type": "Multikey", "controller": alice.uri, "publicKeyMultibase": "z"}
    alice.changes = {
        "assertionMethod": [
            {**multikey, "id": f"{alice.uri}#rsa", "publicKeyMultibase": multibase(alice.key)},  # type: ignore[attr-defined]
            {**multikey, "id": f"{alice.uri}#ed25519", "publicKeyMultibase": multibase(EDWARDS)},
            {**multikey, "id": f"{alice.uri}#main-key", "publicKeyMultibase": multibase(EDWARDS)},
        ]
    }
    for number, name in enumerate(("", "#main-key", "#rsa")):
        answer = await post(alice, like(alice, number), chapter, f"{alice.uri}{name}")
        assert answer.status_code == 202


def _spaced(pem: str, space: str) -> str:
    """Return a key in PEM as a single line, with `space` between its parts."""
    first, *lines, last = pem.strip().split("\n")
    return f"{first}{space}{''.join(lines)}{space}{last}"


@pytest.mark.parametrize(
    "spelling",
    [
        str.strip,
        lambda pem: pem.replace("\n", "\r\n"),
        lambda pem: f"\n\n  {pem}\n\n",
        lambda pem: _spaced(pem, " "),
        lambda pem: _spaced(pem, "\n"),
        lambda pem: [pem],
    ],
)
@pytest.mark.parametrize("kind", [PublicFormat.SubjectPublicKeyInfo, PublicFormat.PKCS1])
async def test_a_key_is_read_in_every_spelling_of_pem(
    world: World, kind: PublicFormat, spelling: Callable[[str], object]
) -> None:
    chapter, alice = await somebody(world)
    key_id = f"{alice.uri}#main-key"
    pem = alice.key.public_key().public_bytes(Encoding.PEM, kind).decode()
    alice.changes = {"publicKey": {"id": key_id, "owner": alice.uri, "publicKeyPem": spelling(pem)}}
    assert (await post(alice, like(alice, 1), chapter, key_id)).status_code == 202


@pytest.mark.parametrize("owner", ["", None, "https://m.test/users/alice", {"id": "ID"}, ["ID"]])
async def test_an_owner_is_read_in_every_shape(world: World, owner: object) -> None:
    chapter, alice = await somebody(world)
    key_id, pem = f"{alice.uri}#main-key", pem_of(alice.key)
    named = json.loads(json.dumps(owner).replace("ID", alice.uri))
    alice.changes = {"publicKey": [{"id": key_id, "owner": named, "publicKeyPem": pem}]}
    assert (await post(alice, like(alice, 1), chapter, key_id)).status_code == 202


async def test_a_key_without_an_owner_signs_for_the_actor_that_shows_it(world: World) -> None:
    chapter, alice = await somebody(world)
    key_id = f"{alice.uri}#main-key"
    alice.changes = {"publicKey": {"id": key_id, "publicKeyPem": pem_of(alice.key)}}
    assert (await post(alice, like(alice, 1), chapter, key_id)).status_code == 202


async def test_a_foreign_shared_inbox_does_not_make_an_account_unreadable(world: World) -> None:
    chapter, alice = await somebody(
        world,
        endpoints={"sharedInbox": "https://relay.test/inbox"},
        outbox="https://cdn.test/outbox",
    )
    await alice.follow(chapter.uri)
    await world.settle()
    assert await chapter.followers() == [alice.uri]
    assert [each.inbox for each in world.mastodons["m.test"].received] == ["/users/alice/inbox"]


async def test_a_name_cut_inside_an_emoji_does_not_make_an_account_unreadable(
    world: World,
) -> None:
    chapter, alice = await somebody(world, name="cut \ud83d")
    await alice.follow(chapter.uri)
    await world.settle()
    known = await chapter.read(lambda tx: remote_actors.get(tx, alice.uri))
    assert known is not None
    assert known.name == "cut \ufffd"


# -- a changed key -------------------------------------------------------------------------


@pytest.mark.parametrize("new_name", ["main-key", "main-key-2"])
async def test_after_a_change_the_old_key_is_refused_at_once(
    world: World, rsa_keys: tuple[RSAPrivateKey, RSAPrivateKey], new_name: str
) -> None:
    chapter, alice = await somebody(world)
    old_id, new_id = f"{alice.uri}#main-key", f"{alice.uri}#{new_name}"
    await alice.follow(chapter.uri)
    await world.settle()
    new = {"id": new_id, "owner": alice.uri, "publicKeyPem": pem_of(rsa_keys[0])}
    alice.changes = {"publicKey": new}
    update = alice.activity("Update", alice.document(), uri=f"{alice.uri}#update")
    assert (await post(alice, update, chapter, old_id)).status_code == 202
    await world.settle()
    stolen = await post(alice, like(alice, 1), chapter, old_id)
    assert stolen.status_code in {401, 503}
    assert (await post(alice, like(alice, 2), chapter, old_id)).status_code == 401
    alice.key = rsa_keys[0]
    assert (await post(alice, like(alice, 3), chapter, new_id)).status_code == 202
    before = len(await chapter.outcomes())
    await world.settle()
    assert len(await chapter.outcomes()) == before == 3


async def test_a_key_changed_by_another_process_is_refused_at_the_commit(
    world: World, rsa_keys: tuple[RSAPrivateKey, RSAPrivateKey]
) -> None:
    chapter, alice = await somebody(world)
    await alice.follow(chapter.uri)
    await world.settle()
    known = await chapter.read(lambda tx: remote_actors.get(tx, alice.uri))
    assert known is not None
    pem = pem_of(rsa_keys[0]).encode()
    keys = tuple(type(key)(key.id, key.owner, key.kind, pem) for key in known.keys)
    changed = type(known)(
        **{**{name: getattr(known, name) for name in known.__slots__}, "keys": keys}
    )
    await chapter.write(lambda tx: remote_actors.put(tx, changed))
    answer = await post(alice, like(alice, 1), chapter, f"{alice.uri}#main-key")
    assert (answer.status_code, answer.json()["code"]) == (401, "key-unusable")


async def test_somebody_swept_out_meanwhile_is_told_to_come_again_and_then_taken(
    world: World,
) -> None:
    chapter, alice = await somebody(world)
    key_id = f"{alice.uri}#main-key"
    assert (await post(alice, like(alice, 1), chapter, key_id)).status_code == 202
    await chapter.write(lambda tx: tx.conn.execute(delete(tables.remote_keys)))
    answers = [(await post(alice, like(alice, n), chapter, key_id)).status_code for n in (2, 3)]
    assert answers == [503, 202]


# -- why -----------------------------------------------------------------------------------


REASONS: dict[str, tuple[object, str]] = {
    "gone": (httpx.Response(410), "no document at the address"),
    "never there": (httpx.Response(404), "no document at the address"),
    "hidden": (httpx.Response(403), "does not show us"),
    "no inbox": ({"inbox": None}, "has no inbox"),
    "inbox elsewhere": ({"inbox": "https://evil.test/inbox"}, "has no inbox of its own"),
    "no name": ({"preferredUsername": None}, "preferredUsername"),
    "another's": ({"id": "https://m.test/users/bob"}, "does not list the key"),
    "of another host": ({"id": "https://evil.test/users/alice"}, "answers with the id"),
    "no key": ({"publicKey": None}, "does not list the key"),
}


@pytest.mark.parametrize("kind", REASONS)
async def test_a_refusal_names_its_cause_also_the_second_time(world: World, kind: str) -> None:
    chapter, alice = await somebody(world)
    said, words = REASONS[kind]
    world.mastodons["m.test"].member("bob")
    if isinstance(said, httpx.Response):
        world.network.instead[alice.uri] = said
    elif isinstance(said, dict):
        alice.changes = said
    for number in range(2):
        answer = await post(alice, like(alice, number), chapter, f"{alice.uri}#main-key")
        assert (answer.status_code, answer.json()["code"]) == (401, "key-unusable")
        assert words in answer.json()["detail"]


async def test_a_refusal_does_not_tell_where_a_name_leads(world: World) -> None:
    chapter, alice = await somebody(world)
    answer = await post(alice, like(alice, 1), chapter, "https://10.0.0.7/actor#main-key")
    assert answer.json()["code"] == "key-unusable"
    assert "not one that servers use" in answer.json()["detail"]


async def test_a_wrong_clock_and_a_wrong_key_are_told_apart(
    world: World, clock: SetClock, rsa_keys: tuple[RSAPrivateKey, RSAPrivateKey]
) -> None:
    chapter, alice = await somebody(world)
    key_id, inbox = f"{alice.uri}#main-key", chapter.urls.shared_inbox
    headers = signed_post(alice.key, key_id, inbox, b"{}", clock.now() - timedelta(hours=3))
    body = httpx.Request("POST", inbox, json=like(alice, 1)).content
    late = signed_post(alice.key, key_id, inbox, body, clock.now() - timedelta(hours=3))
    answer = await world.network.send("POST", inbox, late, body)
    assert "check both clocks" in answer.json()["detail"]
    headers = signed_post(alice.key, key_id, inbox, body, clock.now())
    answer = await world.network.send("POST", inbox, headers, body + b" ")
    assert "Digest" in answer.json()["detail"]
    alice.key = rsa_keys[0]
    answer = await post(alice, like(alice, 1), chapter, key_id)
    assert "not made with the key" in answer.json()["detail"]
