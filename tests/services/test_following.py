from dataclasses import replace
from datetime import timedelta

import pytest

from fedi_chapter.core.errors import Conflict, FormInvalid, Missing, NotAllowed
from fedi_chapter.domain.follower import FollowState
from fedi_chapter.domain.happening import (
    Boosted,
    FollowerAccepted,
    FollowerRemoved,
    FollowRequested,
    FollowWithdrawn,
    ServerFollowed,
    Unboosted,
)
from fedi_chapter.domain.remote_actor import RemoteActor
from fedi_chapter.services import boosts, following, moderation
from fedi_chapter.store import blocks, followers, hosts, outbox, remote_actors
from fedi_chapter.store import following as store_following
from tests.services.conftest import House

pytestmark = pytest.mark.anyio


def an_actor(host: str = "athens.example", name: str = "athens") -> RemoteActor:
    return RemoteActor(
        uri=f"https://{host}/{name}",
        host=host,
        type="Group",
        username=name,
        handle=f"{name}@{host}",
        name="Athens",
        inbox=f"https://{host}/{name}/inbox",
        url=f"https://{host}/",
    )


async def knows(house: House, actor: RemoteActor) -> RemoteActor:
    await house.do(lambda tx: remote_actors.put(tx, actor))
    return actor


async def follow(house: House, actor: RemoteActor) -> FollowState:
    made = await house.do(lambda tx: following.request_follow(tx, house.chapter, actor, house.urls))
    return made.state


async def test_a_follow_is_asked_for_once(house: House) -> None:
    actor = await knows(house, an_actor())
    assert await follow(house, actor) is FollowState.PENDING
    assert await follow(house, actor) is FollowState.PENDING
    [asked] = await house.happenings()
    assert isinstance(asked, FollowRequested)


async def test_a_rejected_follow_can_be_asked_for_again(house: House) -> None:
    actor = await knows(house, an_actor())
    await follow(house, actor)
    first = await house.see(lambda tx: store_following.by_target(tx, house.chapter.id, actor.uri))
    assert first is not None
    await house.do(lambda tx: store_following.answer(tx, first.id, FollowState.REJECTED))
    assert await follow(house, actor) is FollowState.PENDING
    assert len(await house.happenings()) == 2


async def test_a_chapter_follows_neither_itself_nor_whom_it_blocks(house: House) -> None:
    with pytest.raises(Conflict):
        await follow(house, an_actor("chapter.example.org"))
    actor = await knows(house, an_actor())
    await house.do(lambda tx: moderation.block(tx, actor.host, house.urls))
    with pytest.raises(NotAllowed):
        await follow(house, actor)


async def test_a_follow_is_withdrawn(house: House) -> None:
    actor = await knows(house, an_actor())
    await follow(house, actor)
    await house.do(lambda tx: following.withdraw_follow(tx, house.chapter, actor.uri))
    asked, withdrawn = await house.happenings()
    assert isinstance(asked, FollowRequested)
    assert withdrawn == FollowWithdrawn(house.chapter.id, asked.follow_id, actor.uri)
    with pytest.raises(Missing):
        await house.do(lambda tx: following.withdraw_follow(tx, house.chapter, actor.uri))


async def test_a_boost_is_made_once_and_taken_back_once(house: House) -> None:
    uri, author = "https://athens.example/posts/1", "https://athens.example/athens"
    made = await house.do(lambda tx: boosts.boost(tx, house.chapter, uri, author))
    assert await house.do(lambda tx: boosts.boost(tx, house.chapter, uri, author)) == made
    await house.do(lambda tx: boosts.unboost(tx, house.chapter, uri))
    assert await house.happenings() == [Boosted(made.id), Unboosted(made.id)]
    with pytest.raises(Missing):
        await house.do(lambda tx: boosts.unboost(tx, house.chapter, uri))


