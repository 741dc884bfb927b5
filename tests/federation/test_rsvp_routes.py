"""Every way of saying "going" that the fediverse knows, at every state an event can be in."""

import json
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from fedi_chapter.domain.event import Event, RsvpMode
from fedi_chapter.domain.rsvp import Rsvp, RsvpId
from fedi_chapter.services import approval
from fedi_chapter.services.events import cancel_event, delete_event
from fedi_chapter.services.moderation import block
from fedi_chapter.store import events, rsvps
from fedi_chapter.store.tables import inbox
from fedi_chapter.store.tx import WriteTx
from tests.kit import dialects
from tests.kit.answering import Gathering, a_gathering
from tests.kit.dialects import DIALECTS, JOINS
from tests.kit.world import World

pytestmark = pytest.mark.anyio


async def open_(world: World) -> Gathering:
    return await a_gathering(world)


async def full(world: World) -> Gathering:
    made = await a_gathering(world, capacity=1)
    zoe = made.member("zoe")
    await made.send(zoe, dialects.mastodon_vote(zoe, made.to))
    assert await made.status("zoe") == "going"
    return made


async def closed(world: World) -> Gathering:
    until = world.clock.now() + timedelta(hours=1)
    made = await a_gathering(world, rsvp_until=f"{until:%Y-%m-%dT%H:%M}")
    world.clock.advance(timedelta(hours=2))
    return made


async def cancelled(world: World) -> Gathering:
    made = await a_gathering(world)
    await made.chapter.write(lambda tx: cancel_event(tx, made.event_id))
    return made


async def past(world: World) -> Gathering:
    made = await a_gathering(world)
    world.clock.advance(timedelta(days=3))
    return made


async def by_approval(world: World) -> Gathering:
    return await a_gathering(world, approval=True)


async def off(world: World) -> Gathering:
    made = await a_gathering(world)
    event = await made.event()
    await made.chapter.write(lambda tx: events.change(tx, replace(event, rsvp=RsvpMode.OFF)))
    return made


async def blocked(world: World) -> Gathering:
    made = await a_gathering(world)
    uri, urls = made.member().uri, made.chapter.urls
    await made.chapter.write(lambda tx: block(tx, uri, urls))
    return made


State = Callable[[World], Awaitable[Gathering]]
EXPECTED: dict[State, tuple[str | None, str | None, str | None]] = {
    open_: ("going", "Accept", "going"),
    full: ("waitlist", "Reject", "waitlist"),
    closed: (None, "Reject", "refused"),
    cancelled: (None, "Reject", "refused"),
    past: (None, "Reject", "refused"),
    by_approval: ("pending", None, "pending"),
    off: (None, "Ignore", None),
    blocked: (None, None, None),
}
"""Of each state: how somebody stands then, what a Join is answered, what the others are told."""
TOLD_TO_JOINERS_TOO = {"waitlist", "refused"}
"""What no answer of the protocol can say."""


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("state", EXPECTED, ids=lambda state: state.__name__.strip("_"))
async def test_every_dialect_is_understood_and_answered_in_every_state(
    world: World, state: State, dialect: str
) -> None:
    gathering = await state(world)
    before = await gathering.notices()
    ana = gathering.member()
    activity = DIALECTS[dialect](ana, gathering.to)
    accepted = await gathering.send(ana, activity)
    assert accepted == (403 if state is blocked else 202)
    status, to_a_join, told = EXPECTED[state]
    assert await gathering.status() == status
    joined = dialect in JOINS
    kinds = {told} if told and (not joined or told in TOLD_TO_JOINERS_TOO) else set()
    assert set(await gathering.notices() - before) == kinds
    assert len(gathering.letters()) == len(kinds)
    expected = [to_a_join] if joined and to_a_join else []
    assert [answer["type"] for answer in gathering.answers()] == expected


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_what_comes_five_times_counts_once(world: World, dialect: str) -> None:
    gathering = await a_gathering(world)
    ana, urls = gathering.member(), gathering.chapter.urls
    activity = DIALECTS[dialect](ana, gathering.to)
    inboxes = [urls.shared_inbox, urls.inbox(gathering.chapter.actor)]
    for number in range(5):
        assert await ana.send(inboxes[number % 2], activity) == 202
        await world.settle()
    tally = await gathering.tally()
    assert (tally.going, tally.going_heads, tally.voters) == (1, 1, 1)
    assert sum((await gathering.notices()).values()) <= 1


