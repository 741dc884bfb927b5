"""Answers without an account from one network: a hall gets in, and a few forms take no event."""

import asyncio
import re
from collections import Counter
from dataclasses import replace
from html import unescape

import pytest

from fedi_chapter.core.errors import DatabaseAway
from fedi_chapter.domain.event import Event
from fedi_chapter.domain.rsvp import RsvpStatus
from fedi_chapter.services import members
from fedi_chapter.store import event_secrets, events, tallies
from fedi_chapter.store.tx import WriteTx
from fedi_chapter.web.members import answers
from fedi_chapter.web.rate_limit import ANSWERS, RateLimit, network_of
from tests.kit.guests import PATH, House
from tests.kit.inviting import PICNIC
from tests.kit.neighbourhood import MARA

pytestmark = pytest.mark.anyio
HALL = 80
"""People in it, on one Wi-Fi."""


async def event_with(house: House, seats: int | None, *, counts_only: bool = False) -> Event:
    event = replace(PICNIC, capacity=seats, counts_only=counts_only)

    def change(tx: WriteTx) -> None:
        events.change(tx, event)
        event_secrets.put(tx, event.id, b"a secret")

    await house.deps.db.write(change)
    return event


async def states(house: House, event: Event) -> Counter[RsvpStatus]:
    return Counter(each.status for each in await house.everyone(event))


async def heads(house: House, event: Event) -> int:
    tally = await house.read(lambda tx: tallies.get(tx, event.id))
    return int(tally.seats.taken)


@pytest.mark.parametrize("seats", [HALL, None])
@pytest.mark.parametrize("counts_only", [False, True])
async def test_a_hall_on_one_network_gets_in(
    house: House, seats: int | None, *, counts_only: bool
) -> None:
    event = await event_with(house, seats, counts_only=counts_only)
    for number in range(HALL):
        answer = await house.answer(event, name=f"n{number}")
        assert answer.status_code == 303, answer.text
    assert await states(house, event) == {RsvpStatus.GOING: HALL}


async def test_a_hall_of_families_gets_in(house: House) -> None:
    event = await event_with(house, 2 * HALL)
    for number in range(HALL):
        await house.answer(event, name=f"n{number}", guests="2" if number % 5 == 0 else "0")
    assert await states(house, event) == {RsvpStatus.GOING: HALL}


@pytest.mark.parametrize("seats", [8, 10, 11, 20, 40, 50])
@pytest.mark.parametrize("counts_only", [False, True])
async def test_five_forms_of_one_network_never_take_a_whole_event(
    house: House, seats: int, *, counts_only: bool
) -> None:
    event = await event_with(house, seats, counts_only=counts_only)
    for guests in range(10):
        for number in range(5):
            await house.answer(event, name=f"n{number}", guests=str(guests))
        assert await heads(house, event) < seats
        for each in await house.everyone(event):
            await house.press(f"/rsvp/{house.deps.links.make('rsvp', each.id)}", answer="no")
        assert await heads(house, event) == 0


async def test_who_brings_too_many_waits_for_an_organizer_and_others_do_not(house: House) -> None:
    event = await event_with(house, 50)
    for number in range(5):
        await house.answer(event, name=f"big{number}", guests="9")
    waiting = [each for each in await house.everyone(event) if each.status is RsvpStatus.PENDING]
    assert len(waiting) == 4
    own = f"/rsvp/{house.deps.links.make('rsvp', waiting[0].id)}"
    assert "Waiting for an organizer" in await house.page(own)
    await house.answer(event, name="Ines")
    assert (await states(house, event))[RsvpStatus.GOING] == 2


async def test_forms_sent_at_once_are_weighed_together(house: House) -> None:
    event = await event_with(house, 50)
    forms = [house.answer(event, name=f"n{number}", guests="9") for number in range(5)]
    await asyncio.gather(*forms)
    assert await heads(house, event) == 10


async def test_more_guests_asked_for_on_ones_own_page_weigh_as_well(house: House) -> None:
    event = await event_with(house, 50)
    pages = [await house.own(event, name=f"n{number}") for number in range(5)]
    for page in pages:
        await house.press(page, answer="going", guests="9")
    assert await heads(house, event) <= 5 + 50 // 4


