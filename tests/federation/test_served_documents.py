"""What other servers GET from us: discovery, actors, objects, collections, and what is gone."""

import json
from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest

from fedi_chapter.domain.audience import Visibility
from fedi_chapter.domain.event import EventId
from fedi_chapter.domain.urls import Urls
from fedi_chapter.federation import wellknown
from fedi_chapter.services.boosts import boost, unboost
from fedi_chapter.services.event_fields import EventFields
from fedi_chapter.services.events import cancel_event, create_event, delete_event
from fedi_chapter.services.places import PlaceFields
from fedi_chapter.services.posts import PostFields, create_post, delete_post
from fedi_chapter.sig.keys import SigningKey
from fedi_chapter.sig.sign import sign
from fedi_chapter.web.fedi.answers import ACTIVITY_JSON
from tests.kit.peers.mastodon import AS, PUBLIC, Json
from tests.kit.world import Chapter, World

pytestmark = pytest.mark.anyio
MASTODON = "application/activity+json, application/ld+json"
SEARCH = (
    f'application/ld+json; profile="{AS}", application/activity+json, text/html;q=0.1'  # pasted
)
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


async def _get(world: World, url: str, accept: str = MASTODON) -> httpx.Response:
    return await world.network.send("GET", url, {"Accept": accept})


async def _document(world: World, url: str, accept: str = MASTODON) -> Json:
    answer = await _get(world, url, accept)
    assert answer.status_code == 200, url
    assert answer.headers["content-type"].startswith("application/activity+json")
    document: Json = json.loads(answer.content)
    context = document["@context"]
    assert isinstance(context, list)
    assert context[0] == AS
    return document


async def _found(world: World, resource: str, host: str = "a.test") -> Json:
    url = f"https://{host}/.well-known/webfinger"
    answer = await _get(world, str(httpx.URL(url, params={"resource": resource})), "*/*")
    assert answer.status_code == 200, resource
    assert answer.headers["content-type"] == "application/jrd+json"
    assert answer.headers["access-control-allow-origin"] == "*"
    found: Json = json.loads(answer.content)
    return found


def _things(value: object) -> Iterator[Json]:
    assert isinstance(value, list)
    for each in value:
        assert isinstance(each, dict)
        yield each


def _id(uri: str) -> EventId:
    return EventId(uri.rpartition("/")[2])


async def _event(chapter: Chapter, name: str, days: int) -> str:
    start = chapter.deps.clock.now() + timedelta(days=days)
    fields = EventFields(name=name, start=f"{start:%Y-%m-%dT%H:%M}", timezone="UTC")
    made = await chapter.write(lambda tx: create_event(tx, chapter.actor, fields, chapter.urls))
    return chapter.urls.event(made.id)


