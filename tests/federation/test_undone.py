"""An Undo that overtakes what it undoes is remembered: what was undone never counts."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import select

from fedi_chapter.store import reactions, tables
from tests.kit.peers.mastodon import PUBLIC, Json, Member
from tests.kit.peers.signatures import signed_post
from tests.kit.world import Chapter, World

pytestmark = pytest.mark.anyio

MINUTE = timedelta(minutes=1)


@pytest.fixture
async def chapter(world: World) -> Chapter:
    return await world.chapter("a.test")


@pytest.fixture
def alice(world: World) -> Member:
    return world.mastodon("m.test").member("alice")


async def said(world: World, chapter: Chapter, who: Member, activity: Json) -> str:
    """Send an activity a minute after the one before; return what became of it."""
    world.clock.advance(MINUTE)
    assert await who.send(chapter.urls.shared_inbox, activity) == 202
    await world.settle()
    return (await chapter.outcomes())[-1]


def undo_of(who: Member, activity: Json, *, bare: bool) -> Json:
    thing = activity["id"] if bare else activity
    return who.activity("Undo", thing, uri=f"{activity['id']}/undo")


@pytest.mark.parametrize("bare", [False, True])
async def test_a_follow_that_comes_after_its_undo_never_counts_but_a_new_one_does(
    world: World, chapter: Chapter, alice: Member, bare: bool
) -> None:
    follow = alice.activity("Follow", chapter.uri, uri=f"{alice.uri}/follows/1")
    await said(world, chapter, alice, undo_of(alice, follow, bare=bare))
    assert await said(world, chapter, alice, follow) == "ignored: taken back before"
    assert await chapter.followers() == []
    assert alice.server.types() == []
    again = follow | {"id": f"{alice.uri}/follows/2"}
    assert await said(world, chapter, alice, again) == "follower accepted"


@pytest.mark.parametrize("bare", [False, True])
@pytest.mark.parametrize(("kind", "place"), [("Like", 0), ("Announce", 1), ("EmojiReact", 0)])
async def test_a_reaction_that_comes_after_its_undo_never_counts_but_a_new_one_does(
    world: World, chapter: Chapter, alice: Member, kind: str, place: int, bare: bool
) -> None:
    post = await chapter.post("Hello")
    reaction = alice.activity(kind, post, uri=f"{alice.uri}/reactions/1", to=[PUBLIC])
    await said(world, chapter, alice, undo_of(alice, reaction, bare=bare))
    assert await said(world, chapter, alice, reaction) == "ignored: taken back before"
    assert (await chapter.read(lambda tx: reactions.counts(tx, [post])))[place] == 0
    await said(world, chapter, alice, reaction | {"id": f"{alice.uri}/reactions/2"})
    assert (await chapter.read(lambda tx: reactions.counts(tx, [post])))[place] == 1


@pytest.mark.parametrize("bare", [False, True])
async def test_a_block_that_comes_after_its_undo_ends_no_new_follow(
    world: World, chapter: Chapter, alice: Member, bare: bool
) -> None:
    block = alice.activity("Block", chapter.uri, uri=f"{alice.uri}/blocks/1")
    await said(world, chapter, alice, undo_of(alice, block, bare=bare))
    follow = alice.activity("Follow", chapter.uri, uri=f"{alice.uri}/follows/1")
    await said(world, chapter, alice, follow)
    await said(world, chapter, alice, block)
    assert await chapter.followers() == [alice.uri]


async def test_a_block_is_lifted_and_set_again_under_one_id(
    world: World, chapter: Chapter, alice: Member
) -> None:
    block = alice.activity("Block", chapter.uri, uri=f"{alice.uri}/blocks/1")
    follow = alice.activity("Follow", chapter.uri, uri=f"{alice.uri}/follows/1")
    for _ in range(2):
        await said(world, chapter, alice, follow)
        assert await chapter.followers() == [alice.uri]
        await said(world, chapter, alice, block)
        assert await chapter.followers() == []
        await said(world, chapter, alice, undo_of(alice, block, bare=False))


async def test_a_follow_signed_before_its_undo_never_counts_whatever_its_id(
    world: World, chapter: Chapter, alice: Member
) -> None:
    """Misskey's Undo names an id of its own for the Follow; this Follow was long on its way."""
    follow = alice.activity("Follow", chapter.uri, uri=f"{alice.uri}/follows/1")
    body, inbox = json.dumps(follow).encode(), chapter.urls.shared_inbox
    headers = signed_post(alice.key, f"{alice.uri}#main-key", inbox, body, world.clock.now())
    await said(
        world, chapter, alice, undo_of(alice, follow | {"id": f"{alice.uri}/pair"}, bare=False)
    )
    answer = await world.network.send("POST", inbox, headers, body)
    assert answer.status_code == 202
    await world.settle()
    assert await chapter.followers() == []


async def test_nobody_bars_what_another_on_their_server_does(
    world: World, chapter: Chapter, alice: Member
) -> None:
    follow = alice.activity("Follow", chapter.uri, uri=f"{alice.uri}/follows/1")
    mallory = alice.server.member("mallory")
    await said(world, chapter, mallory, undo_of(mallory, follow, bare=True))
    await said(world, chapter, alice, follow)
    assert await chapter.followers() == [alice.uri]


async def test_what_was_taken_back_is_remembered_without_any_name(
    world: World, chapter: Chapter, alice: Member
) -> None:
    follow = alice.activity("Follow", chapter.uri, uri=f"{alice.uri}/follows/1")
    await said(world, chapter, alice, undo_of(alice, follow, bare=False))
    marks = await chapter.read(
        lambda tx: list(tx.conn.execute(select(tables.undone.c.mark)).scalars())
    )
    assert [len(mark) for mark in marks] == [64, 64]