@pytest.mark.parametrize("dialect", JOINS)
async def test_a_join_is_answered_by_its_id_to_its_sender_alone(world: World, dialect: str) -> None:
    gathering = await a_gathering(world)
    ana = gathering.member()
    join = JOINS[dialect](ana, gathering.to)
    await gathering.send(ana, join)
    (answer,) = gathering.answers()
    assert answer["actor"] == gathering.chapter.uri
    assert answer["to"] == [ana.uri]
    assert answer["object"] == {
        "id": join["id"],
        "type": "Join",
        "actor": ana.uri,
        "object": gathering.to.event,
    }


async def test_a_join_under_a_new_id_is_answered_again(world: World) -> None:
    gathering = await a_gathering(world)
    ana = gathering.member()
    joins = [dialects.mobilizon_join(ana, gathering.to) for _ in range(2)]
    for join in joins:
        await gathering.send(ana, join)
    named = [answer["object"]["id"] for answer in gathering.answers()]  # type: ignore[index]
    assert named == [join["id"] for join in joins]
    assert (await gathering.tally()).going == 1


@pytest.mark.parametrize(
    ("decide", "answer"), [(approval.approve, "Accept"), (approval.decline, "Reject")]
)
async def test_what_an_organizer_decides_about_a_join_is_told_by_its_id(
    world: World, decide: Callable[[WriteTx, Event, RsvpId], Rsvp], answer: str
) -> None:
    gathering = await by_approval(world)
    ana, event = gathering.member(), await gathering.event()
    join = dialects.mobilizon_join(ana, gathering.to)
    await gathering.send(ana, join)
    asked = await gathering.rsvp()
    assert asked is not None
    assert gathering.answers() == []
    await gathering.chapter.write(lambda tx: decide(tx, event, asked.id))
    await world.settle()
    told = [(each["type"], each["object"]["id"]) for each in gathering.answers()]  # type: ignore[index]
    assert told == [(answer, join["id"])]


async def test_a_join_of_the_chapter_itself_is_rejected(world: World) -> None:
    gathering = await a_gathering(world)
    ana = gathering.member()
    join = dialects.mobilizon_join(ana, replace(gathering.to, event=gathering.to.chapter))
    await gathering.send(ana, join)
    (answer,) = gathering.answers()
    assert (answer["type"], answer["object"]["id"]) == ("Reject", join["id"])  # type: ignore[index]
    assert (await gathering.tally()).voters == 0


async def test_a_join_of_a_deleted_event_is_rejected(world: World) -> None:
    gathering = await a_gathering(world)
    await gathering.chapter.write(lambda tx: delete_event(tx, gathering.event_id))
    ana = gathering.member()
    await gathering.send(ana, dialects.mobilizon_join(ana, gathering.to))
    assert [answer["type"] for answer in gathering.answers()] == ["Reject"]
    assert await gathering.status() is None


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("visibility", ["local", "followers"])
async def test_an_event_that_is_not_for_the_sender_does_not_exist(
    world: World, visibility: str, dialect: str
) -> None:
    gathering = await a_gathering(world, visibility=visibility)
    ana = gathering.member()
    to = gathering.to if gathering.to.poll else replace(gathering.to, poll=("Going",))
    await gathering.send(ana, DIALECTS[dialect](ana, to))
    assert await gathering.rsvp() is None
    assert gathering.answers() == []
    assert gathering.letters() == []


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_follower_answers_an_event_for_followers(world: World, dialect: str) -> None:
    gathering = await a_gathering(world, visibility="followers")
    ana = gathering.member()
    await ana.follow(gathering.chapter.uri)
    await world.settle()
    await gathering.send(ana, DIALECTS[dialect](ana, gathering.to))
    assert await gathering.status() == "going"
    await ana.unfollow(gathering.chapter.uri)
    await world.settle()
    await gathering.send(ana, dialects.private_reply(ana, gathering.to, "can't make it"))
    assert await gathering.status() == "no"


