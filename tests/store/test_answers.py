"""Rows of answers and notices, as those ask for them who take answers over the wire."""

from datetime import timedelta

import pytest

from fedi_chapter.core.clock import SetClock
from fedi_chapter.domain.notice import Notice, NoticeId, NoticeKind, NoticeRoute
from fedi_chapter.domain.rsvp import Rank, Route, Rsvp, RsvpId, RsvpStatus
from fedi_chapter.store import events, notices, remote_actors, rsvps, tallies
from fedi_chapter.store.tx import Database, WriteTx
from tests.conftest import NOW
from tests.kit.builders import EVENT_ID, a_remote_actor, an_event, founded

pytestmark = pytest.mark.anyio


def an_answer(number: int, actor_uri: str | None, **overrides: object) -> Rsvp:
    known: dict[str, object] = {
        "id": RsvpId(f"rsvp-{number}"),
        "event_id": EVENT_ID,
        "key": actor_uri or f"hash-{number}",
        "actor_uri": actor_uri,
        "status": RsvpStatus.GOING,
        "route": Route.JOIN,
        "said_at": NOW,
        "said_rank": Rank.JOIN,
        "said_guests": 0,
        "created_at": NOW,
        "changed_at": NOW,
        "activity_id": f"{actor_uri}#join",
    }
    return Rsvp(**(known | overrides))  # type: ignore[arg-type]


async def with_answers(db: Database, *answers: Rsvp) -> None:
    await founded(db)

    def put(tx: WriteTx) -> None:
        events.insert(tx, an_event())
        for answer in answers:
            rsvps.insert(tx, answer)

    await db.write(put)


async def test_those_of_one_host_who_lately_asked_for_seats_are_counted(
    db: Database, clock: SetClock
) -> None:
    bots = [a_remote_actor(f"b{n}", "bots.example") for n in range(5)]
    ana = a_remote_actor("ana", "social.example")
    statuses = ["going", "pending", "waitlist", "maybe", "none"]
    await with_answers(
        db,
        an_answer(9, ana.uri),
        *(an_answer(n, bot.uri, status=RsvpStatus(statuses[n])) for n, bot in enumerate(bots)),
    )

    def meet(tx: WriteTx) -> None:
        for actor in [ana, *bots]:
            remote_actors.put(tx, actor)

    await db.write(meet)

    async def counted(host: str, most: int, since_minutes: int = 60) -> int:
        since = clock.now() - timedelta(minutes=since_minutes)
        return await db.read(lambda tx: rsvps.lately_of_host(tx, EVENT_ID, host, since, most))

    assert await counted("bots.example", 4) == 3
    assert await counted("bots.example", 2) == 2
    assert await counted("social.example", 1) == 1
    assert await counted("social.example", 2) == 0  # fewer are known at all
    clock.advance(timedelta(hours=2))
    assert await counted("bots.example", 4) == 0


async def test_an_answer_is_found_by_its_activity_and_its_author(db: Database) -> None:
    ana = "https://social.example/users/ana"
    await with_answers(db, an_answer(1, ana), an_answer(2, None))
    found = await db.read(lambda tx: rsvps.by_activity(tx, ana, f"{ana}#join"))
    assert found is not None
    assert found.id == "rsvp-1"
    assert (
        await db.read(lambda tx: rsvps.by_activity(tx, "https://x.example", f"{ana}#join")) is None
    )
    assert [each.id for each in await db.read(rsvps.named)] == ["rsvp-1"]


async def test_a_notice_says_which_event_and_how_many_were_put_lately(
    db: Database, clock: SetClock
) -> None:
    await with_answers(db)

    def tell(tx: WriteTx, number: int) -> bool:
        notice = Notice(
            id=NoticeId(f"notice-{number}"),
            event_id=EVENT_ID,
            kind=NoticeKind.GOING,
            route=NoticeRoute.DIRECT,
            recipient="https://social.example/users/ana",
            once=f"once {number}",
            due=tx.now,
            rsvp_id=RsvpId("rsvp-1"),
        )
        return notices.put(tx, notice)

    assert await db.write(lambda tx: tell(tx, 1))
    clock.advance(timedelta(minutes=50))
    assert await db.write(lambda tx: tell(tx, 2))
    assert not await db.write(lambda tx: tell(tx, 2))
    hour_ago = clock.now() - timedelta(hours=1)
    told = await db.read(lambda tx: notices.told_since(tx, RsvpId("rsvp-1"), hour_ago))
    assert told == 2
    clock.advance(timedelta(minutes=20))
    hour_ago = clock.now() - timedelta(hours=1)
    assert await db.read(lambda tx: notices.told_since(tx, RsvpId("rsvp-1"), hour_ago)) == 1
    assert await db.read(lambda tx: notices.event_of(tx, "notice-1")) == EVENT_ID
    assert await db.read(lambda tx: notices.event_of(tx, "other")) is None


async def test_a_lock_makes_the_row_of_a_tally_at_first_use(db: Database) -> None:
    await with_answers(db)
    for _ in range(2):
        assert (await db.write(lambda tx: tallies.lock(tx, EVENT_ID))).voters == 0
    ana = an_answer(1, "https://social.example/users/ana", guests=2)
    await db.write(lambda tx: tallies.move(tx, EVENT_ID, None, ana))
    assert (await db.read(lambda tx: tallies.get(tx, EVENT_ID))).heads == 3
