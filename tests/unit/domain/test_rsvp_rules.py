"""The one rule by which an answer counts: every state, every circumstance, any order."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedi_chapter.domain.event import EventId
from fedi_chapter.domain.rsvp import (
    MOST_GUESTS,
    RANKS,
    Answer,
    Decision,
    Rank,
    Refusal,
    Route,
    Rsvp,
    RsvpId,
    RsvpStatus,
    Saying,
    Seats,
    Terms,
    Verdict,
    decide,
)

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
OPEN = Terms(
    is_on=True,
    is_cancelled=False,
    is_closed=False,
    is_over=False,
    capacity=None,
    approval=False,
    counts_only=False,
)
EMPTY = Seats(taken=0)
FULL = Seats(taken=3)
S = RsvpStatus


def said(answer: Answer, *, minute: int = 10, guests: int = 0, route: Route = Route.POLL) -> Saying:
    return Saying(answer, route, NOON + timedelta(minutes=minute), RANKS[answer], guests)


def known(status: RsvpStatus, *, guests: int = 0, **more: object) -> Rsvp:
    rsvp = Rsvp(
        id=RsvpId("r"),
        event_id=EventId("e"),
        key="k",
        status=status,
        route=Route.POLL,
        said_at=NOON,
        said_rank=Rank.ACCEPT,
        said_guests=guests,
        created_at=NOON,
        changed_at=NOON,
        guests=guests,
    )
    return replace(rsvp, **more)  # type: ignore[arg-type]


CIRCUMSTANCES = {
    "open": (OPEN, EMPTY),
    "full": (replace(OPEN, capacity=3), FULL),
    "full and only counting": (replace(OPEN, capacity=3, counts_only=True), FULL),
    "a seat is free but others wait": (replace(OPEN, capacity=3), Seats(2)),
    "by approval": (replace(OPEN, approval=True), EMPTY),
    "past the deadline": (replace(OPEN, is_closed=True), EMPTY),
    "over": (replace(OPEN, is_closed=True, is_over=True), EMPTY),
    "cancelled": (replace(OPEN, is_cancelled=True), EMPTY),
    "off": (replace(OPEN, is_on=False), EMPTY),
}
GOING_FROM_NOTHING = {
    "open": S.GOING,
    "full": S.WAITLIST,
    "full and only counting": Refusal.FULL,
    "a seat is free but others wait": S.GOING,
    "by approval": S.PENDING,
    "past the deadline": Refusal.PAST,
    "over": Refusal.PAST,
    "cancelled": Refusal.CANCELLED,
    "off": Refusal.OFF,
}


@pytest.mark.parametrize("circumstance", CIRCUMSTANCES)
@pytest.mark.parametrize("before", [None, S.NONE, S.MAYBE, S.NO])
def test_who_says_going_gets_what_the_event_allows(
    circumstance: str, before: RsvpStatus | None
) -> None:
    terms, seats = CIRCUMSTANCES[circumstance]
    expected = GOING_FROM_NOTHING[circumstance]
    decision = decide(known(before) if before else None, said(Answer.GOING), terms, seats)
    if isinstance(expected, Refusal):
        assert decision == Decision(Verdict.REFUSED, before or S.NONE, 0, expected)
    else:
        assert decision == Decision(Verdict.CHANGED, expected, 0)


@pytest.mark.parametrize("circumstance", ["open", "full", "by approval", "past the deadline"])
@pytest.mark.parametrize("before", [S.GOING, S.WAITLIST, S.PENDING, S.MAYBE])
@pytest.mark.parametrize("answer", [Answer.NO, Answer.NONE])
def test_who_changes_her_mind_gives_back_what_she_had_until_the_event_is_over(
    circumstance: str, before: RsvpStatus, answer: Answer
) -> None:
    decision = decide(known(before, guests=2), said(answer), *CIRCUMSTANCES[circumstance])
    assert decision == Decision(Verdict.CHANGED, S(answer.value), 0)


@pytest.mark.parametrize("circumstance", ["over", "cancelled", "off"])
@pytest.mark.parametrize("answer", Answer)
def test_where_nothing_can_be_said_any_more_all_stays_as_it_was(
    circumstance: str, answer: Answer
) -> None:
    decision = decide(known(S.GOING, guests=1), said(answer), *CIRCUMSTANCES[circumstance])
    assert (decision.verdict, decision.status, decision.guests) == (Verdict.REFUSED, S.GOING, 1)


@pytest.mark.parametrize("before", [S.ATTENDED, S.NO_SHOW])
@pytest.mark.parametrize("answer", Answer)
def test_who_was_checked_in_has_come_whatever_is_said_later(
    before: RsvpStatus, answer: Answer
) -> None:
    assert decide(known(before), said(answer), OPEN, EMPTY).status is before


@pytest.mark.parametrize("before", [S.WAITLIST, S.PENDING])
def test_who_waits_keeps_waiting_when_she_says_it_again_with_guests(before: RsvpStatus) -> None:
    decision = decide(known(before), said(Answer.GOING, guests=1), OPEN, EMPTY)
    assert decision == Decision(Verdict.CHANGED, before, 1)


def test_an_organizers_hand_needs_no_approval_and_knows_no_deadline() -> None:
    terms = replace(OPEN, approval=True, is_closed=True)
    by_hand = said(Answer.GOING, route=Route.HAND)
    assert decide(None, by_hand, terms, EMPTY).status is S.GOING


def test_who_was_approved_once_needs_no_second_yes() -> None:
    returned = known(S.NO, approved_guests=0, said_rank=Rank.REJECT)
    assert decide(returned, said(Answer.GOING), replace(OPEN, approval=True), EMPTY).status is (
        S.GOING
    )


BY_APPROVAL = replace(OPEN, approval=True)


def test_whom_an_organizer_declined_needs_another_yes() -> None:
    declined = known(S.NO, approved_guests=0)
    assert decide(declined, said(Answer.GOING), BY_APPROVAL, EMPTY).status is S.PENDING


@pytest.mark.parametrize("approved", [0, None])
def test_who_has_one_approved_seat_waits_with_nine_guests_for_a_yes(approved: int | None) -> None:
    ana = known(S.GOING, approved_guests=approved)
    decision = decide(ana, said(Answer.GOING, guests=9), BY_APPROVAL, EMPTY)
    assert decision == Decision(Verdict.CHANGED, S.GOING, 0, asked_guests=9)


def test_who_comes_back_with_more_guests_than_were_approved_gets_the_approved_seats() -> None:
    ana = known(S.NO, approved_guests=1, said_rank=Rank.REJECT)
    decision = decide(ana, said(Answer.GOING, guests=4), BY_APPROVAL, EMPTY)
    assert decision == Decision(Verdict.CHANGED, S.GOING, 1, asked_guests=4)


def test_who_stands_in_line_with_a_yes_waits_there_with_what_it_covers() -> None:
    ana = known(S.WAITLIST, approved_guests=0)
    decision = decide(ana, said(Answer.GOING, guests=2), BY_APPROVAL, EMPTY)
    assert decision == Decision(Verdict.CHANGED, S.WAITLIST, 0, asked_guests=2)


@pytest.mark.parametrize("guests", [0, 1, 2])
def test_as_many_guests_as_an_organizer_said_yes_to_need_no_second_yes(guests: int) -> None:
    ana = known(S.GOING, guests=1, approved_guests=2)
    decision = decide(ana, said(Answer.GOING, guests=guests), BY_APPROVAL, EMPTY)
    assert (decision.guests, decision.asked_guests) == (guests, None)


def test_who_asks_again_for_fewer_guests_asks_for_no_more() -> None:
    ana = known(S.GOING, approved_guests=0, asked_guests=9)
    decision = decide(ana, said(Answer.GOING), BY_APPROVAL, EMPTY)
    assert decision == Decision(Verdict.CHANGED, S.GOING, 0)
    again = decide(ana, said(Answer.GOING, guests=9), BY_APPROVAL, EMPTY)
    assert again.verdict is Verdict.REPEATED


def test_where_there_is_no_room_for_more_guests_no_organizer_is_asked() -> None:
    ana, terms = known(S.GOING, approved_guests=0), replace(BY_APPROVAL, capacity=4)
    decision = decide(ana, said(Answer.GOING, guests=2), terms, Seats(3))
    assert decision == Decision(Verdict.REFUSED, S.GOING, 0, Refusal.NO_ROOM_FOR_GUESTS)


def test_guests_that_an_organizer_writes_down_need_no_yes() -> None:
    ana = known(S.GOING, approved_guests=0)
    by_hand = said(Answer.GOING, guests=3, route=Route.HAND)
    assert decide(ana, by_hand, BY_APPROVAL, EMPTY) == Decision(Verdict.CHANGED, S.GOING, 3)


def test_more_guests_than_seats_are_left_leave_the_seats_she_has() -> None:
    terms = replace(OPEN, capacity=4)
    decision = decide(known(S.GOING), said(Answer.GOING, guests=2), terms, Seats(3))
    assert decision == Decision(Verdict.REFUSED, S.GOING, 0, Refusal.NO_ROOM_FOR_GUESTS)


def test_guests_for_whom_there_is_room_come_along_whoever_waits() -> None:
    terms = replace(OPEN, capacity=4)
    decision = decide(known(S.GOING), said(Answer.GOING, guests=1), terms, Seats(3))
    assert decision == Decision(Verdict.CHANGED, S.GOING, 1)


@pytest.mark.parametrize(("guests", "capacity"), [(MOST_GUESTS + 1, None), (3, 3)])
def test_a_party_that_can_never_fit_is_told_so(guests: int, capacity: int | None) -> None:
    terms = replace(OPEN, capacity=capacity)
    decision = decide(None, said(Answer.GOING, guests=guests), terms, EMPTY)
    assert decision.refusal is Refusal.PARTY_TOO_LARGE


def test_an_older_word_that_comes_later_changes_nothing() -> None:
    left = known(S.NO, said_at=NOON + timedelta(minutes=11), said_rank=Rank.LEAVE)
    assert decide(left, said(Answer.GOING, minute=10), OPEN, EMPTY).verdict is Verdict.STALE


sayings = st.builds(
    said,
    st.sampled_from(Answer),
    minute=st.integers(0, 3),
    guests=st.integers(0, 2),
)


def after_all(words: list[Saying]) -> tuple[RsvpStatus, int]:
    """Return how a person stands after these words, heard in this order."""
    rsvp = None
    for word in words:
        decision = decide(rsvp, word, OPEN, EMPTY)
        if decision.verdict is not Verdict.STALE:
            rsvp = known(
                decision.status,
                said_at=word.at,
                said_rank=word.rank,
                said_guests=word.guests,
            )
            rsvp = replace(rsvp, guests=decision.guests)
    return (rsvp.status, rsvp.guests) if rsvp else (S.NONE, 0)


@given(st.lists(sayings, min_size=1, max_size=6), st.randoms(), st.integers(0, 5))
def test_any_order_and_any_repetition_ends_the_same(
    words: list[Saying], random: object, again: int
) -> None:
    mixed = [*words, words[again % len(words)]]
    random.shuffle(mixed)  # type: ignore[attr-defined]
    assert after_all(mixed) == after_all(words)
