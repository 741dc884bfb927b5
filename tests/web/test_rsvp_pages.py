"""Answering an event on our pages: the box, the form, a page of one's own, the exact place."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select
from starlette.applications import Starlette
from starlette.datastructures import FormData

from fedi_chapter.core.clock import SetClock
from fedi_chapter.deps import Deps
from fedi_chapter.domain.event import Event, RsvpMode
from fedi_chapter.domain.notice import NoticeRoute
from fedi_chapter.domain.rsvp import RANKS, Answer, Party, Route, Rsvp, RsvpStatus, Saying
from fedi_chapter.services import members, own_rsvps, rsvps
from fedi_chapter.services.events import cancel_event
from fedi_chapter.store import event_secrets, events
from fedi_chapter.store import rsvps as store
from fedi_chapter.store.tables import notices
from fedi_chapter.store.tx import Database, ReadTx, WriteTx
from fedi_chapter.web.cache import AnswerCache
from fedi_chapter.web.private import word
from fedi_chapter.web.rate_limit import ANSWERS, network_of
from fedi_chapter.workers import notices as notice_loop
from tests.kit.ids import CountedIds
from tests.kit.inviting import PICNIC, SUPPER, Postbox, seed_invitations
from tests.kit.neighbourhood import BASE, CHAPTER, MARA, an_event, deps_for, seed, site_app

pytestmark = pytest.mark.anyio

PATH = f"/events/{PICNIC.id}"
OURS = {"Sec-Fetch-Site": "same-origin"}
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@dataclass
class House:
    """The chapter, and a browser that visits it."""

    deps: Deps
    app: Starlette
    browser: httpx.AsyncClient
    post: Postbox
    clock: SetClock

    async def read(self, work: Any) -> Any:
        return await self.deps.db.read(work)

    async def answer(self, event: Event, **fields: str) -> httpx.Response:
        form = {"name": "Ines", "answer": "going", "guests": "0", **fields}
        return await self.browser.post(f"/events/{event.id}/rsvp", data=form, headers=OURS)

    async def own(self, event: Event, **fields: str) -> str:
        """Answer, and return the path of one's own page."""
        self.clock.advance(timedelta(seconds=1))
        answer = await self.answer(event, **fields)
        assert answer.status_code == 303, answer.text
        return answer.headers["location"].partition("?")[0]

    async def press(self, path: str, **fields: str) -> httpx.Response:
        self.clock.advance(timedelta(seconds=1))
        return await self.browser.post(path, data=fields, headers=OURS)

    async def page(self, path: str) -> str:
        answer = await self.browser.get(path)
        assert answer.status_code == 200, answer.text
        return answer.text

    async def everyone(self, event: Event) -> list[Rsvp]:
        found: list[Rsvp] = await self.read(lambda tx: store.of_event(tx, event.id))
        return found

    async def deliver_mail(self) -> None:
        queue = notice_loop.queue(self.deps, NoticeRoute.MAIL)
        for job in await self.deps.db.write(lambda tx: queue.claim(tx, 100)):
            await queue.do(job)


@pytest.fixture
async def house(
    sqlite_db: Database, clock: SetClock, ids: CountedIds, tmp_path: Path
) -> AsyncIterator[House]:
    await sqlite_db.write(seed)
    await sqlite_db.write(seed_invitations)
    post = Postbox()
    deps = replace(deps_for(sqlite_db, clock, ids, tmp_path), mailer=post)
    app = site_app(deps)
    transport = httpx.ASGITransport(app=AnswerCache(app, sqlite_db))
    async with httpx.AsyncClient(transport=transport, base_url=BASE, headers=BROWSER) as client:
        yield House(deps, app, client, post, clock)


# -- the event's page ----------------------------------------------------------------------


