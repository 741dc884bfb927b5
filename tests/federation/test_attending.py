"""The chapter takes part in events of others: each server hears it in its own words."""

from datetime import timedelta

import pytest

from fedi_chapter.core.clock import SetClock
from fedi_chapter.core.errors import (
    BadDocument,
    Conflict,
    FormInvalid,
    Missing,
    NotAllowed,
    RemoteFailure,
    RemoteGone,
)
from fedi_chapter.domain.attendance import Attendance, AttendanceState
from fedi_chapter.domain.event import EventId, RsvpMode
from fedi_chapter.domain.rsvp import Answer, RsvpStatus
from fedi_chapter.federation import attending
from fedi_chapter.services.event_fields import EventFields
from fedi_chapter.services.events import cancel_event, create_event
from fedi_chapter.store import attendances, hosts, neighbours, rsvps
from tests.kit.peers.event_host import EventHost, open_hall
from tests.kit.peers.mastodon import AS, PUBLIC, Json
from tests.kit.world import Chapter, World

pytestmark = pytest.mark.anyio

SECURITY = "https://w3id.org/security/v1"


def a_host(world: World, software: str) -> EventHost:
    return open_hall(world.mastodon("events.test"), software)


async def say(chapter: Chapter, uri: str, answer: Answer = Answer.GOING) -> Attendance:
    said, _ = await attending.attend(chapter.deps, chapter.actor, uri, answer)
    return said


async def state_of(chapter: Chapter, uri: str) -> AttendanceState | None:
    found = await chapter.read(lambda tx: attendances.get(tx, chapter.actor.id, uri))
    return found.state if found else None


def as_sent(chapter: Chapter, said: Attendance, verb: str, host: EventHost) -> Json:
    return {
        "@context": [AS, SECURITY],
        "id": chapter.urls.attendance(said.answer_id),
        "type": verb,
        "actor": chapter.uri,
        "published": f"{said.said_at:%Y-%m-%dT%H:%M:%SZ}",
        "to": [host.uri],
        "cc": [],
        "object": said.event_uri,
    }


@pytest.mark.parametrize(
    ("software", "join_mode", "words"),
    [
        ("mobilizon", "free", {Answer.GOING: "Join", Answer.NO: "Leave"}),
        ("rebased", "restricted", {Answer.GOING: "Join", Answer.NO: "Leave"}),
        ("activitypods", None, {Answer.GOING: "Join", Answer.NO: "Leave"}),
        ("brand-new", "free", {Answer.GOING: "Join", Answer.NO: "Leave"}),
        *(
            (
                name,
                None,
                {Answer.MAYBE: "TentativeAccept", Answer.GOING: "Accept", Answer.NO: "Reject"},
            )
            for name in ("friendica", "hubzilla", "streams", "everycal")
        ),
        (
            "fedi-chapter",
            "free",
            {Answer.MAYBE: "TentativeAccept", Answer.GOING: "Join", Answer.NO: "Reject"},
        ),
    ],
)
async def test_each_server_hears_it_in_its_own_words(
    world: World, clock: SetClock, software: str, join_mode: str | None, words: dict[Answer, str]
) -> None:
    chapter, host = await world.chapter("a.test"), a_host(world, software)
    uri = host.hold(joinMode=join_mode)
    expected = []
    for answer, verb in words.items():
        clock.advance(timedelta(seconds=1))
        said = await say(chapter, uri, answer)
        expected.append(as_sent(chapter, said, verb, host))
        await world.settle()
    assert host.heard() == expected
    assert {each.inbox for each in host.server.received} == {"/users/hall/inbox"}
    assert await state_of(chapter, uri) is AttendanceState.WITHDRAWN