# -- discovery -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("resource", "subject", "path"),
    [
        ("acct:a@a.test", "acct:a@a.test", "/chapter"),
        ("acct:A@A.TEST", "acct:a@a.test", "/chapter"),
        ("acct:@a@a.test", "acct:a@a.test", "/chapter"),
        ("https://a.test/chapter", "acct:a@a.test", "/chapter"),
        ("acct:relay@a.test", "acct:relay@a.test", "/actor"),
        ("acct:a.test@a.test", "acct:relay@a.test", "/actor"),
        ("https://a.test/actor", "acct:relay@a.test", "/actor"),
        ("https://a.test", "acct:relay@a.test", "/actor"),
        ("https://a.test/", "acct:relay@a.test", "/actor"),
        ("ACCT:a@a.test", "acct:a@a.test", "/chapter"),
        ("Acct:@A@a.test/", "acct:a@a.test", "/chapter"),
        ("https://a.test/@a", "acct:a@a.test", "/chapter"),
        ("https://a.test/@A/", "acct:a@a.test", "/chapter"),
        ("https://a.test:443/@a", "acct:a@a.test", "/chapter"),
        ("https://A.test/@a@A.TEST", "acct:a@a.test", "/chapter"),
        ("acct:a@A.test:443", "acct:a@a.test", "/chapter"),
        ("acct:a%40a.test", "acct:a@a.test", "/chapter"),
        ("https://a.test/@relay", "acct:relay@a.test", "/actor"),
        ("https://a.test/chapter/", "acct:a@a.test", "/chapter"),
        ("HTTPS://A.TEST/chapter", "acct:a@a.test", "/chapter"),
        ("http://a.test/actor/", "acct:relay@a.test", "/actor"),
    ],
)
async def test_webfinger_leads_from_every_name_to_the_actor_and_back(
    world: World, resource: str, subject: str, path: str
) -> None:
    await world.chapter("a.test")
    found = await _found(world, resource)
    assert found["subject"] == subject
    own = next(each for each in _things(found["links"]) if each["rel"] == "self")
    assert own["type"] == "application/activity+json"
    actor = await _document(world, f"https://a.test{path}")
    assert own["href"] == actor["id"] == f"https://a.test{path}"
    assert found["subject"] == f"acct:{actor['webfinger']}"
    assert actor["webfinger"] == f"{actor['preferredUsername']}@a.test"


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 400),
        ("?resource=", 400),
        ("?resource=a%40a.test", 400),
        ("?resource==acct:a%40a.test", 400),
        ("?resource=acct:a%40a.test&resource=acct:b%40a.test", 400),
        ("?resource=acct:nobody%40a.test", 404),
        ("?resource=acct:a%40b.test", 404),
        ("?resource=mailto:a%40a.test", 404),
        ("?resource=https://a.test/events/1", 404),
        ("?resource=https://a.test/groups/a", 404),
        ("?resource=https://a.test/groups/relay", 404),
        ("?resource=https://a.test/@nobody", 404),
        ("?resource=https://a.test/@", 404),
        ("?resource=https://a.test/@a@b.test", 404),
        ("?resource=https://b.test/@a", 404),
        ("?resource=https://a.test/?@a", 404),
        ("?resource=ftp://a.test/@a", 404),
        ("?resource=https://[/@a", 404),
    ],
)
async def test_webfinger_tells_a_bad_question_from_an_unknown_name(
    world: World, query: str, status: int
) -> None:
    await world.chapter("a.test")
    url = f"https://a.test/.well-known/webfinger{query}"
    assert (await _get(world, url, "*/*")).status_code == status


@pytest.mark.parametrize("host", ["town.test", "ap.town.test"])
async def test_both_names_of_a_split_domain_lead_to_one_handle_and_actor(
    world: World, host: str
) -> None:
    chapter = await world.chapter("a.test")
    urls = Urls("https://ap.town.test", "town.test")
    actor = await chapter.read(lambda tx: wellknown.find(tx, urls, f"acct:a@{host}"))
    assert actor is not None
    found = wellknown.webfinger(actor, urls)
    assert found["subject"] == "acct:a@town.test"
    assert next(_things(found["links"]))["href"] == "https://ap.town.test/chapter"


async def test_nodeinfo_comes_first_and_the_instance_actor_after_it(world: World) -> None:
    await world.chapter("a.test")
    index = json.loads((await _get(world, "https://a.test/.well-known/nodeinfo", "*/*")).content)
    first, second = _things(index["links"])
    assert str(first["rel"]).startswith("http://nodeinfo.diaspora.software/ns/schema/2.")
    assert second == {"rel": f"{AS}#Application", "href": "https://a.test/actor"}
    document = json.loads((await _get(world, str(first["href"]), "*/*")).content)
    assert document["software"]["name"] == "fedi-chapter"


async def test_where_the_source_code_is_stands_in_nodeinfo_and_on_the_page_about_us(
    world: World,
) -> None:
    await world.chapter("a.test", source_url="https://code.test/chapter")
    document = json.loads((await _get(world, "https://a.test/nodeinfo/2.1", "*/*")).content)
    assert document["software"]["repository"] == "https://code.test/chapter"
    page = await _get(world, "https://a.test/about", "text/html")
    assert '<a href="https://code.test/chapter">Its source code</a>' in page.text


async def test_the_instance_actor_is_shown_to_anybody(world: World) -> None:
    await world.chapter("a.test", federation="allowlist")
    actor = await _document(world, "https://a.test/actor")
    assert actor["type"] == "Application"
    assert {"inbox", "outbox", "preferredUsername", "publicKey", "endpoints"} <= actor.keys()


