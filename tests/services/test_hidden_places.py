"""A place that only those who go learn: what is public, what is kept apart, and for how long."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from fedi_chapter.core.errors import FormInvalid
from fedi_chapter.domain.event import Event, PlaceShown
from fedi_chapter.domain.happening import AttendeesToTell, EventChanged
from fedi_chapter.domain.place import Place, Point, blurred
from fedi_chapter.services import events as subject
from fedi_chapter.services.event_fields import EventFields
from fedi_chapter.services.places import PlaceFields, meeting_of
from fedi_chapter.services.retention import sweep
from fedi_chapter.store import exact_places, tables
from fedi_chapter.store.tx import ReadTx
from tests.services.conftest import House

pytestmark = pytest.mark.anyio

COTTAGE = PlaceFields("Rose Cottage", "7 Hidden Lane", 33.7512, -84.3391)
HIDDEN = replace(COTTAGE, shown=PlaceShown.TO_GOING)
FIELDS = EventFields(name="Supper", start="2026-12-19T10:00")


async def create(house: House, place: PlaceFields, *, draft: bool = False) -> Event:
    fields = replace(FIELDS, place=place)
    return await house.do(
        lambda tx: subject.create_event(tx, house.chapter, fields, house.urls, draft=draft)
    )


async def move(house: House, event: Event, place: PlaceFields) -> Event:
    fields = EventFields(place=place)
    return await house.do(lambda tx: subject.edit_event(tx, event.id, fields, house.urls))


async def exact(house: House, event: Event) -> Place | None:
    return await house.see(lambda tx: exact_places.get(tx, event.id))


async def told(house: House) -> int:
    return sum(isinstance(each, AttendeesToTell) for each in await house.happenings())


async def test_the_public_learns_the_area_and_a_cell_of_the_grid(house: House) -> None:
    event = await create(house, HIDDEN)
    assert event.place is not None
    assert (event.place.name, event.place.address) == ("Atlanta", None)
    assert event.place.point == blurred(Point(33.7512, -84.3391))
    kept = await exact(house, event)
    assert kept is not None
    assert (kept.name, kept.address, kept.point) == (
        "Rose Cottage",
        "7 Hidden Lane",
        Point(33.7512, -84.3391),
    )
    meeting = await house.see(lambda tx: meeting_of(tx, event))
    assert meeting.hidden.place == kept


async def test_an_area_has_the_name_it_was_given_until_another_one_is(house: House) -> None:
    event = await create(house, replace(HIDDEN, area="Near the old mill"))
    nearer = await move(house, event, PlaceFields(address="8 Hidden Lane"))
    assert nearer.place
    assert event.place
    assert nearer.place == event.place
    other = await move(house, event, PlaceFields(area="Eastside"))
    assert other.place is not None
    assert other.place.name == "Eastside"
    assert other.place.id != event.place.id
    usual = await move(house, event, PlaceFields(area=""))
    assert usual.place is not None
    assert usual.place.name == "Atlanta"


async def test_those_who_go_hear_of_a_new_place_the_public_can_not_see(house: House) -> None:
    event = await create(house, HIDDEN)
    moved = await move(house, event, PlaceFields(name="Lily Cottage"))
    assert moved.place
    assert event.place
    assert moved.place.name == event.place.name
    assert moved.place.point is None  # another place: nothing is known of where it is
    assert moved.revision == event.revision + 1
    assert await told(house) == 1
    assert isinstance((await house.happenings())[1], EventChanged)
    same = await move(house, moved, PlaceFields(name="Lily Cottage"))
    assert same == moved
    assert await told(house) == 1


async def test_a_place_is_hidden_and_shown_again(house: House) -> None:
    event = await create(house, COTTAGE)
    assert await exact(house, event) is None
    hidden = await move(house, event, PlaceFields(shown=PlaceShown.TO_GOING, area="Eastside"))
    assert hidden.place is not None
    assert hidden.place.name == "Eastside"
    assert (await exact(house, event)) is not None
    shown = await move(house, hidden, PlaceFields(shown=PlaceShown.TO_ALL))
    assert shown.place is not None
    assert event.place is not None
    assert replace(shown.place, id="") == replace(event.place, id="")
    assert shown.place.id not in (event.place.id, event.id)
    assert await exact(house, event) is None
    assert await told(house) == 1  # gathered


async def test_a_draft_hides_its_place_too(house: House) -> None:
    draft = await create(house, COTTAGE, draft=True)
    hidden = await move(house, draft, PlaceFields(shown=PlaceShown.TO_GOING))
    assert hidden.place is not None
    assert hidden.place.address is None
    published = await house.do(lambda tx: subject.publish_event(tx, draft.id))
    assert published.place == hidden.place


async def test_a_place_taken_away_is_gone_from_both(house: House) -> None:
    event = await create(house, HIDDEN)
    without = await move(house, event, PlaceFields(name=""))
    assert without.place is None
    assert await exact(house, event) is None


async def test_a_deleted_event_forgets_its_exact_place_at_once(house: House) -> None:
    event = await create(house, HIDDEN)
    await house.do(lambda tx: subject.delete_event(tx, event.id))
    assert await exact(house, event) is None


@pytest.mark.parametrize(
    "place",
    [
        PlaceFields(shown=PlaceShown.TO_GOING),
        PlaceFields(shown=PlaceShown.TO_GOING, area="Eastside"),
        replace(COTTAGE, area="Eastside"),
        PlaceFields("Hall", lat=33.0, shown=PlaceShown.TO_GOING),
    ],
)
async def test_half_said_places_are_refused(house: House, place: PlaceFields) -> None:
    with pytest.raises(FormInvalid) as refused:
        await create(house, place)
    assert refused.value.cure


LINK = "https://meet.test/room"


async def edit(house: House, event: Event, fields: EventFields) -> Event:
    return await house.do(lambda tx: subject.edit_event(tx, event.id, fields, house.urls))


async def link(house: House, event: Event) -> str | None:
    return await house.see(lambda tx: exact_places.link(tx, event.id))


async def test_the_online_link_follows_the_rule_of_the_place(house: House) -> None:
    fields = replace(FIELDS, place=HIDDEN, online_url=LINK)
    event = await house.do(
        lambda tx: subject.create_event(tx, house.chapter, fields, house.urls, draft=False)
    )
    assert (event.online_url, event.link_kept, event.is_online) == (None, True, True)
    assert await link(house, event) == LINK
    shown = await move(house, event, PlaceFields(shown=PlaceShown.TO_ALL))
    assert (shown.online_url, shown.link_kept) == (LINK, False)
    assert await link(house, event) is None
    hidden = await move(house, shown, PlaceFields(shown=PlaceShown.TO_GOING))
    assert (hidden.online_url, await link(house, event)) == (None, LINK)


async def test_an_online_event_is_kept_to_those_who_come(house: House) -> None:
    event = await create(house, PlaceFields())
    kept = await edit(
        house, event, EventFields(online_url=LINK, place=PlaceFields(shown=PlaceShown.TO_GOING))
    )
    assert (kept.place, kept.online_url, kept.is_online) == (None, None, True)
    renamed = await edit(house, kept, EventFields(name="Late supper"))
    assert await link(house, renamed) == LINK
    without = await edit(house, renamed, EventFields(online_url=""))
    assert not without.is_online
    assert await link(house, event) is None


async def test_where_organizers_say_yes_to_each_the_link_is_for_those(house: House) -> None:
    fields = replace(FIELDS, place=COTTAGE, online_url=LINK, approval=True)
    event = await house.do(
        lambda tx: subject.create_event(tx, house.chapter, fields, house.urls, draft=False)
    )
    assert event.place is not None
    assert (event.place.name, event.online_url) == ("Rose Cottage", None)
    open_to_all = await edit(house, event, EventFields(approval=False))
    assert (open_to_all.online_url, open_to_all.link_kept) == (LINK, False)
    assert await told(house) == 0  # where they meet is as before for those who come


async def test_those_who_go_hear_of_a_new_private_link(house: House) -> None:
    fields = replace(FIELDS, place=HIDDEN, online_url=LINK)
    event = await house.do(
        lambda tx: subject.create_event(tx, house.chapter, fields, house.urls, draft=False)
    )
    moved = await edit(house, event, EventFields(online_url="https://meet.test/other"))
    assert moved.revision == event.revision + 1
    assert await told(house) == 1


async def test_a_deleted_event_forgets_its_private_link_at_once(house: House) -> None:
    fields = replace(FIELDS, place=HIDDEN, online_url=LINK)
    event = await house.do(
        lambda tx: subject.create_event(tx, house.chapter, fields, house.urls, draft=False)
    )
    await house.do(lambda tx: subject.delete_event(tx, event.id))
    assert await link(house, event) is None


async def test_a_public_place_nobody_meets_at_any_more_is_swept_out(house: House) -> None:
    event = await create(house, COTTAGE)
    await move(house, event, PlaceFields(shown=PlaceShown.TO_GOING))

    def addresses(tx: ReadTx) -> list[str | None]:
        return list(tx.conn.execute(select(tables.places.c.address)).scalars())

    assert "7 Hidden Lane" in await house.see(addresses)
    swept = await house.do(lambda tx: sweep(tx, house.urls))
    assert swept["places"] == 1
    assert await house.see(addresses) == [None]
    count = select(func.count()).select_from(tables.events)
    assert await house.see(lambda tx: tx.conn.execute(count).scalar_one()) == 1
    assert timedelta(0) < event.over_at - event.starts_at
