"""People are told by direct message: each alone, once, and only what is true when it leaves."""

from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from fedi_chapter.core.clock import SetClock
from fedi_chapter.core.errors import (
    BadDocument,
    NoDocument,
    RemoteBusy,
    RemoteFailure,
    RemoteRefused,
    Unreachable,
)
from fedi_chapter.core.html import plain
from fedi_chapter.domain.event import Event, EventId
from fedi_chapter.domain.notice import NEWS, NoticeKind, NoticeRoute, NoticeState
from fedi_chapter.domain.rsvp import RANKS, Answer, Party, Route, Rsvp, Saying
from fedi_chapter.federation import remote_actors, telling
from fedi_chapter.services import reminders, retention, rsvps
from fedi_chapter.services.event_fields import EventFields
from fedi_chapter.services.event_plans import postpone_event, reopen_event
from fedi_chapter.services.events import cancel_event, create_event, edit_event
from fedi_chapter.services.messages import message_attendees, report
from fedi_chapter.services.moderation import block
from fedi_chapter.services.notices import tell
from fedi_chapter.store import events, notice_queue
from fedi_chapter.store import rsvps as stored
from fedi_chapter.store.tables import activities, notices
from fedi_chapter.store.tx import ReadTx, WriteTx
from fedi_chapter.vocab.when import span
from fedi_chapter.workers.notices import queue
from tests.kit.peers.mastodon import Json, Mastodon
from tests.kit.world import Chapter, World

pytestmark = pytest.mark.anyio

DAY = timedelta(days=1)


@dataclass
class Evening:
    """A chapter with an event, and a server full of people who may come."""

    world: World
    chapter: Chapter
    server: Mastodon
    event_id: EventId

    @property
    def clock(self) -> SetClock:
        return self.world.clock

    async def event(self) -> Event:
        found = await self.chapter.read(lambda tx: events.get(tx, self.event_id))
        assert found is not None
        return found

    async def says(
        self, name: str, answer: Answer = Answer.GOING, *, route: Route = Route.POLL, **more: str
    ) -> Rsvp:
        """Let a member answer; return how she stands."""
        member, event = self.server.member(name), await self.event()
        party = Party(key=member.uri, actor_uri=member.uri)
        saying = Saying(
            answer, route, self.clock.now(), RANKS[answer], activity_id=more.get("activity_id")
        )
        response = await self.chapter.write(lambda tx: rsvps.respond(tx, event, party, saying))
        self.clock.advance(timedelta(seconds=1))
        return response.rsvp

    async def change(self, **fields: str) -> None:
        await self.chapter.write(
            lambda tx: edit_event(tx, self.event_id, EventFields(**fields), self.chapter.urls)  # type: ignore[arg-type]
        )

    async def cancel(self, reason: str | None = None) -> None:
        await self.chapter.write(lambda tx: cancel_event(tx, self.event_id, reason))

    async def remind(self) -> None:
        await self.chapter.write(reminders.put_due)
        await self.world.settle()

    def heard(self, name: str) -> list[str]:
        """Return the first line of every direct message a member got, in order."""
        return [first_line(note) for note in self.notes(name)]

    def notes(self, name: str) -> list[Json]:
        member = self.server.member(name)
        return [
            note
            for each in self.server.received
            if each.activity["type"] == "Create"
            and isinstance(note := each.activity["object"], dict)
            and note["to"] == [member.uri]
        ]

    async def fates(self) -> list[tuple[str, str, str | None]]:
        rows = select(notices.c.kind, notices.c.state, notices.c.error).order_by(notices.c.id)
        return await self.chapter.read(
            lambda tx: [(row.kind, row.state, row.error) for row in tx.conn.execute(rows)]
        )


def first_line(note: Json) -> str:
    first = plain(str(note["content"])).split("\n", 1)[0]
    return first.partition(" ")[2]


