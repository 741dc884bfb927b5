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
EMPTY = Seats(taken=0, someone_waits=False)
FULL = Seats(taken=3, someone_waits=False)
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
    "a seat is free but others wait": (replace(OPEN, capacity=3), Seats(2, True)),
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
    "a seat is free but others wait": S.WAITLIST,
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
    returned = known(S.NO, approved=True)
    assert decide(returned, said(Answer.GOING), replace(OPEN, approval=True), EMPTY).status is (
        S.GOING
    )


def test_more_guests_than_seats_are_left_leave_the_seats_she_has() -> None:
    terms = replace(OPEN, capacity=4)
    decision = decide(known(S.GOING), said(Answer.GOING, guests=2), terms, Seats(3, False))
    assert decision == Decision(Verdict.REFUSED, S.GOING, 0, Refusal.NO_ROOM_FOR_GUESTS)


def test_more_guests_do_not_pass_by_those_who_wait() -> None:
    terms = replace(OPEN, capacity=4)
    decision = decide(known(S.GOING), said(Answer.GOING, guests=1), terms, Seats(3, True))
    assert decision.refusal is Refusal.NO_ROOM_FOR_GUESTS


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
