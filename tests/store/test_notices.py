"""The queue of notices: put once, leased, ended, counted; and nobody's name kept longer."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from fedi_chapter.core.clock import SetClock
from fedi_chapter.domain.chapter import ActorId
from fedi_chapter.domain.notice import (
    Notice,
    NoticeCount,
    NoticeId,
    NoticeKind,
    NoticeRoute,
    NoticeState,
)
from fedi_chapter.domain.rsvp import Rank, Route, Rsvp, RsvpId, RsvpStatus
from fedi_chapter.services.notices import AUDIENCES, CONCERNED, route_of, tell_all
from fedi_chapter.store import activities, deliveries, event_messages, events, mail_stops, rsvps
from fedi_chapter.store import notice_queue as queue
from fedi_chapter.store import notices as store
from fedi_chapter.store.tables import deliveries as deliveries_table
from fedi_chapter.store.tables import notices
from fedi_chapter.store.tx import Database, ReadTx, WriteTx
from tests.conftest import NOW
from tests.kit.builders import CHAPTER_ID, EVENT_ID, an_event, founded

pytestmark = pytest.mark.anyio

LEASE = timedelta(minutes=5)
PREFIX = "https://chapter.example/notices/"


def a_notice(number: int = 1, **more: Any) -> Notice:
    made = Notice(
        id=NoticeId(f"01932000-0000-7000-8000-{number:012}"),
        event_id=EVENT_ID,
        kind=NoticeKind.GOING,
        route=NoticeRoute.DIRECT,
        recipient="https://social.example/users/ana",
        once=f"ana going {number}",
        due=NOW,
        rsvp_id=RsvpId("r"),
        language="es",
        in_reply_to="https://social.example/1",
        facts={"turn": "1"},
    )
    return replace(made, **more)


def an_rsvp(name: str, status: RsvpStatus = RsvpStatus.GOING, **more: Any) -> Rsvp:
    made = Rsvp(
        id=RsvpId(f"01932000-0000-7000-8000-{int.from_bytes(name.encode()):012}"),
        event_id=EVENT_ID,
        key=name,
        status=status,
        route=Route.POLL,
        said_at=NOW,
        said_rank=Rank.ACCEPT,
        said_guests=0,
        created_at=NOW,
        changed_at=NOW,
        actor_uri=f"https://social.example/users/{name}",
    )
    return replace(made, **more)


@pytest.fixture
async def with_event(db: Database) -> Database:
    await founded(db)
    await db.write(lambda tx: events.insert(tx, an_event()))
    return db


async def rows(db: Database) -> list[Any]:
    return await db.read(lambda tx: list(tx.conn.execute(select(notices).order_by(notices.c.id))))


async def test_a_notice_comes_out_as_it_went_in_and_only_once(with_event: Database) -> None:
    assert await with_event.write(lambda tx: store.put(tx, a_notice()))
    assert not await with_event.write(lambda tx: store.put(tx, a_notice(2, once="ana going 1")))
    (job,) = await with_event.write(lambda tx: queue.claim(tx, 10, LEASE, NoticeRoute.DIRECT))
    assert job.notice == replace(a_notice(), due=NOW + LEASE)
    assert (job.id, job.attempts) == (a_notice().id, 1)
    assert await with_event.write(lambda tx: queue.claim(tx, 10, LEASE, NoticeRoute.DIRECT)) == []


async def test_a_lease_that_runs_out_gives_the_notice_to_another(
    with_event: Database, clock: SetClock
) -> None:
    await with_event.write(lambda tx: store.put(tx, a_notice()))
    await with_event.write(lambda tx: queue.claim(tx, 10, LEASE, NoticeRoute.DIRECT))
    clock.advance(LEASE)
    (job,) = await with_event.write(lambda tx: queue.claim(tx, 10, LEASE, NoticeRoute.DIRECT))
    assert job.attempts == 2


async def test_what_is_not_due_yet_waits(with_event: Database, clock: SetClock) -> None:
    later = NOW + timedelta(minutes=10)
    await with_event.write(lambda tx: store.put(tx, a_notice(due=later)))
    assert await with_event.read(queue.next_due) == later
    assert await with_event.write(lambda tx: queue.claim(tx, 10, LEASE, NoticeRoute.DIRECT)) == []
    clock.advance(timedelta(minutes=10))
    assert (
        len(await with_event.write(lambda tx: queue.claim(tx, 10, LEASE, NoticeRoute.DIRECT))) == 1
    )


async def test_a_notice_put_back_keeps_its_reader_and_one_that_ended_forgets_them(
    with_event: Database,
) -> None:
    for number in range(1, 5):
        await with_event.write(lambda tx, n=number: store.put(tx, a_notice(n)))  # type: ignore[misc]
    one, two, three, four = (a_notice(number).id for number in range(1, 5))

    def end(tx: WriteTx) -> None:
        queue.retry(tx, one, NOW + LEASE, "later")
        queue.finish(tx, two, trace="a trace")
        queue.drop(tx, three, "no longer true")
        queue.park(tx, four, "never")
        queue.drop(tx, two, "too late: it was sent")

    await with_event.write(end)
    kept = [(r.state, r.recipient, r.in_reply_to, r.error) for r in await rows(with_event)]
    assert kept == [
        ("waiting", a_notice().recipient, a_notice().in_reply_to, "later"),
        ("sent", "a trace", None, None),
        ("dropped", "", None, "no longer true"),
        ("failed", "", None, "never"),
    ]


EVERYBODY = [
    an_rsvp("ana"),
    an_rsvp("ben", RsvpStatus.MAYBE, language="es"),
    an_rsvp("cleo", RsvpStatus.NO),
    an_rsvp("dora", RsvpStatus.WAITLIST, muted=True),
    an_rsvp("eli", RsvpStatus.PENDING, route=Route.JOIN),
    an_rsvp("fay", actor_uri=None, email="fay@mail.example", email_confirmed_at=NOW),
    an_rsvp("gus", actor_uri=None, email="gus@mail.example"),
    an_rsvp("hal", actor_uri=None),
    an_rsvp("ida", RsvpStatus.NONE),
    an_rsvp("jo", muted=True),
    an_rsvp("kim", RsvpStatus.ATTENDED, route=Route.JOIN),
    an_rsvp("lou", changed_at=NOW + timedelta(hours=1)),
]


@pytest.mark.parametrize("kind", AUDIENCES)
async def test_a_notice_to_many_goes_to_the_same_people_as_one_by_one(
    with_event: Database, kind: NoticeKind
) -> None:
    def put(tx: WriteTx) -> tuple[int, int]:
        for each in EVERYBODY:
            rsvps.insert(tx, each)
        return tell_all(tx, an_event(), kind, "1"), tell_all(tx, an_event(), kind, "1")

    first, again = await with_event.write(put)
    spared = {r.id for r in EVERYBODY if r.muted and kind in {"reminder", "thanks"}}
    expected = {
        (each.id, *where)
        for each in EVERYBODY
        if each.status in AUDIENCES[kind]
        and each.id not in spared
        and (where := route_of(each, kind))
    }
    got = {(r.rsvp_id, r.route, r.recipient) for r in await rows(with_event)}
    assert got == expected
    assert (first, again) == (len(expected), 0)
    assert len({r.id for r in await rows(with_event)}) == len(expected)


async def test_a_second_occasion_is_told_again_and_late_comers_know_it_already(
    with_event: Database,
) -> None:
    def put(tx: WriteTx) -> list[int]:
        for each in EVERYBODY:
            rsvps.insert(tx, each)
        facts = {"message": "m"}
        kind = NoticeKind.MESSAGE
        return [
            tell_all(tx, an_event(), kind, "1", facts=facts),
            tell_all(tx, an_event(), kind, "2", answered_by=NOW),
        ]

    assert await with_event.write(put) == [8, 7]
    jobs = await with_event.write(lambda tx: queue.claim(tx, 100, LEASE, NoticeRoute.DIRECT))
    assert {str(job.notice.facts) for job in jobs} == {"{'message': 'm'}", "{}"}
    assert [job.notice.language for job in jobs if "ben" in job.notice.recipient] == ["es", "es"]
    assert len(CONCERNED) == 5


async def test_a_report_counts_by_route_and_state_and_looks_at_the_delivery(
    with_event: Database,
) -> None:
    def put(tx: WriteTx) -> None:
        for number in range(1, 7):
            route = NoticeRoute.MAIL if number > 4 else NoticeRoute.DIRECT
            store.put(tx, a_notice(number, route=route, once=f"r{number} message m1"))
        store.put(tx, a_notice(7, once="r7 reminder x"))
        for number in range(1, 6):
            queue.finish(tx, a_notice(number).id)
        for number in range(1, 4):
            deliver(tx, number)

    await with_event.write(put)

    def arrive(tx: WriteTx) -> None:
        sql = deliveries_table.update().where(
            deliveries_table.c.object_uri == PREFIX + a_notice(1).id
        )
        tx.conn.execute(sql.values(state="done", finished_at=tx.now))
        sql = deliveries_table.update().where(
            deliveries_table.c.object_uri == PREFIX + a_notice(2).id
        )
        tx.conn.execute(sql.values(state="failed", finished_at=tx.now))

    await with_event.write(arrive)
    told = await with_event.read(
        lambda tx: store.of_event(tx, EVENT_ID, occasion="m1", prefix=PREFIX)
    )
    direct, mail = NoticeRoute.DIRECT, NoticeRoute.MAIL
    assert told == [
        NoticeCount(direct, NoticeState.FAILED, 1),
        NoticeCount(direct, NoticeState.SENT, 2),
        NoticeCount(direct, NoticeState.WAITING, 1),
        NoticeCount(mail, NoticeState.SENT, 1),
        NoticeCount(mail, NoticeState.WAITING, 1),
    ]
    whole = await with_event.read(lambda tx: store.of_event(tx, EVENT_ID, prefix=PREFIX))
    assert sum(each.number for each in whole) == 7


def deliver(tx: WriteTx, number: int) -> None:
    uri = PREFIX + a_notice(number).id
    activity = activities.put(
        tx,
        uri=f"{uri}#create",
        type="Create",
        actor_id=ActorId(CHAPTER_ID),
        object_uri=uri,
        body=b"{}",
        digest="",
    )
    deliveries.to_inbox(tx, activity, f"https://social.example/{number}/inbox", "social.example")


@pytest.mark.parametrize("ending", ["done", "failed"])
async def test_words_to_one_person_go_when_they_arrived_or_were_given_up_and_no_sooner(
    with_event: Database, clock: SetClock, ending: str
) -> None:
    def put(tx: WriteTx) -> None:
        for number in (1, 2):
            store.put(tx, a_notice(number))
            queue.finish(tx, a_notice(number).id)
            deliver(tx, number)
        first = deliveries_table.c.object_uri == PREFIX + a_notice(1).id
        tx.conn.execute(
            deliveries_table.update().where(first).values(state=ending, finished_at=tx.now)
        )

    await with_event.write(put)
    clock.advance(timedelta(hours=2))

    def sweep(tx: WriteTx, ago: timedelta) -> int:
        return queue.forget_words(tx, PREFIX, tx.now - ago)

    assert await with_event.write(lambda tx: sweep(tx, timedelta(hours=3))) == 0
    assert await with_event.write(lambda tx: sweep(tx, timedelta(hours=1))) == 1

    def bodies(tx: ReadTx) -> list[bytes | None]:
        return [activities.get(tx, f"{PREFIX}{a_notice(n).id}#create") for n in (1, 2)]

    assert await with_event.read(bodies) == [None, b"{}"]


async def test_who_was_told_what_is_forgotten_some_time_after_the_event(
    with_event: Database, clock: SetClock
) -> None:
    def put(tx: WriteTx) -> None:
        store.put(tx, a_notice(1))
        queue.finish(tx, a_notice(1).id)

    await with_event.write(put)
    clock.advance(timedelta(hours=3))
    assert await with_event.write(lambda tx: queue.purge(tx, tx.now)) == 0, "it is still ahead"
    clock.advance(timedelta(days=3))
    assert await with_event.write(lambda tx: queue.purge(tx, tx.now)) == 1


async def test_a_stopped_address_stays_stopped_until_it_is_lifted(db: Database) -> None:
    for _ in range(2):
        await db.write(lambda tx: mail_stops.put(tx, "a print"))
    assert await db.read(lambda tx: mail_stops.is_on(tx, "a print"))
    assert not await db.read(lambda tx: mail_stops.is_on(tx, "another"))
    await db.write(lambda tx: mail_stops.lift(tx, "a print"))
    assert not await db.read(lambda tx: mail_stops.is_on(tx, "a print"))


async def test_an_event_without_messages_has_no_last_urgent_one(with_event: Database) -> None:
    assert await with_event.read(lambda tx: event_messages.last_urgent(tx, EVENT_ID)) is None
    assert await with_event.read(lambda tx: event_messages.of_event(tx, EVENT_ID)) == []