@pytest.mark.parametrize(
    ("software", "members"),
    [
        ("gancio", {}),
        ("wordpress", {"joinMode": "free"}),
        ("mastodon", {}),
        ("mobilizon", {"joinMode": "none"}),
        ("mobilizon", {"joinMode": "invite"}),
        ("friendica", {"joinMode": "none"}),
        ("brand-new", {"joinMode": "dance"}),
    ],
)
async def test_a_server_without_rsvps_is_told_nothing_and_we_say_so(
    world: World, software: str, members: dict[str, object]
) -> None:
    chapter, host = await world.chapter("a.test"), a_host(world, software)
    said = await say(chapter, host.hold(**members))
    await world.settle()
    assert said.state is AttendanceState.NO_RSVPS
    assert host.heard() == []
    gone = await say(chapter, said.event_uri, Answer.NO)
    assert gone.state is AttendanceState.WITHDRAWN


async def test_where_people_sign_up_elsewhere_the_address_is_told(world: World) -> None:
    chapter, host = await world.chapter("a.test"), a_host(world, "mobilizon")
    form = "https://forms.test/repair"
    uri = host.hold(joinMode="external", externalParticipationUrl=form)
    said, event = await attending.attend(chapter.deps, chapter.actor, uri, Answer.GOING)
    assert (said.state, event.sign_up_url) == (AttendanceState.NO_RSVPS, form)
    await world.settle()
    assert host.heard() == []


def answer_by_id(chapter: Chapter, said: Attendance) -> object:
    return chapter.urls.attendance(said.answer_id)


def answer_embedded(chapter: Chapter, said: Attendance) -> object:
    uri = chapter.urls.attendance(said.answer_id)
    return {"type": "Join", "id": uri, "actor": chapter.uri, "object": said.event_uri}


def answer_by_type(chapter: Chapter, said: Attendance) -> object:
    return {"type": "Join", "actor": chapter.uri, "object": {"id": said.event_uri}}


@pytest.mark.parametrize("form", [answer_by_id, answer_embedded, answer_by_type])
@pytest.mark.parametrize(
    ("verb", "state"),
    [
        ("Accept", AttendanceState.CONFIRMED),
        ("Reject", AttendanceState.REFUSED),
        ("Ignore", AttendanceState.NO_RSVPS),
    ],
)
async def test_their_answer_is_known_by_id_and_by_type(
    world: World, verb: str, state: AttendanceState, form: object
) -> None:
    chapter, host = await world.chapter("a.test"), a_host(world, "mobilizon")
    said = await say(chapter, host.hold(joinMode="free"))
    await world.settle()
    inner = form(chapter, said)  # type: ignore[operator]
    for number in range(2):
        uri = f"{host.server.base}/{verb.lower()}/join/{number}"
        await host.to_personal(chapter.uri, host.activity(verb, inner, uri=uri))
    await world.settle()
    assert await state_of(chapter, said.event_uri) is state
    assert await chapter.outcomes() == [
        f"our place at their event: {state}",
        "ignored: said before, or taken back since",
    ]


async def test_a_moderator_of_their_server_may_answer_and_nobody_else(world: World) -> None:
    chapter, host = await world.chapter("a.test"), a_host(world, "mobilizon")
    said = await say(chapter, host.hold(joinMode="restricted"))
    await world.settle()
    mallory = world.mastodon("evil.test").member("mallory")
    for form in (answer_by_id, answer_embedded, answer_by_type):
        uri = f"{mallory.uri}#{form.__name__}"
        accept = mallory.activity("Accept", form(chapter, said), uri=uri)
        await mallory.to_personal(chapter.uri, accept)
    await world.settle()
    assert await state_of(chapter, said.event_uri) is AttendanceState.ASKED
    moderator = host.server.member("moderator")
    accept = moderator.activity("Accept", answer_by_id(chapter, said), uri=f"{moderator.uri}#yes")
    await moderator.to_personal(chapter.uri, accept)
    await world.settle()
    assert await state_of(chapter, said.event_uri) is AttendanceState.CONFIRMED


