from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from fedi_chapter.core.clock import SetClock
from fedi_chapter.core.errors import (
    AlreadyCancelled,
    ChapterError,
    Conflict,
    FormInvalid,
    Gone,
    Missing,
)
from fedi_chapter.domain.audience import Visibility
from fedi_chapter.domain.event import Event, EventId, EventStatus, RsvpMode
from fedi_chapter.domain.happening import (
    AttendeesToTell,
    EventChanged,
    EventDeleted,
    EventPublished,
)
from fedi_chapter.domain.media import Media, MediaId
from fedi_chapter.domain.place import Point
from fedi_chapter.services import events as subject
from fedi_chapter.services.event_fields import EventFields
from fedi_chapter.services.places import PlaceFields
from fedi_chapter.store import events
from tests.services.conftest import House

pytestmark = pytest.mark.anyio

FIELDS = EventFields(name="Spring canvass", start="2026-12-19T10:00")
HALL = PlaceFields("Community Hall", "100 Main St", 33.7, -84.4)
PICTURE = Media(MediaId("picture"), "image/jpeg", 10, 10, 100, "A hall")


async def create(house: House, *, draft: bool = False, **words: object) -> Event:
    fields = replace(FIELDS, **words)  # type: ignore[arg-type]
    return await house.do(
        lambda tx: subject.create_event(tx, house.chapter, fields, house.urls, draft=draft)
    )


async def edit(house: House, event: Event, **words: object) -> Event:
    fields = EventFields(**words)  # type: ignore[arg-type]
    return await house.do(lambda tx: subject.edit_event(tx, event.id, fields, house.urls))


async def test_a_new_event_is_stored_whole_and_announced(house: House) -> None:
    made = await create(
        house,
        end="2026-12-19T13:00",
        place=HALL,
        description="Bring **gloves**. #canvass",
        tags=("doors",),
        capacity=40,
        images=(PICTURE,),
        online_url="https://meet.example.org/x",
    )
    assert made.starts_at == datetime(2026, 12, 19, 15, tzinfo=UTC)
    assert made.timezone == "America/New_York"
    assert "<strong>gloves</strong>" in made.description_html
    assert made.tags == ("doors", "canvass")
    assert await house.see(lambda tx: events.get(tx, made.id)) == made
    assert await house.happenings() == [EventPublished(made.id)]


async def test_a_draft_is_announced_only_when_it_is_published(house: House) -> None:
    made = await create(house, draft=True)
    await edit(house, made, name="Autumn canvass", visibility=Visibility.UNLISTED)
    assert await house.happenings() == []
    published = await house.do(lambda tx: subject.publish_event(tx, made.id))
    assert (published.name, published.visibility) == ("Autumn canvass", Visibility.UNLISTED)
    assert published.revision == 0
    assert published.updated_at is None
    assert await house.happenings() == [EventPublished(made.id)]
    with pytest.raises(Conflict):
        await house.do(lambda tx: subject.publish_event(tx, made.id))


@pytest.mark.parametrize(
    "name", ["茶会", "I <3 pie", "👨‍👩‍👧‍👦" * 40, "!", "x" * 200, "<b>Canvass</b>", "été"]
)
async def test_a_name_is_anything_that_can_be_seen(house: House, name: str) -> None:
    made = await create(house, name=name)
    assert made.name == name


