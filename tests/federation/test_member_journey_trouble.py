"""The journey of a member: what goes wrong on the way, and does no harm.

More ways to lie are in `tests/hostile`, more ways to die in `test_crashes`.
"""

import json
from datetime import timedelta

import pytest

from fedi_chapter.core.errors import Unreachable
from fedi_chapter.workers import inbox
from tests.kit import dialects
from tests.kit.answering import a_gathering
from tests.kit.peers.mastodon import Json, Member
from tests.kit.peers.signatures import signed_post
from tests.kit.world import World

pytestmark = pytest.mark.anyio

Letter = tuple[dict[str, str], bytes]


def signed(member: Member, inbox_url: str, activity: Json) -> Letter:
    """Return a request as the member's server sends it, to be sent as often as one likes."""
    body, now = json.dumps(activity).encode(), member.server.clock.now()
    return signed_post(member.key, f"{member.uri}#main-key", inbox_url, body, now), body


async def test_after_six_hours_away_every_vote_counts_and_nobody_is_told_twice(
    world: World,
) -> None:
    """MEM-17."""
    gathering = await a_gathering(world)
    chapter, shared = gathering.chapter, gathering.chapter.urls.shared_inbox
    ben = gathering.member("ben")
    assert await ben.send(shared, dialects.mastodon_vote(ben, gathering.to)) == 202
    queue = inbox.queue(chapter.deps)
    await chapter.write(lambda tx: queue.claim(tx, 10))  # the process dies over his vote
    world.network.down.add("a.test")
    others = [gathering.member(name) for name in ("ana", "cleo")]
    votes = [(member, dialects.mastodon_vote(member, gathering.to)) for member in others]
    for _ in range(3):
        for member, vote in votes:
            with pytest.raises(Unreachable):
                await member.send(shared, vote)
        world.clock.advance(timedelta(hours=2))
    world.network.down.clear()
    for member, vote in votes:
        for _ in range(2):  # our first answer was lost on its way back
            assert await member.send(shared, vote) == 202
    await world.settle()
    tally = await gathering.tally()
    assert (tally.going, tally.voters) == (3, 3)
    world.clock.advance(timedelta(hours=1))
    await world.settle()
    assert [len(gathering.texts(name)) for name in ("ana", "ben", "cleo")] == [1, 1, 1]


@pytest.mark.parametrize(
    "forgery", ["unsigned", "changed on the way", "signed by a neighbour", "signed elsewhere"]
)
async def test_a_vote_that_somebody_forged_is_refused_at_the_door(
    world: World, forgery: str
) -> None:
    """MEM-17."""
    gathering = await a_gathering(world)
    shared = gathering.chapter.urls.shared_inbox
    ana, eve = gathering.member(), gathering.member("eve")
    far = world.mastodon("far.test").member("eve")
    vote = dialects.mastodon_vote(ana, gathering.to)
    body = json.dumps(vote).encode()
    letters: dict[str, Letter] = {
        "unsigned": ({"Host": "a.test", "Content-Type": "application/activity+json"}, body),
        "changed on the way": (
            signed(ana, shared, vote)[0],
            body.replace(b'"Going"', b'"Maybe"'),
        ),
        "signed by a neighbour": signed(eve, shared, vote),
        "signed elsewhere": signed(far, shared, vote),
    }
    answer = await world.network.send("POST", shared, *letters[forgery])
    assert answer.status_code == 401
    await world.settle()
    assert (await gathering.tally()).voters == 0
    assert await gathering.chapter.outcomes() == []
    assert gathering.server.received == []


async def test_a_vote_within_the_message_of_another_counts_for_neither(world: World) -> None:
    """MEM-17."""
    gathering = await a_gathering(world)
    ana, eve = gathering.member(), gathering.member("eve")
    vote = dialects.mastodon_vote(eve, gathering.to)
    note = vote["object"]
    assert isinstance(note, dict)
    note["attributedTo"] = ana.uri
    await gathering.send(eve, vote)
    assert [await gathering.status(name) for name in ("ana", "eve")] == [None, None]
    assert gathering.texts() == gathering.texts("eve") == []


async def test_a_vote_that_is_sent_again_does_not_bring_back_who_has_said_no(
    world: World,
) -> None:
    """MEM-17."""
    gathering = await a_gathering(world)
    ana, shared = gathering.member(), gathering.chapter.urls.shared_inbox
    headers, body = signed(ana, shared, dialects.mastodon_vote(ana, gathering.to))

    async def replayed() -> int:
        answer = await world.network.send("POST", shared, headers, body)
        await world.settle()
        return answer.status_code

    assert await replayed() == 202
    assert await gathering.status() == "going"
    world.clock.advance(timedelta(minutes=1))
    await gathering.send(ana, dialects.private_reply(ana, gathering.to, "can't make it"))
    told = len(gathering.texts())
    assert await replayed() == 202
    world.clock.advance(timedelta(hours=13))
    assert await replayed() == 401
    assert await gathering.status() == "no"
    assert len(gathering.texts()) == told == 2


async def test_a_vote_after_the_end_is_answered_politely_and_counts_for_nothing(
    world: World,
) -> None:
    """MEM-17."""
    gathering = await a_gathering(world)
    ana = gathering.member()
    world.clock.advance(timedelta(days=3))
    for _ in range(2):
        vote = dialects.mastodon_vote(ana, gathering.to)
        assert await gathering.send(ana, vote) == 202
    assert (await gathering.tally()).voters == 0
    (text,) = gathering.texts()
    assert "Your answer to “Picnic” came too late to count." in text
    assert gathering.to.event in text
