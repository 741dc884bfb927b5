"""Hosts with international names, written as people read them and as the network does."""

from dataclasses import replace

import pytest

from fedi_chapter.core.errors import Conflict, FormInvalid
from fedi_chapter.domain.urls import Urls
from fedi_chapter.federation import discover, members, wellknown
from fedi_chapter.services.moderation import allow, block
from fedi_chapter.settings import Settings, origin_of
from fedi_chapter.store import blocks
from tests.kit.world import World

pytestmark = pytest.mark.anyio

READ, WIRE = "münchen.test", "xn--mnchen-3ya.test"
SPELLINGS = [READ, READ.upper(), WIRE, WIRE.upper()]


@pytest.mark.parametrize("host", SPELLINGS)
async def test_an_account_is_found_in_both_spellings(world: World, host: str) -> None:
    chapter, alice = await world.chapter("a.test"), world.mastodon(WIRE).member("alice")
    for word in (f"@alice@{host}", f"alice@{host}", f"https://{host.lower()}/users/alice"):
        found = await discover.resolve(chapter.deps, word)
        assert (found.uri, found.handle) == (alice.uri, f"alice@{WIRE}")


@pytest.mark.parametrize("host", SPELLINGS)
async def test_a_visitor_follows_and_signs_in_with_both_spellings(world: World, host: str) -> None:
    chapter, server = await world.chapter("a.test"), world.mastodon(WIRE)
    server.member("alice")
    page = await discover.follow_page(chapter.deps, f"@alice@{host}", chapter.uri)
    assert page.link is not None
    assert page.link.startswith(f"https://{WIRE}/")
    for typed in (f"@alice@{host}", host, f"https://{host}/@alice", f"HTTPS://{host}"):
        assert await members.home(chapter.deps, typed) == f"https://{WIRE}"


@pytest.mark.parametrize("host", SPELLINGS)
async def test_our_own_handle_is_known_in_both_spellings(world: World, host: str) -> None:
    chapter = await world.chapter("a.test")
    urls = Urls(f"https://{WIRE}", WIRE)
    for resource in (f"acct:a@{host}", f"https://{host}/@a", f"https://{host}/chapter"):
        actor = await chapter.read(lambda tx, asked=resource: wellknown.find(tx, urls, asked))  # type: ignore[misc]
        assert actor == chapter.actor
    server = await chapter.read(lambda tx: wellknown.find(tx, urls, f"acct:{host}@{host}"))
    assert server is not None
    assert server.handle == "relay"


async def test_our_own_server_is_recognised_when_somebody_signs_in_with_it(world: World) -> None:
    chapter = await world.chapter("a.test")
    ours = replace(chapter.deps, urls=Urls(f"https://{WIRE}", WIRE))
    with pytest.raises(Conflict):
        await members.home(ours, f"@a@{READ}")


async def test_a_host_is_blocked_and_allowed_in_both_spellings(world: World) -> None:
    chapter, alice = await world.chapter("a.test"), world.mastodon(WIRE).member("alice")
    assert await chapter.write(lambda tx: allow(tx, READ)) == WIRE
    actor = alice.uri.replace(WIRE, READ)
    for target, stored in ((READ, WIRE), (actor, alice.uri)):
        made = await chapter.write(lambda tx, asked=target: block(tx, asked, chapter.urls))  # type: ignore[misc]
        assert made.target == stored
    assert await chapter.read(lambda tx: blocks.find(tx, actor_uri=None, host=WIRE))
    assert await alice.follow(chapter.uri) == 403


async def test_a_host_that_only_dns_knows_is_found_followed_allowed_and_blocked(
    world: World,
) -> None:
    host = "s3--a.test"  # IDNA refuses it, the network does not
    chapter, alice = await world.chapter("a.test"), world.mastodon(host).member("alice")
    assert (await discover.resolve(chapter.deps, f"@alice@{host}")).uri == alice.uri
    assert await chapter.write(lambda tx: allow(tx, host.upper())) == host
    assert await alice.follow(chapter.uri) == 202
    assert (await chapter.write(lambda tx: block(tx, host, chapter.urls))).target == host
    assert await alice.follow(chapter.uri) == 403


@pytest.mark.parametrize("word", ["acct:alice@m.test", "alice@m.test", "m.test:x", "https://["])
async def test_what_is_no_host_is_blocked_as_none(world: World, word: str) -> None:
    chapter = await world.chapter("a.test")
    with pytest.raises(FormInvalid):
        await chapter.write(lambda tx: block(tx, word, chapter.urls))


def test_settings_take_both_spellings() -> None:
    made = Settings.model_validate({"event_servers": f"{READ}, other.test", "face_servers": WIRE})
    assert made.event_servers == (WIRE, "other.test")
    assert made.face_servers == (WIRE,)
    assert origin_of(f"https://{READ}/") == f"https://{WIRE}"
    sending = Settings.model_validate({"smtp_url": f"smtp://mail.{READ}?from=us@{READ}"})
    assert sending.smtp is not None
    assert (sending.smtp.host, sending.smtp.sender) == (f"mail.{WIRE}", f"us@{WIRE}")
