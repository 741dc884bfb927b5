"""What microblog servers are told of an event that asks who comes: one poll, always right."""

from datetime import timedelta
from typing import Any

import pytest

from fedi_chapter.domain.audience import Visibility
from fedi_chapter.domain.event import EventId, RsvpMode
from fedi_chapter.services.event_fields import EventFields
from fedi_chapter.services.events import cancel_event, create_event, delete_event, edit_event
from fedi_chapter.services.moderation import block
from fedi_chapter.services.rsvps import TALLY_WINDOW
from fedi_chapter.store import hosts
from tests.kit.peers.mastodon import Json, Mastodon
from tests.kit.world import Chapter, World

pytestmark = pytest.mark.anyio

ACCEPT = "application/activity+json, application/ld+json"
SEARCH = (
    'application/ld+json; profile="https://www.w3.org/ns/activitystreams", '
    "application/activity+json, text/html;q=0.1"
)
MASTODON = "Mastodon/4.5.2 (http.rb/5.3.1; +https://m.test/)"
GOTOSOCIAL = "gotosocial/0.20.1 (+https://g.test)"


async def meetup(world: World, **fields: Any) -> tuple[Chapter, str]:
    """Let a chapter publish an event; return its id."""
    chapter = await world.chapter("a.test")
    return chapter, await publish(chapter, **fields)


async def publish(chapter: Chapter, **fields: Any) -> str:
    start = chapter.deps.clock.now() + timedelta(days=2)
    new = EventFields(name="Tea for all", start=f"{start:%Y-%m-%dT%H:%M}", timezone="UTC", **fields)
    made = await chapter.write(lambda tx: create_event(tx, chapter.actor, new, chapter.urls))
    return chapter.urls.event(made.id)


async def tally_window(world: World) -> None:
    """Let everything be told that was gathered."""
    await world.settle()
    world.clock.advance(TALLY_WINDOW)
    await world.settle()


def own_id(uri: str) -> EventId:
    return EventId(uri.rpartition("/")[2])


def polls(server: Mastodon) -> list[tuple[str, list[int]]]:
    """Return every poll a server was told of: by which activity, and its totals."""
    return [
        (str(each.activity["type"]), totals(each.activity["object"]))
        for each in server.received
        if isinstance(each.activity["object"], dict)
        and each.activity["object"]["type"] == "Question"
    ]


def totals(question: Any) -> list[int]:
    assert question["votersCount"] == sum(o["replies"]["totalItems"] for o in question["oneOf"])
    return [option["replies"]["totalItems"] for option in question["oneOf"]]


def last(server: Mastodon) -> Json:
    return server.received[-1].activity


async def got(world: World, uri: str, accept: str = ACCEPT, agent: str = "curl/8") -> Any:
    response = await world.network.send("GET", uri, {"Accept": accept, "User-Agent": agent})
    assert response.status_code == 200
    return response


async def test_a_new_event_is_one_entry_in_a_members_timeline_and_it_is_a_poll(
    world: World,
) -> None:
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    await mastodon.member("ana").follow(chapter.uri)
    await world.settle()
    mastodon.received.clear()
    event = await publish(chapter, capacity=40)
    await world.settle()
    assert polls(mastodon) == [("Create", [0, 0, 0])]
    assert len(mastodon.received) == 1
    poll = last(mastodon)["object"]
    assert isinstance(poll, dict)
    assert poll["id"] == f"{event}/face"
    assert [option["name"] for option in poll["oneOf"]] == ["Going", "Maybe", "Can't come"]
    assert poll["endTime"] == "2026-11-23T12:00:00Z"
    assert "Room for 40 people" in poll["content"]


async def test_the_poll_of_a_moved_event_ends_when_its_answers_do(world: World) -> None:
    chapter, event = await meetup(world, rsvp_until="2026-11-22T12:00")
    mastodon = world.mastodon("m.test")
    await mastodon.member("ana").follow(chapter.uri)
    await world.settle()
    moved = EventFields(start="2026-11-24T12:00")
    await chapter.write(lambda tx: edit_event(tx, own_id(event), moved, chapter.urls))
    await world.settle()
    assert polls(mastodon) == [("Update", [0, 0, 0])]
    assert last(mastodon)["object"]["endTime"] == "2026-11-23T12:00:00Z"  # type: ignore[index,call-overload]