async def test_an_answer_to_an_older_word_of_ours_no_longer_counts(
    world: World, clock: SetClock
) -> None:
    chapter, host = await world.chapter("a.test"), a_host(world, "mobilizon")
    uri = host.hold(joinMode="restricted")
    first = await say(chapter, uri)
    clock.advance(timedelta(minutes=1))
    await say(chapter, uri, Answer.NO)
    late = host.activity("Accept", answer_embedded(chapter, first), uri=f"{host.uri}#late")
    await host.to_personal(chapter.uri, late)
    await world.settle()
    assert await state_of(chapter, uri) is AttendanceState.WITHDRAWN
    by_type = host.activity("Accept", answer_by_type(chapter, first), uri=f"{host.uri}#type")
    await host.to_personal(chapter.uri, by_type)
    await world.settle()
    assert await state_of(chapter, uri) is AttendanceState.WITHDRAWN


async def test_a_seat_may_be_taken_away_and_found_again(world: World) -> None:
    chapter, host = await world.chapter("a.test"), a_host(world, "mobilizon")
    said = await say(chapter, host.hold(joinMode="free"))
    for number, verb in enumerate(("Accept", "Reject", "Accept")):
        answer = host.activity(verb, answer_by_id(chapter, said), uri=f"{host.uri}#{number}")
        await host.to_personal(chapter.uri, answer)
        await world.settle()
    assert await state_of(chapter, said.event_uri) is AttendanceState.CONFIRMED


async def test_the_same_answer_is_sent_once_until_they_refuse(world: World) -> None:
    chapter, host = await world.chapter("a.test"), a_host(world, "mobilizon")
    uri = host.hold(joinMode="free")
    said = await say(chapter, uri)
    assert await say(chapter, uri) == said
    await world.settle()
    reject = host.activity("Reject", answer_by_id(chapter, said), uri=f"{host.uri}#full")
    await host.to_personal(chapter.uri, reject)
    await world.settle()
    again = await say(chapter, uri)
    await world.settle()
    assert again.answer_id != said.answer_id
    assert [each["type"] for each in host.heard()] == ["Join", "Join"]


async def test_what_makes_no_sense_is_refused_and_nothing_is_sent(
    world: World, clock: SetClock
) -> None:
    chapter, host = await world.chapter("a.test"), a_host(world, "mobilizon")
    uri = host.hold(joinMode="free")
    with pytest.raises(FormInvalid, match="no word for maybe"):
        await say(chapter, uri, Answer.MAYBE)
    with pytest.raises(Missing, match="never said"):
        await say(chapter, uri, Answer.NO)
    with pytest.raises(NotAllowed, match="is cancelled"):
        await say(chapter, host.hold(8, joinMode="free", eventStatus="EventCancelled"))
    with pytest.raises(NotAllowed, match="is over"):
        await say(chapter, host.hold(9, joinMode="free", startTime="2020-01-01T10:00:00Z"))
    with pytest.raises(NotAllowed, match="not public"):
        await say(chapter, host.hold(10, to=[chapter.uri]))
    with pytest.raises(BadDocument, match="not an event"):
        await say(chapter, host.hold(11, type="Note", content="hi"))
    with pytest.raises(Conflict):
        await say(chapter, await chapter.event("Ours"))
    with pytest.raises(RemoteGone):
        await say(chapter, f"{host.uri}/statuses/404")
    await world.settle()
    assert host.heard() == []
    assert await chapter.read(lambda tx: attendances.listing(tx, chapter.actor.id)) == []


@pytest.mark.parametrize(
    "members",
    [
        {"attributedTo": "https://victim.test/users/hall"},
        {"id": "https://victim.test/users/hall/statuses/7"},
    ],
)
async def test_an_event_in_anothers_name_is_not_answered(
    world: World, members: dict[str, object]
) -> None:
    chapter, host = await world.chapter("a.test"), a_host(world, "mobilizon")
    with pytest.raises(RemoteFailure):
        await say(chapter, host.hold(joinMode="free", **members))
    await world.settle()
    assert host.heard() == []


