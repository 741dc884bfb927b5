"""A series makes an event of each date, in its time, and changes from any date on."""
# ruff: noqa: DTZ001 — dates of a series are local times without a zone

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from fedi_chapter.core.clock import SetClock
from fedi_chapter.core.errors import AlreadyCancelled, Conflict, FormInvalid, Gone, Missing
from fedi_chapter.domain.event import Event, EventId, EventStatus, PlaceShown
from fedi_chapter.domain.happening import AttendeesToTell, EventChanged, EventPublished
from fedi_chapter.domain.media import Media, MediaId
from fedi_chapter.domain.series import Series, SeriesId
from fedi_chapter.services import events as events_service
from fedi_chapter.services import series as subject
from fedi_chapter.services import series_change
from fedi_chapter.services.event_fields import EventFields
from fedi_chapter.services.places import PlaceFields
from fedi_chapter.store import events, exact_places
from fedi_chapter.store import series as store
from tests.services.conftest import House

pytestmark = pytest.mark.anyio

FIELDS = EventFields(name="Open evening", start="2026-11-24T19:00", end="2026-11-24T21:00")
WEEKLY = "FREQ=WEEKLY"
PICTURE = Media(MediaId("picture"), "image/jpeg", 10, 10, 100, "A hall")


async def begin(house: House, rule: str = WEEKLY, *, draft: bool = False, **words: object) -> Event:
    fields = replace(FIELDS, **words)  # type: ignore[arg-type]
    return await house.do(
        lambda tx: subject.create_series(tx, house.chapter, fields, rule, house.urls, draft=draft)
    )


async def follow(house: House, event: Event, rule: str | None = None, **words: object) -> Event:
    fields = EventFields(**words)  # type: ignore[arg-type]
    return await house.do(
        lambda tx: series_change.edit_following(tx, event.id, fields, house.urls, rule=rule)
    )


async def edit(house: House, event: Event, **words: object) -> Event:
    fields = EventFields(**words)  # type: ignore[arg-type]
    return await house.do(lambda tx: events_service.edit_event(tx, event.id, fields, house.urls))


async def tick(house: House) -> list[Event]:
    """Do what the clock does every few minutes."""
    made = []
    for series_id in await house.see(subject.running):
        event = await house.do(lambda tx, of=series_id: subject.publish_next(tx, of))  # type: ignore[misc]
        assert event is not None
        made.append(event)
    return made


async def let_pass(
    house: House, clock: SetClock, span: timedelta, step: timedelta = timedelta(hours=1)
) -> list[Event]:
    made = []
    for _ in range(int(span / step)):
        clock.advance(step)
        made += await tick(house)
    return made


async def made_for(house: House, event: Event) -> list[Event]:
    assert event.series_id
    return await house.see(lambda tx: events.of_series(tx, str(event.series_id)))


async def series_of(house: House, event: Event) -> Series:
    return await house.see(lambda tx: subject.own_series(tx, SeriesId(str(event.series_id))))


async def three(house: House, clock: SetClock, **words: object) -> list[Event]:
    """Return the first three events of a weekly series, all published."""
    first = await begin(house, **words)
    await let_pass(house, clock, timedelta(hours=26))
    found = await made_for(house, first)
    assert len(found) == 3
    return found


def starts(found: list[Event]) -> list[str]:
    return [f"{event.starts_at.astimezone(event.zone):%m-%d %H:%M}" for event in found]


# -- beginning, and going on ---------------------------------------------------------------


async def test_the_first_event_is_published_at_once_and_alone(house: House) -> None:
    first = await begin(house, description="Come *in*. #open", place=PlaceFields("Hall"))
    assert first.occurrence == datetime(2026, 11, 24, 19)
    assert first.starts_at == datetime(2026, 11, 25, 0, tzinfo=UTC)
    assert first.poll
    assert await house.happenings() == [EventPublished(first.id)]
    assert await tick(house) == []
    series_id = SeriesId(str(first.series_id))
    assert await house.do(lambda tx: subject.publish_next(tx, series_id)) is None
    listed = await house.see(lambda tx: events.listing(tx, house.chapter.id))
    assert [each.id for each in listed] == [first.id]


