"""Attacks on who may say what (security cases OBJ-…, SSRF-14, SSRF-15, ABU-…)."""

import pytest

from fedi_chapter.domain.conversation import Reply
from fedi_chapter.domain.moderation import Block
from fedi_chapter.federation.case import Case
from fedi_chapter.federation.handlers import remove_object
from fedi_chapter.net.fetch import Budget
from fedi_chapter.services.moderation import block
from fedi_chapter.store import blocks, hosts, neighbours, reactions, remote_actors, replies, reports
from fedi_chapter.vocab.activities import DeleteObject
from tests.kit.builders import a_remote_actor
from tests.kit.peers.mastodon import PUBLIC, Json, Member
from tests.kit.world import Chapter, World

pytestmark = pytest.mark.anyio


async def open_chapter(world: World) -> tuple[Chapter, Member, str]:
    """A chapter that shows every reply, a member, and a post to reply to."""
    chapter = await world.chapter("a.test", replies="everyone")
    return chapter, world.mastodon("m.test").member("alice"), await chapter.post("Hello")


def note_of(create: Json) -> Json:
    note = create["object"]
    assert isinstance(note, dict)
    return note


async def shown(chapter: Chapter, post: str) -> list[str]:
    found = await chapter.read(lambda tx: replies.thread(tx, [post], 50))
    return [reply.uri for reply in found]


@pytest.mark.parametrize(  # OBJ-02
    "author",
    [
        "https://m.test/users/victim",
        "https://v.test/users/victim",
        ["https://m.test/users/alice", "https://v.test/users/victim"],
        {"id": "https://v.test/users/victim"},
    ],
)
async def test_a_note_in_anothers_name_is_dropped(world: World, author: object) -> None:
    chapter, alice, post = await open_chapter(world)
    create = alice.compose("forged", chapter=chapter.uri, in_reply_to=post)
    note_of(create)["attributedTo"] = author
    alice.statuses.clear()
    assert await alice.to_shared(chapter.uri, create) in {202, 400}
    await world.settle()
    assert await shown(chapter, post) == []


async def test_an_embedded_note_of_another_host_is_fetched_not_believed(  # OBJ-01
    world: World,
) -> None:
    chapter, alice, post = await open_chapter(world)
    victim = world.mastodon("v.test").member("victim")
    true = victim.compose("true words", chapter=chapter.uri, in_reply_to=post)
    forged = alice.activity(
        "Create",
        {**note_of(true), "content": "<p>forged</p>"},
        uri=f"{alice.uri}/forged",
        to=[PUBLIC],
    )
    assert await alice.to_shared(chapter.uri, forged) == 202
    await world.settle()
    (reply,) = await chapter.read(lambda tx: replies.thread(tx, [post], 50))
    assert (reply.html, reply.actor_uri) == ("<p>true words</p>", victim.uri)


async def test_what_others_pass_on_is_fetched_from_its_origin(world: World) -> None:  # OBJ-11
    chapter, alice, post = await open_chapter(world)
    bob = world.mastodon("v.test").member("bob")
    true = bob.compose("true", chapter=chapter.uri, in_reply_to=post)
    forged = {**true, "object": {**note_of(true), "content": "<p>forged</p>"}}
    assert await alice.to_shared(chapter.uri, forged) == 202
    await world.settle()
    (reply,) = await chapter.read(lambda tx: replies.thread(tx, [post], 50))
    assert reply.html == "<p>true</p>"
    assert await bob.to_shared(chapter.uri, true) == 202  # its own id was not used up
    await world.settle()
    assert (await chapter.outcomes())[-1] == "ignored: known already"


async def test_what_others_pass_on_but_does_not_exist_has_no_effect(world: World) -> None:
    chapter, alice, post = await open_chapter(world)
    bob = world.mastodon("v.test").member("bob")
    forged = bob.compose("never said", chapter=chapter.uri, in_reply_to=post)
    bob.statuses.clear()
    assert await alice.to_shared(chapter.uri, forged) == 202
    await world.settle()
    assert await shown(chapter, post) == []