@pytest.fixture
async def evening(world: World) -> Evening:
    chapter, server = await world.chapter("a.test"), world.mastodon("m.test")

    def make(tx: WriteTx) -> Event:
        start = tx.now + 3 * DAY
        fields = EventFields(
            name="Book night", start=f"{start:%Y-%m-%dT%H:%M}", timezone="UTC", bring="a book"
        )
        return create_event(tx, chapter.actor, fields, chapter.urls)

    event = await chapter.write(make)
    return Evening(world, chapter, server, event.id)


async def test_whoever_says_yes_is_told_so_and_nobody_else_is(evening: Evening) -> None:
    await evening.says("ana")
    await evening.world.settle()
    assert evening.heard("ana") == ["See you there! You are going to “Book night”."]
    (got,) = [each for each in evening.server.received if each.activity["type"] == "Create"]
    ana = evening.server.member("ana")
    assert got.inbox == "/users/ana/inbox"
    assert (got.activity["to"], got.activity.get("cc")) == ([ana.uri], None)
    note = got.activity["object"]
    assert isinstance(note, dict)
    assert got.activity["id"] == f"{note['id']}#create"
    assert "a book" in str(note["content"])
    assert f"/events/{evening.event_id}.ics" in str(note["content"])


async def test_a_vote_is_confirmed_and_the_answer_to_that_takes_it_back(evening: Evening) -> None:
    ana = evening.server.member("ana")
    await ana.vote(evening.chapter.urls.face(evening.event_id), "Going")
    await evening.world.settle()
    assert evening.heard("ana") == ["See you there! You are going to “Book night”."]
    evening.clock.advance(timedelta(minutes=1))
    (note,) = evening.notes("ana")
    await ana.write(
        "Sorry, can't make it",
        chapter=evening.chapter.uri,
        in_reply_to=str(note["id"]),
        visibility="direct",
    )
    await evening.world.settle()
    assert evening.heard("ana")[1:] == ["Thanks for telling us: you can't come to “Book night”."]
    assert evening.notes("ana")[1]["inReplyTo"] in ana.statuses


async def test_nobody_can_fetch_what_one_person_was_told(evening: Evening) -> None:
    await evening.says("ana")
    await evening.world.settle()
    (note,) = evening.notes("ana")
    for address in (str(note["id"]), f"{note['id']}#create"):
        answer = await evening.world.network.send(
            "GET", address.partition("#")[0], {"Accept": "application/activity+json"}
        )
        assert answer.status_code == 404
    outbox = await evening.world.network.send(
        "GET", f"{evening.chapter.uri}/outbox?page=1", {"Accept": "application/activity+json"}
    )
    assert "See you there" not in outbox.text


async def test_an_answer_in_words_is_answered_where_it_stands(evening: Evening) -> None:
    await evening.says("ana", route=Route.REPLY, activity_id="https://m.test/users/ana/statuses/1")
    await evening.world.settle()
    (note,) = evening.notes("ana")
    assert note["inReplyTo"] == "https://m.test/users/ana/statuses/1"


async def test_a_freed_seat_is_told_within_one_round(evening: Evening) -> None:
    await evening.change(capacity=1)  # type: ignore[arg-type]
    await evening.says("ana")
    await evening.says("ben")
    await evening.world.settle()
    assert evening.heard("ben") == ["“Book night” is full: you are number 1 in line."]
    await evening.says("ana", Answer.NO)
    await evening.chapter.step()
    assert evening.heard("ben")[1:] == ["Good news: you have a seat at “Book night”!"]
    assert evening.heard("ana")[1:] == ["Thanks for telling us: you can't come to “Book night”."]


async def test_changes_of_ten_minutes_are_told_in_one_message(evening: Evening) -> None:
    await evening.says("ana")
    await evening.says("ben", Answer.NO)
    start = (await evening.event()).starts_at
    await evening.world.settle()
    evening.clock.advance(timedelta(minutes=1))
    await evening.change(start=f"{start + timedelta(hours=1):%Y-%m-%dT%H:%M}")
    evening.clock.advance(timedelta(minutes=5))
    await evening.change(bring="a lamp")
    evening.clock.advance(timedelta(seconds=5))
    await evening.says("cleo")
    await evening.world.settle()
    assert len(evening.heard("ana")) == 1
    evening.clock.advance(timedelta(minutes=6))
    await evening.world.settle()
    assert evening.heard("ana")[1:] == ["“Book night” has changed. This is how it is now:"]
    assert "a lamp" in str(evening.notes("ana")[1]["content"])
    assert "1:00 PM" in str(evening.notes("ana")[1]["content"])
    assert len(evening.heard("ben")) == 1
    assert len(evening.heard("cleo")) == 1, "who answered after the change knows it"