async def test_a_known_event_is_answered_while_its_server_is_down(
    world: World, clock: SetClock
) -> None:
    chapter, host = await world.chapter("a.test"), a_host(world, "friendica")
    uri = host.hold()
    await say(chapter, uri)
    await world.settle()
    world.network.down.add("events.test")
    await say(chapter, uri, Answer.NO)
    world.network.down.clear()
    clock.advance(timedelta(days=1))
    await world.settle()
    assert [each["type"] for each in host.heard()] == ["Accept", "Reject"]


@pytest.mark.parametrize("software", ["friendica", "hubzilla", "everycal"])
async def test_where_no_answer_ever_comes_none_is_waited_for(world: World, software: str) -> None:
    chapter, host = await world.chapter("a.test"), a_host(world, software)
    said = await say(chapter, host.hold())
    assert said.state is AttendanceState.TOLD
    assert await say(chapter, said.event_uri) == said
    accept = host.activity("Accept", answer_by_id(chapter, said), uri=f"{host.uri}#yes")
    await host.to_personal(chapter.uri, accept)  # one that answers all the same is heard
    await world.settle()
    assert await state_of(chapter, said.event_uri) is AttendanceState.CONFIRMED


async def test_an_event_they_delete_stays_among_what_we_said_as_deleted(world: World) -> None:
    chapter, host = await world.chapter("a.test"), a_host(world, "mobilizon")
    await chapter.follow(host.uri)
    await world.settle()
    said = await say(chapter, host.hold(joinMode="free", content="<p>Secret</p>"))
    other = host.hold(8, joinMode="free")
    create = host.activity("Create", host.statuses[other], uri=f"{other}#create", to=[PUBLIC])
    await host.to_shared(chapter.uri, create)
    await world.settle()
    for uri in (said.event_uri, other):
        tombstone = {"id": uri, "type": "Tombstone", "formerType": "Event"}
        delete = host.activity("Delete", tombstone, uri=f"{uri}#delete", to=[PUBLIC])
        await host.to_shared(chapter.uri, delete)
    await world.settle()
    ((kept, event),) = await chapter.read(lambda tx: attendances.listing(tx, chapter.actor.id))
    assert (kept.answer_id, event.deleted_at) == (said.answer_id, world.clock.now())
    assert event.html == ""
    assert await chapter.read(lambda tx: neighbours.events(tx, 10)) == []
    assert await chapter.read(lambda tx: neighbours.get_event(tx, other)) is None
    (off,) = await chapter.read(lambda tx: attendances.called_off(tx, chapter.actor.id))
    assert off.name == "Repair café"
    host.statuses.pop(said.event_uri)
    with pytest.raises(NotAllowed, match="is deleted"):
        await say(chapter, said.event_uri, Answer.GOING)
    gone = await say(chapter, said.event_uri, Answer.NO)
    assert gone.state is AttendanceState.WITHDRAWN


async def test_what_we_took_back_before_goes_with_its_event(world: World) -> None:
    chapter, host = await world.chapter("a.test"), a_host(world, "mobilizon")
    said = await say(chapter, host.hold(joinMode="free"))
    await world.settle()
    await say(chapter, said.event_uri, Answer.NO)
    delete = host.activity("Delete", said.event_uri, uri=f"{host.uri}#delete", to=[PUBLIC])
    await host.to_shared(chapter.uri, delete)
    await world.settle()
    assert await chapter.read(lambda tx: attendances.listing(tx, chapter.actor.id)) == []
    assert await chapter.read(lambda tx: attendances.called_off(tx, chapter.actor.id)) == []


async def test_a_cancelled_event_is_listed_as_cancelled(world: World, clock: SetClock) -> None:
    chapter, host = await world.chapter("a.test"), a_host(world, "mobilizon")
    said = await say(chapter, host.hold(joinMode="free"))
    clock.advance(timedelta(minutes=1))
    uri = host.hold(joinMode="free", status="CANCELLED", updated="2026-11-22T10:00:00Z")
    update = host.activity("Update", host.statuses[uri], uri=f"{uri}#2", to=[PUBLIC])
    await host.to_shared(chapter.uri, update)
    await world.settle()
    ((kept, event),) = await chapter.read(lambda tx: attendances.listing(tx, chapter.actor.id))
    assert kept == said
    assert event.cancelled
    assert await chapter.read(lambda tx: attendances.called_off(tx, chapter.actor.id)) == [event]
    clock.advance(timedelta(days=20))
    assert await chapter.read(lambda tx: attendances.called_off(tx, chapter.actor.id)) == []