async def test_what_others_pass_on_about_others_causes_no_fetch(world: World) -> None:  # SSRF-14
    chapter, alice, _ = await open_chapter(world)
    bob = world.mastodon("v.test").member("bob")
    create = bob.compose("somewhere else", chapter="https://x.test/chapter")
    assert await alice.send(chapter.urls.shared_inbox, create) == 202
    await world.settle()
    assert world.network.fetched("v.test") == []
    assert await chapter.outcomes() == ["ignored: passed on by others, and none of our business"]


@pytest.mark.parametrize("kind", ["Create", "Update", "Delete"])  # OBJ-05, OBJ-21
async def test_our_own_post_is_not_changed_by_letter(world: World, kind: str) -> None:
    chapter, alice, post = await open_chapter(world)
    before = (
        await world.network.send("GET", post, {"Accept": "application/activity+json"})
    ).content
    document = await alice.server.profile(post)
    forged = {**document, "content": "<p>forged</p>", "updated": "2027-01-01T00:00:00Z"}
    thing: object = post if kind == "Delete" else forged
    for uri in (f"{alice.uri}#1", f"{post}#forged"):
        activity = alice.activity(kind, thing, uri=uri, to=[PUBLIC])
        assert await alice.to_shared(chapter.uri, activity) in {202, 400}
    await world.settle()
    after = (await world.network.send("GET", post, {"Accept": "application/activity+json"})).content
    assert after == before


async def test_nobody_edits_or_deletes_anothers_reply(world: World) -> None:  # OBJ-06
    chapter, alice, post = await open_chapter(world)
    status = await alice.reply(post, "mine")
    await world.settle()
    thieves = [world.mastodon("evil.test").member("mallory"), alice.server.member("mallory")]
    for mallory in thieves:
        note = {**alice.statuses[status], "content": "<p>stolen</p>"}
        note["updated"] = "2027-01-01T00:00:00Z"
        for kind, thing in (("Update", note), ("Delete", status), ("Delete", alice.uri)):
            activity = mallory.activity(kind, thing, uri=f"{mallory.uri}#{kind}", to=[PUBLIC])
            assert await mallory.to_shared(chapter.uri, activity) in {202, 401}
    await world.settle()
    reply = await chapter.read(lambda tx: replies.get(tx, status))
    assert reply
    assert reply.html == "<p>mine</p>"


async def test_a_delete_looks_again_whose_it_is_when_it_counts(world: World) -> None:  # OBJ-06
    chapter = await world.chapter("a.test")
    mallory, post = a_remote_actor("mallory", "m.test"), await chapter.post("Hello")
    status = "https://m.test/users/alice/statuses/1"
    delete = DeleteObject(id=f"{status}#delete", actor=mallory.uri, object=status)
    case = Case(mallory, chapter.urls, chapter.deps.settings, True, Budget(), world.clock.now())
    prepared = await remove_object.prepare(chapter.deps, delete, case)
    # Between the look at its owner and the change it came in: it is alice's.
    alice = Reply(
        status, "https://m.test/users/alice", post, post, "<p>Hi</p>", case.received_at, status
    )
    await chapter.write(lambda tx: replies.put(tx, alice))
    await chapter.write(lambda tx: remove_object.apply(tx, delete, case, prepared))
    assert await shown(chapter, post) == [status]


async def test_nobody_takes_back_anothers_like_or_follow(world: World) -> None:  # OBJ-06
    chapter, alice, post = await open_chapter(world)
    await alice.follow(chapter.uri)
    await alice.like(post)
    await world.settle()
    mallory = alice.server.member("mallory")
    things: list[object] = []
    for inner in (alice.likes[post], alice.follows[chapter.uri]):
        things += [inner, inner["id"], {**inner, "actor": mallory.uri}]
    for number, thing in enumerate(things):
        undo = mallory.activity("Undo", thing, uri=f"{mallory.uri}#{number}")
        await mallory.to_personal(chapter.uri, undo)
    await world.settle()
    assert await chapter.followers() == [alice.uri]
    assert await chapter.read(lambda tx: reactions.counts(tx, [post])) == (1, 0)


