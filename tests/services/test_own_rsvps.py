"""What somebody does with their own answer: an address, its yes, and being forgotten."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from fedi_chapter.core.clock import SetClock
from fedi_chapter.core.errors import Conflict, FormInvalid, Missing
from fedi_chapter.domain.event import Event, RsvpMode
from fedi_chapter.domain.rsvp import RANKS, Answer, Party, Route, Rsvp, RsvpStatus, Saying
from fedi_chapter.services import own_rsvps, rsvps
from fedi_chapter.services.own_rsvps import Guest
from fedi_chapter.store import events
from fedi_chapter.store import rsvps as store
from fedi_chapter.store.tables import notices
from fedi_chapter.store.tx import Database, ReadTx, WriteTx
from tests.conftest import NOW
from tests.kit.builders import an_event, founded

pytestmark = pytest.mark.anyio

INES = Guest("Ines", "Ines@mail.example", "es")


async def opened(db: Database, **changes: Any) -> Event:
    await founded(db)
    event = an_event(rsvp=RsvpMode.ON, **changes)
    await db.write(lambda tx: events.insert(tx, event))
    return event


async def answers(
    db: Database, event: Event, guest: Guest = INES, answer: Answer = Answer.GOING, guests: int = 0
) -> Rsvp:
    def work(tx: WriteTx) -> Rsvp:
        saying = Saying(answer, Route.WEB, tx.now, RANKS[answer], guests)
        return own_rsvps.answer_as_guest(tx, event, guest, saying).rsvp

    return await db.write(work)


async def confirms(db: Database, event: Event, rsvp: Rsvp) -> Rsvp:
    def work(tx: WriteTx) -> Rsvp:
        known = store.get(tx, rsvp.id)
        assert known is not None
        return own_rsvps.confirm_email(tx, event, known)

    return await db.write(work)


async def everyone(db: Database, event: Event) -> list[Rsvp]:
    return await db.read(lambda tx: store.of_event(tx, event.id))


async def queued(db: Database) -> list[tuple[str, str, str]]:
    def read(tx: ReadTx) -> list[tuple[str, str, str]]:
        columns = (notices.c.kind, notices.c.recipient, notices.c.state)
        return [tuple(row) for row in tx.conn.execute(select(*columns).order_by(notices.c.id))]

    return await db.read(read)


async def test_an_address_is_asked_once_and_told_how_it_stands_when_it_says_yes(
    db: Database,
) -> None:
    event = await opened(db)
    ines = await answers(db, event)
    assert await queued(db) == [("confirm-mail", "ines@mail.example", "waiting")]
    first, again = await confirms(db, event, ines), await confirms(db, event, ines)
    assert first == again
    assert (first.key, first.language) == ("mailto:ines@mail.example", "es")
    assert [kind for kind, _, _ in await queued(db)] == ["confirm-mail", "going"]


async def test_a_corrected_address_is_asked_and_the_old_one_is_not(db: Database) -> None:
    event = await opened(db)
    ines = await answers(db, event, replace(INES, email="ines@mali.example"))
    await db.write(lambda tx: own_rsvps.correct_email(tx, event, ines, "ines@mail.example"))
    assert await queued(db) == [
        ("confirm-mail", "", "dropped"),
        ("confirm-mail", "ines@mail.example", "waiting"),
    ]


async def test_the_addresses_of_one_answer_have_an_end(db: Database) -> None:
    event = await opened(db)
    ines = await answers(db, event)

    def correct(tx: WriteTx, number: int) -> None:
        own_rsvps.correct_email(tx, event, ines, f"ines{number}@mail.example")

    for number in range(1, own_rsvps.MOST_ADDRESSES):
        await db.write(lambda tx, n=number: correct(tx, n))  # type: ignore[misc]
    with pytest.raises(Conflict) as refused:
        await db.write(lambda tx: correct(tx, 99))
    assert refused.value.cure


async def test_a_refusal_of_an_address_that_was_corrected_meanwhile_says_nothing_of_the_new(
    db: Database,
) -> None:
    event = await opened(db)
    ines = await answers(db, event)
    await db.write(lambda tx: own_rsvps.correct_email(tx, event, ines, "ines@new.example"))
    for address, marked in (("ines@mail.example", False), ("Ines@new.example", True)):
        await db.write(
            lambda tx, to=address: own_rsvps.mail_ended(tx, ines.id, to, refused=True)  # type: ignore[misc]
        )
        (known,) = await everyone(db, event)
        assert (known.email_refused_at is not None) is marked
    await db.write(lambda tx: own_rsvps.mail_ended(tx, ines.id, "ines@new.example", refused=False))
    (known,) = await everyone(db, event)
    assert known.email_refused_at is None


async def test_an_answer_that_is_refused_asks_no_mailbox(db: Database) -> None:
    event = await opened(db, capacity=1)
    await answers(db, event, guests=3)
    assert await queued(db) == []
    assert await everyone(db, event) == []


async def test_the_newer_of_two_answers_of_a_mailbox_counts(db: Database, clock: SetClock) -> None:
    event = await opened(db)
    await confirms(db, event, await answers(db, event))
    clock.advance(timedelta(minutes=1))
    newer = await answers(db, event, answer=Answer.MAYBE)
    await confirms(db, event, newer)
    assert [(each.id, each.status) for each in await everyone(db, event)] == [
        (newer.id, RsvpStatus.MAYBE)
    ]


async def test_a_mailbox_that_has_a_seat_does_not_lose_it_by_asking_again(
    db: Database, clock: SetClock
) -> None:
    event = await opened(db, capacity=1)
    older = await confirms(db, event, await answers(db, event))
    await answers(db, event, Guest("Ben"))
    clock.advance(timedelta(minutes=1))
    kept = await confirms(db, event, await answers(db, event))
    assert kept.id == older.id
    assert [each.status for each in await everyone(db, event)] == [
        RsvpStatus.GOING,
        RsvpStatus.WAITLIST,
    ]


async def test_a_mailbox_that_waited_and_comes_with_a_seat_of_its_own_is_one(
    db: Database, clock: SetClock
) -> None:
    event = await opened(db, capacity=2)
    await confirms(db, event, await answers(db, event, guests=1))
    clock.advance(timedelta(minutes=1))
    await confirms(db, event, await answers(db, event, answer=Answer.NO))
    assert [each.status for each in await everyone(db, event)] == [RsvpStatus.NO]


async def test_a_seat_got_while_an_address_was_typed_stays(db: Database) -> None:
    """What is written goes onto the answer as it stands, not as it was read before."""
    event = await opened(db, capacity=1)
    first = await answers(db, event, Guest("Ana"))
    second = await answers(db, event, Guest("Ines"))
    saying = Saying(Answer.NO, Route.WEB, NOW, RANKS[Answer.NO])
    await db.write(lambda tx: rsvps.respond_again(tx, event, first, saying))
    await db.write(lambda tx: own_rsvps.add_email(tx, event, second, INES.email))
    (kept,) = [each for each in await everyone(db, event) if each.id == second.id]
    assert (kept.status, kept.email) == (RsvpStatus.GOING, INES.email)
    stale = replace(second, email=INES.email)
    confirmed = await db.write(lambda tx: own_rsvps.confirm_email(tx, event, stale))
    assert confirmed.status is RsvpStatus.GOING


async def test_an_answer_that_was_erased_takes_no_address(db: Database) -> None:
    event = await opened(db)
    rsvp = await answers(db, event, Guest("Ana"))
    await db.write(lambda tx: own_rsvps.forget(tx, event, rsvp))
    with pytest.raises(Missing):
        await db.write(lambda tx: own_rsvps.add_email(tx, event, rsvp, INES.email))


async def test_forgetting_drops_what_waits_to_be_sent(db: Database) -> None:
    event = await opened(db)
    ines = await answers(db, event)
    await db.write(lambda tx: own_rsvps.forget(tx, event, ines))
    assert await queued(db) == [("confirm-mail", "", "dropped")]
    assert await everyone(db, event) == []


@pytest.mark.parametrize(
    "changes", [{"email": "ines@mail.example"}, {"actor_uri": "https://social.example/users/ines"}]
)
async def test_who_can_be_told_already_adds_no_address(
    db: Database, changes: dict[str, str]
) -> None:
    event = await opened(db)
    ines = replace(await answers(db, event, Guest("Ines")), **changes)  # type: ignore[arg-type]
    await db.write(lambda tx: store.change(tx, ines))
    with pytest.raises(Conflict):
        await db.write(lambda tx: own_rsvps.add_email(tx, event, ines, "other@mail.example"))


async def test_a_mailbox_at_an_international_name_is_one_in_both_spellings(db: Database) -> None:
    event = await opened(db)
    for email in ("me@münchen.example", "Me@xn--mnchen-3ya.example"):
        rsvp = await answers(db, event, Guest("Ines", email))
        assert rsvp.email == email.replace("münchen", "xn--mnchen-3ya")
        await confirms(db, event, rsvp)
    (only,) = await everyone(db, event)
    assert only.key == "mailto:me@xn--mnchen-3ya.example"


@pytest.mark.parametrize(
    "email",
    [
        "ines",
        "ines@mün chen.example",
        "ines@münchen..example",
        "ines@",
        "@mail.example",
        "ines@mail",
        "ines@mail..example",
        "i..nes@mail.example",
        "ines@mail.example\nBcc: x@y.example",
        "ines@mail.example, ben@mail.example",
        "<ines@mail.example>",
        "ines@[127.0.0.1]",
        "ines@127.0.0.1",
        f"{'i' * 65}@mail.example",
        f"ines@{'mail.' * 60}example",
    ],
)
async def test_what_is_no_address_is_refused(db: Database, email: str) -> None:
    event = await opened(db)
    with pytest.raises(FormInvalid):
        await answers(db, event, Guest("Ines", email))
    assert await everyone(db, event) == []


async def test_somebody_is_found_again_until_the_event_is_over(
    db: Database, clock: SetClock
) -> None:
    event = await opened(db)
    uri = "https://social.example/users/ana"
    party = Party(uri, uri)
    saying = Saying(Answer.GOING, Route.POLL, NOW, RANKS[Answer.GOING])
    await db.write(lambda tx: rsvps.respond(tx, event, party, saying))
    found = await db.read(lambda tx: own_rsvps.answer_of(tx, event, party))
    assert found is not None
    clock.advance(timedelta(days=3))
    assert await db.read(lambda tx: own_rsvps.answer_of(tx, event, party)) is None
