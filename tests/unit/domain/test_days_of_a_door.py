"""When greeters see the door of an event, and when checking in needs a second yes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from fedi_chapter.domain.door import LONG_BEFORE, is_long_before, is_open_to_greeters
from fedi_chapter.domain.event import EventStatus
from tests.kit.attendance import CAFE
from tests.kit.neighbourhood import an_event


@pytest.mark.parametrize(
    ("hours", "is_open"),
    [(-60, False), (-25, False), (-19, False), (-18, True), (0, True), (3, True), (13, True),
     (15, False), (40, False)],
)  # fmt: skip
def test_a_door_is_open_on_the_day_of_its_event_where_that_is(hours: int, *, is_open: bool) -> None:
    event = an_event(1, "Dinner", 0, starts_at=datetime(2026, 11, 21, 23, 30, tzinfo=UTC))
    event = replace(event, ends_at=event.starts_at + timedelta(hours=2))
    assert is_open_to_greeters(event, event.starts_at + timedelta(hours=hours)) is is_open


def test_the_door_of_an_event_right_after_midnight_is_open_in_the_evening_before() -> None:
    night = datetime(2026, 11, 22, 5, 30, tzinfo=UTC)  # half past midnight in New York
    event = an_event(1, "Night walk", 0, starts_at=night, ends_at=night + timedelta(hours=2))
    assert is_open_to_greeters(event, night - timedelta(hours=3))
    assert not is_open_to_greeters(event, night - timedelta(hours=5))


def test_a_draft_and_a_cancelled_event_have_no_door() -> None:
    for changes in ({"published_at": None}, {"status": EventStatus.CANCELLED}):
        assert not is_open_to_greeters(replace(CAFE, **changes), CAFE.starts_at)  # type: ignore[arg-type]


def test_long_before_is_some_hours_before_the_start() -> None:
    assert is_long_before(CAFE, CAFE.starts_at - LONG_BEFORE - timedelta(seconds=1))
    assert not is_long_before(CAFE, CAFE.starts_at - LONG_BEFORE)
