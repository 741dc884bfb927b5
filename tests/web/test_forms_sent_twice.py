"""A double click is one person, and two people are two, whatever they have in common."""

import re
from dataclasses import replace

import pytest

from fedi_chapter.domain.rsvp import RsvpStatus
from fedi_chapter.store import event_secrets, events
from fedi_chapter.store.tx import WriteTx
from tests.kit.guests import PATH, House
from tests.kit.inviting import PICNIC

pytestmark = pytest.mark.anyio
HALL = replace(PICNIC, capacity=None)


@pytest.fixture(params=["names", "heads only"])
async def hall(house: House, request: pytest.FixtureRequest) -> str:
    """The picnic with room for everybody."""
    counts_only = request.param == "heads only"

    def change(tx: WriteTx) -> None:
        events.change(tx, replace(HALL, counts_only=counts_only))
        event_secrets.put(tx, HALL.id, b"a secret")

    await house.deps.db.write(change)
    return str(request.param)


async def answered(house: House, **fields: str) -> str:
    """Send the form, and return where it leads, without going there."""
    answer = await house.answer(HALL, **fields)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"].partition("?")[0]


async def test_every_visitor_gets_a_number_of_their_own_from_the_page_in_memory(
    house: House,
) -> None:
    first = await house.browser.get(PATH)
    second = await house.browser.get(PATH)
    assert "x-request-id" not in second.headers
    numbers = [
        re.findall(r'name="number" value="([0-9a-f]{32})"', each.text) for each in (first, second)
    ]
    assert [len(each) for each in numbers] == [1, 1]
    assert numbers[0] != numbers[1]
    assert first.headers["etag"] == second.headers["etag"]
    assert first.headers["content-length"] == str(len(first.content))
    assert "private" in first.headers["cache-control"]


@pytest.mark.usefixtures("hall")
async def test_a_form_sent_twice_is_one_person(house: House) -> None:
    number = await house.number(HALL)
    assert await answered(house, number=number) == await answered(house, number=number)
    assert len(await house.everyone(HALL)) == 1


@pytest.mark.usefixtures("hall")
async def test_another_button_of_the_same_form_changes_the_answer(house: House) -> None:
    number = await house.number(HALL)
    await answered(house, number=number)
    await answered(house, number=number, answer="maybe", guests="2")
    assert [each.status for each in await house.everyone(HALL)] == [RsvpStatus.MAYBE]


@pytest.mark.usefixtures("hall")
async def test_people_who_have_all_but_the_number_in_common_are_as_many_as_they_are(
    house: House,
) -> None:
    pages = [await answered(house) for _ in range(3)]
    pages += [await answered(house, number=await house.number(HALL)) for _ in range(3)]
    assert len(set(pages)) == len(await house.everyone(HALL)) == 6


@pytest.mark.usefixtures("hall")
async def test_a_page_that_was_opened_is_handed_to_nobody_else(house: House) -> None:
    number = await house.number(HALL)
    for people in (1, 2, 3):  # on one tablet, with its Back button
        await house.page(await answered(house, number=number))
        assert len(await house.everyone(HALL)) == people


async def test_the_same_form_in_another_name_is_another_person(house: House) -> None:
    number = await house.number(HALL)
    ines = await answered(house, number=number, name="Ines")
    assert await answered(house, number=number, name="Jun") != ines
    await answered(house, number=number, name="Ines", email="ines@mail.example")
    assert len(await house.everyone(HALL)) == 3


@pytest.mark.parametrize("number", ["", "0", "x" * 32, "A" * 32, "0" * 33, "0" * 31, "０" * 32])
async def test_what_is_no_number_of_ours_names_nobody(house: House, number: str) -> None:
    assert await answered(house, number=number) != await answered(house, number=number)


async def test_a_number_counts_for_its_own_event_alone(house: House) -> None:
    number = await house.number(HALL)
    first = await answered(house, number=number)
    other = replace(HALL, id=type(HALL.id)("0197c1b2-7a10-7cc2-9f5e-00000000c0de"))
    await house.deps.db.write(lambda tx: events.insert(tx, other))
    answer = await house.answer(other, number=number)
    assert answer.headers["location"].partition("?")[0] != first


async def test_the_number_itself_is_not_kept(house: House) -> None:
    number = await house.number(HALL)
    page = await answered(house, number=number)
    (row,) = await house.everyone(HALL)
    assert row.form_number
    assert number not in repr(row)
    await house.page(page)
    assert [each.form_number for each in await house.everyone(HALL)] == [None]