async def test_a_second_create_can_not_widen_the_audience(world: World) -> None:  # OBJ-09
    chapter, alice, post = await open_chapter(world)
    status = await alice.reply(post, "for us", visibility="direct")
    note = {**alice.statuses[status], "to": [PUBLIC]}
    again = alice.activity("Create", note, uri=f"{status}#again", to=[PUBLIC])
    await alice.to_shared(chapter.uri, again)
    await world.settle()
    assert await shown(chapter, post) == []


async def test_an_actor_whose_inbox_is_a_victims_is_refused(world: World) -> None:  # OBJ-14
    chapter, _, _ = await open_chapter(world)
    evil = world.mastodon("evil.test")

    class Crooked(Member):
        def document(self) -> Json:
            return {**super().document(), "inbox": "https://v.test/inbox"}

    mallory = Crooked(evil, "mallory", evil.key)
    evil.members["mallory"] = mallory
    assert await mallory.follow(chapter.uri) == 401
    assert await chapter.followers() == []


@pytest.mark.parametrize(  # SSRF-15
    "inbox", ["http://169.254.169.254/", "https://a.test/inbox", "https://localhost/inbox"]
)
async def test_a_shared_inbox_at_a_private_address_is_never_used(world: World, inbox: str) -> None:
    chapter, _, _ = await open_chapter(world)
    evil = world.mastodon("evil.test")

    class Crooked(Member):
        def document(self) -> Json:
            return {**super().document(), "endpoints": {"sharedInbox": inbox}}

    mallory = Crooked(evil, "mallory", evil.key)
    evil.members["mallory"] = mallory
    assert await mallory.follow(chapter.uri) == 202
    await world.settle()
    await chapter.post("Hello again")
    await world.settle()
    posted = [each.url for each in world.network.sent if each.method == "POST"]
    assert f"{mallory.uri}/inbox" in posted
    assert inbox not in posted[1:]  # the first is the Follow itself


async def test_a_post_to_our_followers_is_not_passed_on_to_them(world: World) -> None:  # OBJ-15
    chapter, alice, _ = await open_chapter(world)
    await alice.follow(chapter.uri)
    await world.settle()
    before = len(alice.server.received)
    mallory = world.mastodon("evil.test").member("mallory")
    create = mallory.compose("spam", chapter=chapter.uri)
    for part in (create, note_of(create)):
        part["to"], part["cc"] = [f"{chapter.uri}/followers"], []
    await mallory.to_shared(chapter.uri, create)
    await world.settle()
    assert len(alice.server.received) == before


@pytest.mark.parametrize(  # OBJ-18
    "alias",
    [
        "https://M.TEST/users/alice",
        "https://m.test/users/alice/",
        "https://m.test:443/users/alice",
        "https://m.test/users/%61lice",
        "https://m.test/users/alice#me",
    ],
)
async def test_another_spelling_of_an_id_is_no_second_identity(world: World, alias: str) -> None:
    chapter, alice, _ = await open_chapter(world)
    await alice.follow(chapter.uri)
    await world.settle()
    follow = {
        **alice.activity("Follow", chapter.uri, uri=f"{alice.uri}#follow/2"),
        "actor": alias,
    }
    assert await alice.to_shared(chapter.uri, follow) == 401
    await world.settle()
    assert await chapter.followers() == [alice.uri]


