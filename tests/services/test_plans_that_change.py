"""An event is postponed, takes place after all, is held again, or has been."""

from dataclasses import replace
from datetime import timedelta

import pytest

from fedi_chapter.core.clock import SetClock
from fedi_chapter.core.errors import Conflict, FormInvalid
from fedi_chapter.domain.event import Event, EventStatus, PlaceShown, RsvpMode
from fedi_chapter.domain.happening import AttendeesToTell, EventChanged, EventPublished
from fedi_chapter.domain.media import Media, MediaId
from fedi_chapter.domain.rsvp import RANKS, Answer, Party, Refusal, Route, RsvpStatus, Saying
from fedi_chapter.services import event_plans as subject
from fedi_chapter.services import events as event_service
from fedi_chapter.services import retention, rsvps, series, series_change
from fedi_chapter.services.event_fields import EventFields
from fedi_chapter.services.places import PlaceFields, meeting_of
from fedi_chapter.store import rsvps as answers
from fedi_chapter.store.pages.calendar import calendar_page
from fedi_chapter.store.pages.home import home_page
from fedi_chapter.store.tx import WriteTx
from tests.services.conftest import House

pytestmark = pytest.mark.anyio

FIELDS = EventFields(
    name="Summer fête",
    start="2026-12-19T10:00",
    end="2026-12-19T18:00",
    rsvp_until="2026-12-18T20:00",
    capacity=1,
)


async def create(house: House, **words: object) -> Event:
    fields = replace(FIELDS, **words)  # type: ignore[arg-type]
    return await house.do(
        lambda tx: event_service.create_event(tx, house.chapter, fields, house.urls)
    )


async def postpone(
    house: House, event: Event, start: str | None = None, reason: str | None = None
) -> Event:
    return await house.do(lambda tx: subject.postpone_event(tx, event.id, start, reason))


async def reopen(house: House, event: Event) -> Event:
    return await house.do(lambda tx: subject.reopen_event(tx, event.id))


async def cancel(house: House, event: Event) -> Event:
    return await house.do(lambda tx: event_service.cancel_event(tx, event.id, "Storm"))


async def say(house: House, event: Event, name: str, answer: Answer = Answer.GOING) -> object:
    """Let somebody answer; return how they stand, or why it changed nothing."""
    party = Party(key=name, name=name)

    def work(tx: WriteTx) -> object:
        saying = Saying(answer, Route.WEB, tx.now, RANKS[answer])
        done = rsvps.respond(tx, event_service.own_event(tx, event.id), party, saying)
        return done.refusal or done.rsvp.status

    return await house.do(work)


async def told(house: House) -> list[str]:
    return [e.kind for e in await house.happenings() if isinstance(e, AttendeesToTell)]


# -- postponed -----------------------------------------------------------------------------------


async def test_a_postponed_event_has_no_date_and_those_who_come_are_told(house: House) -> None:
    made = await create(house)
    off = await postpone(house, made, reason="The hall\nis flooded")
    assert (off.status, off.cancel_reason) == (EventStatus.POSTPONED, "The hall is flooded")
    assert (off.starts_at, off.revision) == (made.starts_at, 1)
    assert await house.happenings() == [
        EventPublished(made.id),
        EventChanged(made.id),
        AttendeesToTell(made.id, "postponed"),
    ]
    with pytest.raises(Conflict):
        await postpone(house, made)


async def test_nobody_says_yes_to_a_date_that_is_none_but_a_seat_can_be_given_back(
    house: House, clock: SetClock
) -> None:
    made = await create(house)
    assert await say(house, made, "ana") is RsvpStatus.GOING
    assert await say(house, made, "ben") is RsvpStatus.WAITLIST
    await postpone(house, made)
    clock.advance(timedelta(seconds=1))
    assert await say(house, made, "cy") is Refusal.POSTPONED
    assert await say(house, made, "ana", Answer.NO) is RsvpStatus.NO
    moved = await postpone(house, made, "2027-01-16T10:00")
    assert moved.takes_place
    (ben,) = [
        each
        for each in await house.see(lambda tx: answers.of_event(tx, made.id))
        if each.name == "ben"
    ]
    assert ben.status is RsvpStatus.GOING


async def test_a_new_date_keeps_the_hours_and_says_what_it_was_before(house: House) -> None:
    made = await create(house)
    await postpone(house, made, reason="Rain")
    moved = await postpone(house, made, "2027-07-10T10:00")
    assert moved.status is EventStatus.RESCHEDULED
    assert (moved.previous_starts_at, moved.cancel_reason) == (made.starts_at, None)
    assert moved.ends_at
    assert moved.rsvp_until
    assert f"{moved.local(moved.ends_at):%m-%d %H}" == "07-10 18"
    assert f"{moved.local(moved.rsvp_until):%m-%d %H}" == "07-09 20"
    assert await told(house) == ["postponed", "changed"]