async def test_the_next_few_follow_one_by_one_and_each_is_an_event_of_its_own(
    house: House, clock: SetClock
) -> None:
    first, second, third = await three(
        house,
        clock,
        description="Come *in*. #open",
        place=PlaceFields("Hall"),
        images=(PICTURE,),
        rsvp_until="2026-11-23T12:00",
        capacity=40,
    )
    assert starts([first, second, third]) == ["11-24 19:00", "12-01 19:00", "12-08 19:00"]
    assert [event.published_at for event in (first, second, third)] == [
        datetime(2026, 11, 21, 12, tzinfo=UTC),
        datetime(2026, 11, 22, 0, tzinfo=UTC),
        datetime(2026, 11, 22, 12, tzinfo=UTC),
    ]
    told = {"id", "starts_at", "ends_at", "rsvp_until", "occurrence", "published_at", "created_at"}
    same = dict.fromkeys(told)
    assert replace(second, **same) == replace(first, **same)  # type: ignore[arg-type]
    assert second.ends_at == second.starts_at + timedelta(hours=2)
    assert second.rsvp_until == datetime(2026, 11, 30, 17, tzinfo=UTC)
    assert len({first.id, second.id, third.id}) == 3
    assert len([each for each in await house.happenings() if isinstance(each, EventPublished)]) == 3


async def test_months_pass_and_each_date_is_published_once_two_weeks_ahead(
    house: House, clock: SetClock
) -> None:
    first = await begin(house)
    await let_pass(house, clock, timedelta(days=120), timedelta(hours=3))
    found = await made_for(house, first)
    assert [event.starts_at.astimezone(event.zone).hour for event in found] == [19] * len(found)
    days = [event.occurrence.date() for event in found if event.occurrence]
    assert days == [date(2026, 11, 24) + timedelta(weeks=week) for week in range(len(days))]
    assert len(days) == 20
    for event in found[3:]:
        assert event.published_at
        ahead = event.starts_at - event.published_at
        assert timedelta(days=20) < ahead <= timedelta(days=21)


async def test_a_daily_series_stays_ahead(house: House, clock: SetClock) -> None:
    first = await begin(house, "FREQ=DAILY")
    await let_pass(house, clock, timedelta(days=40), timedelta(minutes=50))
    found = await made_for(house, first)
    assert len(found) >= 40
    for event in found[5:]:
        assert event.published_at
        assert event.starts_at - event.published_at > timedelta(days=1)


async def test_after_a_pause_only_what_is_to_come_is_made_up_for_one_by_one(
    house: House, clock: SetClock
) -> None:
    first = await begin(house)
    clock.advance(timedelta(days=70))
    (made,) = await tick(house)
    assert made.starts_at > clock.now()
    assert await tick(house) == []
    found = await made_for(house, first)
    assert len(found) == 2
    await let_pass(house, clock, timedelta(days=1))
    assert len(await made_for(house, first)) == 4


async def test_no_event_is_published_earlier_than_two_months_ahead(
    house: House, clock: SetClock
) -> None:
    first = await begin(house, "FREQ=MONTHLY;BYDAY=4TU")
    found = [first, *await let_pass(house, clock, timedelta(days=70), timedelta(hours=6))]
    assert len(found) == 5
    for event in found[1:]:
        assert event.published_at
        assert event.starts_at - event.published_at <= timedelta(days=60)


async def test_a_series_with_an_end_ends(house: House, clock: SetClock) -> None:
    first = await begin(house, "FREQ=WEEKLY;COUNT=2")
    await let_pass(house, clock, timedelta(days=30), timedelta(hours=6))
    assert starts(await made_for(house, first)) == ["11-24 19:00", "12-01 19:00"]