async def test_a_cancellation_is_told_at_once_and_ends_all_else(evening: Evening) -> None:
    await evening.says("ana")
    await evening.says("ben", Answer.MAYBE)
    await evening.world.settle()
    await evening.change(bring="nothing")
    await evening.cancel("Storm")
    await evening.world.settle()
    assert evening.heard("ana")[1:] == ["Sorry, “Book night” is cancelled."]
    assert "Storm" in str(evening.notes("ana")[1]["content"])
    assert evening.heard("ben")[1:] == ["Sorry, “Book night” is cancelled."]
    evening.clock.advance(2 * DAY + timedelta(hours=1))
    await evening.remind()
    assert len(evening.heard("ana")) == 2
    assert ("changed", "dropped", "the event was cancelled") in await evening.fates()


async def test_those_who_go_are_reminded_the_day_before_once(evening: Evening) -> None:
    await evening.says("ana")
    await evening.says("ben", Answer.MAYBE)
    await evening.world.settle()
    await evening.remind()
    assert len(evening.heard("ana")) == 1
    evening.clock.advance(2 * DAY + timedelta(minutes=1))
    for _ in range(3):
        await evening.remind()
        evening.clock.advance(timedelta(minutes=5))
    assert evening.heard("ana")[1:] == ["See you soon at “Book night”!"]
    assert "a book" in str(evening.notes("ana")[1]["content"])
    assert "make it" in str(evening.notes("ana")[1]["content"])
    assert len(evening.heard("ben")) == 1


async def test_an_event_that_was_moved_is_a_new_one_to_remind_of(evening: Evening) -> None:
    await evening.says("ana")
    evening.clock.advance(2 * DAY + timedelta(hours=1))
    await evening.remind()
    start = (await evening.event()).starts_at + 2 * DAY
    await evening.change(start=f"{start:%Y-%m-%dT%H:%M}")
    evening.clock.advance(2 * DAY)
    await evening.remind()
    assert evening.heard("ana").count("See you soon at “Book night”!") == 2


async def test_a_change_is_told_before_the_reminder_that_builds_on_it(evening: Evening) -> None:
    await evening.says("ana")
    await evening.world.settle()
    evening.clock.advance(timedelta(hours=7))
    soon = evening.clock.now() + timedelta(hours=23)
    await evening.change(start=f"{soon:%Y-%m-%dT%H:%M}")
    for _ in range(6):
        await evening.remind()
        evening.clock.advance(timedelta(minutes=4))
    await evening.remind()
    assert evening.heard("ana")[1:] == [
        "“Book night” has changed. This is how it is now:",
        "See you soon at “Book night”!",
    ]


@pytest.mark.parametrize("news", sorted(NEWS))
async def test_a_reminder_waits_for_the_news_that_somebody_was_not_told_yet(
    evening: Evening, news: NoticeKind
) -> None:
    ana = await evening.says("ana")
    await evening.world.settle()

    def claimed(tx: WriteTx) -> list[NoticeKind]:
        for kind in (NoticeKind.REMINDER, news):
            tell(tx, ana, kind, once=f"{kind}")
        jobs = notice_queue.claim(tx, 10, DAY, NoticeRoute.DIRECT)
        for job in jobs:
            notice_queue.finish(tx, job.id)
        later = notice_queue.claim(tx, 10, DAY, NoticeRoute.DIRECT)
        return [job.notice.kind for job in (*jobs, *later)]

    told = await evening.chapter.write(claimed)
    assert told == [news, NoticeKind.REMINDER]