@pytest.mark.parametrize(("mode", "asks"), [("open", False), ("hold", True)])
async def test_the_lock_shows_whether_followers_wait_for_an_organizer(
    world: World, mode: str, asks: bool
) -> None:
    await world.chapter("a.test", federation=mode)
    for path in ("chapter", "actor"):
        actor = await _document(world, f"https://a.test/{path}")
        assert actor["manuallyApprovesFollowers"] is asks


# -- objects -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "accept", ["application/activity+json", "application/ld+json", MASTODON, SEARCH]
)
async def test_every_id_answers_with_the_object_of_that_id(world: World, accept: str) -> None:
    chapter = await world.chapter("a.test")
    event, post = await chapter.event("Tea for all"), await chapter.post("Hello")
    for uri, kind in (
        (chapter.uri, "Group"),
        (chapter.urls.instance_actor, "Application"),
        (event, "Event"),
        (f"{event}/face", "Question"),
        (post, "Note"),
    ):
        document = await _document(world, uri, accept)
        assert (document["id"], document["type"]) == (uri, kind)
        assert "Accept" in (await _get(world, uri, accept)).headers["vary"]


@pytest.mark.parametrize("accept", ["application/json, text/plain, */*", "application/json", "*/*"])
async def test_who_asks_for_plain_json_or_for_anything_gets_documents(
    world: World, accept: str
) -> None:
    chapter = await world.chapter("a.test")
    event, post = await chapter.event("Tea for all"), await chapter.post("Hello")
    face = f"{event}/face"
    for uri in (chapter.uri, chapter.urls.instance_actor, event, face, post):
        for _ in range(2):  # once more from memory
            assert (await _document(world, uri, accept))["id"] == uri
            page = await _get(world, uri, BROWSER)
            assert page.headers.get("content-type") != ACTIVITY_JSON


@pytest.mark.parametrize("accept", ["application/json, text/plain, */*", "*/*"])
async def test_the_home_page_leads_on_only_who_names_activities(world: World, accept: str) -> None:
    await world.chapter("a.test")
    page = await _get(world, "https://a.test/", accept)
    assert page.headers["content-type"].startswith("text/html")
    assert (await _get(world, "https://a.test/")).headers["location"] == "https://a.test/chapter"


async def test_browsers_get_a_page_that_names_the_documents_id(world: World) -> None:
    chapter = await world.chapter("a.test")
    event, post = await chapter.event("Tea for all"), await chapter.post("Hello")
    for uri in (event, post):
        page = await _get(world, uri, BROWSER)
        assert page.headers["content-type"].startswith("text/html")
        assert "Accept" in page.headers["vary"]
        assert "link" not in page.headers  # Mastodon before 4.5 would look no further
        assert f'rel="alternate" type="application/activity+json" href="{uri}"' in page.text
    face = await _get(world, f"{event}/face", BROWSER)
    assert (face.status_code, face.headers["location"]) == (303, event)


async def test_a_deleted_event_leaves_tombstones_of_what_it_was(world: World) -> None:
    chapter = await world.chapter("a.test")
    event = await chapter.event("Tea for all")
    await chapter.write(lambda tx: delete_event(tx, _id(event)))
    for uri, former in ((event, "Event"), (f"{event}/face", "Question")):
        answer = await _get(world, uri)
        assert answer.status_code == 410
        assert answer.headers["content-type"].startswith("application/activity+json")
        left = json.loads(answer.content)
        assert (left["id"], left["type"], left["formerType"]) == (uri, "Tombstone", former)
        assert left["deleted"]
        assert (await _get(world, uri, BROWSER)).status_code in {303, 410}


