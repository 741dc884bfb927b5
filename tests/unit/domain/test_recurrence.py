"""A rule names the days an organizer means, in local time, on both sides of every switch."""
# ruff: noqa: DTZ001 — local times without a zone are what rules are about

import calendar
import time
from datetime import UTC, date, datetime, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from fedi_chapter.core.errors import FormInvalid
from fedi_chapter.core.i18n import translator
from fedi_chapter.domain.recurrence import (
    WEEKDAYS,
    instant_at,
    local_at,
    matched,
)
from fedi_chapter.domain.recurrence_words import rule_in_words
from fedi_chapter.domain.rule_reading import new_rule, read_rule

NEW_YORK = ZoneInfo("America/New_York")
BERLIN = ZoneInfo("Europe/Berlin")
ZONES = st.sampled_from(
    [
        "America/New_York",
        "Europe/Berlin",
        "America/Santiago",
        "Australia/Lord_Howe",
        "Asia/Kolkata",
        "Pacific/Apia",
        "Africa/Casablanca",
        "UTC",
    ]
).map(ZoneInfo)
BEGINS = st.datetimes(datetime(2024, 1, 1), datetime(2032, 12, 31)).map(
    lambda at: at.replace(second=0, microsecond=0)
)


def dates(text: str, begins: datetime, number: int = 5, zone: ZoneInfo = NEW_YORK) -> list[str]:
    rule = new_rule(text, begins, zone)
    return [f"{local:%Y-%m-%d}" for local in islice(rule.dates(begins, zone), number)]


@pytest.mark.parametrize(
    ("text", "begins", "expected"),
    [
        ("FREQ=DAILY;INTERVAL=2", "2026-12-30", ["2026-12-30", "2027-01-01", "2027-01-03"]),
        ("FREQ=WEEKLY", "2026-12-01", ["2026-12-01", "2026-12-08", "2026-12-15"]),
        ("RRULE:FREQ=WEEKLY;BYDAY=TU,TH", "2026-12-01", ["2026-12-01", "2026-12-03", "2026-12-08"]),
        (
            "freq=weekly;interval=2;byday=su,mo;wkst=su",
            "2026-12-06",
            ["2026-12-06", "2026-12-07", "2026-12-20"],
        ),
        ("FREQ=MONTHLY;BYDAY=1TU", "2026-12-01", ["2026-12-01", "2027-01-05", "2027-02-02"]),
        ("FREQ=MONTHLY;BYDAY=-1FR", "2026-11-27", ["2026-11-27", "2026-12-25", "2027-01-29"]),
        (
            "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
            "2026-11-30",
            ["2026-11-30", "2026-12-31", "2027-01-29"],
        ),
        ("FREQ=MONTHLY", "2027-01-31", ["2027-01-31", "2027-03-31", "2027-05-31"]),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", "2027-01-31", ["2027-01-31", "2027-02-28", "2027-03-31"]),
        ("FREQ=YEARLY;BYMONTH=5;BYDAY=1MO", "2027-05-03", ["2027-05-03", "2028-05-01"]),
        ("FREQ=YEARLY", "2028-02-29", ["2028-02-29", "2032-02-29", "2036-02-29"]),
        ("FREQ=WEEKLY;COUNT=2", "2026-12-01", ["2026-12-01", "2026-12-08"]),
        ("FREQ=WEEKLY;UNTIL=20261208", "2026-12-01", ["2026-12-01", "2026-12-08"]),
        ("FREQ=WEEKLY;UNTIL=20261208T185959", "2026-12-01", ["2026-12-01"]),
        ("FREQ=WEEKLY;UNTIL=20261209T000000Z", "2026-12-01", ["2026-12-01", "2026-12-08"]),
        ("FREQ=WEEKLY;UNTIL=20261208T235959Z", "2026-12-01", ["2026-12-01"]),
    ],
)
def test_a_rule_names_its_days(text: str, begins: str, expected: list[str]) -> None:
    begin = datetime.fromisoformat(f"{begins}T19:00")
    assert dates(text, begin, len(expected) if "=2026" not in text else 9) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "every tuesday",
        "FREQ=SECONDLY",
        "FREQ=MINUTELY;INTERVAL=90",
        "FREQ=HOURLY",
        "FREQ=DAILY;BYHOUR=9,18",
        "FREQ=DAILY;BYMINUTE=0,30",
        "FREQ=DAILY;BYDAY=MO",
        "FREQ=WEEKLY;BYDAY=2TU",
        "FREQ=WEEKLY;BYDAY=XX",
        "FREQ=WEEKLY;BYDAY=",
        "FREQ=WEEKLY;FREQ=DAILY",
        "FREQ=WEEKLY;COUNT=3;UNTIL=20270101",
        "FREQ=WEEKLY;COUNT=0",
        "FREQ=WEEKLY;COUNT=2,3",
        "FREQ=WEEKLY;COUNT=99999",
        "FREQ=WEEKLY;INTERVAL=-1",
        "FREQ=WEEKLY;INTERVAL=1000000000000",
        "FREQ=WEEKLY;UNTIL=soon",
        "FREQ=WEEKLY;UNTIL=20261399",
        "FREQ=WEEKLY;UNTIL=20261124",
        "FREQ=WEEKLY;UNTIL=99991231",
        "FREQ=WEEKLY;UNTIL=00010101",
        "FREQ=WEEKLY;X-EVIL=1",
        "FREQ=MONTHLY;BYDAY=TU",
        "FREQ=MONTHLY;BYDAY=1TU,WE",
        "FREQ=MONTHLY;BYDAY=1TU;BYMONTHDAY=1",
        "FREQ=MONTHLY;BYMONTHDAY=32",
        "FREQ=MONTHLY;BYMONTHDAY=0",
        "FREQ=MONTHLY;BYMONTHDAY=²",
        "FREQ=MONTHLY;BYSETPOS=1",
        "FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=1,2",
        "FREQ=MONTHLY;BYMONTHDAY=30;BYMONTH=2",
        "FREQ=YEARLY;BYDAY=1TU",
        "FREQ=YEARLY;BYMONTHDAY=1",
        "FREQ=YEARLY;BYMONTH=13",
        "FREQ=YEARLY;BYMONTH=-1",
        "FREQ=YEARLY;BYWEEKNO=53",
        "FREQ=YEARLY;BYYEARDAY=366",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=WEEKLY;" + "BYDAY=MO," * 100,
    ],
)
def test_what_is_no_rule_for_events_is_refused_with_a_cure(text: str) -> None:
    with pytest.raises(FormInvalid) as refused:
        new_rule(text, datetime(2026, 12, 1, 19), NEW_YORK)
    assert refused.value.cure