async def test_a_drafted_series_goes_on_only_when_its_first_event_is_published(
    house: House, clock: SetClock
) -> None:
    first = await begin(house, draft=True)
    assert await let_pass(house, clock, timedelta(days=1), timedelta(hours=6)) == []
    await house.do(lambda tx: events_service.publish_event(tx, first.id))
    assert len(await let_pass(house, clock, timedelta(days=1))) == 2


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("FREQ=HOURLY", {}),
        ("FREQ=WEEKLY;BYDAY=WE", {}),
        ("FREQ=WEEKLY;UNTIL=20261101", {}),
        (WEEKLY, {"start": "2026-11-17T19:00", "end": None}),
        (WEEKLY, {"name": "\u200b"}),
    ],
)
async def test_a_wrong_series_is_refused_whole(
    house: House, rule: str, words: dict[str, object]
) -> None:
    with pytest.raises(FormInvalid) as refused:
        await begin(house, rule, **words)
    assert refused.value.cure
    assert await house.see(store.everything) == []
    assert await house.happenings() == []


async def test_the_exact_place_goes_to_each_event_also_after_a_change(
    house: House, clock: SetClock
) -> None:
    kitchen = PlaceFields("Ana's kitchen", "3 Elm St", area="Elmwood", shown=PlaceShown.TO_GOING)
    first, second, third = await three(house, clock, place=kitchen)
    cellar = PlaceFields("Ben's cellar", "4 Oak St")
    await follow(house, second, place=cellar)
    (fourth,) = await let_pass(house, clock, timedelta(days=4), timedelta(hours=6))
    for event, exact in ((first, kitchen), (second, cellar), (third, cellar), (fourth, cellar)):
        shown = await house.see(lambda tx, of=event.id: events_service.own_event(tx, of))  # type: ignore[misc]
        kept = await house.see(lambda tx, of=event.id: exact_places.get(tx, of))  # type: ignore[misc]
        assert shown.place
        assert kept
        assert (shown.place.name, shown.place_shown) == ("Elmwood", PlaceShown.TO_GOING)
        assert (kept.name, kept.address) == (exact.name, exact.address)


# -- one date ------------------------------------------------------------------------------


async def test_a_cancelled_or_deleted_date_is_never_made_again(
    house: House, clock: SetClock
) -> None:
    first, second, third = await three(house, clock)
    await house.do(lambda tx: events_service.cancel_event(tx, second.id, "Holiday"))
    await house.do(lambda tx: events_service.delete_event(tx, third.id))
    made = await let_pass(house, clock, timedelta(days=20), timedelta(hours=6))
    assert starts(made) == ["12-15 19:00", "12-22 19:00", "12-29 19:00"]
    assert len(await made_for(house, first)) == 6


async def test_a_day_is_left_out_before_its_event_is_there(house: House, clock: SetClock) -> None:
    first = await begin(house)
    series = await series_of(house, first)
    await house.do(lambda tx: subject.skip_day(tx, series.id, date(2026, 12, 1)))
    made = await let_pass(house, clock, timedelta(days=2))
    assert starts(made) == ["12-08 19:00", "12-15 19:00"]
    for wrong in (date(2026, 12, 2), date(2026, 12, 1), date(2020, 1, 7)):
        with pytest.raises(FormInvalid):
            await house.do(lambda tx, day=wrong: subject.skip_day(tx, series.id, day))  # type: ignore[misc]
    with pytest.raises(Conflict):
        await house.do(lambda tx: subject.skip_day(tx, series.id, date(2026, 12, 8)))
    with pytest.raises(Missing):
        await house.do(lambda tx: subject.skip_day(tx, SeriesId("none"), date(2026, 12, 8)))


async def test_one_event_is_edited_alone(house: House, clock: SetClock) -> None:
    _, second, _ = await three(house, clock)
    await edit(house, second, name="Open afternoon", start="2026-12-02T15:00")
    made = await let_pass(house, clock, timedelta(days=8))
    assert {event.name for event in made} == {"Open evening"}
    found = await made_for(house, second)
    assert starts(found) == ["11-24 19:00", "12-02 15:00", "12-08 19:00", "12-15 19:00"]


# -- this and the following ----------------------------------------------------------------


