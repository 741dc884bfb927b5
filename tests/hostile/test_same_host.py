"""Somebody else on the same host is somebody else: of accounts, activities, things and consents."""

from dataclasses import replace
from datetime import timedelta

import pytest

from fedi_chapter.domain.attendance import AttendanceState
from fedi_chapter.domain.remote_actor import RemoteKey
from fedi_chapter.domain.rsvp import Answer
from fedi_chapter.federation import attending
from fedi_chapter.store import attendances, quotes, remote_actors, replies
from tests.kit.builders import a_remote_actor
from tests.kit.peers.event_host import an_event
from tests.kit.peers.mastodon import PUBLIC, Member
from tests.kit.world import Chapter, World

pytestmark = pytest.mark.anyio


@pytest.fixture
async def chapter(world: World) -> Chapter:
    return await world.chapter("a.test", replies="everyone")


@pytest.fixture
def alice(world: World) -> Member:
    return world.mastodon("m.test").member("alice")


@pytest.fixture
def mallory(alice: Member) -> Member:
    return alice.server.member("mallory")


async def test_a_post_deleted_by_another_before_it_came_comes_all_the_same(
    world: World, chapter: Chapter, alice: Member, mallory: Member
) -> None:
    post = await chapter.post("Hello")
    create = alice.compose("Hi", chapter=chapter.uri, in_reply_to=post)
    status = str(create["id"]).removesuffix("/activity")
    inbox, shared = chapter.urls.shared_inbox, [PUBLIC]
    await mallory.like(post)
    for number in range(2):
        delete = mallory.activity("Delete", status, uri=f"{mallory.uri}#{number}", to=shared)
        await mallory.send(inbox, delete)
        await world.settle()
        await alice.send(inbox, create)
        await world.settle()
        assert await chapter.read(lambda tx: replies.get(tx, status))
        world.clock.advance(timedelta(minutes=1))
    await alice.delete(status, chapter=chapter.uri)
    again = mallory.activity("Delete", status, uri=f"{mallory.uri}#3", to=shared)
    await mallory.send(inbox, again)
    await world.settle()
    await alice.send(inbox, create | {"id": f"{status}/late"})
    await world.settle()
    assert await chapter.read(lambda tx: replies.get(tx, status)) is None


async def test_an_author_keeps_out_a_post_that_comes_after_its_delete(
    world: World, chapter: Chapter, alice: Member, mallory: Member
) -> None:
    post = await chapter.post("Hello")
    create = alice.compose("Hi", chapter=chapter.uri, in_reply_to=post)
    status = str(create["id"]).removesuffix("/activity")
    for who in (mallory, alice):
        await who.like(post)
        delete = who.activity("Delete", status, uri=f"{who.uri}#delete", to=[PUBLIC])
        await who.send(chapter.urls.shared_inbox, delete)
    await world.settle()
    await alice.send(chapter.urls.shared_inbox, create)
    await world.settle()
    assert await chapter.read(lambda tx: replies.get(tx, status)) is None


async def test_a_consent_to_quote_is_its_own_actors_alone(
    world: World, chapter: Chapter, alice: Member, mallory: Member
) -> None:
    quoted, other = await chapter.post("Hello"), await chapter.post("Something else")
    instrument = f"{alice.uri}/statuses/1"
    for who, target in ((mallory, other), (alice, quoted)):
        uri = f"{who.uri}#quote"
        request = who.activity("QuoteRequest", target, uri=uri, instrument=instrument)
        await who.send(chapter.urls.shared_inbox, request)
    await world.settle()
    assert alice.server.types() == ["Accept", "Accept"]
    for who, target in ((mallory, other), (alice, quoted)):
        given = await chapter.read(lambda tx, uri=who.uri: quotes.by_quote(tx, instrument, uri))  # type: ignore[misc]
        assert given
        assert given.target_uri == target


async def test_a_key_at_an_actors_own_address_is_theirs_whoever_listed_it_first(
    chapter: Chapter,
) -> None:
    mallory, ana = a_remote_actor("mallory", "m.test"), a_remote_actor("ana", "m.test")
    key_id = f"{ana.uri}#main-key"

    for actor, public in ((mallory, b"false"), (ana, b"true"), (mallory, b"false")):
        listed = replace(actor, keys=(RemoteKey(key_id, actor.uri, "rsa", public),))
        await chapter.write(lambda tx, listed=listed: remote_actors.put(tx, listed))  # type: ignore[misc]
    owner = await chapter.read(lambda tx: remote_actors.by_key(tx, key_id))
    assert owner
    assert (owner.uri, owner.keys[0].public) == (ana.uri, b"true")


@pytest.mark.parametrize("answer", ["Accept", "Reject"])
async def test_only_who_holds_an_event_answers_for_it(
    world: World, chapter: Chapter, alice: Member, mallory: Member, answer: str
) -> None:
    alice.server.software, uri = "mobilizon", f"{alice.uri}/statuses/7"
    alice.statuses[uri] = an_event(uri, alice.uri)
    said, _ = await attending.attend(chapter.deps, chapter.actor, uri, Answer.GOING)
    await world.settle()
    states = []
    for who in (mallory, alice):
        thing = chapter.urls.attendance(said.answer_id)
        await who.send(
            chapter.urls.shared_inbox, who.activity(answer, thing, uri=f"{who.uri}#{answer}")
        )
        await world.settle()
        found = await chapter.read(lambda tx: attendances.get(tx, chapter.actor.id, uri))
        assert found
        states.append(found.state)
    state = {"Accept": AttendanceState.CONFIRMED, "Reject": AttendanceState.REFUSED}[answer]
    assert states == [AttendanceState.ASKED, state]
