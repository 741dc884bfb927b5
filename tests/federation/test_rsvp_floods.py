"""Too many answers, answers to and fro, and people who are not welcome: ABU-03."""

from collections import Counter
from datetime import timedelta

import pytest

from fedi_chapter.domain.rsvp import RANKS, Answer, Route, Saying
from fedi_chapter.federation import answers
from fedi_chapter.services import approval
from fedi_chapter.services.event_fields import EventFields
from fedi_chapter.services.events import edit_event
from fedi_chapter.services.moderation import allow, block
from fedi_chapter.store import remote_actors, rsvps
from fedi_chapter.store.tables import notices
from fedi_chapter.store.tx import WriteTx
from tests.kit import dialects
from tests.kit.answering import Gathering, a_gathering
from tests.kit.builders import a_remote_actor
from tests.kit.peers.mastodon import Member
from tests.kit.world import World

pytestmark = pytest.mark.anyio

HOST = "bots.test"


async def crowd(gathering: Gathering, size: int) -> None:
    """Let so many of one host say that they come, without the toll of their signatures."""
    event, bots = await gathering.event(), [a_remote_actor(f"b{n}", HOST) for n in range(size)]

    def come(tx: WriteTx) -> None:
        for bot in bots:
            remote_actors.put(tx, bot)
            saying = Saying(Answer.GOING, Route.POLL, tx.now, RANKS[Answer.GOING])
            answers.respond(tx, event, bot, saying)
        tx.conn.execute(notices.delete())  # what they are told is not what this is about

    await gathering.chapter.write(come)


async def in_turn(gathering: Gathering, member: Member, *options: int) -> None:
    for option in options:
        gathering.world.clock.advance(timedelta(seconds=1))
        await gathering.send(member, dialects.mastodon_vote(member, gathering.to, option))


async def test_of_a_host_that_floods_an_event_the_rest_waits_for_an_organizer(
    world: World,
) -> None:
    gathering = await a_gathering(world)
    most = answers.MOST_OF_HOST
    await crowd(gathering, most + 5)
    tally = await gathering.tally()
    assert (tally.going, tally.pending) == (most, 5)
    ana = gathering.member()
    await gathering.send(ana, dialects.mastodon_vote(ana, gathering.to))
    assert await gathering.status() == "going"


async def test_a_flood_by_way_of_maybe_is_seen_as_well(world: World) -> None:
    gathering = await a_gathering(world)
    event, most = await gathering.event(), answers.MOST_OF_HOST
    bots = [a_remote_actor(f"b{n}", HOST) for n in range(most + 5)]

    def say(tx: WriteTx, answer: Answer) -> None:
        for bot in bots:
            remote_actors.put(tx, bot)
            answers.respond(tx, event, bot, Saying(answer, Route.POLL, tx.now, RANKS[answer]))

    await gathering.chapter.write(lambda tx: say(tx, Answer.MAYBE))
    world.clock.advance(timedelta(minutes=1))
    await gathering.chapter.write(lambda tx: say(tx, Answer.GOING))
    tally = await gathering.tally()
    assert (tally.going, tally.pending) == (most, 5)


async def test_whoever_joins_in_a_flood_is_told_no_until_an_organizer_says_yes(
    world: World,
) -> None:
    gathering = await a_gathering(world)
    await crowd(gathering, answers.MOST_OF_HOST)
    world.mastodon(HOST)
    zed = world.mastodons[HOST].member("zed")
    join = dialects.mobilizon_join(zed, gathering.to)
    await gathering.send(zed, join)
    assert await gathering.last_outcome() == "held: an RSVP that waits for an organizer"
    assert gathering.chapter.counts["inbox.held.Join"] == 1
    event = await gathering.event()

    def let_in(tx: WriteTx) -> None:
        waiting = rsvps.find(tx, event.id, zed.uri)
        assert waiting is not None
        approval.approve(tx, event, waiting.id)

    await gathering.chapter.write(let_in)
    await world.settle()
    types = [each.activity["type"] for each in world.mastodons[HOST].received]
    assert types == ["Reject", "Accept"]


async def test_a_flood_gets_no_seats_by_an_edit_of_the_event(world: World) -> None:
    gathering = await a_gathering(world)
    await crowd(gathering, answers.MOST_OF_HOST + 5)
    urls, fields = gathering.chapter.urls, EventFields(name="Picnic in the park")
    await gathering.chapter.write(lambda tx: edit_event(tx, gathering.event_id, fields, urls))
    assert (await gathering.tally()).pending == 5


async def test_a_host_an_organizer_allows_may_come_in_any_number(world: World) -> None:
    gathering = await a_gathering(world)
    await gathering.chapter.write(lambda tx: allow(tx, HOST))
    await crowd(gathering, answers.MOST_OF_HOST + 5)
    assert (await gathering.tally()).pending == 0


async def test_after_an_hour_more_of_the_host_may_come(world: World) -> None:
    gathering = await a_gathering(world)
    await crowd(gathering, answers.MOST_OF_HOST)
    world.clock.advance(timedelta(hours=1, seconds=1))
    bot, event = a_remote_actor("late", HOST), await gathering.event()

    def come(tx: WriteTx) -> None:
        remote_actors.put(tx, bot)
        saying = Saying(Answer.GOING, Route.POLL, tx.now, RANKS[Answer.GOING])
        assert str(answers.respond(tx, event, bot, saying)) == "RSVP: going"

    await gathering.chapter.write(come)


# -- to and fro ----------------------------------------------------------------------------