async def test_a_boost_answers_under_its_id_until_it_is_taken_back(world: World) -> None:
    chapter, author = await world.chapter("a.test"), "https://author.test/users/bob"
    made = await chapter.write(lambda tx: boost(tx, chapter.actor, f"{author}/1", author))
    await world.settle()
    uri = chapter.urls.activity(made.id)
    assert (await _document(world, uri))["type"] == "Announce"
    await chapter.write(lambda tx: unboost(tx, chapter.actor, f"{author}/1"))
    answer = await _get(world, uri)
    left = json.loads(answer.content)
    assert answer.status_code == 410
    assert (left["id"], left["type"], left["formerType"]) == (uri, "Tombstone", "Announce")


async def test_only_followers_learn_that_a_post_for_followers_is_gone(world: World) -> None:
    chapter, alice = await world.chapter("a.test"), world.mastodon("m.test").member("alice")
    await alice.follow(chapter.uri)
    await world.settle()
    fields = PostFields(text="For you alone", visibility=Visibility.FOLLOWERS)
    made = await chapter.write(lambda tx: create_post(tx, chapter.actor, fields, chapter.urls))
    await chapter.write(lambda tx: delete_post(tx, made.id))
    uri = chapter.urls.post(made.id)
    assert (await _get(world, uri)).status_code == 404
    key = SigningKey(f"{alice.uri}#main-key", "rsa", alice.key)
    signed = sign("cavage", key, method="GET", url=uri, at=chapter.deps.clock.now())
    answer = await world.network.send("GET", uri, {"Accept": MASTODON, **signed})
    assert answer.status_code == 410
    assert json.loads(answer.content)["type"] == "Tombstone"
    assert "no-store" in answer.headers["cache-control"]


async def test_only_followers_see_the_poll_of_an_event_for_followers(world: World) -> None:
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    alice, eve = mastodon.member("alice"), mastodon.member("eve")
    await alice.follow(chapter.uri)
    start = chapter.deps.clock.now() + timedelta(days=2)
    fields = EventFields("Tea", start=start.isoformat(), visibility=Visibility.FOLLOWERS)
    made = await chapter.write(lambda tx: create_event(tx, chapter.actor, fields, chapter.urls))
    await world.settle()
    uri, statuses = chapter.urls.face(made.id), []
    for reader in (alice, eve):
        key = SigningKey(f"{reader.uri}#main-key", "rsa", reader.key)
        signed = sign("cavage", key, method="GET", url=uri, at=chapter.deps.clock.now())
        answer = await world.network.send("GET", uri, {"Accept": MASTODON, **signed})
        statuses.append((answer.status_code, json.loads(answer.content).get("type")))
    assert statuses == [(200, "Question"), (404, "about:blank")]
    assert (await _get(world, uri)).status_code == 404


async def test_the_place_of_an_event_answers_under_its_id(world: World) -> None:
    chapter = await world.chapter("a.test")
    start = chapter.deps.clock.now() + timedelta(days=2)
    fields = EventFields(name="Tea", start=start.isoformat(), place=PlaceFields(name="Hall"))
    made = await chapter.write(lambda tx: create_event(tx, chapter.actor, fields, chapter.urls))
    location = (await _document(world, chapter.urls.event(made.id)))["location"]
    assert isinstance(location, dict)
    place = await _document(world, location["id"])
    assert (place["id"], place["name"]) == (location["id"], "Hall")


# -- collections ---------------------------------------------------------------------------


async def test_collections_count_in_numbers_and_show_their_first_page(world: World) -> None:
    chapter = await world.chapter("a.test")
    await world.mastodon("m.test").member("alice").follow(chapter.uri)
    await world.settle()
    for name, total in (("followers", 1), ("following", 0)):
        found = await _document(world, f"{chapter.uri}/{name}")
        assert (found["type"], found["totalItems"]) == ("OrderedCollection", total)
        page = await _document(world, str(found["first"]))
        assert page["partOf"] == found["id"]


async def test_the_next_three_events_are_pinned_by_their_faces(world: World) -> None:
    chapter = await world.chapter("a.test")
    events = [await _event(chapter, f"Number {day}", day) for day in (5, 2, 4, 3, 1)]
    await chapter.event("Not for lists", Visibility.UNLISTED)
    await chapter.write(lambda tx: cancel_event(tx, _id(events[1])))
    pinned = (await _document(world, f"{chapter.uri}/featured"))["orderedItems"]
    assert pinned == [f"{events[index]}/face" for index in (4, 3, 2)]
    for uri in pinned:
        face = await _document(world, uri)
        assert (face["id"], face["type"], face["attributedTo"]) == (uri, "Question", chapter.uri)
        assert face["to"] == [PUBLIC]


