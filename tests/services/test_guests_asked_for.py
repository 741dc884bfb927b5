"""A yes for one is none for ten; and small groups in line pass a large one that does not fit."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from fedi_chapter.core.clock import SetClock
from fedi_chapter.core.errors import Conflict
from fedi_chapter.domain.event import Event
from fedi_chapter.domain.rsvp import RANKS, Answer, Party, Refusal, Route, Rsvp, RsvpStatus, Saying
from fedi_chapter.services import approval, events, rsvps
from fedi_chapter.services.event_fields import EventFields
from fedi_chapter.services.rsvps import Response
from fedi_chapter.store import rsvps as store
from fedi_chapter.store import tallies
from fedi_chapter.store.pages.event_desk import asking, event_desk
from fedi_chapter.store.tables import notices
from fedi_chapter.store.tx import ReadTx, WriteTx
from tests.services.conftest import House

pytestmark = pytest.mark.anyio


async def an_event(house: House, **terms: Any) -> Event:
    fields = EventFields(name="Supper", start="2026-12-19T18:00", **terms)
    return await house.do(lambda tx: events.create_event(tx, house.chapter, fields, house.urls))


async def says(
    house: House, event: Event, name: str, guests: int = 0, answer: Answer = Answer.GOING
) -> Response:
    uri = f"https://social.example/users/{name}"

    def say(tx: WriteTx) -> Response:
        saying = replace(Saying(answer, Route.POLL, tx.now, RANKS[answer]), guests=guests)
        return rsvps.respond(tx, event, Party(uri, uri, name), saying)

    return await house.do(say)


async def decides(
    house: House, verb: Callable[[WriteTx, Event, Any], Rsvp], event: Event, who: Response
) -> Rsvp:
    return await house.do(lambda tx: verb(tx, event, who.rsvp.id))


async def let_in(house: House, event: Event, name: str, guests: int = 0) -> Response:
    asked = await says(house, event, name, guests)
    await decides(house, approval.approve, event, asked)
    return asked


async def standing(house: House, event: Event) -> dict[str | None, tuple[str, int, int | None]]:
    everyone = await house.see(lambda tx: store.of_event(tx, event.id))
    return {each.name: (each.status.value, each.guests, each.asked_guests) for each in everyone}


async def told(house: House) -> list[str]:
    def read(tx: ReadTx) -> list[str]:
        kinds = select(notices.c.kind).order_by(notices.c.created_at, notices.c.id)
        return list(tx.conn.execute(kinds).scalars())

    return await house.see(read)


async def test_nine_guests_after_a_yes_for_one_wait_for_a_second_yes(house: House) -> None:
    event = await an_event(house, approval=True, capacity=12)
    ana = await let_in(house, event, "ana")
    await says(house, event, "ana", 9)
    assert await standing(house, event) == {"ana": ("going", 0, 9)}
    counted = await house.see(lambda tx: tallies.get(tx, event.id))
    assert (counted.going, counted.going_heads, counted.pending) == (1, 1, 0)
    listed = await house.see(lambda tx: asking(tx, house.chapter.id))
    assert [each.asking for each in listed] == [1]
    await decides(house, approval.approve, event, ana)
    assert await standing(house, event) == {"ana": ("going", 9, None)}
    assert (await house.see(lambda tx: tallies.get(tx, event.id))).going_heads == 10
    assert await house.see(lambda tx: asking(tx, house.chapter.id)) == []


async def test_a_no_to_the_guests_leaves_the_seat(house: House) -> None:
    event = await an_event(house, approval=True)
    ana = await let_in(house, event, "ana", 1)
    await says(house, event, "ana", 4)
    await decides(house, approval.decline_guests, event, ana)
    assert await standing(house, event) == {"ana": ("going", 1, None)}
    assert (await told(house))[-1] == "refused"
    with pytest.raises(Conflict):
        await decides(house, approval.decline_guests, event, ana)


async def test_a_yes_for_guests_there_is_no_room_for_is_refused(house: House) -> None:
    event = await an_event(house, approval=True, capacity=4)
    ana = await let_in(house, event, "ana")
    await says(house, event, "ana", 3)
    await let_in(house, event, "ben")
    with pytest.raises(Conflict) as refused:
        await decides(house, approval.approve, event, ana)
    assert refused.value.cure
    assert (await standing(house, event))["ana"] == ("going", 0, 3)


async def test_who_gives_the_seat_back_asks_for_no_guests_any_more(house: House) -> None:
    event = await an_event(house, approval=True)
    await let_in(house, event, "ana")
    await says(house, event, "ana", 2)
    await says(house, event, "ana", answer=Answer.NO)
    assert await standing(house, event) == {"ana": ("no", 0, None)}


async def test_guests_asked_for_come_in_when_approval_ends(house: House) -> None:
    event = await an_event(house, approval=True, capacity=4)
    for name, guests in (("ana", 1), ("ben", 2)):
        await let_in(house, event, name)
        await says(house, event, name, guests)
    fields = EventFields(approval=False)
    await house.do(lambda tx: events.edit_event(tx, event.id, fields, house.urls))
    assert await standing(house, event) == {
        "ana": ("going", 1, None),
        "ben": ("going", 0, None),  # there is no room for two more
    }


async def test_who_moves_up_in_line_still_asks_for_the_guests(house: House) -> None:
    event = await an_event(house, approval=True, capacity=3)
    ana = await let_in(house, event, "ana", 2)
    await let_in(house, event, "ben")
    await says(house, event, "ben", 1)
    assert (await standing(house, event))["ben"] == ("waitlist", 0, 1)
    await decides(house, approval.decline, event, ana)
    assert (await standing(house, event))["ben"] == ("going", 0, 1)


async def test_a_small_group_passes_a_large_one_that_does_not_fit(house: House) -> None:
    event = await an_event(house, capacity=4)
    await says(house, event, "full", 2)
    await says(house, event, "single")
    for name, guests in (("large", 3), ("small", 0), ("pair", 1)):
        await says(house, event, name, guests)
    await says(house, event, "single", answer=Answer.NO)
    assert {name: each[0] for name, each in (await standing(house, event)).items()} == {
        "full": "going",
        "single": "no",
        "large": "waitlist",
        "small": "going",
        "pair": "waitlist",
    }
    await says(house, event, "full", answer=Answer.NO)
    stand = await standing(house, event)
    assert (stand["large"][0], stand["pair"][0]) == ("waitlist", "going")


async def test_somebody_new_takes_a_seat_that_nobody_in_line_fits_into(house: House) -> None:
    event = await an_event(house, capacity=3)
    await says(house, event, "ana", 1)
    await says(house, event, "large", 2)
    desk = await house.see(lambda tx: event_desk(tx, event))
    assert desk.unused == 1
    new = await says(house, event, "new")
    assert new.rsvp.status is RsvpStatus.GOING
    assert "waitlist" in await told(house)
    assert (await house.see(lambda tx: event_desk(tx, event))).unused == 0
    grown = await says(house, event, "ana", 2)
    assert grown.refusal is Refusal.NO_ROOM_FOR_GUESTS


async def test_a_seat_given_back_is_for_as_many_as_it_was_and_not_for_those_asked_for(
    house: House,
) -> None:
    event = await an_event(house, approval=True)
    ana = await let_in(house, event, "ana", 1)
    await says(house, event, "ana", 9)
    await decides(house, approval.decline, event, ana)
    await decides(house, approval.approve, event, ana)
    assert await standing(house, event) == {"ana": ("going", 1, None)}


async def test_a_seat_given_back_is_no_place_in_line_for_guests_that_had_no_room(
    house: House,
) -> None:
    event = await an_event(house, capacity=4)
    ana = await says(house, event, "ana")
    await says(house, event, "ben", 1)
    assert (await says(house, event, "ana", 3)).refusal is Refusal.NO_ROOM_FOR_GUESTS
    await decides(house, approval.decline, event, ana)
    await decides(house, approval.approve, event, ana)
    assert (await standing(house, event))["ana"] == ("going", 0, None)


async def test_who_was_declined_asks_anew_whatever_was_said_in_between(
    house: House, clock: SetClock
) -> None:
    event = await an_event(house, approval=True)
    ana = await let_in(house, event, "ana", 1)
    await decides(house, approval.decline, event, ana)
    clock.advance(timedelta(minutes=1))
    await says(house, event, "ana")
    assert (await standing(house, event))["ana"] == ("pending", 0, None)
    await decides(house, approval.decline, event, ana)
    clock.advance(timedelta(minutes=1))
    await says(house, event, "ana", answer=Answer.NO)
    clock.advance(timedelta(minutes=1))
    await says(house, event, "ana", 1)
    assert (await standing(house, event))["ana"] == ("pending", 1, None)


async def test_who_comes_with_a_guest_takes_a_seat_that_nobody_in_line_fits_into(
    house: House,
) -> None:
    event = await an_event(house, capacity=4)
    await says(house, event, "ana")
    await says(house, event, "ben", 1)
    await says(house, event, "large", 2)
    await says(house, event, "ana", 1)
    assert {name: each[:2] for name, each in (await standing(house, event)).items()} == {
        "ana": ("going", 1),
        "ben": ("going", 1),
        "large": ("waitlist", 2),
    }