async def test_however_many_vote_in_a_window_one_new_total_is_told(world: World) -> None:
    chapter, event = await meetup(world)
    mastodon, face = world.mastodon("m.test"), f"{event}/face"
    await mastodon.member("ana").follow(chapter.uri)
    await world.settle()
    for name in ("ana", "ben", "cem", "dora"):
        await mastodon.member(name).vote(face, "Going" if name != "dora" else "Maybe")
    await world.settle()
    assert ("Update", [3, 1, 0]) not in polls(mastodon)
    await tally_window(world)
    assert polls(mastodon) == [("Update", [3, 1, 0])]
    told = last(mastodon)
    assert told["id"] == f"{face}#tally-1"
    assert isinstance(told["object"], dict)
    assert "updated" not in told["object"]
    await mastodon.member("ana").vote(face, "Can't come")
    await tally_window(world)
    assert polls(mastodon)[1:] == [("Update", [2, 1, 1])]
    assert last(mastodon)["id"] == f"{face}#tally-2"


@pytest.mark.parametrize("option", ["Can't come", "Can&#39;t come", "Can&apos;t come"])
async def test_a_vote_counts_whose_option_comes_escaped_as_html(world: World, option: str) -> None:
    chapter, event = await meetup(world)
    ana = world.mastodon("m.test").member("ana")
    await ana.vote(f"{event}/face", option)
    await world.settle()
    assert (await chapter.outcomes())[-1] == "RSVP: no"


@pytest.mark.parametrize("option", ["can't come", "Can't", "", "<b></b>", "Going Maybe"])
async def test_a_vote_for_what_the_poll_does_not_offer_is_none(world: World, option: str) -> None:
    chapter, event = await meetup(world)
    ana = world.mastodon("m.test").member("ana")
    await ana.vote(f"{event}/face", option)
    await world.settle()
    assert not (await chapter.outcomes())[-1].startswith("RSVP")


async def test_new_totals_after_an_edit_are_no_second_edit(world: World) -> None:
    chapter, event = await meetup(world)
    mastodon = world.mastodon("m.test")
    await mastodon.member("ana").follow(chapter.uri)
    await world.settle()
    moved = EventFields(name="Tea, moved")
    await chapter.write(lambda tx: edit_event(tx, own_id(event), moved, chapter.urls))
    await world.settle()
    edited: Any = last(mastodon)["object"]
    world.clock.advance(timedelta(minutes=1))
    await mastodon.member("ana").vote(f"{event}/face", "Going")
    await tally_window(world)
    retold: Any = last(mastodon)["object"]
    assert retold["updated"] == edited["updated"]
    assert (totals(retold), retold["content"]) == ([1, 0, 0], edited["content"])


async def test_a_voter_nobody_follows_from_sees_the_totals_too(world: World) -> None:
    _, event = await meetup(world)
    away = world.mastodon("away.test")
    await away.member("zoe").vote(f"{event}/face", "Going")
    await away.member("yan").vote(f"{event}/face", "Going")
    await tally_window(world)
    assert polls(away) == [("Update", [2, 0, 0])]


async def test_a_follower_who_votes_is_told_once(world: World) -> None:
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    await mastodon.member("ana").follow(chapter.uri)
    await world.settle()
    event = await publish(chapter)
    await world.settle()
    await mastodon.member("ana").vote(f"{event}/face", "Going")
    await tally_window(world)
    assert polls(mastodon) == [("Create", [0, 0, 0]), ("Update", [1, 0, 0])]