# -- votes ---------------------------------------------------------------------------------

VOTES = [dialects.mastodon_vote, dialects.gotosocial_vote, dialects.misskey_vote]


@pytest.mark.parametrize("vote", VOTES)
@pytest.mark.parametrize(("option", "status"), [(0, "going"), (1, "maybe"), (2, "no")])
async def test_each_option_means_what_it_says(
    world: World, vote: Callable[..., dict[str, object]], option: int, status: str
) -> None:
    gathering = await a_gathering(world)
    ana = gathering.member()
    await gathering.send(ana, vote(ana, gathering.to, option))
    assert await gathering.status() == status
    assert await gathering.notices() == Counter([status])


async def test_of_several_votes_the_last_one_counts(world: World) -> None:
    gathering = await a_gathering(world)
    ana = gathering.member()
    for option in (0, 2, 1):
        world.clock.advance(timedelta(seconds=1))
        await gathering.send(ana, dialects.mastodon_vote(ana, gathering.to, option))
    assert await gathering.status() == "maybe"
    assert (await gathering.tally()).voters == 1


@pytest.mark.parametrize("name", ["Coming", "going", " Going", ""])
async def test_a_vote_for_an_option_the_poll_does_not_have_changes_nothing(
    world: World, name: str
) -> None:
    gathering = await a_gathering(world)
    ana, to = gathering.member(), replace(gathering.to, poll=(name,))
    await gathering.send(ana, dialects.mastodon_vote(ana, to))
    assert await gathering.rsvp() is None


async def test_only_the_face_of_an_event_takes_votes(world: World) -> None:
    gathering = await a_gathering(world)
    ana = gathering.member()
    post = await gathering.chapter.post("Hello")
    for question in (gathering.to.event, post, "https://m.test/users/zoe/statuses/1"):
        vote = dialects.mastodon_vote(ana, gathering.to)
        vote["object"]["inReplyTo"] = question  # type: ignore[index]
        await gathering.send(ana, vote)
        assert await gathering.last_outcome() == "ignored: a vote on no poll of ours"
    assert (await gathering.tally()).voters == 0


async def test_an_event_without_a_poll_takes_no_votes(world: World) -> None:
    gathering = await a_gathering(world)
    ana, event = gathering.member(), await gathering.event()
    await gathering.chapter.write(lambda tx: tx.conn.exec_driver_sql("UPDATE events SET poll='[]'"))
    assert (await gathering.event()).poll == () != event.poll
    await gathering.send(ana, dialects.mastodon_vote(ana, gathering.to))
    assert await gathering.rsvp() is None


async def test_a_vote_never_shows_as_a_reply(world: World) -> None:
    gathering = await a_gathering(world)
    ana = gathering.member()
    await gathering.send(ana, dialects.mastodon_vote(ana, gathering.to))
    page = await gathering.world.network.send(
        "GET", f"{gathering.to.event}/replies", {"Accept": "application/activity+json"}
    )
    assert page.json()["totalItems"] == 0


async def test_a_vote_after_the_end_is_answered_kindly_and_once(world: World) -> None:
    gathering = await past(world)
    ana = gathering.member()
    for _ in range(3):
        await gathering.send(ana, dialects.mastodon_vote(ana, gathering.to))
    assert await gathering.status() is None
    assert await gathering.notices() == Counter(["refused"])


