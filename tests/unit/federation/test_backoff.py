"""When deliveries are tried again, given up, and how long a failing host rests."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fedi_chapter.federation import backoff
from fedi_chapter.federation.backoff import Trouble, Verdict, judge, retry_in, trouble_of

chances = st.floats(min_value=0, max_value=1, exclude_max=True)
troubles = st.sampled_from(Trouble)
NEW = timedelta(0)


def _tries(trouble: Trouble, chance: float) -> list[timedelta]:
    """Return all waits until a delivery that always fails is given up."""
    waits, age = list[timedelta](), NEW
    while (wait := retry_in(len(waits) + 1, chance, trouble=trouble, age=age)) is not None:
        waits.append(wait)
        age += wait
    return waits


@settings(deadline=None, max_examples=50)
@given(troubles, st.floats(min_value=0.1, max_value=1, exclude_max=True))
def test_nothing_is_given_up_before_seven_days_and_twenty_attempts(
    trouble: Trouble, chance: float
) -> None:
    waits = _tries(trouble, chance)
    assert sum(waits, NEW) >= timedelta(days=7)
    assert len(waits) + 1 >= 20


@given(troubles, chances)
def test_a_delivery_that_is_old_enough_is_given_up(trouble: Trouble, chance: float) -> None:
    assert retry_in(20, chance, trouble=trouble, age=trouble.horizon) is None
    assert retry_in(19, chance, trouble=trouble, age=trouble.horizon) is not None


@given(troubles, st.integers(min_value=1, max_value=500), chances)
def test_no_wait_is_longer_than_six_hours_nor_shorter_than_the_first(
    trouble: Trouble, attempt: int, chance: float
) -> None:
    wait = retry_in(attempt, chance, trouble=trouble, age=NEW)
    assert wait is not None
    assert trouble.first <= wait <= timedelta(hours=6)


@given(troubles, st.integers(min_value=1, max_value=100), chances)
def test_waits_grow_with_every_failure(trouble: Trouble, attempt: int, chance: float) -> None:
    before = retry_in(attempt, chance, trouble=trouble, age=NEW)
    after = retry_in(attempt + 1, chance, trouble=trouble, age=NEW)
    assert before is not None
    assert after is not None
    assert before <= after


@pytest.mark.parametrize("trouble", [Trouble.UNREACHABLE, *map(trouble_of, (500, 502, 503, 530))])
def test_the_first_wait_for_a_server_that_is_down_or_just_starts_is_under_a_minute(
    trouble: Trouble,
) -> None:
    waits = [retry_in(1, chance, trouble=trouble, age=NEW) for chance in (0, 0.999)]
    assert all(wait and timedelta(seconds=30) <= wait <= timedelta(seconds=60) for wait in waits)


@pytest.mark.parametrize("status", [301, 401, 408, 425, 429])
def test_the_first_wait_after_a_refusal_is_at_least_five_minutes(status: int) -> None:
    wait = retry_in(1, 0, trouble=trouble_of(status), age=NEW)
    assert wait == timedelta(minutes=5)


@pytest.mark.parametrize(
    ("asked", "waited"),
    [(1, timedelta(minutes=5)), (3600, timedelta(hours=1)), (30 * 86400, timedelta(hours=24))],
)
def test_retry_after_is_honoured_up_to_a_day_and_never_shortens(
    asked: float, waited: timedelta
) -> None:
    assert retry_in(1, 0, trouble=Trouble.REFUSED, age=NEW, asked=asked) == waited


@given(st.integers(min_value=1, max_value=100), chances)
def test_a_host_rests_longer_the_more_often_it_failed(failures: int, chance: float) -> None:
    assert backoff.rest(failures, chance) <= backoff.rest(failures + 1, chance)
    assert backoff.rest(failures, chance) <= timedelta(hours=6)


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (200, Verdict.DONE),
        (202, Verdict.DONE),
        (301, Verdict.RETRY),
        (308, Verdict.RETRY),
        (400, Verdict.GIVE_UP),
        (401, Verdict.RETRY),
        (403, Verdict.GIVE_UP),
        (404, Verdict.GIVE_UP),
        (408, Verdict.RETRY),
        (410, Verdict.GIVE_UP),
        (413, Verdict.GIVE_UP),
        (425, Verdict.RETRY),
        (429, Verdict.RETRY),
        (500, Verdict.RETRY),
        (503, Verdict.RETRY),
    ],
)
def test_every_status_has_its_verdict(status: int, verdict: Verdict) -> None:
    assert judge(status) is verdict


@pytest.mark.parametrize(
    ("status", "scheme", "helps"),
    [
        (400, "cavage", True),
        (401, "cavage", True),
        (401, "rfc9421", True),
        (500, "rfc9421", True),
        (500, "cavage", False),
        (403, "cavage", False),
        (404, "rfc9421", False),
    ],
)
def test_the_other_scheme_is_tried_where_the_first_may_be_at_fault(
    status: int, scheme: str, helps: bool
) -> None:
    assert backoff.other_scheme_may_help(status, scheme) is helps


def test_only_an_overload_tires_the_whole_host() -> None:
    assert [status for status in range(200, 600) if backoff.is_overloaded(status)] == [
        429,
        502,
        503,
        504,
    ]