async def test_a_blocked_voters_server_hears_no_totals(world: World) -> None:
    chapter, event = await meetup(world)
    bad, good = world.mastodon("bad.test"), world.mastodon("good.test")
    await bad.member("eve").vote(f"{event}/face", "Going")
    await good.member("ana").vote(f"{event}/face", "Going")
    await world.settle()
    await chapter.write(lambda tx: block(tx, "bad.test", chapter.urls))
    await tally_window(world)
    assert polls(bad) == []
    assert len(polls(good)) == 1


async def test_a_server_that_got_the_event_is_not_told_of_its_poll(world: World) -> None:
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    await mastodon.member("ana").follow(chapter.uri)
    await world.settle()
    await chapter.write(lambda tx: hosts.learned(tx, "m.test", "mobilizon", "5", True))
    event = await publish(chapter)
    await world.settle()
    await mastodon.member("ana").vote(f"{event}/face", "Going")
    await tally_window(world)
    assert polls(mastodon) == []
    assert "Event" in [each.activity["object"].get("type") for each in mastodon.received[1:2]]  # type: ignore[attr-defined]


async def test_the_totals_of_an_event_for_followers_reach_followers_only(world: World) -> None:
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    await mastodon.member("ana").follow(chapter.uri)
    await world.settle()
    event = await publish(chapter, visibility=Visibility.FOLLOWERS)
    await world.settle()
    away = world.mastodon("away.test")
    await away.member("zoe").vote(f"{event}/face", "Going")
    await mastodon.member("ana").vote(f"{event}/face", "Going")
    await tally_window(world)
    assert polls(away) == []
    assert polls(mastodon)[-1] == ("Update", [1, 0, 0])


async def test_a_cancelled_event_closes_the_one_entry_people_have(world: World) -> None:
    chapter, mastodon = await world.chapter("a.test"), world.mastodon("m.test")
    await mastodon.member("ana").follow(chapter.uri)
    await world.settle()
    event = await publish(chapter)
    await mastodon.member("ana").vote(f"{event}/face", "Going")
    await world.settle()
    await chapter.write(lambda tx: cancel_event(tx, own_id(event), "Rain"))
    await world.settle()
    (told,) = [
        each.activity["object"]
        for each in mastodon.received
        if each.activity["type"] == "Update" and "closed" in each.activity["object"]  # type: ignore[operator]
    ]
    assert told["id"] == f"{event}/face"  # type: ignore[index]
    assert told["content"].startswith("<p><strong>CANCELLED: Tea for all</strong><br>Rain")  # type: ignore[index]
    assert totals(told) == [1, 0, 0]


async def test_the_last_totals_are_told_when_the_poll_closes(world: World) -> None:
    chapter, event = await meetup(world)
    mastodon = world.mastodon("m.test")
    await mastodon.member("ana").follow(chapter.uri)
    await mastodon.member("ana").vote(f"{event}/face", "Going")
    await tally_window(world)
    world.clock.advance(timedelta(days=2))
    await world.settle()
    final: Any = [
        e.activity["object"] for e in mastodon.received if "#tally-2" in str(e.activity["id"])
    ]
    assert [poll["closed"] for poll in final] == ["2026-11-23T12:00:00Z"]
    assert totals(final[0]) == [1, 0, 0]


async def test_a_deleted_event_leaves_a_tombstone_of_its_poll_and_no_more_totals(
    world: World,
) -> None:
    chapter, event = await meetup(world)
    away = world.mastodon("away.test")
    await away.member("zoe").vote(f"{event}/face", "Going")
    await world.settle()
    await chapter.write(lambda tx: delete_event(tx, own_id(event), anyway=True))
    await tally_window(world)
    deletes: list[Any] = [
        e.activity["object"] for e in away.received if e.activity["type"] == "Delete"
    ]
    assert [(each["id"], each["formerType"]) for each in deletes] == [(f"{event}/face", "Question")]
    assert polls(away) == []