async def test_a_block_parts_in_both_directions_and_counts_for_subdomains(house: House) -> None:
    near, far = an_actor("a.bad.example:8443"), an_actor("good.example")
    for actor in (near, far):
        await knows(house, actor)
        await follow(house, actor)
        await house.do(
            lambda tx, actor=actor: followers.put(  # type: ignore[misc]
                tx, house.chapter.id, actor.uri, f"{actor.uri}#follow", FollowState.ACCEPTED
            )
        )
    await house.do(lambda tx: moderation.block(tx, "Bad.Example.", house.urls))
    left = await house.see(lambda tx: followers.listing(tx, house.chapter.id))
    assert [each.uri for each in left] == [far.uri]
    kept = await house.see(lambda tx: store_following.listing(tx, house.chapter.id))
    assert [each.uri for each in kept] == [far.uri]
    removed, withdrawn = (await house.happenings())[2:]
    assert removed == FollowerRemoved(house.chapter.id, near.uri, f"{near.uri}#follow")
    assert isinstance(withdrawn, FollowWithdrawn)
    with pytest.raises(NotAllowed):
        await house.do(lambda tx: boosts.boost(tx, house.chapter, f"{near.uri}/1", near.uri))


async def test_a_block_of_an_actor_leaves_its_server_alone(house: House) -> None:
    made = await house.do(
        lambda tx: moderation.block(tx, "https://big.example/users/troll", house.urls)
    )
    assert (made.kind, made.target) == ("actor", "https://big.example/users/troll")
    assert await house.see(lambda tx: blocks.find(tx, actor_uri=None, host="big.example")) is None


async def test_a_block_is_lifted(house: House) -> None:
    await house.do(lambda tx: moderation.block(tx, "https://bad.example/", house.urls))
    await house.do(lambda tx: moderation.unblock(tx, "bad.example"))
    assert await house.see(blocks.listing) == []
    with pytest.raises(Missing):
        await house.do(lambda tx: moderation.unblock(tx, "bad.example"))


@pytest.mark.parametrize("target", ["", "a b", "https://", "-", "x" * 300, "bad..example"])
async def test_what_is_neither_host_nor_actor_is_refused(house: House, target: str) -> None:
    with pytest.raises(FormInvalid):
        await house.do(lambda tx: moderation.block(tx, target, house.urls))


@pytest.mark.parametrize("target", ["example.org", "chapter.example.org"])
async def test_a_server_does_not_block_itself(house: House, target: str) -> None:
    with pytest.raises(Conflict):
        await house.do(lambda tx: moderation.block(tx, target, house.urls))


async def test_a_relay_that_waited_is_told_of_the_events_once_its_host_is_allowed(
    house: House,
) -> None:
    relay = replace(an_actor("mz.example", "relay"), type="Application")
    for actor in (relay, an_actor("mz.example", "zoe")):
        await knows(house, actor)
        await house.do(
            lambda tx, actor=actor: followers.put(  # type: ignore[misc]
                tx, house.chapter.id, actor.uri, f"{actor.uri}#follow", FollowState.PENDING
            )
        )
    for _ in range(2):
        await house.do(lambda tx: moderation.allow(tx, "mz.example"))
    told = await house.happenings()
    assert sorted(type(each).__name__ for each in told) == [
        "FollowerAccepted",
        "FollowerAccepted",
        "ServerFollowed",
    ]
    assert ServerFollowed(house.chapter.id, relay.uri) in told
    now = await house.do(lambda tx: outbox.claim(tx, 9, timedelta(0)))
    assert [type(job.happening) for job in now] == [FollowerAccepted] * 2  # the Accept comes first


async def test_a_host_is_allowed_unless_it_is_blocked(house: House) -> None:
    assert await house.do(lambda tx: moderation.allow(tx, "Athens.example")) == "athens.example"
    assert await house.do(lambda tx: moderation.allow(tx, "127.0.0.1:8002")) == "127.0.0.1:8002"
    assert await house.see(lambda tx: hosts.is_allowed(tx, "athens.example"))
    await house.do(lambda tx: moderation.block(tx, "bad.example", house.urls))
    with pytest.raises(Conflict):
        await house.do(lambda tx: moderation.allow(tx, "bad.example"))