@pytest.mark.parametrize("target", ["m.test", "https://m.test/users/alice"])  # OBJ-19
async def test_who_is_blocked_is_refused_whatever_is_sent(world: World, target: str) -> None:
    chapter, alice, post = await open_chapter(world)
    await alice.like(post)
    await world.settle()
    await chapter.write(lambda tx: block(tx, target, chapter.urls))
    await world.settle()
    done = len(await chapter.outcomes())
    for kind in ("Create", "Update", "Like", "Announce", "Follow", "Delete", "Flag"):
        thing: object = note_of(alice.compose("x", chapter=chapter.uri, in_reply_to=post))
        thing = post if kind in {"Like", "Announce"} else thing
        thing = chapter.uri if kind == "Follow" else thing
        activity = alice.activity(kind, thing, uri=f"{alice.uri}#{kind}", to=[PUBLIC])
        assert await alice.to_shared(chapter.uri, activity) == 403, kind
    await world.settle()
    assert len(await chapter.outcomes()) == done


async def test_a_subdomain_of_a_blocked_host_is_refused_before_any_fetch(  # OBJ-19
    world: World,
) -> None:
    chapter, _, post = await open_chapter(world)
    at = world.clock.now()
    await chapter.write(lambda tx: blocks.put(tx, Block("bad.test", "host", at)))
    mallory = world.mastodon("sub.bad.test").member("mallory")
    assert await mallory.like(post) == 403
    assert world.network.fetched("sub.bad.test") == []


async def test_on_an_allowlist_only_the_allowed_may_speak(world: World) -> None:
    chapter = await world.chapter("a.test", federation="allowlist")
    post, mastodon = await chapter.post("Hello"), world.mastodon("m.test")
    assert await mastodon.member("alice").like(post) == 403
    assert world.network.fetched("m.test") == []
    await chapter.write(lambda tx: hosts.allow(tx, "m.test"))
    assert await mastodon.member("alice").like(post) == 202


async def test_a_note_with_a_thousand_mentions_causes_no_fetch(world: World) -> None:  # SSRF-14
    chapter, alice, post = await open_chapter(world)
    create = alice.compose("hi all", chapter=chapter.uri, in_reply_to=post)
    names = [f"https://v.test/users/{number}" for number in range(1000)]
    note_of(create)["tag"] = [{"type": "Mention", "href": name, "name": name} for name in names]
    note_of(create)["replies"] = "https://v.test/replies"
    assert await alice.to_shared(chapter.uri, create) == 202
    await world.settle()
    assert world.network.fetched("v.test") == []


async def test_a_move_to_a_private_address_is_dropped(world: World) -> None:  # OBJ-12
    chapter, alice, post = await open_chapter(world)
    await alice.like(post)
    await alice.move("https://127.0.0.1/users/alice", chapter=chapter.uri)
    await world.settle()
    known = await chapter.read(lambda tx: remote_actors.get(tx, alice.uri))
    assert known
    assert known.moved_to is None


async def test_an_event_in_the_name_of_somebody_we_follow_is_not_believed(world: World) -> None:
    chapter, alice, _ = await open_chapter(world)
    await chapter.follow(alice.uri)
    await world.settle()
    mallory = alice.server.member("mallory")
    uri = f"{mallory.uri}/statuses/1"
    event: Json = {
        "id": uri,
        "type": "Event",
        "name": "Forged",
        "startTime": "2026-12-01T18:00:00Z",
        "attributedTo": mallory.uri,
        "to": [PUBLIC],
    }
    mallory.statuses[uri] = event
    forged = alice.activity("Create", event, uri=f"{alice.uri}#forged", to=[PUBLIC])
    await mallory.to_shared(chapter.uri, forged)
    await world.settle()
    assert await chapter.read(lambda tx: neighbours.events(tx, 10)) == []


async def test_reports_are_kept_once_and_cut_to_size(world: World) -> None:  # ABU-07
    chapter, alice, _ = await open_chapter(world)
    things = [f"{chapter.uri}#{number}" for number in range(900)]
    for _ in range(5):
        assert await alice.report([chapter.uri, *things], "bad " * 5000) == 202
    await world.settle()
    (report,) = await chapter.read(reports.listing)
    assert len(report.objects) <= 100
    assert len(report.comment) <= 3000
