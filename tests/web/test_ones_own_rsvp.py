"""Somebody's own page of an answer: change it, take it back, be forgotten; the exact place."""

import re
from dataclasses import replace
from datetime import timedelta
from html import unescape

import pytest
from sqlalchemy import select

from fedi_chapter.core.clock import SetClock
from fedi_chapter.domain.door import Entry, EntryKind
from fedi_chapter.domain.event import Event
from fedi_chapter.domain.notice import NoticeKind
from fedi_chapter.domain.rsvp import RsvpStatus
from fedi_chapter.services import door, messages
from fedi_chapter.services.event_plans import postpone_event
from fedi_chapter.services.events import cancel_event
from fedi_chapter.services.notices import tell_all
from fedi_chapter.store import rsvps as store
from fedi_chapter.store.tables import notices
from fedi_chapter.store.tx import ReadTx, WriteTx
from tests.kit.guests import House
from tests.kit.inviting import PICNIC, SUPPER
from tests.kit.neighbourhood import BASE

pytestmark = pytest.mark.anyio


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


async def test_a_code_for_the_door_comes_with_the_seat(house: House) -> None:
    first = await house.own(PICNIC, guests="1")
    second = await house.own(PICNIC, name="Ben")
    assert ["door-code" in await house.page(own) for own in (first, second)] == [True, False]
    await house.press(first, answer="no")
    assert ["door-code" in await house.page(own) for own in (first, second)] == [False, True]


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
    assert answer.headers["cache-control"] == "private, no-store, no-transform"
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


# -- checked in --------------------------------------------------------------------------------


async def checked_in(house: House, event: Event) -> str:
    """Answer, be checked in, and return the path of one's own page."""
    own = await house.own(event)

    def work(tx: WriteTx) -> None:
        (rsvp,) = store.of_event(tx, event.id)
        entry = Entry(tx.new_id(), event.id, rsvp.id, EntryKind.CAME, tx.now, "form")
        door.record(tx, event, entry)
        messages.message_attendees(tx, event.id, "We meet at the gate.")

    await house.deps.db.write(work)
    return own


async def test_who_is_checked_in_early_was_not_there_yet_and_still_reads_the_organizers(
    house: House, clock: SetClock
) -> None:
    own = await checked_in(house, PICNIC)
    page = await house.page(own)
    assert "You are checked in" in page
    assert "You were there" not in page
    assert "This has been" not in page
    assert "We meet at the gate." in page
    clock.advance(PICNIC.over_at - clock.now())
    page = await house.page(own)
    assert "You were there" in page
    assert "We meet at the gate." in page


async def test_who_was_checked_in_to_what_was_cancelled_then_was_not_there(
    house: House, clock: SetClock
) -> None:
    own = await checked_in(house, PICNIC)
    await house.deps.db.write(lambda tx: cancel_event(tx, PICNIC.id))
    clock.advance(PICNIC.over_at - clock.now())
    page = await house.page(own)
    assert "You were there" not in page
    assert "This event is cancelled." in page


async def test_who_is_checked_in_is_not_asked_what_would_not_count(house: House) -> None:
    own = await checked_in(house, PICNIC)
    await house.deps.db.write(lambda tx: postpone_event(tx, PICNIC.id))
    page = await house.page(own)
    assert "This event is put off." in page
    assert 'value="no"' not in page
    assert "tell an organizer" in page


async def test_who_is_checked_in_hears_of_what_changes_before_the_end(house: House) -> None:
    await checked_in(house, PICNIC)

    def told(tx: WriteTx) -> list[int]:
        (rsvp,) = store.of_event(tx, PICNIC.id)
        address = replace(rsvp, email="ines@mail.example", email_confirmed_at=tx.now)
        store.change(tx, address)
        kinds = (NoticeKind.CHANGED, NoticeKind.CANCELLED, NoticeKind.MESSAGE)
        return [tell_all(tx, PICNIC, kind, "now") for kind in kinds]

    assert await house.deps.db.write(told) == [1, 1, 1]