async def test_a_change_from_the_second_on_leaves_the_first_and_moves_the_others(
    house: House, clock: SetClock
) -> None:
    first, second, third = await three(house, clock, description="Old")
    before = len(await house.happenings())
    changed = await follow(house, second, start="2026-12-01T20:00", description="New")
    assert changed.id == second.id
    assert starts([changed]) == ["12-01 20:00"]
    assert changed.status is EventStatus.RESCHEDULED
    assert starts(await made_for(house, first)) == ["11-24 19:00"]
    assert starts(await made_for(house, changed)) == ["12-01 20:00", "12-08 20:00"]
    assert (await house.happenings())[before:] == [
        EventChanged(second.id),
        AttendeesToTell(second.id, "changed"),
        EventChanged(third.id),
        AttendeesToTell(third.id, "changed"),
    ]
    made = await let_pass(house, clock, timedelta(days=16), timedelta(hours=6))
    assert starts(made) == ["12-15 20:00", "12-22 20:00"]
    assert {event.description for event in made} == {"New"}
    assert {event.ends_at - event.starts_at for event in made if event.ends_at} == {
        timedelta(hours=2)
    }
    old, new = await series_of(house, first), await series_of(house, changed)
    assert old.id != new.id
    assert [f"{local:%m-%d}" for local in old.dates()] == ["11-24"]
    assert str(new.rule) == "FREQ=WEEKLY;BYDAY=TU"


async def test_another_weekday_moves_each_published_event_to_its_own_new_day(
    house: House, clock: SetClock
) -> None:
    _, second, _ = await three(house, clock)
    with pytest.raises(FormInvalid) as refused:
        await follow(house, second, start="2026-12-02T19:00")
    assert refused.value.cure
    changed = await follow(house, second, WEEKLY, start="2026-12-02T19:00")
    assert starts(await made_for(house, changed)) == ["12-02 19:00", "12-09 19:00"]


async def test_a_date_that_the_new_rule_does_not_know_is_cancelled(
    house: House, clock: SetClock
) -> None:
    first, second, third = await three(house, clock)
    changed = await follow(house, second, "FREQ=WEEKLY;INTERVAL=2")
    assert (await house.see(lambda tx: events_service.own_event(tx, third.id))).is_cancelled
    assert not changed.is_cancelled
    assert AttendeesToTell(third.id, "cancelled") in await house.happenings()
    made = await let_pass(house, clock, timedelta(days=2))
    assert starts(made) == ["12-15 19:00", "12-29 19:00"]
    assert [*(await series_of(house, first)).dates()] == [first.occurrence]


async def test_a_change_from_the_first_on_is_one_of_the_whole_series(
    house: House, clock: SetClock
) -> None:
    first, _, _ = await three(house, clock)
    changed = await follow(house, first, name="Open night", images=(PICTURE,), capacity=12)
    assert changed.series_id == first.series_id
    series = await series_of(house, first)
    assert (series.revision, series.updated_at) == (1, clock.now())
    found = await made_for(house, first)
    assert [event.name for event in found] == ["Open night"] * 3
    assert [event.images for event in found] == [(PICTURE,)] * 3
    assert await house.see(store.everything) == [series]
    (made,) = await let_pass(house, clock, timedelta(days=3))
    assert (made.name, made.capacity, made.images) == ("Open night", 12, (PICTURE,))


async def test_an_event_moved_alone_keeps_its_time_when_only_words_change(
    house: House, clock: SetClock
) -> None:
    _, second, third = await three(house, clock)
    await edit(house, third, start="2026-12-09T18:00")
    await follow(house, second, name="Open night", end="2026-12-01T22:00")
    found = await made_for(
        house, await house.see(lambda tx: events_service.own_event(tx, third.id))
    )
    assert starts(found) == ["12-01 19:00", "12-09 18:00"]
    assert [event.name for event in found] == ["Open night", "Open night"]
    assert [event.ends_at - event.starts_at for event in found if event.ends_at] == [
        timedelta(hours=3)
    ] * 2


async def test_an_event_moved_alone_into_the_past_is_over_and_stays_as_it_was(
    house: House, clock: SetClock
) -> None:
    _, second, third = await three(house, clock)
    early = await edit(house, third, start="2026-11-23T18:00")
    clock.advance(timedelta(days=3))
    changed = await follow(house, second, name="Open night", start="2026-12-01T20:00")
    assert starts(await made_for(house, changed)) == ["12-01 20:00", "11-23 18:00"]
    after = await house.see(lambda tx: events_service.own_event(tx, third.id))
    assert (after.name, after.revision) == (early.name, early.revision)