async def test_a_vote_in_anothers_name_is_refused_at_the_door(world: World) -> None:
    gathering = await a_gathering(world)
    ana, eve = gathering.member(), gathering.member("eve")
    shared = gathering.chapter.urls.shared_inbox
    forged = dialects.mastodon_vote(ana, gathering.to)
    assert await eve.send(shared, forged) == 401
    far = world.mastodon("far.test").member("eve")
    assert await far.send(shared, forged) == 401
    plain = {"Content-Type": "application/activity+json", "Host": "a.test"}
    unsigned = await world.network.send("POST", shared, plain, json.dumps(forged).encode())
    assert unsigned.status_code == 401
    hidden = dialects.mastodon_vote(eve, gathering.to)
    hidden["object"]["attributedTo"] = ana.uri  # type: ignore[index]
    await gathering.send(eve, hidden)
    assert (await gathering.tally()).voters == 0


# -- Accept and its kin --------------------------------------------------------------------

ANSWERS = [
    dialects.friendica_accept,
    dialects.hubzilla_accept,
    dialects.invite_accept,
    dialects.bridgy_accept,
]
KINDS = {
    "Accept": "going",
    "TentativeAccept": "maybe",
    "TentativeReject": "no",
    "Reject": "no",
}


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("kind", KINDS)
async def test_each_answer_means_what_it_says(
    world: World, answer: Callable[..., dict[str, object]], kind: str
) -> None:
    gathering = await a_gathering(world)
    ana = gathering.member()
    await gathering.send(ana, answer(ana, gathering.to, kind))
    assert await gathering.status() == KINDS[kind]
    assert gathering.answers() == []


@pytest.mark.parametrize("kind", [None, "Question", "Note"])
async def test_the_face_is_as_good_a_name_as_the_event(world: World, kind: str | None) -> None:
    gathering = await a_gathering(world)
    ana, to = gathering.member(), replace(gathering.to, event=gathering.to.face)
    accept = dialects.friendica_accept(ana, to)
    if kind:
        accept["object"] = {"type": kind, "id": to.event}
    await gathering.send(ana, accept)
    assert await gathering.status() == "going"


async def test_a_list_answers_each_of_our_events_in_it(world: World) -> None:
    gathering = await a_gathering(world)
    other = await gathering.chapter.event("Assembly")
    ana = gathering.member()
    accept = dialects.bridgy_accept(ana, gathering.to)
    accept["object"] = [gathering.to.event, "https://far.test/events/1", {"id": other}]
    await gathering.send(ana, accept)
    held = await gathering.chapter.read(lambda tx: rsvps.of_actor(tx, ana.uri))
    assert len(held) == 2


@pytest.mark.parametrize(
    "changes", [{"attributedTo": "https://evil.test/users/eve"}, {"id": "https://evil.test/e/1"}]
)
async def test_an_event_under_a_foreign_name_is_ignored(
    world: World, changes: dict[str, object]
) -> None:
    gathering = await a_gathering(world)
    ana = gathering.member()
    accept = dialects.hubzilla_accept(ana, gathering.to)
    accept["object"] |= changes  # type: ignore[operator]
    await gathering.send(ana, accept)
    assert await gathering.rsvp() is None


async def test_an_accepted_follow_is_no_rsvp_and_an_rsvp_accepts_no_follow(world: World) -> None:
    gathering = await a_gathering(world)
    ana = gathering.member()
    gathering.server.accepts_follows = False
    follow = await gathering.chapter.follow(ana.uri)
    await world.settle()
    await gathering.send(ana, dialects.friendica_accept(ana, gathering.to))
    await gathering.send(ana, dialects.bridgy_accept(ana, gathering.to))
    from_us = await gathering.chapter.read(
        lambda tx: tx.conn.exec_driver_sql("SELECT state FROM following").scalars().all()
    )
    assert from_us == ["rejected"]
    accept = dialects.friendica_accept(ana, gathering.to, "Reject")
    await gathering.send(ana, accept | {"object": gathering.chapter.urls.follow(follow.id)})
    assert await gathering.status() == "going"


