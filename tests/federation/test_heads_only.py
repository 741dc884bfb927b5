"""An event that only counts heads: who answered stands in no table and in no line of the log."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select
from structlog.testing import capture_logs

from fedi_chapter.domain.follower import FollowState
from fedi_chapter.services import retention
from fedi_chapter.store import followers, remote_actors
from fedi_chapter.store.tables.base import metadata
from fedi_chapter.store.tx import ReadTx, WriteTx
from tests.kit import dialects
from tests.kit.answering import Gathering, a_gathering
from tests.kit.world import World

pytestmark = pytest.mark.anyio
NAME = "xanthippe"
IN_WORDS = {"public reply", "private reply", "private mention"}
"""What is said to everybody, or to the organizers, is more than an answer, and kept as such."""
BY_BUTTON = sorted(set(dialects.DIALECTS) - IN_WORDS)


async def tables_with(made: Gathering, word: str) -> set[str]:
    """Return the tables in which a word stands anywhere."""

    def read(tx: ReadTx) -> set[str]:
        return {
            table.name
            for table in metadata.sorted_tables
            for row in tx.conn.execute(select(table))
            if word in repr(tuple(row))
        }

    return await made.chapter.read(read)


async def swept(made: Gathering, world: World) -> None:
    """Let the clock do what it does every hour."""
    world.clock.advance(timedelta(hours=1, minutes=1))
    urls = made.chapter.urls
    await made.chapter.write(lambda tx: retention.sweep(tx, urls))
    unknown = await made.chapter.read(retention.strangers)
    await made.chapter.write(lambda tx: retention.forget_strangers(tx, unknown))


@pytest.mark.parametrize("dialect", BY_BUTTON)
async def test_who_answered_is_soon_in_no_table(world: World, dialect: str) -> None:
    made = await a_gathering(world, counts_only=True)
    member = made.member(NAME)
    with capture_logs() as lines:
        await made.send(member, dialects.DIALECTS[dialect](member, made.to))
    assert (await made.tally()).going == 1
    assert NAME not in repr(lines)
    assert not {"inbox", "rsvps", "notices", "outbox", "undone"} & await tables_with(made, NAME)
    await swept(made, world)
    assert await tables_with(made, NAME) == set()


@pytest.mark.parametrize("status", [410, 500])
async def test_who_answered_goes_as_soon_where_no_confirmation_can_arrive(
    world: World, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    made = await a_gathering(world, counts_only=True)
    member, send = made.member(NAME), world.network.send

    async def refuse(method: str, url: str, *rest: Any, **more: Any) -> httpx.Response:
        if method == "POST" and url.startswith(made.server.base):
            return httpx.Response(status, request=httpx.Request(method, url))
        return await send(method, url, *rest, **more)

    monkeypatch.setattr(world.network, "send", refuse)
    await made.send(member, dialects.DIALECTS["mastodon vote"](member, made.to))
    assert await tables_with(made, NAME) >= {"deliveries", "activities"}
    await swept(made, world)
    assert await tables_with(made, NAME) == set()
    await world.settle()
    assert (await made.tally()).going == 1


@pytest.mark.parametrize("dialect", sorted(IN_WORDS))
async def test_of_an_answer_in_words_the_words_alone_are_kept(world: World, dialect: str) -> None:
    made = await a_gathering(world, counts_only=True)
    member = made.member(NAME)
    await made.send(member, dialects.DIALECTS[dialect](member, made.to))
    await swept(made, world)
    assert await tables_with(made, NAME) <= {"replies", "messages", "remote_actors", "remote_keys"}


async def test_an_exact_replay_still_counts_once_and_a_change_of_mind_counts(world: World) -> None:
    made = await a_gathering(world, counts_only=True)
    member = made.member(NAME)
    vote = dialects.DIALECTS["mastodon vote"](member, made.to)
    for _ in range(2):
        await made.send(member, vote)
    assert (await made.tally()).going == 1
    await swept(made, world)
    maybe = dialects.mastodon_vote(member, made.to, 1)
    await made.send(member, maybe)
    tally = await made.tally()
    assert (tally.going, tally.maybe) == (0, 1)


async def test_a_follower_who_answers_stays_a_follower(world: World) -> None:
    made = await a_gathering(world, counts_only=True)
    member = made.member(NAME)
    await made.send(member, dialects.DIALECTS["mastodon vote"](member, made.to))

    def follow(tx: WriteTx) -> None:
        mine = made.chapter.actor.id
        followers.put(tx, mine, member.uri, f"{member.uri}#follow", FollowState.ACCEPTED)

    await made.chapter.write(follow)
    await swept(made, world)
    assert await made.chapter.read(lambda tx: remote_actors.get(tx, member.uri)) is not None
    assert "inbox" not in await tables_with(made, NAME)


async def test_an_event_with_names_keeps_its_ledger(world: World) -> None:
    made = await a_gathering(world)
    member = made.member(NAME)
    await made.send(member, dialects.DIALECTS["mastodon vote"](member, made.to))
    assert {"inbox", "rsvps"} <= await tables_with(made, NAME)
