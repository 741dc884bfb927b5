"""Actors met once are forgotten; whoever still means something here is not."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Column, func, insert, select

from fedi_chapter.core.clock import SetClock
from fedi_chapter.domain.conversation import (
    Message,
    QuoteAuthorization,
    Reaction,
    Reply,
    ReplyState,
    Report,
)
from fedi_chapter.domain.follower import FollowState
from fedi_chapter.domain.happening import FollowerRemoved
from fedi_chapter.domain.inbox import Incoming
from fedi_chapter.domain.moderation import Block
from fedi_chapter.domain.neighbour import NeighbourEvent, NeighbourPost
from fedi_chapter.store import (
    blocks,
    boosts,
    events,
    expiry,
    followers,
    following,
    inbox,
    messages,
    neighbours,
    outbox,
    quotes,
    reactions,
    remote_actors,
    replies,
    reports,
    tables,
)
from fedi_chapter.store.tx import Database, WriteTx
from tests.kit.builders import CHAPTER_ID, EVENT_ID, NOW, a_remote_actor, an_event, founded

pytestmark = pytest.mark.anyio

ANA = a_remote_actor("ana")
WHO, SAID = ANA.uri, f"{ANA.uri}/1"
POST = "https://chapter.example/posts/1"
MONTH = timedelta(days=30)

TIES: dict[str, Callable[[WriteTx], object]] = {
    "blocks": lambda tx: blocks.put(tx, Block(WHO, "actor", NOW)),
    "boosts": lambda tx: boosts.insert(tx, CHAPTER_ID, SAID, WHO),
    "calendar_feeds": lambda tx: tx.conn.execute(
        insert(tables.calendar_feeds).values(actor_uri=WHO, turn=1)
    ),
    "followers": lambda tx: followers.put(tx, CHAPTER_ID, WHO, SAID, FollowState.PENDING),
    "following": lambda tx: following.insert(tx, CHAPTER_ID, WHO, FollowState.REJECTED),
    "inbox": lambda tx: inbox.put_many(tx, [Incoming(SAID, WHO, "Like", b"{}")]),
    "member_sessions": lambda tx: tx.conn.execute(
        insert(tables.member_sessions).values(
            token_hash="hash", actor_uri=WHO, created_at=NOW, seen_at=NOW
        )
    ),
    "mentions": lambda tx: tx.conn.execute(
        insert(tables.mentions).values(owner_id=EVENT_ID, uri=WHO, url=WHO, handle="ana")
    ),
    "messages": lambda tx: messages.put(tx, Message(SAID, WHO, "", NOW)),
    "neighbour_events": lambda tx: neighbours.put_event(
        tx, NeighbourEvent(SAID, WHO, "Tea", NOW, SAID, NOW)
    ),
    "neighbour_posts": lambda tx: neighbours.put_post(tx, NeighbourPost(SAID, WHO, "", NOW, SAID)),
    "outbox": lambda tx: outbox.put(tx, FollowerRemoved(CHAPTER_ID, WHO, SAID)),
    "quotes": lambda tx: quotes.put(tx, QuoteAuthorization(tx.new_id(), SAID, POST, WHO, NOW)),
    "reactions": lambda tx: reactions.put(tx, Reaction("boost", WHO, POST, None, NOW)),
    "replies": lambda tx: replies.put(
        tx, Reply(SAID, WHO, POST, POST, "", NOW, SAID, state=ReplyState.HIDDEN)
    ),
    "reports": lambda tx: reports.put(tx, Report(tx.new_id(), WHO, (POST,), "", NOW)),
    "rsvps": lambda tx: answer_an_event(tx),
}
"""Every table by whose rows somebody is more than a passer-by."""


def answer_an_event(tx: WriteTx) -> None:
    events.insert(tx, an_event())
    answer = {"id": tx.new_id(), "event_id": EVENT_ID, "key": WHO, "actor_uri": WHO}
    said = {"status": "going", "route": "join", "said_at": NOW, "said_rank": "a", "said_guests": 0}
    at = {"created_at": NOW, "changed_at": NOW}
    tx.conn.execute(insert(tables.rsvps).values(answer | said | at))


async def forget(db: Database) -> tuple[list[str], int]:
    """Look for strangers, forget those found; return who was found and how many went."""
    found = await db.read(lambda tx: expiry.strangers(tx, tx.now - MONTH, limit=10))
    gone = await db.write(lambda tx: expiry.forget_strangers(tx, [WHO], tx.now - MONTH))
    return found, gone


async def met(db: Database, work: Callable[[WriteTx], object] = lambda tx: None) -> None:
    await founded(db)
    await db.write(lambda tx: remote_actors.put(tx, ANA))
    await db.write(work)


async def test_who_was_met_once_is_forgotten_after_a_while_and_the_keys_too(
    db: Database, clock: SetClock
) -> None:
    await met(db)
    assert await forget(db) == ([], 0)
    clock.advance(MONTH + timedelta(seconds=1))
    assert await forget(db) == ([WHO], 1)
    keys = select(func.count()).select_from(tables.remote_keys)
    assert await db.read(lambda tx: tx.conn.execute(keys).scalar_one()) == 0


@pytest.mark.parametrize("tie", TIES)
async def test_whoever_means_something_to_us_stays(db: Database, clock: SetClock, tie: str) -> None:
    await met(db, TIES[tie])
    clock.advance(100 * MONTH)
    found, gone = await forget(db)
    assert gone == 0
    assert found == [] or tie == "outbox"  # that one is looked at last, under the writer's eyes


async def test_who_was_deleted_lately_is_remembered_a_while(db: Database, clock: SetClock) -> None:
    await met(db)
    clock.advance(2 * MONTH)
    await db.write(lambda tx: remote_actors.mark_gone(tx, WHO))
    assert await forget(db) == ([], 0)
    clock.advance(2 * MONTH)
    assert await forget(db) == ([WHO], 1)


def test_no_table_that_names_an_actor_is_left_out() -> None:
    def names_an_actor(column: Column[object]) -> bool:
        points = any(key.target_fullname == "remote_actors.uri" for key in column.foreign_keys)
        return points or column.name in {"actor_uri", "author_uri", "reporter"}

    naming = {
        table.name
        for table in tables.metadata.tables.values()
        if any(names_an_actor(column) for column in table.columns)
    }
    assert naming - {"remote_keys"} <= set(TIES)