async def test_what_was_left_out_stays_left_out_after_a_change(
    house: House, clock: SetClock
) -> None:
    first, second, third = await three(house, clock)
    series = await series_of(house, first)
    await house.do(lambda tx: subject.skip_day(tx, series.id, date(2026, 12, 15)))
    await house.do(lambda tx: events_service.delete_event(tx, third.id))
    changed = await follow(house, second, WEEKLY, start="2026-12-02T19:00")
    new = await series_of(house, changed)
    assert new.skipped == (date(2026, 12, 16),)
    made = await let_pass(house, clock, timedelta(days=14), timedelta(hours=6))
    assert starts(made)[0] == "12-23 19:00"


async def test_a_counted_series_counts_on_after_a_change(house: House, clock: SetClock) -> None:
    first = await begin(house, "FREQ=WEEKLY;COUNT=5")
    await let_pass(house, clock, timedelta(hours=26))
    _, second, _ = await made_for(house, first)
    changed = await follow(house, second, name="Open night")
    assert str((await series_of(house, changed)).rule) == "FREQ=WEEKLY;BYDAY=TU;COUNT=4"


async def test_another_time_zone_takes_the_series_with_it(house: House, clock: SetClock) -> None:
    _, second, _ = await three(house, clock)
    changed = await follow(house, second, start="2026-12-01T19:00", timezone="America/Los_Angeles")
    found = await made_for(house, changed)
    assert starts(found) == ["12-01 19:00", "12-08 19:00"]
    assert {event.timezone for event in found} == {"America/Los_Angeles"}
    assert (await series_of(house, changed)).timezone == "America/Los_Angeles"


async def test_what_is_over_or_in_no_series_is_no_place_to_change_what_follows(
    house: House, clock: SetClock
) -> None:
    first, _, _ = await three(house, clock)
    alone = await house.do(
        lambda tx: events_service.create_event(tx, house.chapter, FIELDS, house.urls)
    )
    with pytest.raises(Conflict):
        await follow(house, alone, name="Open night")
    clock.advance(timedelta(days=5))
    with pytest.raises(Conflict) as refused:
        await follow(house, first, name="Open night")
    assert refused.value.cure
    with pytest.raises(Missing):
        await house.do(lambda tx: subject.cancel_following(tx, EventId("none")))


async def test_a_refused_change_changes_nothing(house: House, clock: SetClock) -> None:
    first, second, _ = await three(house, clock)
    before = await made_for(house, first), await house.see(store.everything)
    with pytest.raises(FormInvalid):
        await follow(house, second, "FREQ=HOURLY", name="Open night")
    assert (await made_for(house, first), await house.see(store.everything)) == before


# -- the end -------------------------------------------------------------------------------


async def test_an_ended_series_cancels_what_is_published_and_makes_no_more(
    house: House, clock: SetClock
) -> None:
    first, second, third = await three(house, clock)
    ended = await house.do(lambda tx: subject.cancel_following(tx, second.id, "We move"))
    assert (ended.is_cancelled, ended.cancel_reason) == (True, "We move")
    last = await house.see(lambda tx: events_service.own_event(tx, third.id))
    assert last.is_cancelled
    assert await let_pass(house, clock, timedelta(days=30), timedelta(hours=6)) == []
    assert not (await made_for(house, first))[0].is_cancelled
    with pytest.raises((AlreadyCancelled, Conflict)):
        await house.do(lambda tx: subject.cancel_following(tx, second.id))


async def test_a_series_ended_at_its_first_date_has_none_left(
    house: House, clock: SetClock
) -> None:
    first, _, _ = await three(house, clock)
    await house.do(lambda tx: subject.cancel_following(tx, first.id))
    assert list((await series_of(house, first)).dates()) == []
    assert all(event.is_cancelled for event in await made_for(house, first))


async def test_a_drafted_series_is_deleted_rather_than_ended(house: House) -> None:
    first = await begin(house, draft=True)
    with pytest.raises(Conflict):
        await house.do(lambda tx: subject.cancel_following(tx, first.id))
    await house.do(lambda tx: events_service.delete_event(tx, first.id))
    with pytest.raises(Gone):
        await follow(house, first, name="Open night")
    assert await house.happenings() == []