async def test_an_edit_of_the_start_is_a_new_date_too_and_any_other_is_not(house: House) -> None:
    made = await create(house)
    await postpone(house, made)
    assert (await edit(house, made, bring="Boots")).is_postponed
    assert (await edit(house, made, start="2027-01-16T10:00")).takes_place


@pytest.mark.parametrize("start", ["2026-11-20T10:00", "later", "2027-01-16"])
async def test_a_new_date_that_makes_no_sense_is_refused(house: House, start: str) -> None:
    made = await create(house)
    with pytest.raises(FormInvalid) as refused:
        await postpone(house, made, start)
    assert refused.value.cure
    assert await house.happenings() == [EventPublished(made.id)]


async def test_a_postponed_event_is_still_to_come_after_its_old_date(
    house: House, clock: SetClock
) -> None:
    made = await create(house)
    later = await create(house, name="Winter fête", start="2027-01-20T10:00", end=None)
    await say(house, made, "ana")
    await postpone(house, made)
    clock.at = made.starts_at + timedelta(days=20)
    assert [e.name for e in (await house.see(home_page)).events] == ["Winter fête", "Summer fête"]
    page = await house.see(calendar_page)
    assert [e.id for e in (*page.coming, *page.postponed, *page.past)] == [later.id, made.id]
    clock.advance(timedelta(days=40))
    await house.do(lambda tx: retention.forget_attendees(tx, timedelta(days=30)))
    assert await house.see(lambda tx: answers.of_event(tx, made.id))
    assert (await postpone(house, made, "2027-06-01T10:00")).takes_place
    clock.advance(timedelta(days=400))
    await house.do(lambda tx: retention.forget_attendees(tx, timedelta(days=30)))
    assert not await house.see(lambda tx: answers.of_event(tx, made.id))


# -- reopened ------------------------------------------------------------------------------------


async def test_a_cancelled_event_takes_place_after_all(house: House) -> None:
    made = await create(house)
    await cancel(house, made)
    again = await reopen(house, made)
    assert (again.status, again.cancel_reason) == (EventStatus.SCHEDULED, None)
    assert again.revision == 2
    assert await told(house) == ["cancelled", "reopened"]
    assert await say(house, again, "ana") is RsvpStatus.GOING
    with pytest.raises(Conflict):
        await reopen(house, made)
    assert (await cancel(house, made)).is_cancelled


async def test_what_was_postponed_can_keep_its_date(house: House) -> None:
    made = await create(house)
    await postpone(house, made, reason="Rain")
    assert (await reopen(house, made)).status is EventStatus.SCHEDULED


async def test_a_date_that_is_over_can_not_be_kept(house: House, clock: SetClock) -> None:
    made = await create(house)
    await cancel(house, made)
    clock.advance(timedelta(days=60))
    with pytest.raises(Conflict) as refused:
        await reopen(house, made)
    assert "--start" in str(refused.value.cure)
    moved = await postpone(house, made, "2027-06-01T10:00")
    assert moved.takes_place
    assert await told(house) == ["cancelled", "reopened"]


async def test_a_date_that_is_reopened_stands_in_its_series_again(house: House) -> None:
    first = await house.do(
        lambda tx: series.create_series(tx, house.chapter, FIELDS, "FREQ=WEEKLY", house.urls)
    )
    await house.do(lambda tx: series.cancel_following(tx, first.id, "Storm"))
    assert (await reopen(house, first)).takes_place


async def test_a_postponed_date_waits_when_its_series_moves(house: House, clock: SetClock) -> None:
    first = await house.do(
        lambda tx: series.create_series(tx, house.chapter, FIELDS, "FREQ=WEEKLY", house.urls)
    )
    clock.advance(timedelta(hours=13))
    (series_id,) = await house.see(series.running)
    second = await house.do(lambda tx: series.publish_next(tx, series_id))
    assert second is not None
    await postpone(house, second)
    later = EventFields(start="2026-12-19T11:00", bring="Boots")
    await house.do(lambda tx: series_change.edit_following(tx, first.id, later, house.urls))
    kept = await house.see(lambda tx: event_service.own_event(tx, second.id))
    assert (kept.is_postponed, kept.bring) == (True, "Boots")
    assert kept.starts_at == second.starts_at


async def edit(house: House, event: Event, **words: str) -> Event:
    fields = EventFields(**words)  # type: ignore[arg-type]
    return await house.do(lambda tx: event_service.edit_event(tx, event.id, fields, house.urls))