async def test_a_reminder_in_hand_waits_for_news_that_another_worker_has_just_put(
    evening: Evening,
) -> None:
    ana = await evening.says("ana")
    await evening.world.settle()
    evening.clock.advance(2 * DAY + timedelta(hours=1))
    deps, tasks = evening.chapter.deps, queue(evening.chapter.deps, NoticeRoute.DIRECT)
    await evening.chapter.write(lambda tx: tell(tx, ana, NoticeKind.REMINDER, once="tomorrow"))
    (job,) = await evening.chapter.write(lambda tx: tasks.claim(tx, 10))
    await evening.chapter.write(lambda tx: tell(tx, ana, NoticeKind.CHANGED, once="just now"))
    await telling.tell(deps, job)
    for _ in range(3):
        await evening.world.settle()
        evening.clock.advance(timedelta(seconds=3))
    assert evening.heard("ana")[1:] == [
        "“Book night” has changed. This is how it is now:",
        "See you soon at “Book night”!",
    ]


async def test_who_answers_late_needs_no_reminder(evening: Evening) -> None:
    evening.clock.advance(3 * DAY - timedelta(hours=8))
    await evening.says("ana")
    evening.clock.advance(timedelta(hours=1))
    await evening.remind()
    evening.clock.advance(timedelta(hours=5))
    await evening.remind()
    assert evening.heard("ana") == ["See you there! You are going to “Book night”."]


async def test_who_muted_an_event_hears_of_changes_only(evening: Evening) -> None:
    ana = await evening.says("ana")

    await evening.world.settle()
    await evening.chapter.write(lambda tx: stored.change(tx, replace(ana, muted=True)))
    evening.clock.advance(2 * DAY + timedelta(minutes=1))
    await evening.remind()
    assert len(evening.heard("ana")) == 1
    await evening.cancel()
    await evening.world.settle()
    assert len(evening.heard("ana")) == 2


async def test_thanks_come_some_hours_after_and_name_the_next_event(evening: Evening) -> None:
    await evening.says("ana")
    await evening.says("ben", Answer.NO)
    await evening.world.settle()
    await evening.chapter.event("Picnic")  # for the day after tomorrow: it is over by then
    evening.clock.advance(3 * DAY + timedelta(hours=2))
    await evening.chapter.event("Garden day")
    await evening.remind()
    assert len(evening.heard("ana")) == 1
    evening.clock.advance(timedelta(hours=3))
    for _ in range(2):
        await evening.remind()
    assert evening.heard("ana")[1:] == ["Thank you for being part of “Book night”."]
    assert "Garden day" in str(evening.notes("ana")[1]["content"])
    assert len(evening.heard("ben")) == 1


async def test_a_notice_that_is_no_longer_true_is_not_sent(evening: Evening) -> None:
    await evening.says("ana")
    await evening.says("ana", Answer.MAYBE)
    await evening.says("ana", Answer.NO)
    await evening.world.settle()
    assert evening.heard("ana") == ["Thanks for telling us: you can't come to “Book night”."]
    assert [fate[1:] for fate in await evening.fates()] == [
        ("dropped", "the answer has changed since"),
        ("dropped", "the answer has changed since"),
        ("sent", None),
    ]


async def test_a_worker_that_dies_before_its_commit_tells_nobody_twice(evening: Evening) -> None:
    await evening.says("ana")
    tasks = queue(evening.chapter.deps, NoticeRoute.DIRECT)
    await evening.chapter.write(lambda tx: tasks.claim(tx, 10))  # and dies
    await evening.world.settle()
    assert evening.heard("ana") == []
    evening.clock.advance(timedelta(minutes=6))
    await evening.world.settle()
    assert len(evening.heard("ana")) == 1


async def test_a_worker_that_dies_after_its_commit_tells_nobody_twice(evening: Evening) -> None:
    await evening.says("ana")
    tasks = queue(evening.chapter.deps, NoticeRoute.DIRECT)
    (job,) = await evening.chapter.write(lambda tx: tasks.claim(tx, 10))
    await tasks.do(job)
    await tasks.do(job)  # another worker had it, too
    await evening.world.settle()
    evening.clock.advance(timedelta(minutes=6))
    await evening.world.settle()
    assert len(evening.heard("ana")) == 1