async def test_guests_given_back_can_be_brought_by_somebody_else_and_waiting_ones_can_not(
    house: House,
) -> None:
    event = await event_with(house, 40)
    first = await house.own(event, name="Ada", guests="9")
    second = await house.own(event, name="Ben", guests="9")
    await house.press(second, answer="no")
    await house.own(event, name="Cleo", guests="9")
    assert await heads(house, event) == 10
    await house.press(first, answer="no")
    await house.own(event, name="Dora", guests="9")
    assert await heads(house, event) == 10


async def test_a_double_click_weighs_once(house: House) -> None:
    event = await event_with(house, 40)
    number = await house.number(event)
    for _ in range(3):
        await house.answer(event, guests="9", number=number)
    assert await states(house, event) == {RsvpStatus.GOING: 1}


async def test_after_a_hall_full_of_people_everybody_waits_for_an_organizer(house: House) -> None:
    event = await event_with(house, None)
    for number in range(ANSWERS + 2):
        assert (await house.answer(event, name=f"n{number}")).status_code == 303
    assert await states(house, event) == {RsvpStatus.GOING: ANSWERS, RsvpStatus.PENDING: 2}
    assert "127.0.0" not in repr(house.app.state.answers) + repr(house.app.state.network_guests)


async def test_who_is_not_taken_finds_what_they_typed_in_the_form(house: House) -> None:
    event = await event_with(house, None)
    house.app.state.answers = RateLimit(0)
    answer = await house.answer(event, name="Zoë", email="zoe@mail.example", guests="3")
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0
    for typed in ('value="Zoë"', 'value="zoe@mail.example"', 'value="3"'):
        assert typed in answer.text
    assert "what you typed stands below" in answer.text
    assert await house.everyone(event) == []


async def test_a_busy_database_loses_nothing_that_was_typed(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = await event_with(house, None)

    def busy(*_: object) -> None:
        raise DatabaseAway("locked")

    monkeypatch.setattr(answers.own_rsvps, "answer_as_guest", busy)
    answer = await house.answer(event, name="Zoë", guests="3")
    assert answer.status_code == 503
    assert 'value="Zoë"' in answer.text
    assert 'value="3"' in answer.text
    assert "retry-after" in answer.headers


@pytest.mark.parametrize("is_member", [False, True])
async def test_a_database_that_can_not_even_be_read_loses_nothing_that_was_typed(
    house: House, monkeypatch: pytest.MonkeyPatch, *, is_member: bool
) -> None:
    event = await event_with(house, None)
    token = await house.deps.db.write(lambda tx: members.sign_in(tx, MARA, instead_of=None))
    if is_member:
        house.browser.cookies.set("__Host-member", token)
    number = await house.number(event) if not is_member else ""

    async def away(*_: object) -> None:
        raise DatabaseAway("the server restarts")

    typed = {"name": "Zoë <b>", "email": "zoe@mail.example", "guests": "3", "answer": "maybe"}
    with monkeypatch.context() as patched:
        for verb in ("read", "write", "look_up"):
            patched.setattr(house.deps.db, verb, away)
        answer = await house.answer(event, number=number, **typed)
    assert answer.status_code == 503
    assert "retry-after" in answer.headers
    assert "no-store" in answer.headers["cache-control"]
    form = {
        name: unescape(value)
        for name, value in re.findall(r'name="(\w+)"[^>]* value="([^"]*)"', answer.text)
    }
    assert {name: form[name] for name in typed} == typed
    assert re.findall(r'method="post" action="([^"]+)"', answer.text)[-1] == f"{PATH}/rsvp"
    assert (await house.press(f"{PATH}/rsvp", **form)).status_code == 303
    (row,) = await house.everyone(event)
    assert (row.status, row.actor_uri) == (RsvpStatus.MAYBE, MARA if is_member else None)


def test_a_network_is_what_one_customer_has() -> None:
    assert network_of("192.0.2.77") == "192.0.2.0/24"
    assert network_of("2001:db8:1:2::3") == "2001:db8:1::/48"
    assert network_of("") == ""