async def test_whoever_fetches_sees_the_numbers_of_this_moment(world: World) -> None:
    _, event = await meetup(world, capacity=10)
    mastodon = world.mastodon("m.test")
    await mastodon.member("ana").vote(f"{event}/face", "Going")
    await mastodon.member("ben").vote(f"{event}/face", "Maybe")
    await world.settle()
    assert totals((await got(world, f"{event}/face")).json()) == [1, 1, 0]
    whole = (await got(world, event)).json()
    assert (whole["participantCount"], whole["remainingAttendeeCapacity"]) == (1, 9)
    attendees = (await got(world, f"{event}/attendees")).json()
    assert attendees["totalItems"] == whole["attendees"]["totalItems"] == 1
    assert not {"items", "first", "orderedItems"} & attendees.keys()


async def test_no_document_names_who_comes(world: World) -> None:
    chapter, event = await meetup(world)
    mastodon = world.mastodon("m.test")
    await mastodon.member("secretvoter").vote(f"{event}/face", "Going")
    await tally_window(world)
    for uri in (event, f"{event}/face", f"{event}/attendees", f"{chapter.uri}/outbox"):
        assert "secretvoter" not in (await got(world, uri)).text
    public = [e.activity for e in mastodon.received if e.activity["type"] == "Update"]
    assert public
    assert "secretvoter" not in str(public)


@pytest.mark.parametrize(
    ("fields", "answer"),
    [
        ({}, "Accept"),
        ({"capacity": 0}, "Accept"),
        ({"rsvp": RsvpMode.OFF}, "Ignore"),
    ],
)
async def test_a_join_is_answered_by_name_to_its_sender_alone(
    world: World, fields: dict[str, Any], answer: str
) -> None:
    chapter, event = await meetup(world, **fields)
    server = world.mastodon("mz.test")
    ana = server.member("ana")
    join = ana.activity("Join", event, uri="https://mz.test/join/1")
    await ana.to_personal(event, join)
    await world.settle()
    (told,) = [each.activity for each in server.received if each.activity["type"] == answer]
    assert (told["actor"], told["to"]) == (chapter.uri, [ana.uri])
    named = told["object"] if answer == "Ignore" else told["object"]["id"]  # type: ignore[index]
    assert named == "https://mz.test/join/1"
    if answer == "Accept":
        assert told["object"] == {
            "id": "https://mz.test/join/1",
            "type": "Join",
            "actor": ana.uri,
            "object": event,
        }


async def test_a_join_of_a_full_event_is_rejected_and_accepted_when_a_seat_is_free(
    world: World,
) -> None:
    _, event = await meetup(world, capacity=1)
    server = world.mastodon("mz.test")
    first, second = server.member("first"), server.member("second")
    for number, member in enumerate((first, second)):
        join = member.activity("Join", event, uri=f"https://mz.test/join/{number}")
        await member.to_personal(event, join)
        await world.settle()
        world.clock.advance(timedelta(seconds=1))
    await first.to_personal(event, first.activity("Leave", event, uri="https://mz.test/leave/0"))
    await world.settle()
    answers = [
        (each.activity["type"], each.activity["object"]["id"])  # type: ignore[index]
        for each in server.received
        if each.activity["type"] in {"Accept", "Reject"}
    ]
    assert answers == [
        ("Accept", "https://mz.test/join/0"),
        ("Reject", "https://mz.test/join/1"),
        ("Accept", "https://mz.test/join/1"),
    ]


