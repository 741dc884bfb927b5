"""Answers that arrive before what they answer, and answers to what was deleted since."""

from dataclasses import replace
from datetime import timedelta

import pytest

from fedi_chapter.domain.post import PostId
from fedi_chapter.services.erasure import forget_person
from fedi_chapter.services.posts import PostFields, create_post, delete_post
from fedi_chapter.store import replies
from tests.kit.peers.mastodon import Member
from tests.kit.world import Chapter, World

pytestmark = pytest.mark.anyio


@pytest.fixture
async def chapter(world: World) -> Chapter:
    return await world.chapter("a.test", replies="everyone")


def person(world: World, name: str) -> Member:
    return world.mastodon(f"{name}.test").member(name)


def written(who: Member, chapter: Chapter, above: str) -> str:
    """Let somebody write an answer that has not reached us yet; return its id."""
    create = who.compose("Words", chapter=chapter.uri, in_reply_to=above)
    return str(create["id"]).removesuffix("/activity")


async def below(chapter: Chapter, root: str) -> set[str]:
    return {each.uri for each in await chapter.read(lambda tx: replies.thread(tx, [root], 50))}


async def test_an_answer_that_comes_first_brings_what_it_answers(
    world: World, chapter: Chapter
) -> None:
    event, ben = await chapter.event("Picnic"), person(world, "ben")
    ana, cleo = person(world, "ana"), person(world, "cleo")
    first = written(ana, chapter, event)
    second = written(cleo, chapter, first)
    third = await ben.write("There", chapter=chapter.uri, in_reply_to=second)
    await world.settle()
    assert await below(chapter, event) == {first, second, third}
    late = ana.activity("Create", ana.statuses[first], uri=f"{first}/activity")
    assert await ana.send(chapter.urls.shared_inbox, late) == 202
    await world.settle()
    assert (await chapter.outcomes())[-1] == "ignored: known already"


async def test_only_so_much_of_a_thread_is_fetched_and_only_for_us(
    world: World, chapter: Chapter
) -> None:
    event, ana, ben = await chapter.event("Picnic"), person(world, "ana"), person(world, "ben")
    deep = event
    for _ in range(10):
        deep = written(ana, chapter, deep)
    await ben.write("There", chapter=chapter.uri, in_reply_to=deep)
    await world.settle()
    statuses = [url for url in world.network.fetched("ana.test") if "/statuses/" in url]
    assert len(statuses) == 3
    assert await below(chapter, event) == set()
    world.network.sent.clear()
    create = ben.compose("Aside", chapter="https://other.test/c", in_reply_to=f"{deep}0")
    assert await ben.send(chapter.urls.shared_inbox, create) == 202
    await world.settle()
    assert world.network.fetched("ana.test") == []


async def test_what_is_above_is_believed_from_its_origin_alone(
    world: World, chapter: Chapter
) -> None:
    event, ben = await chapter.event("Picnic"), person(world, "ben")
    forged = person(world, "ana")
    status = written(forged, chapter, event)
    forged.statuses[status]["attributedTo"] = "https://victim.test/users/vera"
    await ben.write("There", chapter=chapter.uri, in_reply_to=status)
    await world.settle()
    assert await below(chapter, event) == set()


async def test_an_answer_waits_while_the_server_of_what_it_answers_is_down(
    world: World, chapter: Chapter
) -> None:
    event, ana, ben = await chapter.event("Picnic"), person(world, "ana"), person(world, "ben")
    first = written(ana, chapter, event)
    await ben.like(event)
    await world.settle()
    world.network.down.add("ana.test")
    second = await ben.write("There", chapter=chapter.uri, in_reply_to=first)
    await ben.unlike(event)
    await world.settle()
    assert (await chapter.outcomes())[-1] == "like taken back"  # it holds up nothing else
    world.network.down.clear()
    world.clock.advance(timedelta(hours=1))
    await world.settle()
    assert await below(chapter, event) == {first, second}


@pytest.mark.parametrize("way", ["deleted", "withdrawn", "forgotten"])
async def test_an_answer_to_a_deleted_reply_still_belongs_to_the_event(
    world: World, chapter: Chapter, way: str
) -> None:
    event, ana, ben = await chapter.event("Picnic"), person(world, "ana"), person(world, "ben")
    first = await ana.reply(event, "Where?")
    await world.settle()
    if way == "deleted":
        await ana.delete(first, chapter=chapter.uri)
    elif way == "withdrawn":
        note = ana.statuses[first] | {"to": [chapter.uri], "cc": []}
        update = ana.activity("Update", note, uri=f"{first}#update", to=[chapter.uri])
        await ana.send(chapter.urls.shared_inbox, update)
    else:
        await chapter.write(lambda tx: forget_person(tx, ana.uri))
    await world.settle()
    assert await below(chapter, event) == set()
    second = await ben.write("At the pond", chapter=chapter.uri, in_reply_to=first)
    await world.settle()
    assert await below(chapter, event) == {second}


async def test_an_answer_to_an_answer_of_ours_that_was_deleted_belongs_to_the_event(
    world: World, chapter: Chapter
) -> None:
    event, ana = await chapter.event("Picnic"), person(world, "ana")
    first = await ana.reply(event, "Where?")
    await world.settle()
    fields = replace(PostFields(text="There"), in_reply_to=first)
    ours = await chapter.write(lambda tx: create_post(tx, chapter.actor, fields, chapter.urls))
    await chapter.write(lambda tx: delete_post(tx, PostId(ours.id)))
    second = await ana.write("Where?", chapter=chapter.uri, in_reply_to=chapter.urls.post(ours.id))
    await world.settle()
    assert await below(chapter, event) == {first, second}