async def test_the_page_tells_numbers_and_no_names(house: House) -> None:
    await house.own(PICNIC, name="Xanthippe", guests="1")
    html = await house.page(PATH)
    assert "2 people are going" in html
    assert "no seat left" in html
    assert "Xanthippe" not in html


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
    assert mine.headers["cache-control"] == "private, no-store"
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
    assert answer.headers["cache-control"] == "private, no-store"
    assert '<meta name="robots" content="noindex">' in answer.text


async def test_a_button_pressed_twice_is_one_person(house: House, clock: SetClock) -> None:
    assert await house.own(PICNIC, name="Ines") == await house.own(PICNIC, name="Ines")
    clock.advance(timedelta(seconds=10))
    await house.own(PICNIC, name="Ines")  # another Ines
    assert len(await house.everyone(PICNIC)) == 2


async def test_a_full_event_has_a_line_and_tells_the_place_in_it(house: House) -> None:
    for name in ("ana", "ben", "cleo"):
        await house.own(PICNIC, name=name)
    last = await house.own(PICNIC, name="dora")
    assert "You are number 2 in line" in await house.page(last)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"name": " "}, "what we may call you"),
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


async def test_one_network_can_not_flood_an_event(house: House) -> None:
    big = replace(PICNIC, capacity=None)
    await house.deps.db.write(lambda tx: events.change(tx, big))
    answers = [(await house.answer(big, name=f"n{n}")).status_code for n in range(ANSWERS + 1)]
    assert answers == [303] * ANSWERS + [503]
    assert not hasattr(house.app.state.answers, "addresses")
    assert "127.0.0" not in repr(house.app.state.answers.seen)


def test_a_network_is_what_one_customer_has() -> None:
    assert network_of("192.0.2.77") == "192.0.2.0/24"
    assert network_of("2001:db8:1:2::3") == "2001:db8:1::/48"
    assert network_of("") == ""