async def test_what_was_moved_while_it_was_cancelled_says_so_when_it_is_reopened(
    house: House,
) -> None:
    made = await create(house)
    await cancel(house, made)
    await edit(house, made, start="2027-01-16T10:00")
    off = await edit(house, made, start="2027-01-23T11:00", timezone="America/Chicago")
    assert off.is_cancelled
    again = await reopen(house, made)
    assert again.status is EventStatus.RESCHEDULED
    assert again.previous_starts_at
    assert f"{again.local(again.previous_starts_at):%F %H}" == "2026-12-19 10"
    assert await told(house) == ["cancelled", "reopened"]


@pytest.mark.parametrize("is_cancelled", [False, True])
async def test_the_date_it_had_before_keeps_its_hour_when_the_zone_alone_is_corrected(
    house: House, is_cancelled: bool
) -> None:
    made = await create(house)
    if is_cancelled:
        await cancel(house, made)
    await edit(house, made, start="2027-01-16T11:00")
    after = await edit(house, made, timezone="America/Chicago")
    assert after.previous_starts_at
    assert f"{after.local(after.previous_starts_at):%F %H}" == "2026-12-19 10"
    assert f"{after.local(after.starts_at):%F %H}" == "2027-01-16 11"


async def test_what_was_moved_before_it_was_cancelled_is_reopened_as_everybody_knows_it(
    house: House,
) -> None:
    made = await create(house)
    await edit(house, made, start="2027-01-16T10:00")
    await cancel(house, made)
    again = await reopen(house, made)
    assert (again.status, again.previous_starts_at) == (EventStatus.SCHEDULED, None)
    await cancel(house, made)
    await edit(house, made, start="2027-01-23T10:00")
    again = await reopen(house, made)
    assert again.status is EventStatus.RESCHEDULED
    assert again.previous_starts_at
    assert f"{again.local(again.previous_starts_at):%F}" == "2027-01-16"


async def test_what_was_moved_and_moved_back_while_it_was_cancelled_has_its_old_date(
    house: House,
) -> None:
    made = await create(house)
    await cancel(house, made)
    await edit(house, made, start="2027-01-16T10:00")
    await edit(house, made, start="2026-12-19T10:00", bring="Boots")
    again = await reopen(house, made)
    assert (again.status, again.previous_starts_at) == (EventStatus.SCHEDULED, None)


async def test_a_new_date_after_a_cancellation_names_the_date_that_people_knew(
    house: House,
) -> None:
    made = await create(house)
    await cancel(house, made)
    await edit(house, made, start="2027-01-16T10:00")
    moved = await postpone(house, made, "2027-01-23T10:00")
    assert moved.status is EventStatus.RESCHEDULED
    assert moved.previous_starts_at == made.starts_at


async def test_what_was_cancelled_then_moved_then_postponed_names_the_date_that_people_knew(
    house: House,
) -> None:
    made = await create(house)
    await cancel(house, made)
    await edit(house, made, start="2027-01-16T10:00")
    await postpone(house, made)
    again = await reopen(house, made)
    assert again.status is EventStatus.RESCHEDULED
    assert again.previous_starts_at == made.starts_at


# -- over already --------------------------------------------------------------------------------


async def test_nobody_is_told_that_what_has_been_is_cancelled(
    house: House, clock: SetClock
) -> None:
    made = await create(house)
    clock.at = made.finish
    assert (await cancel(house, made)).is_cancelled
    assert await told(house) == []


async def test_who_waits_for_a_new_date_is_told_that_there_will_be_none(
    house: House, clock: SetClock
) -> None:
    made = await create(house)
    await postpone(house, made)
    clock.at = made.finish + timedelta(days=30)
    await cancel(house, made)
    assert await told(house) == ["postponed", "cancelled"]


async def test_who_is_there_already_is_told_that_it_is_cancelled(
    house: House, clock: SetClock
) -> None:
    made = await create(house)
    clock.at = made.finish - timedelta(seconds=1)
    await cancel(house, made)
    assert await told(house) == ["cancelled"]


@pytest.mark.parametrize("was_cancelled", [False, True])
async def test_what_is_over_is_postponed_to_a_date_only(
    house: House, clock: SetClock, was_cancelled: bool
) -> None:
    made = await create(house)
    if was_cancelled:
        await cancel(house, made)
    clock.at = made.finish
    before = await house.happenings()
    with pytest.raises(Conflict) as refused:
        await postpone(house, made, reason="Rain")
    assert "--start" in str(refused.value.cure)
    assert await house.happenings() == before
    assert (await postpone(house, made, "2027-06-01T10:00")).takes_place


# -- held again, and written down ----------------------------------------------------------------


