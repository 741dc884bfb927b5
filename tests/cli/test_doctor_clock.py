"""The clock that `doctor` compares with: a Date header in every form a server may send it."""

from datetime import UTC, datetime

import pytest

from fedi_chapter.cli.checks_outside import date_of

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "header",
    [
        "Sat, 21 Nov 2026 12:00:00 GMT",
        "Sat, 21 Nov 2026 13:00:00 +0100",
        "Sat, 21 Nov 2026 12:00:00 -0000",
        "Sat, 21 Nov 2026 12:00:00",
    ],
)
def test_a_date_without_a_zone_is_in_utc(header: str) -> None:
    assert date_of(header) == NOON


@pytest.mark.parametrize("header", ["", "yesterday", "Sat, 99 Nov 2026 12:00:00 GMT"])
def test_what_is_no_date_is_said_to_be_none(header: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        date_of(header)
