"""Events of whole days, and events that last for days: a festival, an exhibition."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from fedi_chapter.core.clock import SetClock
from fedi_chapter.core.errors import FormInvalid
from fedi_chapter.domain.event import Event
from fedi_chapter.domain.rsvp import terms
from fedi_chapter.services import events as subject
from fedi_chapter.services import reminders, series, series_change
from fedi_chapter.services.event_fields import EventFields
from fedi_chapter.store import events
from fedi_chapter.store.pages.home import home_page
from tests.services.conftest import House

pytestmark = pytest.mark.anyio

FESTIVAL = EventFields(name="Festival", start="2026-12-18", end="2026-12-20", all_day=True)


async def create(house: House, **words: object) -> Event:
    fields = replace(FESTIVAL, **words)  # type: ignore[arg-type]
    return await house.do(lambda tx: subject.create_event(tx, house.chapter, fields, house.urls))


async def edit(house: House, event: Event, **words: object) -> Event:
    fields = EventFields(**words)  # type: ignore[arg-type]
    return await house.do(lambda tx: subject.edit_event(tx, event.id, fields, house.urls))


def days(event: Event) -> list[str]:
    return [
        f"{at:%m-%d %H:%M}" for at in (event.local(event.starts_at), event.local(event.over_at))
    ]


async def test_a_festival_has_days_from_the_first_to_the_last_in_its_own_zone(house: House) -> None:
    made = await create(house)
    assert days(made) == ["12-18 00:00", "12-21 00:00"]
    assert made.last_day == date(2026, 12, 20)
    assert await house.see(lambda tx: events.get(tx, made.id)) == made
    assert days(await edit(house, made, timezone="Asia/Tokyo")) == days(made)


async def test_without_an_end_it_is_one_day(house: House) -> None:
    assert days(await create(house, end=None)) == ["12-18 00:00", "12-19 00:00"]
    assert days(await create(house, end="2026-12-18")) == ["12-18 00:00", "12-19 00:00"]
    assert days(await edit(house, await create(house), end="")) == ["12-18 00:00", "12-19 00:00"]


async def test_a_day_of_23_hours_is_a_day(house: House, clock: SetClock) -> None:
    made = await create(house, start="2027-03-14", end=None)
    assert made.over_at - made.starts_at == timedelta(hours=23)
    moved = await edit(house, made, start="2027-03-15")
    assert days(moved) == ["03-15 00:00", "03-16 00:00"]


@pytest.mark.parametrize(
    "words",
    [
        {"start": "2026-12-18T10:00"},
        {"end": "2026-12-17"},
        {"end": "2028-12-17"},
        {"end": "2026-12-20T18:00"},
        {"start": "2026-13-40"},
        {"start": "soon"},
        {"all_day": None},
    ],
)
async def test_hours_and_days_that_make_no_sense_are_refused_with_a_cure(
    house: House, words: dict[str, object]
) -> None:
    with pytest.raises(FormInvalid) as refused:
        await create(house, **words)
    assert refused.value.cure


async def test_midnight_is_taken_for_the_day(house: House) -> None:
    assert days(await create(house, start="2026-12-18T00:00", end=None))[0] == "12-18 00:00"


async def test_moving_the_first_day_moves_the_last(house: House) -> None:
    moved = await edit(house, await create(house), start="2027-01-02")
    assert days(moved) == ["01-02 00:00", "01-05 00:00"]


async def test_hours_become_days_and_days_become_hours(house: House) -> None:
    evening = await create(house, start="2026-12-18T19:00", end="2026-12-20T00:00", all_day=None)
    whole = await edit(house, evening, all_day=True)
    assert days(whole) == ["12-18 00:00", "12-20 00:00"]
    with pytest.raises(FormInvalid):
        await edit(house, whole, all_day=False)
    again = await edit(house, whole, all_day=False, start="2026-12-18T20:00")
    assert (days(again)[0], again.ends_at) == ("12-18 20:00", None)


@pytest.mark.parametrize(
    "words",
    [
        {},
        {"end": None},
        {"start": "2026-12-18T10:00", "end": "2026-12-20T18:00", "all_day": None},
    ],
)
async def test_the_sign_up_of_what_lasts_for_days_stays_open_to_its_end(
    house: House, words: dict[str, object]
) -> None:
    made = await create(house, **words)
    morning = datetime(2026, 12, 18, 16, tzinfo=UTC)
    assert not terms(made, morning).is_closed
    assert terms(made, made.over_at).is_closed
    assert terms(await edit(house, made, rsvp_until="2026-12-17T12:00"), morning).is_closed


async def test_the_sign_up_of_an_evening_and_of_a_night_closes_at_the_start(house: House) -> None:
    night = await create(house, start="2026-12-18T22:00", end="2026-12-19T05:00", all_day=None)
    assert terms(night, night.starts_at).is_closed


async def test_an_exhibition_stands_on_the_poster_until_it_opens_and_then_in_the_list(
    house: House, clock: SetClock
) -> None:
    show = await create(house, name="Exhibition", start="2026-11-22", end="2027-02-22")
    talk = await create(
        house, name="Talk", start="2026-12-01T19:00", end="2026-12-01T21:00", all_day=None
    )

    async def posters() -> list[str]:
        return [event.name for event in (await house.see(home_page)).events]

    assert await posters() == ["Exhibition", "Talk"]
    clock.advance(timedelta(days=2))
    assert await posters() == ["Talk", "Exhibition"]
    clock.at = talk.starts_at + timedelta(minutes=5)
    assert await posters() == ["Talk", "Exhibition"]
    assert (await house.see(home_page)).is_on
    clock.at = talk.over_at
    assert await posters() == ["Exhibition"]
    assert (await house.see(home_page)).is_on
    assert show.last_day == date(2027, 2, 22)


async def test_nobody_is_reminded_or_thanked_at_midnight(house: House, clock: SetClock) -> None:
    made = await create(house)
    heard: list[str] = []
    clock.at = made.starts_at - timedelta(hours=25)
    while clock.at < made.over_at + timedelta(hours=24):
        clock.advance(timedelta(hours=1))
        if await house.see(lambda tx: [*reminders.to_remind(tx), *reminders.to_thank(tx)]):
            heard.append(f"{made.local(clock.at):%d %H}")
    assert (heard[0], heard[1]) == ("17 09", "17 10")
    assert [hour for hour in heard if hour[:2] in ("18", "19", "20")] == []
    assert next(hour for hour in heard if hour[:2] == "21") == "21 10"


async def test_a_series_of_days_keeps_to_days(house: House, clock: SetClock) -> None:
    first = await house.do(
        lambda tx: series.create_series(
            tx,
            house.chapter,
            replace(FESTIVAL, start="2026-12-05", end="2026-12-06"),
            "FREQ=MONTHLY;BYDAY=1SA;UNTIL=20270206",
            house.urls,
        )
    )
    clock.advance(timedelta(days=20))
    for _ in range(2):
        clock.advance(timedelta(hours=13))
        for each in await house.see(series.running):
            await house.do(lambda tx, of=each: series.publish_next(tx, of))  # type: ignore[misc]
    made = await house.see(lambda tx: events.of_series(tx, str(first.series_id)))
    assert [days(event) for event in made] == [
        ["12-05 00:00", "12-07 00:00"],
        ["01-02 00:00", "01-04 00:00"],
        ["02-06 00:00", "02-08 00:00"],
    ]
    second = made[1]
    await house.do(
        lambda tx: series_change.edit_following(
            tx, second.id, EventFields(end="2027-01-02"), house.urls
        )
    )
    made = await house.see(lambda tx: events.of_series(tx, str(second.series_id)))
    later = await house.see(lambda tx: [events.get(tx, each.id) for each in made[1:]])
    assert made[0].last_day == date(2026, 12, 6)
    assert all(event is not None for event in later)
    third = await house.see(lambda tx: subject.own_event(tx, second.id))
    assert days(third) == ["01-02 00:00", "01-03 00:00"]