@pytest.mark.parametrize(
    "changes",
    [{"published_at": None}, {"rsvp": RsvpMode.OFF}, {"starts_at": an_event(1, "x", -1).starts_at}],
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


# -- one's own page ------------------------------------------------------------------------


async def test_an_answer_is_changed_and_taken_back_on_ones_own_page(house: House) -> None:
    own = await house.own(PICNIC)
    for answer, status in (("maybe", "Perhaps you come"), ("going", "You are going")):
        moved = await house.press(own, answer=answer, guests="1")
        assert status in await house.page(moved.headers["location"])
    assert [each.guests for each in await house.everyone(PICNIC)] == [1]
    await house.press(own, answer="none")
    assert await house.everyone(PICNIC) == []
    assert "You took your answer back" in await house.page(own)


async def test_more_guests_than_seats_are_refused_and_the_seat_stays(house: House) -> None:
    own = await house.own(PICNIC)
    await house.own(PICNIC, name="Ben")
    answer = await house.press(own, answer="going", guests="1")
    assert "no room for more guests" in await house.page(answer.headers["location"])
    assert {each.status for each in await house.everyone(PICNIC)} == {RsvpStatus.GOING}


async def test_reminders_can_be_turned_off_and_on(house: House) -> None:
    own = await house.own(PICNIC, email="ines@mail.example")
    await house.press(f"{own}/mute", muted="yes")
    assert [each.muted for each in await house.everyone(PICNIC)] == [True]
    await house.press(f"{own}/mute")
    assert [each.muted for each in await house.everyone(PICNIC)] == [False]


async def test_forget_me_erases_at_once_frees_the_seat_and_says_what_remains(house: House) -> None:
    own = await house.own(PICNIC, name="Xanthippe", email="x@mail.example", guests="1")
    waiting = await house.own(PICNIC, name="Ben")
    unsure = await house.press(f"{own}/forget")
    assert "done=unsure" in unsure.headers["location"]
    gone = await house.press(f"{own}/forget", sure="yes")
    assert "in your own mailbox" in gone.text
    assert (await house.browser.get(own)).status_code == 404
    assert "You are going" in await house.page(waiting)
    await house.deliver_mail()
    assert house.post.letters == []

    def left(tx: ReadTx) -> str:
        return repr([tuple(row) for row in tx.conn.execute(select(notices))])

    assert "x@mail.example" not in await house.read(left)


async def test_unknown_forged_and_dead_links_look_the_same(house: House) -> None:
    own = await house.own(SUPPER)
    (ines,) = await house.everyone(SUPPER)
    token = own.rpartition("/")[2]
    forged = token[:-1] + ("A" if token[-1] != "A" else "B")
    answers = [
        await house.browser.get(path)
        for path in (
            "/rsvp/nothing",
            f"/rsvp/{forged}",
            f"/place/{token}",
            f"/place/{house.deps.links.make('place', 'nobody', 1)}",
            f"/place/{house.deps.links.make('place', ines.id, ines.turn + 1)}",
            "/place/nothing",
        )
    ]
    assert {answer.status_code for answer in answers} == {404}
    bodies = {re.sub(r"/(rsvp|place)/[\w-]+", "", answer.text) for answer in answers}
    assert len(bodies) == 1
    assert len({tuple(sorted(answer.headers.items())[:-1]) for answer in answers}) <= 2


# -- the exact place -----------------------------------------------------------------------


async def place_of(house: House, own: str) -> str:
    """Return the path of the exact place's own page, as the page names it."""
    link = re.search(r'href="([^"]+/place/[^"]+)"', await house.page(own))
    assert link
    return unescape(link[1]).removeprefix(BASE)


async def test_who_has_a_seat_learns_the_exact_place_and_nobody_else(house: House) -> None:
    own = await house.own(SUPPER)
    place = await place_of(house, own)
    answer = await house.browser.get(place)
    assert "7 Hidden Lane" in answer.text
    assert 'href="geo:33.7512,-84.3391"' in answer.text
    assert "openstreetmap" not in answer.text
    assert answer.headers["cache-control"] == "private, no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "7 Hidden Lane" in (await house.browser.get(f"{own}.ics")).text.replace("\r\n ", "")
    maybe = await house.own(SUPPER, name="Ben", answer="maybe")
    for path in (maybe, f"{maybe}.ics", f"/events/{SUPPER.id}", f"/events/{SUPPER.id}.ics"):
        assert "Hidden" not in await house.page(path)


async def test_the_place_is_gone_with_the_seat_and_an_old_link_stays_dead(house: House) -> None:
    own = await house.own(SUPPER)
    old = await place_of(house, own)
    await house.press(own, answer="no")
    assert (await house.browser.get(old)).status_code == 404
    await house.press(own, answer="going")
    assert (await house.browser.get(old)).status_code == 404
    assert (await house.browser.get(await place_of(house, own))).status_code == 200


async def test_the_place_is_told_until_a_day_after_the_event(house: House, clock: SetClock) -> None:
    own = await house.own(SUPPER)
    place = await place_of(house, own)
    clock.advance(SUPPER.over_at + timedelta(hours=23) - clock.now())
    assert (await house.browser.get(place)).status_code == 200
    clock.advance(timedelta(hours=1))
    assert (await house.browser.get(place)).status_code == 404
    assert "Hidden" not in await house.page(own)


async def test_a_cancelled_event_has_no_exact_place(house: House) -> None:
    own = await house.own(SUPPER)
    place = await place_of(house, own)
    await house.deps.db.write(lambda tx: cancel_event(tx, SUPPER.id))
    assert (await house.browser.get(place)).status_code == 404


# -- mail ----------------------------------------------------------------------------------


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
    assert [letter.to for letter in house.post.letters] == ["Ines@Mail.example"]
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


async def test_an_address_once_given_can_not_become_another(house: House) -> None:
    own = await house.own(PICNIC, email="ines@mail.example")
    assert (await house.press(f"{own}/mail", email="victim@mail.example")).status_code == 409
    assert [each.email for each in await house.everyone(PICNIC)] == ["ines@mail.example"]


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