@pytest.mark.parametrize(
    ("agent", "accept", "leads_to"),
    [
        (MASTODON, SEARCH, "face"),
        (MASTODON, ACCEPT, "event"),  # by the id of a boost: another id would be dropped
        (GOTOSOCIAL, ACCEPT, "face"),
        ("Misskey/2025.10.0 (https://mk.test)", ACCEPT, "face"),
        ("(Pixelfed/0.12.5; +https://px.test)", ACCEPT, "face"),
        ("Pleroma 2.9.1; https://pl.test <admin@pl.test>", ACCEPT, "face"),
        ("mobilizon/5.2.0", ACCEPT, "event"),
        ("Friendica/2025.07; https://fr.test", SEARCH, "event"),
        ("fedi-chapter/0.2 (+https://b.test)", ACCEPT, "event"),
        ("SomethingNew/1.0 (+https://new.test)", SEARCH, "event"),
        ("Mozilla/5.0 (X11; Linux x86_64)", ACCEPT, "event"),
        ("", ACCEPT, "event"),
    ],
)
async def test_the_address_of_an_events_page_leads_software_to_the_form_it_shows(
    world: World, agent: str, accept: str, leads_to: str
) -> None:
    _, event = await meetup(world)
    found = await got(world, event, accept, agent)
    assert found.json()["id"] == {"face": f"{event}/face", "event": event}[leads_to]
    assert (
        found.headers["vary"]
        == "Accept, Accept-Language, User-Agent, Signature, Signature-Input, Accept-Encoding"
    )
    if leads_to == "face":  # the software looks once more, under the id it found
        assert (await got(world, f"{event}/face", accept, agent)).json()["type"] == "Question"


async def test_answers_kept_for_one_kind_of_software_are_never_given_to_another(
    world: World,
) -> None:
    _, event = await meetup(world)
    for _ in range(2):
        kinds = [
            (await got(world, event, ACCEPT, agent)).json()["type"]
            for agent in (GOTOSOCIAL, "mobilizon/5", GOTOSOCIAL, "curl/8")
        ]
        assert kinds == ["Question", "Event", "Question", "Event"]


async def test_unknown_software_gets_what_its_host_was_learned_to_show(world: World) -> None:
    chapter, event = await meetup(world)
    agent = "New/1 (+https://new.test)"
    assert (await got(world, event, ACCEPT, agent)).json()["type"] == "Event"
    await chapter.write(lambda tx: hosts.learned(tx, "new.test", "new", "1", False))
    assert (await got(world, event, ACCEPT, agent)).json()["type"] == "Question"


@pytest.mark.parametrize(
    ("software", "accept", "kind"),
    [
        ("misskey", ACCEPT, "Question"),
        ("mastodon", SEARCH, "Question"),
        ("mastodon", ACCEPT, "Event"),  # by the id of a boost
        ("mobilizon", ACCEPT, "Event"),
        ("brand-new", ACCEPT, "Question"),
    ],
)
@pytest.mark.parametrize("form", ["cavage", "rfc9421"])
async def test_whose_user_agent_names_no_host_is_known_by_the_key_it_signs_with(
    world: World, software: str, accept: str, kind: str, form: str
) -> None:
    chapter, event = await meetup(world)
    key = "https://s.test/users/ana#main-key"
    signed = {
        "cavage": {"Signature": f'keyId="{key}",headers="date",signature="eA=="'},
        "rfc9421": {
            "Signature-Input": f'sig1=("@method");created=1;keyid="{key}"',
            "Signature": "sig1=:eA==:",
        },
    }[form]
    takes_events = software == "mobilizon"
    await chapter.write(lambda tx: hosts.learned(tx, "s.test", software, "1", takes_events))
    for _ in range(2):  # the second answer is one that was kept
        for headers, expected in ((signed, kind), ({}, "Event")):
            asked = {"Accept": accept, "User-Agent": "http.rb/5.3", **headers}
            answer = await world.network.send("GET", event, asked)
            assert answer.json()["type"] == expected
            assert "Signature-Input" in answer.headers["vary"]


async def test_the_operators_lists_win_over_what_software_says_of_itself(world: World) -> None:
    chapter = await world.chapter("a.test", event_servers=("g.test",), face_servers=("z.test",))
    event = await publish(chapter)
    assert (await got(world, event, ACCEPT, GOTOSOCIAL)).json()["type"] == "Event"
    mobilizon = "mobilizon/5.2 (+https://z.test)"
    assert (await got(world, event, ACCEPT, mobilizon)).json()["type"] == "Question"


async def test_a_page_is_a_page_whatever_software_asks_for_it(world: World) -> None:
    _, event = await meetup(world)
    found = await got(world, event, "text/html", MASTODON)
    assert found.headers["content-type"].startswith("text/html")
    assert f'href="{event}"' in found.text