def test_a_start_that_is_no_day_of_the_rule_is_refused_with_the_next_that_is() -> None:
    with pytest.raises(FormInvalid) as refused:
        new_rule("FREQ=MONTHLY;BYDAY=1TU", datetime(2026, 12, 2, 19), NEW_YORK)
    assert "2027-01-05" in str(refused.value.cure)


@pytest.mark.parametrize(
    "text",
    [
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=MONTHLY;BYMONTHDAY=31;BYMONTH=2",
        "FREQ=MONTHLY;BYDAY=TU;BYSETPOS=-5;BYMONTH=2;INTERVAL=12",
        "FREQ=MONTHLY;INTERVAL=48;BYMONTHDAY=29;BYMONTH=2",
        "FREQ=DAILY;INTERVAL=99;BYMONTH=2",
    ],
)
def test_a_rule_that_never_fits_does_not_spin(text: str) -> None:
    begun = time.process_time()
    with pytest.raises(FormInvalid):
        new_rule(text, datetime(2026, 12, 1, 19), NEW_YORK)
    assert time.process_time() - begun < 10


def test_the_local_hour_stays_over_both_switches_of_the_clocks() -> None:
    begins = datetime(2027, 3, 9, 19)
    rule = new_rule("FREQ=WEEKLY;COUNT=40", begins, NEW_YORK)
    found = [instant_at(local, NEW_YORK) for local in rule.dates(begins, NEW_YORK)]
    assert {at.astimezone(NEW_YORK).hour for at in found} == {19}
    assert {at.hour for at in found} == {23, 0}  # UTC
    steps = [after - before for before, after in pairwise(found)]
    assert {step.total_seconds() / 3600 for step in steps} == {167, 168, 169}


def test_a_time_that_clocks_skip_moves_forward_on_that_day_alone() -> None:
    begins = datetime(2027, 3, 7, 2, 30)
    rule = new_rule("FREQ=WEEKLY;COUNT=3", begins, NEW_YORK)
    told = [
        instant_at(local, NEW_YORK).astimezone(NEW_YORK).isoformat()
        for local in rule.dates(begins, NEW_YORK)
    ]
    assert told == [
        "2027-03-07T02:30:00-05:00",
        "2027-03-14T03:30:00-04:00",
        "2027-03-21T02:30:00-04:00",
    ]


