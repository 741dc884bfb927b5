"""Answering an event on its page: the box with the numbers, and the form."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from starlette.datastructures import FormData

from fedi_chapter.core.clock import SetClock
from fedi_chapter.domain.event import RsvpMode
from fedi_chapter.domain.rsvp import RANKS, Answer, Party, Refusal, Route, Rsvp, RsvpStatus, Saying
from fedi_chapter.services import members, own_rsvps, rsvps
from fedi_chapter.services.event_plans import postpone_event
from fedi_chapter.store import event_secrets, events
from fedi_chapter.store.tx import WriteTx
from fedi_chapter.web.private import word
from tests.kit.guests import PATH, House
from tests.kit.inviting import PICNIC
from tests.kit.neighbourhood import BASE, CHAPTER, MARA, an_event

pytestmark = pytest.mark.anyio


# -- the event's page ----------------------------------------------------------------------


async def test_the_page_tells_numbers_and_no_names(house: House) -> None:
    await house.own(PICNIC, name="Xanthippe", guests="1")
    html = await house.page(PATH)
    assert "2 people are going" in html
    assert "no seat left" in html
    assert "Xanthippe" not in html


async def test_no_number_is_shown_before_there_is_one(house: House) -> None:
    assert "going</strong>" not in await house.page(PATH)
    await house.own(PICNIC)
    assert "1 person is going" in await house.page(PATH)


async def test_an_event_nobody_came_to_has_no_section_that_says_so(
    house: House, clock: SetClock
) -> None:
    clock.advance(PICNIC.closes_at - clock.now())
    assert "It is too late to answer." in await house.page(PATH)
    clock.advance(PICNIC.over_at - clock.now())
    assert 'id="rsvp"' not in await house.page(f"{PATH}?later")


async def test_the_page_offers_the_app_the_account_and_the_form(house: House) -> None:
    html = await house.page(PATH)
    assert f"/follow?object={BASE.replace(':', '%3A').replace('/', '%2F')}" in html
    assert f"/sign-in?next={PATH}" in html
    assert 'name="email"' in html
    assert "2 seats left" in html


async def test_an_event_nobody_is_asked_about_has_no_box(house: House) -> None:
    assert 'id="rsvp"' not in await house.page(f"/events/{an_event(1, 'x', 1).id}")


async def test_without_mail_no_address_is_asked_for(house: House) -> None:
    house.app.state.deps = replace(house.deps, mailer=None)
    assert 'name="email"' not in await house.page(PATH)
    await house.own(PICNIC, email="ines@mail.example")
    assert [each.email for each in await house.everyone(PICNIC)] == [None]


async def test_who_is_signed_in_answers_with_one_tap_and_nobody_else_sees_it(house: House) -> None:
    anonymous = await house.page(PATH)
    token = await house.deps.db.write(lambda tx: members.sign_in(tx, MARA, instead_of=None))
    house.browser.cookies.set("__Host-member", token)
    mine = await house.browser.get(PATH)
    assert "You are signed in as mara@social.example.com" in mine.text
    assert mine.headers["cache-control"] == "private, no-store, no-transform"
    answered = await house.press(f"{PATH}/rsvp", answer="going", guests="1")
    own = await house.page(answered.headers["location"])
    assert "You are going" in own
    assert "You are going" in await house.page(PATH)
    (mara,) = await house.everyone(PICNIC)
    assert (mara.actor_uri, mara.route, mara.guests) == (MARA, Route.ACCOUNT, 1)
    house.browser.cookies.clear()
    theirs = await house.page(PATH)
    assert "mara@" not in theirs.replace("Mara", "")
    assert "signed in as" not in theirs + anonymous


# -- the form ------------------------------------------------------------------------------


async def test_an_answer_without_an_account_leads_to_a_page_of_ones_own(house: House) -> None:
    own = await house.own(PICNIC, name=" Ines \u202e", guests="1")
    (ines,) = await house.everyone(PICNIC)
    assert (ines.status, ines.guests, ines.route) == (RsvpStatus.GOING, 1, Route.WEB)
    assert ines.key.startswith("alias:")
    answer = await house.browser.get(own)
    assert "You are going" in answer.text
    assert answer.headers["cache-control"] == "private, no-store, no-transform"
    assert '<meta name="robots" content="noindex">' in answer.text


async def test_a_full_event_has_a_line_and_tells_the_place_in_it(house: House) -> None:
    for name in ("ana", "ben", "cleo"):
        await house.own(PICNIC, name=name)
    last = await house.own(PICNIC, name="dora")
    assert "You are number 2 in line" in await house.page(last)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"name": " "}, "Please tell us what we may call you"),
        ({"name": "\u200b\u3164"}, "Please tell us what we may call you"),
        ({"name": "\u202e"}, "Please tell us what we may call you"),
        ({"email": "ines@"}, "not a mail address"),
        ({"email": "a@b.example\r\nBcc: x@y.example"}, "not a mail address"),
        ({"email": "a@b.example, x@y.example"}, "not a mail address"),
        ({"guests": "9"}, "too many people"),
    ],
)
async def test_a_wrong_form_comes_back_with_what_was_typed(
    house: House, fields: dict[str, str], words: str
) -> None:
    answer = await house.answer(PICNIC, **fields)
    assert answer.status_code in (409, 422)
    assert words in answer.text
    assert f'value="{fields.get("guests", "0")}"' in answer.text
    assert await house.everyone(PICNIC) == []


async def test_a_form_from_another_site_is_refused(house: House) -> None:
    form = {"name": "Ines", "answer": "going"}
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        answer = await house.browser.post(f"{PATH}/rsvp", data=form, headers=headers)
        assert answer.status_code == 403
    assert await house.everyone(PICNIC) == []


async def test_a_program_that_fills_in_every_field_answers_nothing(house: House) -> None:
    answer = await house.answer(PICNIC, website="https://spam.example")
    assert answer.headers["location"] == PATH
    assert await house.everyone(PICNIC) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"published_at": None},
        {"rsvp": RsvpMode.OFF},
        {"starts_at": an_event(1, "x", -1).starts_at, "ends_at": None},
    ],
)
async def test_an_event_that_takes_no_answers_takes_none(
    house: House, changes: dict[str, Any]
) -> None:
    await house.deps.db.write(lambda tx: events.change(tx, replace(PICNIC, **changes)))
    assert (await house.answer(PICNIC)).status_code in (404, 409)
    assert await house.everyone(PICNIC) == []


async def test_an_event_that_only_counts_asks_for_no_name_and_can_be_changed(house: House) -> None:
    counted = replace(PICNIC, counts_only=True)

    def begin(tx: WriteTx) -> None:
        events.change(tx, counted)
        event_secrets.put(tx, counted.id, b"a secret")

    await house.deps.db.write(begin)
    assert 'name="name"' not in await house.page(PATH)
    own = await house.own(counted, name="Xanthippe", email="x@mail.example")
    (row,) = await house.everyone(counted)
    assert (row.name, row.email, len(row.key)) == (None, None, 64)
    await house.press(own, answer="no")
    assert [each.status for each in await house.everyone(counted)] == [RsvpStatus.NO]


async def test_a_member_is_known_again_where_heads_are_only_counted(house: House) -> None:
    saying = Saying(Answer.GOING, Route.POLL, house.deps.clock.now(), RANKS[Answer.GOING])

    def work(tx: WriteTx) -> Rsvp | None:
        party = Party(MARA, MARA)
        rsvps.respond(tx, PICNIC, party, saying)
        return own_rsvps.answer_of(tx, PICNIC, party)

    found = await house.deps.db.write(work)
    assert found is not None
    assert found.actor_uri == MARA
    assert CHAPTER.id == PICNIC.actor_id


def test_a_form_brings_no_nul_which_postgresql_would_not_take() -> None:
    assert word(FormData([("event", "a\0b")]), "event") == "ab"


async def test_a_postponed_event_keeps_answers_and_says_why_it_takes_no_new_ones(
    house: House, clock: SetClock
) -> None:
    mine = await house.own(PICNIC, name="Xanthippe")
    await house.deps.db.write(lambda tx: postpone_event(tx, PICNIC.id, reason="Rain"))
    house.browser.cookies.clear()  # another device
    page = await house.page(PATH)
    assert "Postponed: Picnic at dusk" in page
    assert "Rain" in page
    assert "You can answer when the new date is known." in page
    refused = await house.answer(PICNIC, name="Yves")
    assert refused.status_code == 409
    assert "There is no date to say yes to." in refused.text
    own = await house.page(mine)
    assert "Your answer is kept." in own
    assert "It is too late" not in own
    clock.advance(timedelta(seconds=1))
    await house.press(mine, answer="no")
    assert [each.status for each in await house.everyone(PICNIC)] == [RsvpStatus.NO]


async def test_every_reason_why_an_answer_does_not_count_has_its_words(house: House) -> None:
    mine = await house.own(PICNIC)
    for refusal in Refusal:
        shown = await house.page(f"{mine}?done={refusal}")
        assert 'role="status"' in shown, refusal