@pytest.mark.parametrize(
    "words",
    [
        {"name": "x" * 201},
        {"name": "👨‍👩‍👧" * 201},
        {"name": "\u200b\u3164"},
        {"name": ""},
        {"start": ""},
        {"start": "yesterday"},
        {"start": "2026-11-20T10:00"},
        {"end": "2026-12-19T10:00"},
        {"end": "2026-12-19T09:00"},
        {"end": "2028-12-19T09:00"},
        {"timezone": "Mars/Olympus"},
        {"timezone": "../../etc/passwd"},
        {"timezone": "US/Eastern"},
        {"timezone": "EST5EDT"},
        {"timezone": "Etc/GMT+5"},
        {"timezone": "Factory"},
        {"timezone": "america/new_york"},
        {"place": PlaceFields("Hall", lat=33.0)},
        {"place": PlaceFields("Hall", lat=95.0, lon=0.0)},
        {"place": PlaceFields(lat=33.0, lon=0.0)},
        {"online_url": "javascript:alert(1)"},
        {"rsvp": RsvpMode.EXTERNAL},
        {"capacity": -1},
        {"capacity": 99_999_999_999_999_999_999},
        {"language": "klingon"},
        {"tags": ("two words",)},
    ],
)
async def test_a_wrong_field_is_refused_with_a_cure_and_nothing_is_stored(
    house: House, words: dict[str, object]
) -> None:
    with pytest.raises(FormInvalid) as refused:
        await create(house, **words)
    assert refused.value.cure
    assert await house.see(lambda tx: [*events.listing(tx, house.chapter.id)]) == []
    assert await house.happenings() == []


async def test_an_address_to_sign_up_elsewhere_means_that_people_do(house: House) -> None:
    made = await create(house, external_url="https://tickets.example.org/1")
    assert made.rsvp is RsvpMode.EXTERNAL


async def test_a_moved_start_keeps_the_length_and_names_the_old_start(
    house: House, clock: SetClock
) -> None:
    made = await create(house, end="2026-12-19T13:00")
    clock.advance(timedelta(hours=1))
    moved = await edit(house, made, start="2026-12-20T18:00")
    assert moved.ends_at == moved.starts_at + timedelta(hours=3)
    assert moved.status is EventStatus.RESCHEDULED
    assert moved.previous_starts_at == made.starts_at
    assert (moved.revision, moved.updated_at) == (1, clock.now())
    assert await house.happenings() == [
        EventPublished(made.id),
        EventChanged(made.id),
        AttendeesToTell(made.id, "changed"),
    ]


async def test_an_edit_that_changes_nothing_is_not_announced(house: House) -> None:
    made = await create(house, place=HALL, description="Words #tag")
    same = await edit(house, made, name=made.name, place=HALL, description="Words #tag")
    assert same == made
    assert await house.happenings() == [EventPublished(made.id)]


async def test_a_changed_place_is_a_new_place(house: House) -> None:
    made = await create(house, place=HALL)
    assert made.place is not None
    moved = await edit(house, made, place=PlaceFields(name="Library"))
    assert moved.place is not None
    assert moved.place.id != made.place.id
    assert (moved.place.name, moved.place.address, moved.place.point) == ("Library", None, None)
    nearer = await edit(house, moved, place=PlaceFields(address="1 Oak St"))
    assert nearer.place is not None
    assert (nearer.place.name, nearer.place.address) == ("Library", "1 Oak St")
    assert (await edit(house, nearer, place=PlaceFields(name=""))).place is None


async def test_a_place_with_an_address_alone_is_called_by_it_until_it_gets_a_name(
    house: House,
) -> None:
    event = await create(house, place=PlaceFields(address="1 Oak St", lat=33.7, lon=-84.4))
    assert event.place is not None
    assert (event.place.name, event.place.address) == ("1 Oak St", "1 Oak St")
    named = (await edit(house, event, place=PlaceFields(name="Oak Hall"))).place
    assert named is not None
    assert (named.name, named.address, named.point) == ("Oak Hall", "1 Oak St", Point(33.7, -84.4))


async def test_a_place_without_a_name_is_another_place_at_another_address(house: House) -> None:
    event = await create(house, place=PlaceFields(address="1 Oak St", lat=33.7, lon=-84.4))
    moved = (await edit(house, event, place=PlaceFields(address="2 Oak St"))).place
    assert moved is not None
    assert (moved.name, moved.address, moved.point) == ("2 Oak St", "2 Oak St", None)