async def test_a_server_that_was_away_hears_it_once_when_it_is_back(evening: Evening) -> None:
    await evening.says("ben")
    await evening.world.settle()
    evening.world.network.down.add("m.test")
    await evening.says("ben", Answer.NO)
    await evening.world.settle()
    evening.clock.advance(timedelta(hours=6))
    await evening.world.settle()
    evening.world.network.down.clear()
    evening.clock.advance(timedelta(hours=6))
    await evening.world.settle()
    assert len(evening.heard("ben")) == 2


async def test_whom_we_refuse_we_do_not_write_to(evening: Evening) -> None:
    await evening.says("ana")
    await evening.world.settle()
    await evening.says("ana", Answer.MAYBE)
    await evening.chapter.write(lambda tx: block(tx, "m.test", evening.chapter.urls))
    await evening.world.settle()
    assert len(evening.heard("ana")) == 1
    assert (await evening.fates())[-1] == ("maybe", "dropped", "blocked here")


async def test_an_account_that_is_gone_is_left_alone(evening: Evening) -> None:
    evening.server.member("ana").deleted = True
    await evening.says("ana")
    await evening.world.settle()
    assert await evening.fates() == [("going", "dropped", "the account is gone")]


@pytest.mark.parametrize(
    ("answer", "raised"),
    [
        (RemoteRefused("https://m.test/users/ana answered 403", answer=403), None),
        (RemoteBusy("https://m.test/users/ana answered 500"), Unreachable),
        (NoDocument("https://m.test/users/ana answers with text/html"), Unreachable),
        (BadDocument("https://m.test/users/ana answers with another id"), BadDocument),
    ],
)
async def test_why_somebody_could_not_be_told_does_not_say_who(
    evening: Evening,
    monkeypatch: pytest.MonkeyPatch,
    answer: RemoteFailure,
    raised: type[RemoteFailure] | None,
) -> None:
    async def refresh(*_: object) -> None:
        raise answer

    monkeypatch.setattr(remote_actors, "refresh", refresh)
    await evening.says("ana")
    if raised is None:
        await evening.world.settle()
        assert await evening.fates() == [("going", "dropped", "m.test: remote-refused")]
    else:
        with pytest.raises(raised) as caught:  # what the loop keeps and logs
            await evening.world.settle()
        assert str(caught.value) == f"m.test: {answer.code}"
        assert caught.value.__suppress_context__


async def test_an_organizers_message_reaches_everybody_who_may_come_with_a_report(
    evening: Evening,
) -> None:
    for name, answer in (("ana", Answer.GOING), ("ben", Answer.MAYBE), ("cleo", Answer.NO)):
        await evening.says(name, answer)
    await evening.world.settle()
    sent = await evening.chapter.write(
        lambda tx: message_attendees(tx, evening.event_id, "Use door B.", urgent=True)
    )
    await evening.world.settle()
    assert evening.heard("ana")[1:] == ["Urgent, about “Book night”:"]
    assert "Use door B." in str(evening.notes("ben")[1]["content"])
    assert len(evening.heard("cleo")) == 1
    told = await evening.chapter.read(
        lambda tx: report(tx, evening.event_id, evening.chapter.urls, sent.id)
    )
    assert [(each.route, each.state, each.number) for each in told.told] == [
        (NoticeRoute.DIRECT, NoticeState.SENT, 2)
    ]
    assert told.concerned == 2


async def test_a_message_whose_delivery_waits_is_not_called_sent(evening: Evening) -> None:
    await evening.says("ana")
    await evening.world.settle()
    evening.world.network.down.add("m.test")
    await evening.chapter.write(lambda tx: message_attendees(tx, evening.event_id, "Hello"))
    await evening.world.settle()
    told = await evening.chapter.read(lambda tx: report(tx, evening.event_id, evening.chapter.urls))
    assert [(each.state, each.number) for each in told.told] == [
        (NoticeState.SENT, 1),
        (NoticeState.WAITING, 1),
    ]