def test_of_a_time_that_occurs_twice_the_first_is_meant() -> None:
    at = instant_at(datetime(2026, 10, 25, 2, 30), BERLIN)
    assert at == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


@given(BEGINS, ZONES, st.integers(1, 5), st.integers(0, 6))
def test_the_nth_weekday_of_each_month_is_found_as_on_a_wall_calendar(
    begins: datetime, zone: ZoneInfo, nth: int, day: int
) -> None:
    def on_the_wall(year: int, month: int) -> date | None:
        weeks = calendar.Calendar().monthdatescalendar(year, month)
        days = [week[day] for week in weeks if week[day].month == month]
        return days[nth - 1] if len(days) >= nth else None

    months = [
        (begins.year + (begins.month - 1 + ahead) // 12, (begins.month - 1 + ahead) % 12 + 1)
        for ahead in range(30)
    ]
    expected = [found for each in months if (found := on_the_wall(*each))]
    begins = datetime.combine(expected[0], begins.time())
    rule = new_rule(f"FREQ=MONTHLY;BYDAY={nth}{WEEKDAYS[day]}", begins, zone)
    found = list(islice(rule.dates(begins, zone), len(expected)))
    assert [local.date() for local in found] == expected
    assert {local.time() for local in found} == {begins.time()}


@given(BEGINS, ZONES, st.sets(st.integers(0, 6), min_size=1), st.integers(1, 6), st.integers(1, 40))
def test_weeks_are_counted_as_on_a_wall_calendar_and_instants_only_grow(
    begins: datetime, zone: ZoneInfo, days: set[int], interval: int, count: int
) -> None:
    days.add(begins.weekday())
    words = ",".join(WEEKDAYS[day] for day in sorted(days))
    rule = new_rule(f"FREQ=WEEKLY;INTERVAL={interval};BYDAY={words};COUNT={count}", begins, zone)
    found = list(rule.dates(begins, zone))
    monday = begins.date() - timedelta(days=begins.weekday())
    wall = (begins.date() + timedelta(days=each) for each in range(7 * interval * (count + 1)))
    expected = [
        each
        for each in wall
        if each.weekday() in days and (each - monday).days // 7 % interval == 0
    ]
    assert [local.date() for local in found] == expected[:count]
    instants = [instant_at(local, zone) for local in found]
    assert instants == sorted(set(instants))
    for local, at in zip(found, instants, strict=True):
        # It stays on the wall, or moves forward where clocks skip it.
        moved = local_at(at, zone) - local
        assert timedelta() <= moved <= timedelta(hours=24)
        assert not moved or instant_at(local_at(at, zone), zone) == at


RULES = st.builds(
    lambda text, end: text + end,
    st.sampled_from(
        [
            "FREQ=DAILY",
            "FREQ=DAILY;INTERVAL=3;BYMONTH=1,7",
            "FREQ=WEEKLY",
            "FREQ=WEEKLY;INTERVAL=2;WKST=SU",
            "FREQ=MONTHLY",
            "FREQ=MONTHLY;INTERVAL=3",
            "FREQ=YEARLY",
        ]
    ),
    st.sampled_from(["", ";COUNT=7", ";UNTIL=20400101", ";UNTIL=20400101T120000Z"]),
)


@given(RULES, BEGINS, ZONES)
def test_a_rule_written_is_read_again_as_the_same(
    text: str, begins: datetime, zone: ZoneInfo
) -> None:
    assume("BYMONTH" not in text or begins.month in (1, 7))
    rule = new_rule(text, begins, zone)
    assert read_rule(str(rule), zone) == rule
    assert new_rule(str(rule), begins, zone) == rule


@given(st.text(max_size=60))
def test_any_text_is_a_rule_or_refused(text: str) -> None:
    try:
        rule = read_rule(f"FREQ=WEEKLY;{text}", NEW_YORK)
    except FormInvalid:
        return
    assert read_rule(str(rule), NEW_YORK) == rule


@given(RULES, BEGINS, ZONES, st.integers(1, 6))
def test_a_rule_cut_in_two_names_the_same_days(
    text: str, begins: datetime, zone: ZoneInfo, cut: int
) -> None:
    assume("BYMONTH" not in text or begins.month in (1, 7))
    rule = new_rule(text, begins, zone)
    whole = list(islice(rule.dates(begins, zone), 12))
    assume(len(whole) > cut)
    at = whole[cut]
    before = rule.ended_before(instant_at(at, zone))
    after = rule.from_date(begins, zone, at)
    assert list(before.dates(begins, zone)) == whole[:cut]
    assert list(islice(after.dates(at, zone), 12 - cut)) == whole[cut:]


# -- where dates go when the rule changes --------------------------------------------------


def days(*numbers: int, hour: int = 19) -> list[datetime]:
    return [datetime(2026, 12, number, hour) for number in numbers]


def test_dates_stay_on_their_day_when_only_the_hour_changes() -> None:
    old, new = days(8, 15, 22), days(8, 15, 22, 29, hour=20)
    assert list(matched(old, iter(new)).values()) == new[:3]


def test_dates_move_to_the_new_weekday_in_order() -> None:
    assert list(matched(days(8, 15), iter(days(9, 16, 23))).values()) == days(9, 16)


def test_a_date_without_a_place_in_the_new_rule_goes_nowhere() -> None:
    assert list(matched(days(8, 15, 22), iter(days(8, 22))).values()) == [
        *days(8),
        None,
        *days(22),
    ]


# -- words ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "english", "spanish"),
    [
        ("FREQ=DAILY", "Every day", "Cada día"),
        ("FREQ=DAILY;COUNT=1", "Every day, once", "Cada día, una vez"),
        ("FREQ=DAILY;INTERVAL=3", "Every 3 days", "Cada 3 días"),
        ("FREQ=WEEKLY;BYDAY=TU", "Every Tuesday", "Cada martes"),
        ("FREQ=WEEKLY;BYDAY=TU,TH", "Every Tuesday and Thursday", "Cada martes y jueves"),
        (
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU",
            "Every 2 weeks on Tuesday",
            "Cada 2 semanas, en martes",
        ),
        (
            "FREQ=WEEKLY;BYDAY=TU;BYMONTH=9,10",
            "Every Tuesday, only in September and October",
            "Cada martes, solo en septiembre y octubre",
        ),
        (
            "FREQ=MONTHLY;BYDAY=1TU",
            "Every first Tuesday of the month",
            "Cada primer martes del mes",
        ),
        (
            "FREQ=MONTHLY;BYDAY=1TU,-1TU",
            "Every first and last Tuesday of the month",
            "Cada primer y último martes del mes",
        ),
        (
            "FREQ=MONTHLY;BYDAY=1TU,3WE",
            "Every first Tuesday and third Wednesday of the month",
            "Cada primer martes y tercer miércoles del mes",
        ),
        (
            "FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=1",
            "Every first of Monday and Tuesday of the month",
            "Cada primer de lunes y martes del mes",
        ),
        ("FREQ=MONTHLY;BYMONTHDAY=15", "Every month on day 15", "Cada mes: día 15"),
        (
            "FREQ=MONTHLY;BYMONTHDAY=-1",
            "Every month on the last day",
            "Cada mes: último día",
        ),
        (
            "FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=-2",
            "Every 3 months on day 2 from the end",
            "Cada 3 meses: día 2 por el final",
        ),
        (
            "FREQ=YEARLY;BYMONTH=5;BYDAY=1MO",
            "Every year on first Monday of May",
            "Cada año: primer lunes de mayo",
        ),
        (
            "FREQ=YEARLY;INTERVAL=2;BYMONTH=5;BYMONTHDAY=1;COUNT=3",
            "Every 2 years on day 1 of May, 3 times",
            "Cada 2 años: día 1 de mayo, 3 veces",
        ),
        (
            "FREQ=WEEKLY;BYDAY=TU;UNTIL=20271231",
            "Every Tuesday, until Dec 31, 2027",
            "Cada martes, hasta el 31 dic 2027",
        ),
    ],
)
def test_a_rule_is_said_in_plain_words(text: str, english: str, spanish: str) -> None:
    rule = read_rule(text, NEW_YORK)
    assert rule_in_words(rule, NEW_YORK, translator("en")) == english
    assert rule_in_words(rule, NEW_YORK, translator("es")) == spanish


@pytest.mark.parametrize("nth", [*range(1, 6), *range(-5, 0)])
def test_every_place_in_a_month_has_its_words_in_each_language(nth: int) -> None:
    rule = read_rule(f"FREQ=MONTHLY;BYDAY={nth}TU", NEW_YORK)
    english, spanish = (rule_in_words(rule, NEW_YORK, translator(each)) for each in ("en", "es"))
    order = english.removeprefix("Every ").removesuffix(" Tuesday of the month")
    assert order not in spanish
    assert spanish.startswith("Cada ")
    assert spanish.endswith(" martes del mes")