async def test_likes_boosts_and_follows_are_no_answers(world: World) -> None:
    gathering = await a_gathering(world)
    ana = gathering.member()
    await ana.like(gathering.to.event)
    await ana.boost(gathering.to.face)
    await ana.follow(gathering.chapter.uri)
    await world.settle()
    assert (await gathering.tally()).voters == 0


async def test_a_perhaps_of_smithereen_is_a_maybe_without_an_answer(world: World) -> None:
    gathering = await a_gathering(world)
    ana = gathering.member()
    join = dialects.mobilizon_join(ana, gathering.to) | {"type": "sm:TentativeJoin"}
    await gathering.send(ana, join)
    assert await gathering.status() == "maybe"
    assert gathering.answers() == []


async def test_a_word_to_the_organizers_is_kept_in_short_and_plain(world: World) -> None:
    gathering = await a_gathering(world)
    ana = gathering.member()
    join = dialects.rebased_join(ana, gathering.to)
    await gathering.send(ana, join)
    kept = await gathering.rsvp()
    assert kept is not None
    assert kept.note == "I bring cake"
    long = dialects.mobilizon_join(ana, gathering.to) | {"participationMessage": "word " * 500}
    await gathering.send(ana, long)
    kept = await gathering.rsvp()
    assert kept is not None
    assert len(kept.note or "") <= 500


# -- order ---------------------------------------------------------------------------------


async def test_an_old_accept_that_comes_after_a_leave_brings_nobody_back(world: World) -> None:
    gathering = await a_gathering(world)
    ana = gathering.member()
    old = dialects.friendica_accept(ana, gathering.to)
    world.clock.advance(timedelta(minutes=1))
    leave = dialects.mobilizon_join(ana, gathering.to) | {"type": "Leave"}
    await gathering.send(ana, leave)
    await gathering.send(ana, old)
    assert await gathering.status() == "no"
    assert gathering.answers() == []


async def test_of_two_words_of_one_instant_the_leave_counts_whichever_comes_first(
    world: World,
) -> None:
    gathering = await a_gathering(world)
    for name, first in (("ana", "Join"), ("ben", "Leave")):
        member = gathering.member(name)
        kinds = ["Join", "Leave"] if first == "Join" else ["Leave", "Join"]
        for kind in kinds:
            await gathering.send(
                member, dialects.mobilizon_join(member, gathering.to) | {"type": kind}
            )
        assert await gathering.status(name) == "no"


async def test_a_time_in_the_future_is_taken_as_now(world: World) -> None:
    gathering = await a_gathering(world)
    ana = gathering.member()
    accept = dialects.friendica_accept(ana, gathering.to) | {"published": "2031-01-01T00:00:00Z"}
    await gathering.send(ana, accept)
    world.clock.advance(timedelta(minutes=1))
    await gathering.send(ana, dialects.friendica_accept(ana, gathering.to, "Reject"))
    assert await gathering.status() == "no"


@pytest.mark.parametrize("form", ["embedded", "bare id", "leave"])
async def test_whoever_leaves_frees_a_seat_for_the_first_in_line(world: World, form: str) -> None:
    gathering = await a_gathering(world, capacity=1)
    ana, ben = gathering.member(), gathering.member("ben")
    join = dialects.mobilizon_join(ana, gathering.to)
    await gathering.send(ana, join)
    world.clock.advance(timedelta(seconds=1))
    await gathering.send(ben, dialects.mobilizon_join(ben, gathering.to))
    assert [await gathering.status(name) for name in ("ana", "ben")] == ["going", "waitlist"]
    world.clock.advance(timedelta(seconds=1))
    undo = ana.activity("Undo", join if form == "embedded" else join["id"], uri=f"{ana.uri}#u/1")
    leave = dialects.mobilizon_join(ana, gathering.to) | {"type": "Leave"}
    await gathering.send(ana, leave if form == "leave" else undo)
    assert [await gathering.status(name) for name in ("ana", "ben")] == ["no", "going"]
    assert [each["type"] for each in gathering.answers("ben")] == ["Reject", "Accept"]
    assert (await gathering.notices())["promoted"] == 0


