"""What a third party says in somebody's name costs that somebody nothing (ABU-05, SIG-15)."""

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from sqlalchemy import select

from fedi_chapter.core.clock import SetClock
from fedi_chapter.federation import inbox as door
from fedi_chapter.federation import remote_actors
from fedi_chapter.store import dropped, inbox, tables
from tests.federation.test_keys_of_others import pem_of, somebody
from tests.kit.peers.mastodon import PUBLIC, Json, Member
from tests.kit.peers.signatures import signed_post
from tests.kit.world import LEASE, Chapter, World

pytestmark = pytest.mark.anyio


async def is_forged(world: World, forger: RSAPrivateKey, activity: Json) -> int:
    """Let somebody send it who has not the key of its actor; return the answer."""
    inbox_uri = world.chapters["a.test"].urls.shared_inbox
    body = httpx.Request("POST", inbox_uri, json=activity).content
    key_id = f"{activity['actor']}#main-key"
    headers = signed_post(forger, key_id, inbox_uri, body, world.clock.now())
    return (await world.network.send("POST", inbox_uri, headers, body)).status_code


@pytest.fixture
def forger(rsa_keys: tuple[RSAPrivateKey, RSAPrivateKey]) -> RSAPrivateKey:
    return rsa_keys[0]


def goodbye(who: Member, number: int) -> Json:
    return who.activity("Delete", who.uri, uri=f"{who.uri}#delete/{number}", to=[PUBLIC])


def news(who: Member, number: int) -> Json:
    return who.activity("Update", who.document(), uri=f"{who.uri}#update/{number}", to=[PUBLIC])


async def waiting(chapter: Chapter) -> list[str]:
    """Return the types of what waits, in the order it came."""
    rows = select(tables.inbox.c.type).where(tables.inbox.c.state == "waiting")
    return await chapter.read(
        lambda tx: list(tx.conn.execute(rows.order_by(tables.inbox.c.id)).scalars())
    )


async def test_goodbyes_that_are_forged_take_no_room_from_those_who_sign(
    world: World, forger: RSAPrivateKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "MOST_WAITING_HOST", 5)
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    alice = mastodon.member("alice")
    await alice.follow(chapter.uri)
    await world.settle()
    for number in range(40):
        assert await is_forged(world, forger, goodbye(alice, number)) == 202
        assert await is_forged(world, forger, news(alice, number)) == 202
    assert await waiting(chapter) == ["DeleteActor", "UpdateActor"]
    assert (await chapter.read(dropped.counts))[dropped.REPLAY] == 78
    assert await alice.delete_account(chapter=chapter.uri) == 202
    await world.settle()
    assert await chapter.followers() == []


async def test_a_goodbye_that_is_forged_is_looked_at_again_once_one_is_in_hand(
    world: World, forger: RSAPrivateKey
) -> None:
    chapter, alice = await world.chapter("a.test"), world.mastodon("m.test").member("alice")
    await alice.follow(chapter.uri)
    await world.settle()
    await is_forged(world, forger, goodbye(alice, 1))
    await chapter.write(lambda tx: inbox.claim(tx, 10, LEASE))
    await is_forged(world, forger, goodbye(alice, 2))
    assert await waiting(chapter) == ["DeleteActor"] * 2


async def test_what_others_pass_on_in_somebodys_name_is_counted_as_theirs(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "MOST_WAITING_HOST", 5)
    chapter, alice = await world.chapter("a.test"), world.mastodon("m.test").member("alice")
    mallory = world.mastodon("evil.test").member("mallory")
    post = await chapter.post("Hello")
    answers = []
    for number in range(8):
        said = alice.compose(f"Spam {number}", chapter=chapter.uri, in_reply_to=post)
        answers.append(
            await mallory.send(chapter.urls.shared_inbox, said, key_id=f"{mallory.uri}#main-key")
        )
    assert answers == [202] * 5 + [503] * 3
    assert await alice.like(post) == 202


async def test_ones_own_words_do_not_wait_for_what_others_say_in_ones_name(
    world: World, forger: RSAPrivateKey
) -> None:
    chapter, alice = await world.chapter("a.test"), world.mastodon("m.test").member("alice")
    await alice.follow(chapter.uri)
    await world.settle()
    post = await chapter.post("Hello")
    await is_forged(world, forger, goodbye(alice, 1))
    await is_forged(world, forger, news(alice, 1))
    await alice.like(post)
    jobs = await chapter.write(lambda tx: inbox.claim(tx, 10, LEASE))
    assert b"Like" in b"".join(job.body for job in jobs)


# -- a key that changed --------------------------------------------------------------------


async def bad_then_honest(
    world: World,
    rsa_keys: tuple[RSAPrivateKey, RSAPrivateKey],
    networks: list[str],
) -> tuple[int, int]:
    """Let strangers at `networks` sign badly, change the key, and let its owner send.

    Return the owner's answer, and how often the strangers had its page fetched.
    """
    chapter, alice = await somebody(world, trusted_proxies="127.0.0.1")
    await alice.follow(chapter.uri)
    await world.settle()
    before = len(world.network.fetched("m.test"))
    like = alice.activity("Like", f"{chapter.uri}/1", uri=f"{alice.uri}#likes/1")
    inbox_uri, key_id = chapter.urls.shared_inbox, f"{alice.uri}#main-key"
    body = httpx.Request("POST", inbox_uri, json=like).content

    async def send(key: RSAPrivateKey, network: str) -> int:
        headers = signed_post(key, key_id, inbox_uri, body, world.clock.now())
        headers["X-Forwarded-For"] = network
        return (await world.network.send("POST", inbox_uri, headers, body)).status_code

    for network in networks:
        assert await send(rsa_keys[0], network) == 401
    fetched = len(world.network.fetched("m.test")) - before
    new = {"id": key_id, "owner": alice.uri, "publicKeyPem": pem_of(rsa_keys[0])}
    alice.changes = {"publicKey": new}
    return await send(rsa_keys[0], "192.0.2.1"), fetched


async def test_bad_signatures_from_elsewhere_do_not_hide_that_a_key_changed(
    world: World, rsa_keys: tuple[RSAPrivateKey, RSAPrivateKey], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote_actors, "SENDERS", 1 << 40)  # no two have one mark by chance
    assert await bad_then_honest(world, rsa_keys, ["198.51.100.7"] * 5) == (202, 1)


async def test_bad_signatures_from_everywhere_cause_a_bounded_number_of_fetches(
    world: World, rsa_keys: tuple[RSAPrivateKey, RSAPrivateKey]
) -> None:
    networks = [f"198.51.100.{number}" for number in range(200)]
    answer, fetched = await bad_then_honest(world, rsa_keys, networks)
    assert fetched <= remote_actors.SENDERS
    assert answer in {202, 401}


async def test_whatever_strangers_send_a_changed_key_counts_within_ten_minutes(
    world: World, clock: SetClock, rsa_keys: tuple[RSAPrivateKey, RSAPrivateKey]
) -> None:
    networks = [f"198.51.100.{number}" for number in range(200)]
    await bad_then_honest(world, rsa_keys, networks)
    clock.advance(remote_actors.ASKED_AGAIN)
    chapter, alice = world.chapters["a.test"], world.mastodons["m.test"].members["alice"]
    alice.key = rsa_keys[0]  # type: ignore[attr-defined]
    assert await alice.like(f"{chapter.urls.base}/posts/1") == 202