async def test_who_keeps_changing_their_mind_gets_few_messages_and_the_last_one_is_true(
    world: World,
) -> None:
    gathering = await a_gathering(world)
    ana = gathering.member()
    await in_turn(gathering, ana, *([0, 2] * 10), 1)
    assert len(gathering.letters()) <= 6
    world.clock.advance(timedelta(hours=1, minutes=1))
    await world.settle()
    letters = gathering.letters()
    assert len(letters) <= 7
    assert "you may come" in str(letters[-1]["content"])
    waiting = notices.select().where(notices.c.state == "waiting")
    assert await gathering.chapter.read(lambda tx: tx.conn.execute(waiting).all()) == []


async def test_whoever_lets_go_of_a_seat_stands_at_the_end_of_the_line(world: World) -> None:
    gathering = await a_gathering(world, capacity=1)
    ana, ben, cleo = (gathering.member(name) for name in ("ana", "ben", "cleo"))
    for member in (ana, ben, cleo):
        await in_turn(gathering, member, 0)
    await in_turn(gathering, ana, 2, 0, 2, 0)
    stand = [await gathering.status(name) for name in ("ana", "ben", "cleo")]
    assert stand == ["waitlist", "going", "waitlist"]
    await in_turn(gathering, ben, 2)
    stand = [await gathering.status(name) for name in ("ana", "ben", "cleo")]
    assert stand == ["waitlist", "no", "going"]


async def test_saying_it_again_keeps_the_place_in_line(world: World) -> None:
    gathering = await a_gathering(world, capacity=1)
    ana, ben, cleo = (gathering.member(name) for name in ("ana", "ben", "cleo"))
    for member in (ana, ben, cleo, ben):
        await in_turn(gathering, member, 0)
    await in_turn(gathering, ana, 2)
    assert await gathering.status("ben") == "going"


# -- blocks --------------------------------------------------------------------------------


@pytest.mark.parametrize("target", ["https://m.test/users/ana", "m.test"])
async def test_a_block_gives_the_seats_of_the_blocked_to_who_waits(
    world: World, target: str
) -> None:
    gathering = await a_gathering(world, capacity=1)
    ana, ben = gathering.member(), world.mastodon("far.test").member("ben")
    await gathering.send(ana, dialects.mobilizon_join(ana, gathering.to))
    world.clock.advance(timedelta(seconds=1))
    await ben.send(gathering.chapter.urls.shared_inbox, dialects.mastodon_vote(ben, gathering.to))
    await world.settle()
    urls = gathering.chapter.urls
    await gathering.chapter.write(lambda tx: block(tx, target, urls))
    await world.settle()
    assert await gathering.rsvp() is None
    tally = await gathering.tally()
    assert (tally.going, tally.waitlist) == (1, 0)
    assert await gathering.notices() == Counter(waitlist=1, promoted=1)
    assert [each["type"] for each in gathering.answers()] == ["Accept", "Reject"]
    vote = dialects.mastodon_vote(ana, gathering.to)
    assert await ana.send(urls.shared_inbox, vote) == 403


async def test_a_block_finds_the_seat_of_a_head_that_is_only_counted(world: World) -> None:
    gathering = await a_gathering(world, capacity=1, counts_only=True)
    ana = gathering.member()
    await in_turn(gathering, ana, 0)
    assert (await gathering.tally()).going == 1
    urls = gathering.chapter.urls
    await gathering.chapter.write(lambda tx: block(tx, ana.uri, urls))
    assert (await gathering.tally()).going == 0


async def test_a_block_leaves_it_written_down_who_came(world: World) -> None:
    gathering = await a_gathering(world)
    ana = gathering.member()
    await in_turn(gathering, ana, 0)
    world.clock.advance(timedelta(days=4))
    urls = gathering.chapter.urls
    await gathering.chapter.write(lambda tx: block(tx, ana.uri, urls))
    assert await gathering.status() == "going"


async def test_an_event_that_only_counts_heads_keeps_no_name_of_who_answers(
    world: World,
) -> None:
    gathering = await a_gathering(world, counts_only=True)
    for number, dialect in enumerate(dialects.DIALECTS.values()):
        member = gathering.member(f"m{number}")
        await gathering.send(member, dialect(member, gathering.to))
    kept = await gathering.chapter.read(lambda tx: rsvps.of_event(tx, gathering.event_id))
    assert len(kept) == len(dialects.DIALECTS)
    assert not any("m.test" in str(each) for each in kept)


async def test_an_event_that_forgot_its_attendees_takes_no_more_answers(world: World) -> None:
    gathering = await a_gathering(world, counts_only=True)
    world.clock.advance(timedelta(days=40))
    await gathering.chapter.write(lambda tx: tx.conn.exec_driver_sql("DELETE FROM event_secrets"))
    ana, ben = gathering.member(), gathering.member("ben")
    await gathering.send(ana, dialects.mobilizon_join(ana, gathering.to))
    await gathering.send(ben, dialects.mastodon_vote(ben, gathering.to))
    await gathering.send(ben, dialects.private_reply(ben, gathering.to, "mute"))
    assert [each["type"] for each in gathering.answers()] == ["Reject"]
    assert (await gathering.tally()).voters == 0


async def test_nobody_is_named_in_what_stays_of_an_answer_that_asked_back(world: World) -> None:
    gathering = await a_gathering(world)
    ana = gathering.member()
    await gathering.send(ana, dialects.private_reply(ana, gathering.to, "going to be away"))
    rows = notices.select()
    (row,) = await gathering.chapter.read(lambda tx: tx.conn.execute(rows).all())
    assert row.kind == "unsure"
    assert ana.uri not in repr(row)
