"""An organizer's words to all who may come, and what is put by the clock."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from fedi_chapter.core.clock import SetClock
from fedi_chapter.core.errors import Conflict, FormInvalid, Missing
from fedi_chapter.domain.event import EventId, EventStatus, RsvpMode
from fedi_chapter.domain.event_message import EventMessage
from fedi_chapter.domain.notice import NoticeKind, NoticeRoute, Overtaken
from fedi_chapter.domain.rsvp import RANKS, Answer, Party, Route, Saying
from fedi_chapter.domain.urls import Urls
from fedi_chapter.services import reminders, rsvps
from fedi_chapter.services.briefings import brief
from fedi_chapter.services.messages import LONGEST, message_attendees, report
from fedi_chapter.store import event_messages, events, notice_queue
from fedi_chapter.store.tables import notices
from fedi_chapter.store.tx import Database, WriteTx
from tests.conftest import NOW
from tests.kit.builders import EVENT_ID, an_event, founded

pytestmark = pytest.mark.anyio

LEASE = timedelta(minutes=5)
URLS = Urls("https://chapter.example", "chapter.example")


@pytest.fixture
async def ready(db: Database) -> Database:
    """An event on the day after tomorrow, to which Ana goes and Ben may."""
    await founded(db)
    event = an_event(
        rsvp=RsvpMode.ON,
        starts_at=NOW + timedelta(days=2),
        ends_at=NOW + timedelta(days=2, hours=2),
    )
    await db.write(lambda tx: events.insert(tx, event))
    for name, answer in (("ana", Answer.GOING), ("ben", Answer.MAYBE)):
        uri = f"https://social.example/users/{name}"
        saying = Saying(answer, Route.POLL, NOW, RANKS[answer])
        party = Party(key=uri, actor_uri=uri)
        await db.write(lambda tx, p=party, s=saying: rsvps.respond(tx, event, p, s))  # type: ignore[misc]
    return db


async def put(db: Database, kind: str) -> int:
    rows = select(notices.c.id).where(notices.c.kind == kind)
    return len(await db.read(lambda tx: list(tx.conn.execute(rows))))


async def test_a_message_is_kept_and_put_for_everybody_who_may_come(ready: Database) -> None:
    sent = await ready.write(lambda tx: message_attendees(tx, EVENT_ID, " Use door B. "))
    assert (sent.text, sent.urgent, sent.at) == ("Use door B.", False, NOW)
    assert await ready.read(lambda tx: event_messages.get(tx, sent.id)) == sent
    assert await ready.read(lambda tx: event_messages.of_event(tx, EVENT_ID)) == [sent]
    told = await ready.read(lambda tx: report(tx, EVENT_ID, URLS, sent.id))
    assert (sum(each.number for each in told.told), told.concerned) == (2, 2)


async def test_a_button_pressed_twice_sends_one_message(ready: Database, clock: SetClock) -> None:
    one = await ready.write(lambda tx: message_attendees(tx, EVENT_ID, "Fire!", urgent=True))
    two = await ready.write(lambda tx: message_attendees(tx, EVENT_ID, "Fire!", urgent=True))
    assert (two, await put(ready, "message")) == (one, 2)
    clock.advance(timedelta(minutes=2))
    await ready.write(lambda tx: message_attendees(tx, EVENT_ID, "Fire!"))
    assert await put(ready, "message") == 4


async def test_two_presses_at_the_same_moment_send_one_message(ready: Database) -> None:
    def press(tx: WriteTx) -> EventMessage:
        return message_attendees(tx, EVENT_ID, "Fire!", urgent=True)

    one, two = await asyncio.gather(ready.write(press), ready.write(press))
    assert (two, await put(ready, "message")) == (one, 2)


async def test_a_second_urgent_message_within_a_week_has_to_be_confirmed(
    ready: Database, clock: SetClock
) -> None:
    await ready.write(lambda tx: message_attendees(tx, EVENT_ID, "Fire!", urgent=True))
    clock.advance(timedelta(hours=12))
    with pytest.raises(Conflict) as caught:
        await ready.write(lambda tx: message_attendees(tx, EVENT_ID, "Again!", urgent=True))
    assert caught.value.cure
    await ready.write(lambda tx: message_attendees(tx, EVENT_ID, "Calm."))
    await ready.write(
        lambda tx: message_attendees(tx, EVENT_ID, "Again!", urgent=True, confirm_urgent=True)
    )
    assert await put(ready, "message") == 6
    clock.advance(timedelta(days=8))
    await ready.write(lambda tx: message_attendees(tx, EVENT_ID, "A week later", urgent=True))


@pytest.mark.parametrize("text", ["", "  \n ", "x" * (LONGEST + 1)])
async def test_a_message_has_words_and_not_too_many(ready: Database, text: str) -> None:
    with pytest.raises(FormInvalid):
        await ready.write(lambda tx: message_attendees(tx, EVENT_ID, text))


async def test_there_is_nobody_to_tell_of_a_draft_or_of_nothing(db: Database) -> None:
    await founded(db)
    await db.write(lambda tx: events.insert(tx, an_event(published_at=None)))
    with pytest.raises(Conflict):
        await db.write(lambda tx: message_attendees(tx, EVENT_ID, "Hello"))
    with pytest.raises(Missing):
        await db.write(lambda tx: message_attendees(tx, EventId("none"), "Hello"))


@pytest.mark.parametrize(
    ("hours", "reminded"), [(1, 0), (23, 0), (25, 1), (44, 1), (46, 0), (50, 0)]
)
async def test_reminders_are_put_from_a_day_to_three_hours_before(
    ready: Database, clock: SetClock, hours: int, reminded: int
) -> None:
    clock.advance(timedelta(hours=hours))
    for _ in range(2):
        await ready.write(reminders.put_due)
    assert await put(ready, "reminder") == reminded


@pytest.mark.parametrize(("moved", "reminded"), [(timedelta(hours=1), 1), (timedelta(days=1), 2)])
async def test_an_hour_later_reminds_nobody_again_another_day_does(
    ready: Database, clock: SetClock, moved: timedelta, reminded: int
) -> None:
    event = await ready.read(lambda tx: events.get(tx, EVENT_ID))
    assert event is not None
    clock.advance(timedelta(hours=30))
    await ready.write(reminders.put_due)
    later = replace(event, starts_at=event.starts_at + moved, ends_at=None)
    await ready.write(lambda tx: events.change(tx, later))
    for _ in range(4):
        await ready.write(reminders.put_due)
        clock.advance(timedelta(hours=8))
    assert await put(ready, "reminder") == reminded


@pytest.mark.parametrize(("hours", "thanked"), [(52, 0), (54, 1), (97, 1), (99, 0)])
async def test_thanks_are_put_from_three_hours_to_two_days_after(
    ready: Database, clock: SetClock, hours: int, thanked: int
) -> None:
    clock.advance(timedelta(hours=hours))
    for _ in range(2):
        await ready.write(reminders.put_due)
    assert await put(ready, "thanks") == thanked


@pytest.mark.parametrize(("hours", "says"), [(71, None), (72, "the event is too long ago")])
async def test_thanks_that_can_not_be_sent_for_three_days_after_the_end_are_left_out(
    ready: Database, clock: SetClock, hours: int, says: str | None
) -> None:
    clock.advance(timedelta(hours=54))
    await ready.write(reminders.put_due)
    due = await ready.write(lambda tx: notice_queue.claim(tx, 9, LEASE, NoticeRoute.DIRECT))
    (thanks,) = [job.notice for job in due if job.notice.kind is NoticeKind.THANKS]
    clock.advance(timedelta(hours=hours - 4))  # it is over since four hours
    told = await ready.read(lambda tx: brief(tx, thanks))
    assert (told.reason if isinstance(told, Overtaken) else None) == says


async def test_nobody_is_reminded_of_what_does_not_take_place(
    ready: Database, clock: SetClock
) -> None:
    event = await ready.read(lambda tx: events.get(tx, EVENT_ID))
    assert event is not None
    await ready.write(lambda tx: events.change(tx, replace(event, status=EventStatus.CANCELLED)))
    for hours in (30, 26):
        clock.advance(timedelta(hours=hours))
        await ready.write(reminders.put_due)
    assert (await put(ready, "reminder"), await put(ready, "thanks")) == (0, 0)