async def test_empty_words_empty_a_field(house: House) -> None:
    made = await create(
        house, end="2026-12-19T13:00", online_url="https://meet.example.org/", capacity=3
    )
    emptied = await edit(house, made, end="", online_url="", capacity=0)
    assert (emptied.ends_at, emptied.online_url, emptied.capacity) == (None, None, None)


async def test_the_last_moment_to_answer_moves_with_the_event(house: House) -> None:
    made = await create(house, rsvp_until="2026-12-18T12:00")
    assert made.rsvp_until is not None
    moved = await edit(house, made, start="2026-12-26T10:00")
    assert moved.rsvp_until == made.rsvp_until + (moved.starts_at - made.starts_at)


async def test_the_last_moment_to_answer_is_never_after_the_end(house: House) -> None:
    late = {"end": "2026-12-19T18:00", "rsvp_until": "2026-12-19T17:00"}
    made = await create(house, **late)
    shorter = await edit(house, made, end="2026-12-19T12:00")
    assert shorter.rsvp_until == shorter.ends_at
    with pytest.raises(FormInvalid):
        await edit(house, made, start="2026-12-18T10:00", rsvp_until="2026-12-19T17:00")
    given = await edit(house, made, start="2026-12-26T10:00", rsvp_until="2026-12-19T17:00")
    assert given.rsvp_until == made.rsvp_until


async def test_tags_given_by_name_stay_and_those_of_an_old_text_go(house: House) -> None:
    made = await create(house, tags=("doors",), description="#old")
    assert (await edit(house, made, description="#new")).tags == ("doors", "new")
    assert (await edit(house, made, tags=("other",))).tags == ("other", "new")


async def test_the_visibility_of_a_published_event_stays(house: House) -> None:
    made = await create(house, visibility=Visibility.FOLLOWERS)
    with pytest.raises(Conflict):
        await edit(house, made, visibility=Visibility.PUBLIC)


async def test_an_event_is_cancelled_once_and_stays(house: House) -> None:
    made = await create(house)
    cancelled = await house.do(lambda tx: subject.cancel_event(tx, made.id, "Storm\nwarning"))
    assert cancelled.is_cancelled
    assert cancelled.cancel_reason == "Storm warning"
    assert await house.happenings() == [
        EventPublished(made.id),
        EventChanged(made.id),
        AttendeesToTell(made.id, "cancelled"),
    ]
    with pytest.raises(AlreadyCancelled):
        await house.do(lambda tx: subject.cancel_event(tx, made.id))
    moved = await edit(house, made, start="2026-12-21T10:00")
    assert moved.is_cancelled


async def test_a_draft_is_deleted_rather_than_cancelled(house: House) -> None:
    made = await create(house, draft=True)
    with pytest.raises(Conflict):
        await house.do(lambda tx: subject.cancel_event(tx, made.id))
    await house.do(lambda tx: subject.delete_event(tx, made.id))
    assert await house.happenings() == []


async def test_a_deleted_event_is_gone_for_every_verb(house: House) -> None:
    made = await create(house)
    await house.do(lambda tx: subject.delete_event(tx, made.id))
    assert await house.happenings() == [EventPublished(made.id), EventDeleted(made.id)]
    with pytest.raises(Gone):
        await edit(house, made, name="Once more")
    with pytest.raises(Gone):
        await house.do(lambda tx: subject.delete_event(tx, made.id))


async def test_an_event_nobody_made_is_missing(house: House) -> None:
    with pytest.raises(Missing) as refused:
        await house.do(lambda tx: subject.cancel_event(tx, EventId("none")))
    assert isinstance(refused.value, ChapterError)


async def test_edits_within_one_second_are_told_as_later_and_later(house: House) -> None:
    made = await create(house)
    once = await edit(house, made, name="Summer canvass")
    twice = await edit(house, made, name="Autumn canvass")
    assert made.published_at
    assert once.updated_at
    assert twice.updated_at
    seconds = [int(at.timestamp()) for at in (made.published_at, once.updated_at, twice.updated_at)]
    assert seconds == sorted(set(seconds))