async def test_a_duplicate_is_a_draft_like_it_with_a_new_date_and_no_past(house: House) -> None:
    picture = Media(MediaId("picture"), "image/jpeg", 10, 10, 100, "A lawn")
    made = await create(
        house,
        place=PlaceFields("Hall", "1 Oak St", 33.7, -84.4, shown=PlaceShown.TO_GOING),
        online_url="https://meet.example.org/x",
        images=(picture,),
        tags=("summer",),
        description="Come *all*.",
        approval=True,
    )
    await say(house, made, "ana")
    await postpone(house, made, "2026-12-20T10:00", "Rain")
    copy = await house.do(lambda tx: subject.duplicate_event(tx, made.id, "2027-07-10T11:00"))
    assert copy.is_draft
    assert f"{copy.local(copy.starts_at):%F %H} {copy.local(copy.finish):%H}" == "2027-07-10 11 19"
    assert copy.rsvp_until
    assert f"{copy.local(copy.rsvp_until):%F %H}" == "2027-07-09 21"
    assert copy.place_shown is PlaceShown.TO_GOING
    hidden = await house.see(lambda tx: meeting_of(tx, copy).hidden)
    assert hidden.place
    assert (hidden.place.name, hidden.link) == ("Hall", "https://meet.example.org/x")
    assert (copy.images, copy.tags, copy.approval) == ((picture,), ("summer",), True)
    assert (copy.status, copy.cancel_reason, copy.revision) == (EventStatus.SCHEDULED, None, 0)
    assert await house.see(lambda tx: answers.of_event(tx, copy.id)) == []
    published = await house.do(lambda tx: event_service.publish_event(tx, copy.id))
    assert published.poll


async def test_a_date_of_a_series_is_duplicated_as_an_event_alone(house: House) -> None:
    first = await house.do(
        lambda tx: series.create_series(tx, house.chapter, FIELDS, "FREQ=WEEKLY", house.urls)
    )
    copy = await house.do(lambda tx: subject.duplicate_event(tx, first.id, "2027-07-10T11:00"))
    assert (copy.series_id, copy.occurrence) == (None, None)


async def test_an_event_that_has_been_is_written_down_and_asks_nobody(house: House) -> None:
    been = {"start": "2026-05-01T10:00", "end": None, "rsvp_until": None}
    with pytest.raises(FormInvalid) as refused:
        await create(house, **been)
    assert "--past" in str(refused.value.cure)
    fields = replace(FIELDS, **been)  # type: ignore[arg-type]
    made = await house.do(
        lambda tx: event_service.create_event(tx, house.chapter, fields, house.urls, past=True)
    )
    assert (made.rsvp, made.poll) == (RsvpMode.OFF, ())
    assert [e.id for e in (await house.see(calendar_page)).past] == [made.id]
    assert await house.happenings() == [EventPublished(made.id)]


async def test_what_is_still_to_come_is_not_written_down_as_past(house: House) -> None:
    with pytest.raises(FormInvalid):
        await house.do(
            lambda tx: event_service.create_event(tx, house.chapter, FIELDS, house.urls, past=True)
        )


@pytest.mark.parametrize("is_draft", [False, True])
async def test_what_was_written_down_asks_again_when_it_is_held_again(
    house: House, is_draft: bool
) -> None:
    fields = replace(FIELDS, start="2026-05-01T10:00", end=None, rsvp_until=None, capacity=None)
    made = await house.do(
        lambda tx: event_service.create_event(
            tx, house.chapter, fields, house.urls, draft=is_draft, past=True
        )
    )

    async def again(start: str) -> Event:
        return await house.do(lambda tx: subject.duplicate_event(tx, made.id, start))

    assert (await again("2026-05-02T10:00")).rsvp is RsvpMode.OFF
    copy = await again("2027-05-01T10:00")
    assert copy.rsvp is RsvpMode.ON
    assert (await house.do(lambda tx: event_service.publish_event(tx, copy.id))).poll


@pytest.mark.parametrize("rsvp", [RsvpMode.OFF, RsvpMode.EXTERNAL])
async def test_where_nobody_was_to_answer_here_the_duplicate_asks_nobody_either(
    house: House, clock: SetClock, rsvp: RsvpMode
) -> None:
    elsewhere = "https://tickets.example.org/" if rsvp is RsvpMode.EXTERNAL else None
    made = await create(house, rsvp=rsvp, capacity=None, rsvp_until=None, external_url=elsewhere)
    clock.at = made.finish + timedelta(days=1)
    copy = await house.do(lambda tx: subject.duplicate_event(tx, made.id, "2027-07-10T11:00"))
    assert (copy.rsvp, copy.external_url) == (rsvp, elsewhere)
