"""A calendar program that shares nothing with us finds the dates of our series where we do."""

import json
import subprocess
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import islice, product
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from fedi_chapter.domain.event import EventStatus
from fedi_chapter.domain.local_time import instant_at, local_at
from fedi_chapter.domain.recurrence import WEEKDAYS
from fedi_chapter.domain.series import Series
from tests.kit.patience import PATIENCE
from tests.kit.processes import installed
from tests.unit.feeds.test_calendar_files import RULES, ZONES, a_series, made, written

pytestmark = pytest.mark.interop

PROGRAM = Path(__file__).parent / "calendar_program"
NUMBER = 60
STARTS = [
    datetime(2026, month, day, hour, 30)  # noqa: DTZ001 — local times, in each zone
    for month, day, hour in ((1, 31, 19), (3, 8, 2), (6, 15, 0), (10, 25, 2), (11, 1, 1))
]


def expanded(files: list[bytes]) -> list[list[list[str]]]:
    """Return what the program makes of calendar files: starts, names and states."""
    folder = installed(PROGRAM, "expand.mjs")
    asked = [{"file": file.decode(), "number": NUMBER} for file in files]
    done = subprocess.run(
        ["node", "expand.mjs"],
        cwd=folder,
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE,
    )
    found: list[list[list[str]]] = json.loads(done.stdout)
    return found


def stamp(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S.000Z}"


def told(series: Series) -> list[tuple[str, bool]]:
    """Return the starts that the file tells, and whether clocks show that time just once.

    It ends where the file knows no more switches of the clocks.
    """
    found = []
    for local in islice(series.dates(), NUMBER):
        at = series.starts(local)
        if at < datetime(2031, 1, 1, tzinfo=UTC):
            early, late = (local.replace(tzinfo=series.zone, fold=fold) for fold in (0, 1))
            found.append((stamp(at), early.utcoffset() == late.utcoffset()))
    return found


def every_kind() -> list[Series]:
    """Return a series for each rule, zone and start, also at the switches of the clocks."""
    kinds = []
    for zone, at in product(ZONES, STARTS):
        begins = local_at(instant_at(at, ZoneInfo(zone)), ZoneInfo(zone))
        nth = f"FREQ=MONTHLY;BYDAY={(begins.day + 6) // 7}{WEEKDAYS[begins.weekday()]}"
        kinds += [a_series(rule, zone=zone, begins=begins) for rule in (*RULES, nth)]
    return kinds


def test_every_series_is_counted_out_as_we_count_it_over_every_switch() -> None:
    kinds = every_kind()
    found = expanded([written(series, now=series.created_at) for series in kinds])
    for series, dates in zip(kinds, found, strict=True):
        for (ours, once), (theirs, _, _) in zip(told(series), dates, strict=False):
            # A time that clocks skip or repeat it takes for another than RFC 5545 §3.3.5 does.
            assert ours == theirs or not once, (str(series.rule), series.timezone)
        assert len(told(series)) <= len(dates)


def test_left_out_moved_and_cancelled_dates_are_understood() -> None:
    series = replace(a_series("FREQ=WEEKLY;COUNT=6"), skipped=(date(2026, 10, 27),))
    moved = made(series, 1, starts_at=made(series, 1).starts_at + timedelta(hours=20), revision=1)
    cancelled = made(series, 3, status=EventStatus.CANCELLED, revision=1)
    (dates,) = expanded([written(series, made(series, 0), moved, cancelled)])
    assert [(at, state) for at, _, state in dates] == [
        (stamp(series.starts(series.begins)), "CONFIRMED"),
        (stamp(moved.starts_at), "CONFIRMED"),
        (stamp(made(series, 2).starts_at), "CONFIRMED"),
        (stamp(made(series, 3).starts_at), "CANCELLED"),
        (stamp(made(series, 4).starts_at), "CONFIRMED"),
    ]
