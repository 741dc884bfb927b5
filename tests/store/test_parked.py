"""What could not be done is seen, and can be taken up again."""

from datetime import timedelta

import pytest

from fedi_chapter.core.clock import SetClock
from fedi_chapter.domain.event import RsvpMode
from fedi_chapter.domain.happening import EventChanged, EventPublished
from fedi_chapter.domain.inbox import Incoming
from fedi_chapter.domain.notice import NoticeId, NoticeKind, NoticeRoute
from fedi_chapter.domain.rsvp import RANKS, Answer, Party, Route, Saying
from fedi_chapter.services import notices, rsvps
from fedi_chapter.store import events, expiry, inbox, notice_queue, outbox, parked
from fedi_chapter.store import rsvps as rsvp_rows
from fedi_chapter.store.parked import ParkedCounts, ParkedJob
from fedi_chapter.store.tx import Database, WriteTx
from tests.kit.builders import NOW, an_event, founded

pytestmark = pytest.mark.anyio

LEASE = timedelta(minutes=5)
LATER = timedelta(hours=1)
ANA = Incoming("https://a.example/1", "https://a.example/ana", "Like", b"{}", "a.example")
BEN = Incoming("https://b.example/1", "https://b.example/ben", "Create", b"{}", "b.example")
FROM_ANA = ParkedJob("inbox", ANA.activity_id, "a.example", 1, "bug: Like", NOW)
FROM_BEN = ParkedJob("inbox", BEN.activity_id, "b.example", 1, "bug: Create", NOW)
STRANGER = "https://social.example/users/stranger"
OURS = ParkedJob("outbox", "EventPublished", None, 1, "bug", NOW)


def set_aside(tx: WriteTx) -> None:
    """Fail at everything that came in, and at the first of two things that happened here."""
    inbox.put_many(tx, [ANA, BEN])
    for come, job in zip((ANA, BEN), inbox.claim(tx, 10, LEASE), strict=True):
        inbox.park(tx, job.id, f"bug: {come.type}")
    outbox.put(tx, EventPublished("1"))
    (told,) = outbox.claim(tx, 1, LEASE)
    outbox.park(tx, told.id, "bug")
    outbox.put(tx, EventChanged("2"))


async def test_what_was_set_aside_is_counted_and_listed_with_its_error(db: Database) -> None:
    assert await db.read(parked.counts) == ParkedCounts(0, 0, 0, 0)
    await db.write(set_aside)
    assert await db.read(parked.counts) == ParkedCounts(2, 1, 0, 0)
    assert await db.read(parked.listing) == [FROM_ANA, FROM_BEN, OURS]
    assert await db.read(lambda tx: parked.listing(tx, host="b.example")) == [FROM_BEN]
    assert await db.read(lambda tx: parked.listing(tx, limit=2)) == [FROM_ANA, FROM_BEN]


async def test_what_was_set_aside_is_taken_up_again_from_the_start(
    db: Database, clock: SetClock
) -> None:
    await db.write(set_aside)
    clock.advance(LATER)
    assert await db.write(parked.retry) == 3
    assert await db.read(parked.counts) == ParkedCounts(0, 0, 0, 0)
    come = await db.write(lambda tx: inbox.claim(tx, 10, LEASE))
    assert [(job.activity_id, job.attempts) for job in come] == [
        (ANA.activity_id, 1),
        (BEN.activity_id, 1),
    ]
    told = await db.write(lambda tx: outbox.claim(tx, 10, LEASE))
    assert [(job.happening, job.attempts) for job in told] == [
        (EventPublished("1"), 1),
        (EventChanged("2"), 1),
    ]


async def test_for_one_host_only_what_came_from_it_is_taken_up_again(db: Database) -> None:
    await db.write(set_aside)
    assert await db.write(lambda tx: parked.retry(tx, host="a.example")) == 1
    assert await db.read(parked.listing) == [FROM_BEN, OURS]


async def test_what_nothing_is_left_of_is_neither_shown_nor_taken_up(db: Database) -> None:
    await db.write(set_aside)
    await db.write(lambda tx: expiry.empty_bodies(tx, NOW + LATER))
    assert await db.read(parked.counts) == ParkedCounts(0, 1, 0, 0)
    assert await db.read(parked.listing) == [OURS]
    assert await db.write(parked.retry) == 1