async def test_what_was_said_to_one_person_is_not_kept(evening: Evening) -> None:
    await evening.says("ana")
    await evening.world.settle()

    def kept(tx: ReadTx) -> int:
        about = activities.c.object_uri.startswith(evening.chapter.urls.notice(""))
        return tx.conn.execute(select(func.count()).where(about)).scalar_one()

    assert await evening.chapter.read(kept) == 1
    evening.clock.advance(DAY + timedelta(hours=1))
    await evening.chapter.write(lambda tx: retention.sweep(tx, evening.chapter.urls))
    assert await evening.chapter.read(kept) == 0
    recipients = select(notices.c.recipient)
    assert await evening.chapter.read(lambda tx: list(tx.conn.execute(recipients).scalars())) == [
        ""
    ]


async def test_a_reply_we_do_not_understand_is_asked_back_about(evening: Evening) -> None:
    ana = await evening.says("ana", Answer.MAYBE)
    await evening.world.settle()
    await evening.chapter.write(
        lambda tx: tell(tx, ana, NoticeKind.UNSURE, once="unsure https://m.test/1")
    )
    await evening.world.settle()
    assert evening.heard("ana")[1:] == ["Sorry, we are not sure what you mean about “Book night”."]


async def test_whether_it_takes_place_is_told_each_time_it_changes(evening: Evening) -> None:
    await evening.says("ana")
    await evening.world.settle()
    for verb in (
        lambda tx: cancel_event(tx, evening.event_id),
        lambda tx: reopen_event(tx, evening.event_id),
        lambda tx: cancel_event(tx, evening.event_id),
        lambda tx: postpone_event(tx, evening.event_id, reason="Snow"),
    ):
        await evening.chapter.write(verb)
        await evening.world.settle()
        evening.clock.advance(timedelta(minutes=1))
    assert evening.heard("ana")[1:] == [
        "Sorry, “Book night” is cancelled.",
        "Good news: “Book night” takes place after all!",
        "Sorry, “Book night” is cancelled.",
        "“Book night” is postponed.",
    ]
    last = str(evening.notes("ana")[-1]["content"])
    assert "Snow" in last
    assert "a new date will follow" in last


async def test_who_answered_is_told_that_what_takes_place_after_all_has_a_new_time(
    evening: Evening,
) -> None:
    await evening.says("ana")
    await evening.world.settle()
    old = await evening.event()
    await evening.cancel()
    await evening.world.settle()
    new = old.starts_at + 7 * DAY
    await evening.change(start=f"{new:%Y-%m-%dT%H:%M}")
    await evening.chapter.write(lambda tx: reopen_event(tx, evening.event_id))
    await evening.world.settle()
    evening.clock.advance(timedelta(minutes=11))
    await evening.world.settle()
    assert evening.heard("ana")[2:] == ["Good news: “Book night” takes place after all!"]
    words = plain(str(evening.notes("ana")[-1]["content"]))
    assert "This event has a new time." in words
    assert f"Before, it was: {span(old)}" in words
    assert span(await evening.event()) in words


async def test_only_the_last_word_about_the_plan_is_told(evening: Evening) -> None:
    await evening.says("ana")
    await evening.world.settle()
    await evening.cancel()
    await evening.chapter.write(lambda tx: reopen_event(tx, evening.event_id))
    await evening.world.settle()
    assert evening.heard("ana")[1:] == ["Good news: “Book night” takes place after all!"]
    assert ("cancelled", "dropped", "the plan has changed since") in await evening.fates()


async def test_nobody_is_reminded_of_a_postponed_event(evening: Evening) -> None:
    await evening.says("ana")
    await evening.world.settle()
    evening.clock.advance(2 * DAY + timedelta(minutes=1))
    await evening.chapter.write(reminders.put_due)
    await evening.chapter.write(lambda tx: postpone_event(tx, evening.event_id))
    await evening.world.settle()
    assert evening.heard("ana")[1:] == ["“Book night” is postponed."]
