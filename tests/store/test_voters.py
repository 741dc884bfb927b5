"""Who hears new totals because they answered: one delivery for each server, on both databases."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from fedi_chapter.domain.event import RsvpMode
from fedi_chapter.domain.moderation import Block
from fedi_chapter.domain.rsvp import RANKS, Answer, Party, Route, Saying
from fedi_chapter.services.rsvps import respond
from fedi_chapter.store import (
    activities,
    audiences,
    blocks,
    deliveries,
    events,
    hosts,
    remote_actors,
    superseded,
    tables,
)
from fedi_chapter.store.tx import Database, WriteTx
from tests.kit.builders import CHAPTER_ID, EVENT_ID, NOW, a_remote_actor, an_event, founded

pytestmark = pytest.mark.anyio

EVENT = f"https://chapter.example/events/{EVENT_ID}"
FACE = f"{EVENT}/face"
ASKING = an_event(rsvp=RsvpMode.ON, poll=("Going", "Maybe", "Can't come"))


def answer(tx: WriteTx, name: str, host: str, route: Route = Route.POLL, **more: object) -> None:
    """Let somebody answer the event."""
    person = a_remote_actor(name, host, **more)
    remote_actors.put(tx, person)
    saying = Saying(Answer.GOING, route, NOW, RANKS[Answer.GOING])
    respond(tx, ASKING, Party(key=person.uri, actor_uri=person.uri), saying)


def tell(tx: WriteTx, uri: str = "tally", *, about: str = FACE) -> int:
    return activities.put(
        tx,
        uri=uri,
        type="Update",
        actor_id=CHAPTER_ID,
        object_uri=about,
        body=b"{}",
        digest="digest",
    )


async def inboxes(db: Database) -> list[str]:
    """Return who is to get something, in order."""

    def claim(tx: WriteTx) -> list[str]:
        claimed = deliveries.claim(tx, 100, timedelta(minutes=5), per_host=10)
        return sorted(each.inbox for each in claimed)

    return await db.write(claim)


async def asked(db: Database) -> None:
    await founded(db)
    await db.write(lambda tx: events.insert(tx, ASKING))


async def test_all_voters_of_a_server_are_told_by_one_delivery(db: Database) -> None:
    await asked(db)

    def work(tx: WriteTx) -> None:
        answer(tx, "ana", "a.example")
        answer(tx, "ben", "a.example", Route.REPLY)
        answer(tx, "cem", "b.example", shared_inbox=None)
        deliveries.to_voters(tx, tell(tx), EVENT_ID, counterpart=EVENT)

    await db.write(work)
    assert await inboxes(db) == [
        "https://a.example/inbox",
        "https://b.example/users/cem/inbox",
    ]


async def test_who_answered_without_the_poll_is_not_told_of_it(db: Database) -> None:
    await asked(db)

    def work(tx: WriteTx) -> None:
        answer(tx, "ana", "mobilizon.example", Route.JOIN)
        answer(tx, "ben", "friendica.example", Route.ANSWER)
        answer(tx, "cem", "web.example", Route.ACCOUNT)
        answer(tx, "dora", "gone.example")
        remote_actors.mark_gone(tx, "https://gone.example/users/dora")
        deliveries.to_voters(tx, tell(tx), EVENT_ID, counterpart=EVENT)

    await db.write(work)
    assert await inboxes(db) == []


async def test_who_answered_by_the_event_hears_of_it_once_a_server(db: Database) -> None:
    await asked(db)

    def work(tx: WriteTx) -> list[str]:
        for name, host, route in (
            ("ana", "mz.example", Route.JOIN),
            ("ben", "mz.example", Route.JOIN),
            ("cleo", "fr.example", Route.ANSWER),
            ("dan", "both.example", Route.ANSWER),
            ("eve", "sub.bad.example", Route.JOIN),
            ("fay", "m.example", Route.POLL),
        ):
            answer(tx, name, host, route)
        deliveries.to_inbox(tx, tell(tx), "https://both.example/inbox", "both.example")
        blocks.put(tx, Block("bad.example", "host", NOW))
        return sorted(audiences.inboxes_of_joiners(tx, EVENT_ID, FACE))

    assert await db.write(work) == ["https://fr.example/inbox", "https://mz.example/inbox"]


async def test_a_server_that_has_the_event_or_takes_events_is_not_told_of_the_poll(
    db: Database,
) -> None:
    await asked(db)

    def work(tx: WriteTx) -> None:
        hosts.learned(tx, "takes.example", "friendica", "1", True)
        answer(tx, "ana", "takes.example")
        deliveries.to_inbox(
            tx, tell(tx, "event", about=EVENT), "https://has.example/i", "has.example"
        )
        answer(tx, "ben", "has.example")
        deliveries.to_voters(tx, tell(tx), EVENT_ID, counterpart=EVENT)

    await db.write(work)
    assert await inboxes(db) == ["https://has.example/i"]


async def test_nobody_who_is_blocked_is_told_nor_anybody_below_a_blocked_host(
    db: Database,
) -> None:
    await asked(db)

    def work(tx: WriteTx) -> None:
        for number, host in enumerate(("bad.example", "sub.worse.example", "good.example")):
            answer(tx, f"p{number}", host)
        answer(tx, "eve", "fine.example", shared_inbox=None)
        for host in ("bad.example", "worse.example"):
            blocks.put(tx, Block(host, "host", NOW))
        blocks.put(tx, Block("https://fine.example/users/eve", "actor", NOW))
        deliveries.to_voters(tx, tell(tx), EVENT_ID, counterpart=EVENT)

    await db.write(work)
    assert await inboxes(db) == ["https://good.example/inbox"]


async def test_whose_word_is_taken_back_still_has_the_poll_before_their_eyes(db: Database) -> None:
    await asked(db)

    def work(tx: WriteTx) -> None:
        answer(tx, "ana", "a.example")
        person = a_remote_actor("ana", "a.example")
        undo = Saying(Answer.NONE, Route.REPLY, NOW + timedelta(seconds=1), RANKS[Answer.NONE])
        respond(tx, ASKING, Party(key=person.uri, actor_uri=person.uri), undo)
        deliveries.to_voters(tx, tell(tx), EVENT_ID, counterpart=EVENT)

    await db.write(work)
    assert await inboxes(db) == ["https://a.example/inbox"]


async def test_of_all_totals_only_the_last_wait_and_only_they_are_kept(db: Database) -> None:
    await asked(db)

    def told(tx: WriteTx, number: int) -> None:
        last = f"{FACE}#tally-{number}"
        deliveries.to_voters(tx, tell(tx, last), EVENT_ID, counterpart=EVENT)
        superseded.drop_earlier(tx, FACE, prefix=f"{FACE}#tally-", last=last)

    def work(tx: WriteTx) -> None:
        edit = tell(tx, f"{FACE}#update-1")
        deliveries.to_inbox(tx, edit, "https://other.example/inbox", "other.example")
        answer(tx, "ana", "a.example")
        answer(tx, "eve", "bad.example")
        told(tx, 1)
        blocks.put(tx, Block("bad.example", "host", NOW))
        told(tx, 2)
        told(tx, 3)

    await db.write(work)
    kept = await db.read(
        lambda tx: tx.conn.execute(
            select(tables.activities.c.uri, tables.deliveries.c.host)
            .join(tables.deliveries)
            .order_by(tables.activities.c.id)
        ).all()
    )
    assert [tuple(row) for row in kept] == [
        (f"{FACE}#update-1", "other.example"),
        (f"{FACE}#tally-1", "bad.example"),  # the ledger: its Delete must reach them
        (f"{FACE}#tally-3", "a.example"),
    ]
    uris = await db.read(
        lambda tx: list(tx.conn.execute(select(tables.activities.c.uri)).scalars())
    )
    assert f"{FACE}#tally-2" not in uris