@pytest.mark.parametrize("bare", [False, True])
async def test_an_undone_accept_is_no_answer(world: World, *, bare: bool) -> None:
    gathering = await a_gathering(world)
    ana = gathering.member()
    accept = dialects.friendica_accept(ana, gathering.to)
    await gathering.send(ana, accept)
    undo = ana.activity("Undo", accept["id"] if bare else accept, uri=f"{ana.uri}#undo/1")
    await gathering.send(ana, undo)
    assert await gathering.status() == "none"
    assert (await gathering.tally()).voters == 0


@pytest.mark.parametrize("bare", [False, True])
async def test_an_undo_that_comes_before_its_accept_keeps_it_out(
    world: World, *, bare: bool
) -> None:
    gathering = await a_gathering(world)
    ana = gathering.member()
    accept = dialects.friendica_accept(ana, gathering.to)
    undo = ana.activity("Undo", accept["id"] if bare else accept, uri=f"{ana.uri}#undo/1")
    await gathering.send(ana, undo)
    await gathering.send(ana, accept)
    assert await gathering.status() in {None, "none"}


async def test_an_undo_of_an_older_answer_leaves_the_newer_one(world: World) -> None:
    gathering = await a_gathering(world)
    ana = gathering.member()
    accept = dialects.friendica_accept(ana, gathering.to)
    await gathering.send(ana, accept)
    await gathering.send(ana, dialects.friendica_accept(ana, gathering.to, "TentativeAccept"))
    await gathering.send(ana, ana.activity("Undo", accept, uri=f"{ana.uri}#undo/1"))
    assert await gathering.status() == "maybe"


async def test_nobody_takes_back_the_answer_of_another(world: World) -> None:
    gathering = await a_gathering(world)
    ana, eve = gathering.member(), world.mastodon("far.test").member("eve")
    accept = dialects.friendica_accept(ana, gathering.to)
    await gathering.send(ana, accept)
    mine = {**accept, "actor": eve.uri}
    for number, thing in enumerate((accept["id"], accept, mine)):
        undo = eve.activity("Undo", thing, uri=f"{eve.uri}#undo/{number}")
        await gathering.send(eve, undo)
    assert await gathering.status() == "going"


async def test_nobody_keeps_out_the_answer_of_a_neighbour(world: World) -> None:
    gathering = await a_gathering(world)
    ana, eve = gathering.member(), gathering.member("eve")
    accept = dialects.friendica_accept(ana, gathering.to)
    await gathering.send(eve, eve.activity("Undo", accept["id"], uri=f"{eve.uri}#undo/1"))
    embedded = {**accept, "actor": eve.uri}
    await gathering.send(eve, eve.activity("Undo", embedded, uri=f"{eve.uri}#undo/2"))
    await gathering.send(ana, accept)
    assert await gathering.status() == "going"


async def test_a_reply_waits_for_the_vote_that_came_before_it(world: World) -> None:
    gathering = await a_gathering(world)
    ana = gathering.member()
    vote = dialects.mastodon_vote(ana, gathering.to)
    assert await ana.send(gathering.chapter.urls.shared_inbox, vote) == 202
    later = inbox.update().values(due=world.clock.now() + timedelta(minutes=15))
    await gathering.chapter.write(lambda tx: tx.conn.execute(later))
    world.clock.advance(timedelta(minutes=10))
    await gathering.send(ana, dialects.private_reply(ana, gathering.to, "can't make it"))
    assert await gathering.status() is None
    world.clock.advance(timedelta(minutes=10))
    await world.settle()
    assert await gathering.chapter.outcomes() == ["RSVP: going", "RSVP: no"]
    assert await gathering.status() == "no"
