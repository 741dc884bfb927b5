"""People without an account are told by mail: through a real server, also after it was away."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from email.message import EmailMessage

import pytest
from icalendar import Calendar
from sqlalchemy import func, select

from fedi_chapter.domain.event import Event, EventId, PlaceShown
from fedi_chapter.domain.notice import NoticeKind, NoticeRoute
from fedi_chapter.domain.rsvp import RANKS, Answer, Party, Route, Rsvp, Saying
from fedi_chapter.federation import telling
from fedi_chapter.services import reminders, rsvps
from fedi_chapter.services.event_plans import postpone_event, reopen_event
from fedi_chapter.services.events import (
    EventFields,
    cancel_event,
    create_event,
    delete_event,
    edit_event,
)
from fedi_chapter.services.members import as_it_stands
from fedi_chapter.services.notices import tell
from fedi_chapter.services.places import PlaceFields
from fedi_chapter.store import events, mail_stops, notice_queue
from fedi_chapter.store import rsvps as stored
from fedi_chapter.store.tables import notices
from fedi_chapter.store.tables import rsvps as rsvp_rows
from fedi_chapter.store.tx import ReadTx, WriteTx
from fedi_chapter.workers import notices as loop
from fedi_chapter.workers.bell import Bell
from tests.kit.mail_server import MailServer
from tests.kit.world import Chapter, World

pytestmark = pytest.mark.anyio

DAY = timedelta(days=1)
ANA = "ana@mail.example"


@dataclass
class Evening:
    """A chapter that sends mail, and an event to come to."""

    world: World
    chapter: Chapter
    server: MailServer
    event_id: EventId

    async def event(self) -> Event:
        found = await self.chapter.read(lambda tx: events.get(tx, self.event_id))
        assert found is not None
        return found

    async def asks(self, address: str = ANA, answer: Answer = Answer.GOING, n: int = 1) -> Rsvp:
        """Let a guest answer on the web, whose address nobody has confirmed yet."""
        event = await self.event()
        party = Party(key=f"alias:{address} {n}", name="Ana", email=address)
        saying = Saying(answer, Route.WEB, self.world.clock.now(), RANKS[answer])

        def work(tx: WriteTx) -> Rsvp:
            rsvp = rsvps.respond(tx, event, party, saying).rsvp
            tell(tx, rsvp, NoticeKind.CONFIRM_MAIL)
            return rsvp

        return await self.chapter.write(work)

    async def comes(self, address: str = ANA) -> Rsvp:
        """Let a guest whose address is confirmed say yes."""

        def confirmed(tx: WriteTx) -> Rsvp:
            known = replace(asked, email_confirmed_at=tx.now)
            stored.change(tx, known)
            tell(tx, known, NoticeKind.GOING)
            return known

        asked = await self.asks(address)
        return await self.chapter.write(confirmed)

    async def says(self, rsvp: Rsvp, answer: Answer) -> Rsvp:
        event = await self.event()
        party = Party(key=rsvp.key)
        saying = Saying(answer, Route.WEB, self.world.clock.now(), RANKS[answer])
        response = await self.chapter.write(lambda tx: rsvps.respond(tx, event, party, saying))
        return response.rsvp

    async def work(self) -> None:
        """Run the loop until nothing is due any more."""
        stop, bell = asyncio.Event(), Bell()
        task = asyncio.create_task(loop.run_mail(self.chapter.deps, stop, bell))
        for _ in range(1000):
            if not await self.chapter.read(_due):
                break
            await asyncio.sleep(0.01)
        stop.set()
        bell.ring()
        await task
        assert not await self.chapter.read(_due)

    def letters(self) -> list[EmailMessage]:
        return [each for each in self.server.letters if "One click" not in each["subject"]]

    async def fates(self, kind: NoticeKind) -> list[tuple[str, str | None]]:
        rows = select(notices.c.state, notices.c.error).where(notices.c.kind == kind)
        return await self.chapter.read(
            lambda tx: [(r.state, r.error) for r in tx.conn.execute(rows.order_by(notices.c.id))]
        )


def _due(tx: ReadTx) -> int:
    in_hand = notices.c.lease_until > tx.now
    waits = (notices.c.state == "waiting") & ((notices.c.due <= tx.now) | in_hand)
    return int(tx.conn.execute(select(func.count()).where(waits)).scalar_one())


def calendar_of(letter: EmailMessage) -> Calendar:
    part = next(each for each in letter.walk() if each.get_content_type() == "text/calendar")
    body = part.get_payload(decode=True)
    assert isinstance(body, bytes)
    made = Calendar.from_ical(body)
    assert isinstance(made, Calendar)
    assert str(made["method"]) == part.get_param("method")
    return made


def text_of(letter: EmailMessage) -> str:
    body = letter.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


@pytest.fixture
async def evening(world: World) -> AsyncIterator[Evening]:
    async with MailServer() as server:
        chapter = await world.chapter("a.test", smtp_url=server.url)

        def make(tx: WriteTx) -> Event:
            start = tx.now + 3 * DAY
            fields = EventFields(
                name="Book night", start=f"{start:%Y-%m-%dT%H:%M}", timezone="UTC", capacity=2
            )
            return create_event(tx, chapter.actor, fields, chapter.urls)

        event = await chapter.write(make)
        yield Evening(world, chapter, server, event.id)


async def test_an_unconfirmed_address_gets_only_the_question_whose_it_is(evening: Evening) -> None:
    await evening.asks()
    await evening.work()
    (letter,) = evening.server.letters
    assert letter["to"] == ANA
    assert letter["subject"] == "One click to go: your answer to “Book night”"
    assert "Was it not you? Then do nothing" in text_of(letter)
    token = text_of(letter).split("/rsvp/")[1].split()[0]
    found = evening.chapter.deps.links.read("rsvp", token)
    assert found is not None
    assert found[1] == 1


async def test_a_confirmed_guest_gets_an_invitation_for_the_calendar(evening: Evening) -> None:
    await evening.comes()
    await evening.work()
    (letter,) = evening.letters()
    assert letter["subject"] == "See you there! You are going to “Book night”."
    assert "/mail/stop/" in letter["list-unsubscribe"]
    assert "eply" not in text_of(letter)
    entry = calendar_of(letter).walk("VEVENT")[0]
    assert str(calendar_of(letter)["method"]) == "REQUEST"
    assert str(entry["uid"]) == evening.chapter.urls.event(evening.event_id)
    assert entry["sequence"] == 1
    assert str(entry["attendee"]) == f"mailto:{ANA}"
    assert str(entry["organizer"]) == "mailto:events@chapter.example"


async def test_a_change_raises_the_sequence_and_a_cancellation_strikes_it_out(
    evening: Evening,
) -> None:
    await evening.comes()
    await evening.work()
    start = (await evening.event()).starts_at + timedelta(hours=1)
    fields = EventFields(start=f"{start:%Y-%m-%dT%H:%M}")
    urls = evening.chapter.urls
    await evening.chapter.write(lambda tx: edit_event(tx, evening.event_id, fields, urls))
    evening.world.clock.advance(timedelta(minutes=11))
    await evening.chapter._fan_out()
    await evening.work()
    await evening.chapter.write(lambda tx: cancel_event(tx, evening.event_id, "Storm"))
    await evening.chapter._fan_out()
    await evening.work()
    calendars = [calendar_of(each) for each in evening.letters()]
    entries = [each.walk("VEVENT")[0] for each in calendars]
    assert [str(each["method"]) for each in calendars] == ["REQUEST", "REQUEST", "CANCEL"]
    assert [each["sequence"] for each in entries] == [1, 2, 3]
    assert len({str(each["uid"]) for each in entries}) == 1
    assert len({each["message-id"] for each in evening.letters()}) == 3


async def test_a_calendar_strikes_out_what_is_postponed_and_enters_it_again(
    evening: Evening,
) -> None:
    await evening.comes()
    await evening.work()
    for verb in (
        lambda tx: postpone_event(tx, evening.event_id),
        lambda tx: reopen_event(tx, evening.event_id),
        lambda tx: cancel_event(tx, evening.event_id),
        lambda tx: reopen_event(tx, evening.event_id),
    ):
        await evening.chapter.write(verb)
        await evening.chapter._fan_out()
        await evening.work()
    calendars = [calendar_of(each) for each in evening.letters()]
    entries = [each.walk("VEVENT")[0] for each in calendars]
    methods = ["REQUEST", "CANCEL", "REQUEST", "CANCEL", "REQUEST"]
    assert [str(each["method"]) for each in calendars] == methods
    assert [each["sequence"] for each in entries] == [1, 2, 3, 4, 5]


async def test_an_event_that_is_deleted_once_it_is_cancelled_is_still_called_off(
    evening: Evening,
) -> None:
    await evening.comes()
    await evening.work()
    await evening.chapter.write(lambda tx: cancel_event(tx, evening.event_id, "Storm"))
    await evening.chapter.write(lambda tx: delete_event(tx, evening.event_id))
    await evening.chapter._fan_out()
    await evening.work()
    letter = evening.letters()[-1]
    assert letter["subject"] == "Sorry, “Book night” is cancelled."
    assert evening.chapter.urls.event(evening.event_id) not in text_of(letter)


async def test_no_word_by_mail_is_older_than_the_calendar_file_of_ones_own_page(
    evening: Evening,
) -> None:
    rsvp = await evening.comes()
    for answer in (Answer.MAYBE, Answer.GOING):
        evening.world.clock.advance(timedelta(minutes=1))
        rsvp = await evening.says(rsvp, answer)
    event = await evening.event()
    own = await evening.chapter.read(lambda tx: as_it_stands(tx, event, rsvp))
    await evening.chapter.write(lambda tx: cancel_event(tx, evening.event_id))
    await evening.chapter._fan_out()
    await evening.work()
    (entry,) = calendar_of(evening.letters()[-1]).walk("VEVENT")
    assert entry["sequence"] > own.revision


async def test_who_can_not_come_has_the_entry_struck_out(evening: Evening) -> None:
    rsvp = await evening.comes()
    await evening.work()
    await evening.says(rsvp, Answer.NO)
    await evening.work()
    assert str(calendar_of(evening.letters()[-1])["method"]) == "CANCEL"


async def test_the_exact_place_stands_in_no_letter_but_the_page_that_shows_it(
    evening: Evening,
) -> None:
    await evening.comes()
    hidden = PlaceFields(
        name="Canary House", address="Canary Street 7", area="Eastside", shown=PlaceShown.TO_GOING
    )
    urls = evening.chapter.urls
    await evening.chapter.write(
        lambda tx: edit_event(tx, evening.event_id, EventFields(place=hidden), urls)
    )
    await evening.work()
    (letter,) = evening.letters()
    written = [each.get_payload(decode=True) or b"" for each in letter.walk()]
    assert b"Eastside" in written[2]
    assert b"The exact place is on your page:" in written[2]
    assert not any(b"Canary" in each for each in written if isinstance(each, bytes))


async def test_a_day_without_the_mail_server_loses_nothing_and_sends_nothing_twice(
    evening: Evening,
) -> None:
    await evening.server.stop()
    await evening.comes()
    for _ in range(24):
        await evening.work()
        evening.world.clock.advance(timedelta(hours=1))
    assert evening.server.letters == []
    await evening.server.start()
    evening.world.clock.advance(timedelta(hours=1))
    for _ in range(3):
        await evening.work()
        evening.world.clock.advance(timedelta(hours=2))
    assert len(evening.letters()) == 1
    assert await evening.fates(NoticeKind.GOING) == [("sent", None)]


async def test_a_letter_that_comes_after_the_event_is_not_sent(evening: Evening) -> None:
    await evening.server.stop()
    await evening.comes()
    await evening.work()
    evening.world.clock.advance(4 * DAY)
    await evening.server.start()
    await evening.work()
    assert evening.server.letters == []
    assert await evening.fates(NoticeKind.GOING) == [("dropped", "the event is over")]


async def test_a_letter_refused_for_good_is_put_aside_and_forgets_its_reader(
    evening: Evening,
) -> None:
    evening.server.to_recipient.append("550 5.1.1 <ana@mail.example>: nobody here")
    await evening.asks()
    await evening.work()
    ((state, error),) = await evening.fates(NoticeKind.CONFIRM_MAIL)
    assert state == "failed"
    assert error is not None
    assert "550 5.1.1" in error
    assert "ana@" not in error
    recipients = select(notices.c.recipient)
    kept = await evening.chapter.read(lambda tx: tx.conn.execute(recipients).scalars().all())
    assert kept == [""]
    ((refused_at,),) = await evening.chapter.read(
        lambda tx: tx.conn.execute(select(rsvp_rows.c.email_refused_at)).all()
    )
    assert refused_at == evening.world.clock.now()


async def test_a_letter_sent_twice_by_a_crash_has_one_message_id(evening: Evening) -> None:
    await evening.comes()
    tasks = loop.queue(evening.chapter.deps, NoticeRoute.MAIL)
    jobs = await evening.chapter.write(lambda tx: tasks.claim(tx, 10))
    job = next(each for each in jobs if each.notice.kind is NoticeKind.GOING)
    await tasks.do(job)
    await evening.chapter.write(
        lambda tx: tx.conn.execute(
            notices.update()
            .where(notices.c.id == job.id)
            .values(state="waiting", recipient=job.notice.recipient, due=tx.now, ended_at=None)
        )
    )
    evening.world.clock.advance(timedelta(minutes=6))
    await evening.work()
    twice = evening.letters()
    assert len(twice) == 2
    assert len({each["message-id"] for each in twice}) == 1


async def test_a_stranger_can_not_be_bombed_through_our_form(evening: Evening) -> None:
    for number in range(20):
        spelled = "Victim@Mail.example" if number % 2 else "victim@mail.example"
        await evening.asks(spelled, Answer.MAYBE, number)
    await evening.work()
    assert len(evening.server.letters) == telling.UNCONFIRMED_A_DAY
    fates = await evening.fates(NoticeKind.CONFIRM_MAIL)
    assert [state for state, _ in fates].count("dropped") == 17
    evening.world.clock.advance(DAY + timedelta(minutes=1))
    await evening.asks("victim@mail.example", Answer.MAYBE, 99)
    await evening.work()
    assert len(evening.server.letters) == telling.UNCONFIRMED_A_DAY + 1


async def test_strangers_hold_up_nobody_whose_address_is_confirmed(
    evening: Evening, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telling, "QUESTIONS_AN_HOUR", 4)
    monkeypatch.setattr(telling, "AN_HOUR", 6)
    await evening.comes()
    await evening.work()
    for number in range(30):
        await evening.asks(f"stranger{number}@mail.example", Answer.MAYBE)
    await evening.chapter.write(lambda tx: cancel_event(tx, evening.event_id, "Storm"))
    await evening.world.settle()
    await evening.work()
    assert [each["subject"] for each in evening.letters()][-1] == (
        "Sorry, “Book night” is cancelled."
    )
    asked = [each for each in evening.server.letters if "One click" in each["subject"]]
    assert len(asked) <= 4


async def test_of_mail_that_waits_a_cancellation_goes_first_and_questions_last(
    evening: Evening,
) -> None:
    ana = await evening.comes()
    await evening.work()
    await evening.asks("stranger@mail.example", Answer.MAYBE)

    def put(tx: WriteTx) -> list[NoticeKind]:
        for kind in (NoticeKind.WAITLIST, NoticeKind.MESSAGE, NoticeKind.CANCELLED):
            tell(tx, ana, kind, once=f"{kind}")
        claimed = [notice_queue.claim(tx, 1, DAY, NoticeRoute.MAIL) for _ in range(4)]
        return [job.notice.kind for jobs in claimed for job in jobs]

    assert await evening.chapter.write(put) == [
        NoticeKind.CANCELLED,
        NoticeKind.MESSAGE,
        NoticeKind.WAITLIST,
        NoticeKind.CONFIRM_MAIL,
    ]


@pytest.mark.parametrize("news", [NoticeKind.CANCELLED, NoticeKind.CHANGED])
async def test_who_confirms_addresses_to_change_their_mind_holds_up_no_news(
    evening: Evening, monkeypatch: pytest.MonkeyPatch, news: NoticeKind
) -> None:
    monkeypatch.setattr(telling, "AN_HOUR", 6)
    await evening.comes()
    for number in range(6):
        stranger = await evening.comes(f"stranger{number}@mail.example")
        evening.world.clock.advance(timedelta(seconds=1))
        await evening.says(stranger, Answer.NO)
    await evening.work()
    assert len(evening.letters()) >= 6
    if news is NoticeKind.CANCELLED:
        await evening.chapter.write(lambda tx: cancel_event(tx, evening.event_id, "Storm"))
    else:
        fields, urls = EventFields(bring="Boots"), evening.chapter.urls
        await evening.chapter.write(lambda tx: edit_event(tx, evening.event_id, fields, urls))
        evening.world.clock.advance(telling.LATER)
    await evening.world.settle()
    await evening.work()
    assert await evening.fates(news) == [("sent", None)]


async def test_reminders_hold_up_no_cancellation_and_confirmations_wait_for_them(
    evening: Evening, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telling, "AN_HOUR", 3)
    ana = await evening.comes()
    await evening.work()

    def put(tx: WriteTx) -> None:
        for number in range(3):
            tell(tx, ana, NoticeKind.PROMOTED, once=f"{number}")

    await evening.chapter.write(put)
    await evening.work()
    await evening.chapter.write(lambda tx: tell(tx, ana, NoticeKind.GOING, once="one more"))
    await evening.work()
    assert await evening.fates(NoticeKind.GOING) == [
        ("sent", None),
        ("waiting", "so much mail went out this hour"),
    ]
    await evening.chapter.write(lambda tx: cancel_event(tx, evening.event_id))
    await evening.world.settle()
    await evening.work()
    assert await evening.fates(NoticeKind.CANCELLED) == [("sent", None)]


async def test_more_questions_than_an_hour_may_have_wait_for_the_next(
    evening: Evening, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telling, "QUESTIONS_AN_HOUR", 5)
    for number in range(12):
        await evening.asks(f"guest{number}@mail.example", Answer.MAYBE)
    await evening.work()
    assert len(evening.server.letters) <= 5
    for _ in range(30):
        evening.world.clock.advance(timedelta(minutes=11))
        await evening.work()
    assert len(evening.server.letters) == 12


async def test_who_wants_no_mail_gets_none(evening: Evening) -> None:
    await evening.comes()
    trace = evening.chapter.deps.links.fingerprint("mail", ANA)
    await evening.chapter.write(lambda tx: mail_stops.put(tx, trace))
    await evening.work()
    assert evening.server.letters == []
    assert await evening.fates(NoticeKind.GOING) == [("dropped", "this address wants no mail")]


async def test_without_a_mail_server_a_letter_is_dropped_and_says_why(world: World) -> None:
    chapter = await world.chapter("b.test")
    event_id = EventId((await chapter.event("Book night")).rpartition("/")[2])
    evening = Evening(world, chapter, MailServer(), event_id)
    await evening.asks()
    await evening.work()
    assert await evening.fates(NoticeKind.CONFIRM_MAIL) == [("dropped", "mail is off")]


async def test_guests_by_mail_are_reminded_and_thanked_too(evening: Evening) -> None:
    await evening.comes()
    await evening.asks("ben@mail.example")  # never confirmed
    await evening.work()
    evening.world.clock.advance(2 * DAY + timedelta(hours=1))
    await evening.chapter.write(reminders.put_due)
    await evening.work()
    evening.world.clock.advance(DAY + timedelta(hours=5))
    await evening.chapter.write(reminders.put_due)
    await evening.work()
    assert [(each["to"], each["subject"]) for each in evening.letters()[1:]] == [
        (ANA, "See you soon at “Book night”!"),
        (ANA, "Thank you for being part of “Book night”."),
    ]