async def an_invitation(chapter: Chapter, **changes: object) -> str:
    """Publish an event with RSVP for the day after tomorrow; return its id."""
    start = chapter.deps.clock.now() + timedelta(days=2)
    fields = EventFields(
        name="Assembly",
        start=f"{start:%Y-%m-%dT%H:%M}",
        timezone="UTC",
        rsvp=RsvpMode.ON,
        **changes,  # type: ignore[arg-type]
    )
    made = await chapter.write(lambda tx: create_event(tx, chapter.actor, fields, chapter.urls))
    return chapter.urls.event(made.id)


async def counted(chapter: Chapter, uri: str) -> list[tuple[str | None, RsvpStatus]]:
    event_id = EventId(uri.rpartition("/")[2])
    found = await chapter.read(lambda tx: rsvps.of_event(tx, event_id))
    return [(each.actor_uri, each.status) for each in found]


async def test_one_chapter_comes_to_anothers_event_is_counted_and_confirmed(
    world: World, clock: SetClock
) -> None:
    a, b = await world.chapter("a.test"), await world.chapter("b.test")
    await a.write(lambda tx: hosts.learned(tx, "b.test", "fedi-chapter", "0.2", True))
    uri = await an_invitation(b)
    await say(a, uri)
    await world.settle()
    assert await counted(b, uri) == [(a.uri, RsvpStatus.GOING)]
    assert await state_of(a, uri) is AttendanceState.CONFIRMED
    clock.advance(timedelta(minutes=1))
    await say(a, uri, Answer.MAYBE)
    await world.settle()
    assert await counted(b, uri) == [(a.uri, RsvpStatus.MAYBE)]
    clock.advance(timedelta(minutes=1))
    await say(a, uri, Answer.NO)
    await world.settle()
    assert await counted(b, uri) == [(a.uri, RsvpStatus.NO)]
    assert await state_of(a, uri) is AttendanceState.WITHDRAWN


@pytest.mark.parametrize("answer", [Answer.GOING, Answer.MAYBE])
async def test_a_chapter_that_may_come_hears_of_the_end_although_it_does_not_follow(
    world: World, answer: Answer
) -> None:
    a, b = await world.chapter("a.test"), await world.chapter("b.test")
    await a.write(lambda tx: hosts.learned(tx, "b.test", "fedi-chapter", "0.2", True))
    uri = await an_invitation(b)
    await say(a, uri, answer)
    await world.settle()
    await b.write(lambda tx: cancel_event(tx, EventId(uri.rpartition("/")[2]), "Rain"))
    await world.settle()
    ((_, event),) = await a.read(lambda tx: attendances.listing(tx, a.actor.id))
    assert event.cancelled


async def test_a_chapter_that_asks_for_approval_answers_when_it_knows(world: World) -> None:
    a, b = await world.chapter("a.test"), await world.chapter("b.test")
    uri = await an_invitation(b, approval=True)
    await say(a, uri)
    await world.settle()
    assert await counted(b, uri) == [(a.uri, RsvpStatus.PENDING)]
    assert await state_of(a, uri) is AttendanceState.ASKED


async def test_the_event_we_come_to_is_kept_among_the_neighbours_events(world: World) -> None:
    chapter, host = await world.chapter("a.test"), a_host(world, "mobilizon")
    uri = host.hold(joinMode="restricted")
    await say(chapter, uri)
    (kept,) = await chapter.read(lambda tx: neighbours.events(tx, 10))
    assert (kept.uri, kept.actor_uri, kept.join_mode) == (uri, host.uri, "restricted")