def a_failed_notice(tx: WriteTx) -> NoticeId:
    """Fail at telling somebody who comes that they do; its row forgets whom it was for."""
    uri = "https://social.example/users/ana"
    saying = Saying(Answer.GOING, Route.POLL, NOW, RANKS[Answer.GOING])
    rsvps.respond(tx, an_event(rsvp=RsvpMode.ON), Party(uri, uri), saying)
    (job,) = notice_queue.claim(tx, 10, LEASE, NoticeRoute.DIRECT)
    notice_queue.park(tx, job.id, "bug")
    return job.id


async def test_a_notice_that_failed_is_seen_and_told_to_the_same_person_once_more(
    db: Database, clock: SetClock
) -> None:
    await founded(db)
    await db.write(lambda tx: events.insert(tx, an_event(rsvp=RsvpMode.ON)))
    failed = await db.write(a_failed_notice)
    assert await db.read(parked.counts) == ParkedCounts(0, 0, 1, 0)
    assert await db.read(parked.listing) == [ParkedJob("notices", "going", None, 1, "bug", NOW)]
    clock.advance(LATER)
    assert await db.write(lambda tx: parked.retry(tx, host="social.example")) == 0
    assert await db.write(parked.retry) == 1
    assert await db.read(parked.counts) == ParkedCounts(0, 0, 0, 0)
    (job,) = await db.write(lambda tx: notice_queue.claim(tx, 10, LEASE, NoticeRoute.DIRECT))
    assert (job.id, job.attempts) == (failed, 1)
    assert job.notice.recipient == "https://social.example/users/ana"


async def test_a_letter_that_failed_goes_to_the_same_mailbox_as_before(db: Database) -> None:
    await founded(db)
    event = an_event(rsvp=RsvpMode.ON)

    def fail(tx: WriteTx) -> str:
        events.insert(tx, event)
        saying = Saying(Answer.GOING, Route.WEB, NOW, RANKS[Answer.GOING])
        guest = Party("alias:1", email="Ana@Mail.example")
        notices.tell(tx, rsvps.respond(tx, event, guest, saying).rsvp, NoticeKind.CONFIRM_MAIL)
        (job,) = notice_queue.claim(tx, 10, LEASE, NoticeRoute.MAIL)
        notice_queue.park(tx, job.id, "bug")
        return job.notice.recipient

    recipient = await db.write(fail)
    assert await db.write(parked.retry) == 1
    (job,) = await db.write(lambda tx: notice_queue.claim(tx, 10, LEASE, NoticeRoute.MAIL))
    assert job.notice.recipient == recipient


async def test_a_failed_notice_to_somebody_who_was_forgotten_is_seen_and_stays_unsent(
    db: Database,
) -> None:
    await founded(db)
    event = an_event(rsvp=RsvpMode.ON)
    await db.write(lambda tx: events.insert(tx, event))
    await db.write(a_failed_notice)
    for each in await db.read(lambda tx: rsvp_rows.of_event(tx, event.id)):
        await db.write(lambda tx, gone=each: rsvps.forget(tx, event, gone))  # type: ignore[misc]
    assert await db.read(parked.counts) == ParkedCounts(0, 0, 0, 1)
    assert await db.write(parked.retry) == 0
    assert await db.read(parked.counts) == ParkedCounts(0, 0, 0, 1)


async def test_a_failed_notice_to_a_stranger_is_seen_though_nobody_can_be_told_any_more(
    db: Database,
) -> None:
    await founded(db)
    event = an_event(rsvp=RsvpMode.ON)

    def fail(tx: WriteTx) -> None:
        events.insert(tx, event)
        notices.tell_actor(tx, event, STRANGER, NoticeKind.UNSURE, occasion="reply")
        (job,) = notice_queue.claim(tx, 10, LEASE, NoticeRoute.DIRECT)
        notice_queue.park(tx, job.id, "bug")

    await db.write(fail)
    assert await db.read(parked.counts) == ParkedCounts(0, 0, 0, 1)
    assert await db.read(parked.listing) == [
        ParkedJob("notices", "unsure", None, 1, "bug", NOW, lost=True)
    ]
    assert await db.write(parked.retry) == 0
