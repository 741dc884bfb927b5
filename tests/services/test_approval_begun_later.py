"""An event that asks for approval after people stood in line: nobody slips in without a yes."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from fedi_chapter.domain.event import Event
from fedi_chapter.domain.rsvp import RANKS, Answer, Party, Route, Rsvp, RsvpStatus, Saying
from fedi_chapter.services import approval, events, rsvps
from fedi_chapter.services.event_fields import EventFields
from fedi_chapter.store import rsvps as store
from fedi_chapter.store.tables import notices
from fedi_chapter.store.tx import ReadTx
from tests.services.conftest import House

pytestmark = pytest.mark.anyio

GOING, WAITLIST, PENDING = RsvpStatus.GOING, RsvpStatus.WAITLIST, RsvpStatus.PENDING


async def a_full_event(house: House) -> Event:
    """One seat, which ana has."""
    fields = EventFields(name="Supper", start="2026-12-19T18:00", capacity=1)
    made = await house.do(lambda tx: events.create_event(tx, house.chapter, fields, house.urls))
    await says(house, made, "ana")
    return made


async def says(
    house: House, event: Event, name: str, answer: Answer = Answer.GOING, **more: Any
) -> Rsvp:
    uri = f"https://social.example/users/{name}"

    def say(tx: Any) -> Rsvp:
        saying = replace(Saying(answer, Route.POLL, tx.now, RANKS[answer]), **more)
        return rsvps.respond(tx, event, Party(uri, uri, name), saying).rsvp

    return await house.do(say)


async def edit(house: House, event: Event, **changes: Any) -> Event:
    fields = EventFields(**changes)
    return await house.do(lambda tx: events.edit_event(tx, event.id, fields, house.urls))


async def states(house: House, event: Event) -> dict[str | None, RsvpStatus]:
    everyone = await house.see(lambda tx: store.of_event(tx, event.id))
    return {each.name: each.status for each in everyone}


async def told(house: House, who: Rsvp) -> list[str]:
    def read(tx: ReadTx) -> list[str]:
        kinds = select(notices.c.kind).where(notices.c.rsvp_id == who.id)
        return list(tx.conn.execute(kinds.order_by(notices.c.created_at, notices.c.id)).scalars())

    return await house.see(read)


async def test_who_stands_in_line_asks_an_organizer_and_hears_of_it(house: House) -> None:
    event = await a_full_event(house)
    ben = await says(house, event, "ben")
    asked = await edit(house, event, approval=True)
    assert await states(house, asked) == {"ana": GOING, "ben": PENDING}
    assert await told(house, ben) == ["waitlist", "pending"]
    await says(house, asked, "ana", Answer.NONE)
    assert await states(house, asked) == {"ben": PENDING}


async def test_a_yes_gives_back_the_place_in_line(house: House) -> None:
    event = await a_full_event(house)
    ben, cleo = [await says(house, event, name) for name in ("ben", "cleo")]
    asked = await edit(house, event, approval=True)
    for each in (cleo, ben):
        await house.do(lambda tx, each=each: approval.approve(tx, asked, each.id))
    assert await states(house, asked) == {"ana": GOING, "ben": WAITLIST, "cleo": WAITLIST}
    await says(house, asked, "ana", Answer.NONE)
    assert await states(house, asked) == {"ben": GOING, "cleo": WAITLIST}


async def test_whom_an_organizer_wrote_down_has_a_yes(house: House) -> None:
    event = await a_full_event(house)
    await says(house, event, "ben", route=Route.HAND)
    asked = await edit(house, event, approval=True, capacity=2)
    assert await states(house, asked) == {"ana": GOING, "ben": GOING}


async def test_seats_added_with_the_approval_are_for_those_with_a_yes(house: House) -> None:
    event = await a_full_event(house)
    await says(house, event, "ben")
    asked = await edit(house, event, approval=True, capacity=9)
    assert await states(house, asked) == {"ana": GOING, "ben": PENDING}
    free = await edit(house, asked, approval=False)
    assert await states(house, free) == {"ana": GOING, "ben": GOING}
