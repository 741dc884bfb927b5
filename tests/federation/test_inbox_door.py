"""The inbox's door under pressure: together, bounded, and nobody pays for another's bad row."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from fedi_chapter.domain.inbox import Incoming
from fedi_chapter.federation import inbox as door
from fedi_chapter.store import inbox, reactions
from fedi_chapter.store.tx import WriteTx
from tests.kit.world import World

pytestmark = pytest.mark.anyio


async def test_many_at_once_are_stored_in_few_commits(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    post = await chapter.post("Hello")
    members = [mastodon.member(f"m{number}") for number in range(20)]
    for member in members:  # so that their keys are known
        await member.boost(post)
    sizes: list[int] = []
    put_many = inbox.put_many

    def counted(tx: WriteTx, incoming: Sequence[Incoming]) -> int:
        sizes.append(len(incoming))
        return put_many(tx, incoming)

    monkeypatch.setattr(inbox, "put_many", counted)
    assert set(await asyncio.gather(*(each.like(post) for each in members))) == {202}
    await world.settle()
    assert await chapter.read(lambda tx: reactions.counts(tx, [post])) == (20, 20)
    assert sum(sizes) == 20
    assert len(sizes) < 20


async def test_when_too_much_waits_senders_are_told_to_come_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    chapter, alice = await world.chapter("a.test"), world.mastodon("m.test").member("alice")
    post = await chapter.post("Hello")
    monkeypatch.setattr(door, "MOST_WAITING", 0)
    assert await alice.like(post) == 503
    monkeypatch.setattr(door, "MOST_WAITING", 1)
    assert await alice.boost(post) == 202
    assert await alice.boost(post) == 503
    await world.settle()
    assert await alice.like(post) == 202


async def test_when_too_many_stand_at_the_door_senders_are_told_to_come_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    chapter, alice = await world.chapter("a.test"), world.mastodon("m.test").member("alice")
    monkeypatch.setattr(door, "LONGEST_LINE", -1.0)
    assert await alice.like(await chapter.post("Hello")) == 503


async def test_one_bad_row_harms_nobody_else(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    post = await chapter.post("Hello")
    good, bad = mastodon.member("good"), mastodon.member("bad")
    for member in (good, bad):
        await member.boost(post)
    put_many = inbox.put_many

    def fragile(tx: WriteTx, incoming: Sequence[Incoming]) -> int:
        if any(each.actor_uri == bad.uri for each in incoming):
            raise ValueError("a row the database refuses")
        return put_many(tx, incoming)

    monkeypatch.setattr(inbox, "put_many", fragile)
    answers = await asyncio.gather(good.like(post), bad.like(post), return_exceptions=True)
    assert answers[0] == 202
    assert answers[1] == 500 or isinstance(answers[1], ValueError)
    await world.settle()
    assert await chapter.read(lambda tx: reactions.counts(tx, [post])) == (1, 2)


async def test_a_batch_that_is_committed_at_the_second_try_takes_its_room_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "MOST_WAITING_HOST", 3)
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    post, real = await chapter.post("Hello"), door.put

    def put(tx: WriteTx, *given: Any) -> Any:
        with tx.conn.begin_nested() as first:
            real(tx, *given)
            first.rollback()
        return real(tx, *given)

    monkeypatch.setattr(door, "put", put)
    answers = [await mastodon.member(f"u{number}").like(post) for number in range(4)]
    assert answers == [202, 202, 202, 503]
