"""When others say that they wrote or changed something, and what that leads to."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from fedi_chapter.core.clock import SetClock
from fedi_chapter.store import neighbours, remote_actors, replies
from tests.kit.peers.mastodon import PUBLIC, Json, Member
from tests.kit.world import Chapter, World

pytestmark = pytest.mark.anyio

FAR = datetime(2031, 5, 1, tzinfo=UTC)


def stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


async def update(member: Member, thing: Json, chapter: Chapter, **changes: object) -> None:
    """Send an edit of a thing, dated as `changes` say, and have it taken in."""
    thing |= changes
    uri = f"{thing['id']}#updates/{next(member.server.numbers)}"
    activity = member.activity("Update", thing, uri=uri, to=[PUBLIC])
    assert await member.to_shared(chapter.uri, activity) == 202


@pytest.fixture
def clock_of(world: World) -> SetClock:
    assert isinstance(world.clock, SetClock)
    return world.clock


class Thread:
    """A reply under a post of a chapter, and its edits."""

    def __init__(self, world: World) -> None:
        self.world = world

    async def begin(self) -> "Thread":
        self.chapter = await self.world.chapter("a.test", replies="everyone")
        self.alice = self.world.mastodon("m.test").member("alice")
        self.uri = await self.alice.reply(await self.chapter.post("Hello"), "first")
        await self.world.settle()
        return self

    async def edit(self, words: str, updated: datetime | None) -> str:
        """Send an edit; return what is kept after it."""
        said = {"content": words, "updated": stamp(updated) if updated else None}
        await update(self.alice, self.alice.statuses[self.uri], self.chapter, **said)
        await self.world.settle()
        return (await self.kept()).html

    async def kept(self) -> replies.Reply:
        found = await self.chapter.read(lambda tx: replies.get(tx, self.uri))
        assert found
        return found


async def test_an_honest_edit_counts_after_one_from_the_future(
    world: World, clock_of: SetClock
) -> None:
    thread = await Thread(world).begin()
    assert await thread.edit("wrong", FAR) == "wrong"
    assert (await thread.kept()).updated_at == clock_of.now()
    assert await thread.edit("at once", clock_of.now()) == "at once"
    clock_of.advance(timedelta(minutes=1))
    assert await thread.edit("later", clock_of.now()) == "later"


async def test_of_two_edits_with_one_date_the_last_to_come_counts(
    world: World, clock_of: SetClock
) -> None:
    thread = await Thread(world).begin()
    clock_of.advance(timedelta(minutes=1))
    at = clock_of.now()
    assert await thread.edit("one", at) == "one"
    assert await thread.edit("two", at) == "two"
    assert await thread.edit("old", at - timedelta(seconds=1)) == "two"


async def test_an_edit_without_a_date_counts_when_it_says_something_new(
    world: World, clock_of: SetClock
) -> None:
    thread = await Thread(world).begin()
    clock_of.advance(timedelta(minutes=1))
    assert await thread.edit("<p>first</p>", None) == "<p>first</p>"
    assert (await thread.kept()).updated_at is None
    assert await thread.edit("new", None) == "new"
    assert (await thread.kept()).updated_at == clock_of.now()


async def test_a_late_create_never_brings_old_words(world: World, clock_of: SetClock) -> None:
    thread = await Thread(world).begin()
    clock_of.advance(timedelta(minutes=1))
    await thread.edit("new", clock_of.now())
    note = {**thread.alice.statuses[thread.uri], "content": "first", "updated": None}
    create = thread.alice.activity("Create", note, uri=f"{thread.uri}/again", to=[PUBLIC])
    await thread.alice.to_shared(thread.chapter.uri, create)
    await world.settle()
    assert (await thread.kept()).html == "new"


async def neighbour(world: World) -> tuple[Chapter, Member]:
    chapter, alice = await world.chapter("a.test"), world.mastodon("m.test").member("alice")
    await chapter.follow(alice.uri)
    await world.settle()
    return chapter, alice


async def publish(member: Member, thing: Json, chapter: Chapter, world: World) -> None:
    create = member.activity("Create", thing, uri=f"{thing['id']}/activity", to=[PUBLIC])
    await member.to_shared(chapter.uri, create)
    await world.settle()


def an_event(member: Member, **members: object) -> dict[str, Any]:
    return {
        "id": f"{member.uri}/events/1",
        "type": "Event",
        "name": "Picnic",
        "attributedTo": member.uri,
        "to": [PUBLIC],
        "startTime": "2026-12-24T18:00:00Z",
        **members,
    }


async def test_a_neighbours_post_from_the_future_does_not_stay_on_top(
    world: World, clock_of: SetClock
) -> None:
    chapter, alice = await neighbour(world)
    early = alice.compose("from 2031", chapter=chapter.uri)["object"]
    await publish(alice, early | {"published": stamp(FAR)}, chapter, world)
    clock_of.advance(timedelta(hours=1))
    late = alice.compose("from today", chapter=chapter.uri)["object"]
    await publish(alice, late, chapter, world)
    shown = await chapter.read(lambda tx: neighbours.posts(tx, 9))
    assert [each.html for each in shown] == ["<p>from today</p>", "<p>from 2031</p>"]
    assert shown[1].published_at == clock_of.now() - timedelta(hours=1)
    await update(alice, late, chapter, content="one", updated=stamp(FAR))
    await update(alice, late, chapter, content="two", updated=stamp(clock_of.now()))
    await world.settle()
    (newest, _) = await chapter.read(lambda tx: neighbours.posts(tx, 9))
    assert newest.html == "two"


async def test_a_neighbours_event_moves_again_after_an_edit_from_the_future(
    world: World, clock_of: SetClock
) -> None:
    chapter, alice = await neighbour(world)
    event = an_event(alice, published=stamp(FAR))
    await publish(alice, event, chapter, world)

    async def edit(name: str, updated: datetime) -> str:
        await update(alice, event, chapter, name=name, updated=stamp(updated))
        await world.settle()
        kept = await chapter.read(lambda tx: neighbours.get_event(tx, event["id"]))
        assert kept
        assert kept.published_at <= clock_of.now()
        assert kept.updated_at
        assert kept.updated_at <= clock_of.now()
        return kept.name

    assert await edit("from the future", FAR) == "from the future"
    assert await edit("at once", clock_of.now()) == "at once"
    clock_of.advance(timedelta(minutes=1))
    assert await edit("later", clock_of.now()) == "later"
    assert await edit("late copy", clock_of.now() - timedelta(seconds=30)) == "later"


async def test_an_older_copy_of_an_event_brings_nothing_back_after_an_edit_without_a_date(
    world: World, clock_of: SetClock
) -> None:
    chapter, alice = await neighbour(world)
    begun = clock_of.now()
    event = an_event(alice, published=stamp(begun), updated=stamp(begun))
    await publish(alice, event, chapter, world)

    async def edit(name: str, updated: datetime | None) -> str:
        clock_of.advance(timedelta(minutes=1))
        await update(alice, event, chapter, name=name, updated=updated and stamp(updated))
        await world.settle()
        kept = await chapter.read(lambda tx: neighbours.get_event(tx, event["id"]))
        assert kept
        return kept.name

    assert await edit("without a date", None) == "without a date"
    assert await edit("late copy", begun) == "without a date"
    assert await edit("again without", None) == "again without"
    assert await edit("dated", clock_of.now() + timedelta(minutes=1)) == "dated"


async def test_a_profile_changes_again_after_a_change_from_the_future(
    world: World, clock_of: SetClock
) -> None:
    chapter, alice = await neighbour(world)
    for name, updated in (("Ann", FAR), ("Anna", clock_of.now())):
        await update(alice, alice.document(), chapter, name=name, updated=stamp(updated))
        await world.settle()
        kept = await chapter.read(lambda tx: remote_actors.get(tx, alice.uri))
        assert kept
        assert kept.name == name