async def test_the_outbox_begins_with_the_newest_public_things_embedded(world: World) -> None:
    chapter = await world.chapter("a.test")
    for number in range(30):
        world.clock.advance(timedelta(minutes=1))
        if number % 2:
            await chapter.event(f"Number {number}")
        else:
            await chapter.post(f"Number {number}")
    for hidden in (Visibility.UNLISTED, Visibility.FOLLOWERS, Visibility.LOCAL):
        await chapter.event("Hidden", hidden)
        await chapter.post("Hidden", hidden)
    outbox = await _document(world, f"{chapter.uri}/outbox")
    assert outbox["totalItems"] == 30
    page = outbox["first"]
    assert isinstance(page, dict)
    created = list(_things(page["orderedItems"]))
    assert len(created) == 20
    created += _things((await _document(world, page["next"]))["orderedItems"])
    things = [each["object"] for each in created]
    assert [each["type"] for each in created] == ["Create"] * 30
    assert [each["type"] for each in things if isinstance(each, dict)] == ["Event", "Note"] * 15
    assert "Hidden" not in json.dumps(things)
    published = [str(each["published"]) for each in created]
    assert published == sorted(published, reverse=True)


async def test_upcoming_events_are_public_not_over_and_in_order(world: World) -> None:
    chapter = await world.chapter("a.test")
    events = [await _event(chapter, f"Number {day}", day) for day in (9, 2, 4)]
    await chapter.event("Not for lists", Visibility.UNLISTED)
    world.clock.advance(timedelta(days=3))
    actor = await _document(world, chapter.uri)
    assert actor["events"] == actor["upcomingEvents"]
    found = await _document(world, str(actor["upcomingEvents"]))
    assert [each["id"] for each in _things(found["orderedItems"])] == [events[2], events[0]]
    assert found["totalItems"] == 2


async def test_replies_name_our_own_answers_first_and_everybody_elses_after_them(
    world: World,
) -> None:
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    alice = mastodon.member("alice")
    await alice.follow(chapter.uri)
    event = await chapter.event("Tea for all")
    await world.settle()
    question = await alice.reply(f"{event}/face", "Is there cake?")
    await world.settle()
    answers = [
        PostFields(text="Yes", in_reply_to=question),
        PostFields(text="A map", in_reply_to=f"{event}/face"),
        PostFields(text="Between us", in_reply_to=question, visibility=Visibility.FOLLOWERS),
    ]
    made = [
        await chapter.write(lambda tx, it=it: create_post(tx, chapter.actor, it, chapter.urls))
        for it in answers
    ]
    replies = (await _document(world, f"{event}/face"))["replies"]
    assert isinstance(replies, dict)
    found = await _document(world, str(replies["id"]))
    assert found["totalItems"] == replies["totalItems"] == 3
    page = await _document(world, str(found["first"]))
    assert page["items"] == [chapter.urls.post(each.id) for each in made[:2]] + [question]


@pytest.mark.parametrize("name", ["a", "A", "a@a.test", "a%40a.test"])
async def test_the_address_of_a_name_leads_to_the_actor(world: World, name: str) -> None:
    await world.chapter("a.test")
    for accept, place in (("application/activity+json", "/chapter"), ("text/html", "/")):
        headers = {"Host": "a.test", "Accept": accept}
        answer = await world.network.send("GET", f"https://a.test/@{name}", headers)
        assert (answer.status_code, answer.headers["location"]) == (302, f"https://a.test{place}")
        assert "Accept" in answer.headers["vary"]


@pytest.mark.parametrize("name", ["nobody", "a@b.test", "a@", ""])
async def test_the_address_of_no_name_of_ours_leads_nowhere(world: World, name: str) -> None:
    await world.chapter("a.test")
    answer = await world.network.send("GET", f"https://a.test/@{name}", {"Host": "a.test"})
    assert answer.status_code == 404
