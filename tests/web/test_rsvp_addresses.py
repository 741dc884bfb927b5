"""The mail address somebody gives with an answer: asked once, confirmed by its mailbox alone."""

import re

import pytest

from fedi_chapter.core.clock import SetClock
from fedi_chapter.domain.rsvp import RsvpStatus
from tests.kit.guests import House
from tests.kit.inviting import PICNIC, SUPPER
from tests.kit.neighbourhood import BASE

pytestmark = pytest.mark.anyio


async def mailed_link(house: House) -> str:
    await house.deliver_mail()
    found = re.search(rf"{BASE}(/rsvp/[\w-]+)", house.post.letters[-1].text)
    assert found
    return found[1]


async def test_an_address_gets_one_question_and_nothing_else_until_it_says_yes(
    house: House,
) -> None:
    own = await house.own(PICNIC, email="Ines@Mail.example")
    for answer in ("no", "going", "maybe", "going"):
        await house.press(own, answer=answer)
    await house.deliver_mail()
    assert [letter.to for letter in house.post.letters] == ["ines@mail.example"]
    assert "Is this your mail address?" not in await house.page(own)
    link = await mailed_link(house)
    assert "Is this your mail address?" in await house.page(link)
    (before,) = await house.everyone(PICNIC)
    assert before.email_confirmed_at is None
    await house.press(f"{link}/confirm")
    (ines,) = await house.everyone(PICNIC)
    assert ines.key == "mailto:ines@mail.example"
    await house.deliver_mail()
    assert len(house.post.letters) == 2
    assert "See you there" in house.post.letters[1].subject


async def test_only_the_mailbox_can_confirm(house: House) -> None:
    own = await house.own(PICNIC, email="ines@mail.example")
    assert (await house.press(f"{own}/confirm")).status_code == 404
    assert [each.email_confirmed_at for each in await house.everyone(PICNIC)] == [None]


async def test_a_confirmed_address_can_not_become_another(house: House) -> None:
    own = await house.own(PICNIC, email="ines@mail.example")
    await house.press(f"{await mailed_link(house)}/confirm")
    assert (await house.press(f"{own}/mail", email="victim@mail.example")).status_code == 409
    assert [each.email for each in await house.everyone(PICNIC)] == ["ines@mail.example"]


async def test_a_mistyped_address_is_corrected_and_its_letter_opens_nothing_any_more(
    house: House,
) -> None:
    own = await house.own(PICNIC, email="ines@mali.example")
    stray = await mailed_link(house)
    page = await house.page(own)
    assert "We wait for a yes from ines@mali.example." in page
    assert "Is there a mistake in it?" in page
    await house.press(f"{own}/mail", email="ines@mail.example")
    assert (await house.browser.get(stray)).status_code == 404
    assert (await house.press(f"{stray}/confirm")).status_code == 404
    assert (await house.press(f"{stray}/forget", sure="yes")).status_code == 404
    await house.press(f"{await mailed_link(house)}/confirm")
    (ines,) = await house.everyone(PICNIC)
    assert (ines.key, ines.email) == ("mailto:ines@mail.example", "ines@mail.example")


async def test_an_address_that_refuses_our_mail_is_shown_and_corrected(house: House) -> None:
    own = await house.own(PICNIC, email="ines@mail.example")
    await house.press(f"{await mailed_link(house)}/confirm")
    house.post.refuses = True
    await house.deliver_refused()  # that she is going
    page = await house.page(own)
    assert "Our mail to ines@mail.example was not taken." in page
    house.post.refuses = False
    await house.press(f"{own}/mail", email="ines@new.example")
    (ines,) = await house.everyone(PICNIC)
    assert (ines.email, ines.email_confirmed_at, ines.email_refused_at) == (
        "ines@new.example",
        None,
        None,
    )
    assert not ines.key.startswith("mailto:")
    await house.press(f"{await mailed_link(house)}/confirm")
    (ines,) = await house.everyone(PICNIC)
    assert ines.key == "mailto:ines@new.example"


async def test_an_address_can_be_added_later(house: House) -> None:
    own = await house.own(PICNIC)
    assert (await house.press(f"{own}/mail", email="nonsense")).status_code == 422
    await house.press(f"{own}/mail", email="ines@mail.example")
    await house.press(f"{await mailed_link(house)}/confirm")
    (ines,) = await house.everyone(PICNIC)
    assert ines.email_confirmed_at is not None


async def test_a_victim_gets_at_most_three_letters_a_day_however_often_it_is_named(
    house: House, clock: SetClock
) -> None:
    for event in (PICNIC, SUPPER):
        for n in range(4):
            own = await house.own(event, name=f"n{n}", email="victim@mail.example")
            await house.deliver_mail()
            await house.press(f"{own}/forget", sure="yes")
    assert len(house.post.letters) == 3


async def test_one_mailbox_has_one_answer_and_the_newer_counts(house: House) -> None:
    await house.own(SUPPER, email="ines@mail.example")
    await house.press(f"{await mailed_link(house)}/confirm")
    newer = await house.own(SUPPER, email="ines@mail.example", answer="maybe")
    await house.press(f"{await mailed_link(house)}/confirm")
    (ines,) = await house.everyone(SUPPER)
    assert ines.status is RsvpStatus.MAYBE
    assert "Perhaps you come" in await house.page(newer)


async def test_who_waits_twice_keeps_the_seat_they_have(house: House) -> None:
    older = await house.own(PICNIC, email="ines@mail.example", guests="1")
    await house.press(f"{await mailed_link(house)}/confirm")
    await house.own(PICNIC, name="Ben")
    await house.own(PICNIC, email="ines@mail.example")
    kept = await house.press(f"{await mailed_link(house)}/confirm")
    assert "You are going" in await house.page(kept.headers["location"])
    assert "You are going" in await house.page(older)
    states = [(each.name, each.status) for each in await house.everyone(PICNIC)]
    assert states == [("Ines", RsvpStatus.GOING), ("Ben", RsvpStatus.WAITLIST)]
