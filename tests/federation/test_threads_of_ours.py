"""What groups a thread elsewhere: one conversation for all of it, and replies with a first page."""

import pytest

from fedi_chapter.domain.post import PostId
from fedi_chapter.services.posts import PostFields, create_post
from fedi_chapter.store import hosts
from tests.kit.peers.mastodon import Json
from tests.kit.world import Chapter, World

pytestmark = pytest.mark.anyio


async def _document(world: World, uri: str) -> Json:
    headers = {"Accept": "application/activity+json"}
    response = await world.network.send("GET", uri, headers)
    assert response.status_code == 200
    found: Json = response.json()
    return found


async def _answer(chapter: Chapter, to: str) -> str:
    fields = PostFields(text="Yes", in_reply_to=to)
    made = await chapter.write(lambda tx: create_post(tx, chapter.actor, fields, chapter.urls))
    return chapter.urls.post(PostId(made.id))


async def test_event_face_and_all_our_answers_below_them_are_one_conversation(
    world: World,
) -> None:
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    alice = mastodon.member("alice")
    await alice.follow(chapter.uri)
    event = await chapter.event("Tea for all")
    await world.settle()
    question = await alice.reply(f"{event}/face", "Is there cake?")
    await world.settle()
    first = await _answer(chapter, question)
    second = await _answer(chapter, first)
    await world.settle()
    thread = f"{event}/replies"
    for uri in (event, f"{event}/face", first, second):
        document = await _document(world, uri)
        assert (document["conversation"], document["context"]) == (thread, thread)
    told = [
        thing
        for each in mastodon.received
        if isinstance(thing := each.activity["object"], dict) and "content" in thing
    ]
    assert {(thing["conversation"], thing["context"]) for thing in told} == {(thread, thread)}
    assert (await _document(world, thread))["type"] == "Collection"


async def test_a_post_is_a_conversation_of_its_own_and_so_is_an_answer_to_a_neighbour(
    world: World,
) -> None:
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    alice = mastodon.member("alice")
    await chapter.follow(alice.uri)
    await world.settle()
    theirs = await alice.write("Our library is open", chapter=chapter.uri)
    await world.settle()
    for uri in (await chapter.post("Hello"), await _answer(chapter, theirs)):
        document = await _document(world, uri)
        assert document["conversation"] == document["context"] == f"{uri}/replies"


async def test_replies_stand_inside_with_their_first_page(world: World) -> None:
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    alice = mastodon.member("alice")
    await alice.follow(chapter.uri)
    event, post = await chapter.event("Tea for all"), await chapter.post("Hello")
    await world.settle()
    ben = mastodon.member("ben")
    await ben.follow(chapter.uri)
    asked = [
        await (alice if number < 15 else ben).reply(f"{event}/face", f"Question {number}")
        for number in range(25)
    ]
    await world.settle()
    ours = await _answer(chapter, f"{event}/face")
    for uri in (event, f"{event}/face"):
        replies = (await _document(world, uri))["replies"]
        assert isinstance(replies, dict)
        assert (replies["id"], replies["type"]) == (f"{event}/replies", "Collection")
        assert replies["totalItems"] == 26
        first = replies["first"]
        assert (first["type"], first["partOf"]) == ("CollectionPage", f"{event}/replies")
        assert first["items"] == [ours, *asked[:19]]
        rest = await _document(world, first["next"])
        assert rest["items"] == asked[19:]
    empty = (await _document(world, post))["replies"]
    assert isinstance(empty, dict)
    assert empty["first"]["items"] == []
    assert "next" not in empty["first"]


async def test_what_is_sent_has_the_form_of_what_is_fetched(world: World) -> None:
    chapter = await world.chapter("a.test")
    mastodon, mobilizon = world.mastodon("m.test"), world.mastodon("z.test")
    for server in (mastodon, mobilizon):
        await server.member("alice").follow(chapter.uri)
    await world.settle()
    await chapter.write(lambda tx: hosts.learned(tx, "z.test", "mobilizon", "5", True))
    event, post = await chapter.event("Tea for all"), await chapter.post("Hello")
    await world.settle()
    told = {
        str(thing["id"]): thing
        for server in (mastodon, mobilizon)
        for each in server.received
        if isinstance(thing := each.activity["object"], dict) and "content" in thing
    }
    assert set(told) == {event, f"{event}/face", post}
    for thing in told.values():
        replies = thing["replies"]
        assert replies["first"] == {
            "type": "CollectionPage",
            "partOf": replies["id"],
            "next": f"{replies['id']}?page=1",
            "items": [],
        }
