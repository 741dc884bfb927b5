"""Recurrence rules as organizers write them: read, completed, and refused with a cure.

Called by `services.series` and, for what is stored, by `store.series`. The part of RFC 5545 that
is taken meets at most once a day, can be told in words (`domain.recurrence_words`), and names its
next day after a bounded search.
"""

import re
from dataclasses import replace
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

from fedi_chapter.core.errors import FormInvalid
from fedi_chapter.domain.local_time import instant_at
from fedi_chapter.domain.recurrence import WEEKDAYS, Frequency, Rule, Weekday

LONGEST_RULE = 300
MOST_INTERVAL = 99
MOST_DATES = 2_000
"""The largest COUNT: more than five years of every day."""
_PARTS = frozenset(
    {"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYDAY", "BYMONTHDAY", "BYMONTH", "BYSETPOS"}
)
_DAY = re.compile(r"([+-]?[1-5])?(MO|TU|WE|TH|FR|SA|SU)")
_UNTIL = re.compile(r"(\d{8})(?:T(\d{6})(Z?))?", re.ASCII)
_YEARS = range(2000, 2200)
_EXAMPLE = "write a rule such as FREQ=WEEKLY;BYDAY=TU or FREQ=MONTHLY;BYDAY=1TU"


def new_rule(text: str, begins: datetime, zone: ZoneInfo) -> Rule:
    """Return the rule an organizer wrote for a series that `begins` at that local time.

    Raises:
        FormInvalid: with the cure; also if the rule does not name the day it begins on.

    """
    rule = _complete(read_rule(text, zone), begins)
    first = next(rule.dates(begins, zone), None)
    if first is None:
        raise FormInvalid(
            f"the rule {text!r} names no day at all", cure="check its days, months and its end"
        )
    if first != begins:
        raise FormInvalid(
            f"{begins.date()} is no day of the rule {text!r}",
            cure=f"start on {first.date()}, or change the rule",
        )
    return rule


def read_rule(text: str, zone: ZoneInfo) -> Rule:
    """Return the rule written in `text`; an UNTIL without Z is a time in `zone`.

    Raises:
        FormInvalid: it is none, or one that is not for events, with the cure.

    """
    parts = _parts(text)
    try:
        frequency = Frequency(parts.get("FREQ", ""))
    except ValueError as error:
        raise FormInvalid(
            f"the rule {text!r} does not repeat by day, week, month or year", cure=_EXAMPLE
        ) from error
    position = _numbers(parts, "BYSETPOS", 5)
    if len(position) > 1 or ("COUNT" in parts and "UNTIL" in parts):
        raise FormInvalid(
            f"the rule {text!r} says one thing twice", cure="give one BYSETPOS, and COUNT or UNTIL"
        )
    rule = Rule(
        frequency,
        interval=_number(parts, "INTERVAL", MOST_INTERVAL) or 1,
        days=_weekdays(parts.get("BYDAY")),
        month_days=_numbers(parts, "BYMONTHDAY", 31),
        months=_months(parts),
        position=position[0] if position else 0,
        week_start=_weekdays(parts.get("WKST", "MO"))[0].day,
        count=_number(parts, "COUNT", MOST_DATES),
        until=_until(parts.get("UNTIL"), zone),
    )
    _check(rule)
    return rule


# -- parts ---------------------------------------------------------------------------------


def _parts(text: str) -> dict[str, str]:
    words = text.strip().upper().removeprefix("RRULE:")
    if len(words) > LONGEST_RULE:
        raise FormInvalid("this rule is too long", cure=_EXAMPLE)
    pairs = [part.partition("=") for part in words.split(";") if part]
    names = [name for name, _, _ in pairs]
    unknown = [name for name in names if name not in _PARTS]
    if unknown:
        raise FormInvalid(f"a rule for events knows no {unknown[0][:30]!r}", cure=_EXAMPLE)
    if len(set(names)) < len(names):
        raise FormInvalid("the rule names one part twice", cure="name each part once")
    return {name: value for name, _, value in pairs}


def _number(parts: dict[str, str], name: str, most: int) -> int | None:
    found = _numbers(parts, name, most)
    if not found:
        return None
    if len(found) > 1 or found[0] < 1:
        raise FormInvalid(f"{name} is not one number", cure=f"give one from 1 to {most}")
    return found[0]


def _numbers(parts: dict[str, str], name: str, most: int) -> tuple[int, ...]:
    if name not in parts:
        return ()
    words = parts[name].split(",")
    if not all(re.fullmatch(r"[+-]?[0-9]{1,4}", word) for word in words):
        raise FormInvalid(f"{name} is not a list of numbers", cure=_EXAMPLE)
    numbers = tuple(sorted({int(word) for word in words}))
    if 0 in numbers or max(map(abs, numbers)) > most:
        raise FormInvalid(f"{name} is out of range", cure=f"give numbers from 1 to {most}")
    return numbers


def _months(parts: dict[str, str]) -> tuple[int, ...]:
    months = _numbers(parts, "BYMONTH", 12)
    if months and months[0] < 1:
        raise FormInvalid("BYMONTH is out of range", cure="give numbers from 1 to 12")
    return months


def _weekdays(words: str | None) -> tuple[Weekday, ...]:
    if words is None:
        return ()
    found = []
    for word in words.split(","):
        match = _DAY.fullmatch(word)
        if match is None:
            raise FormInvalid(
                f"{word[:30]!r} is no weekday of a rule", cure="write TU, or 1TU for the first one"
            )
        found.append(Weekday(WEEKDAYS.index(match[2]), int(match[1] or 0)))
    return tuple(sorted(set(found), key=lambda each: (each.nth < 0, each.nth, each.day)))


def _until(text: str | None, zone: ZoneInfo) -> datetime | None:
    if text is None:
        return None
    match = _UNTIL.fullmatch(text)
    try:
        if match is None:
            raise ValueError(text)
        day = datetime.strptime(match[1], "%Y%m%d")  # noqa: DTZ007 — a local time
        clock = time.fromisoformat(match[2]) if match[2] else time(23, 59, 59)
    except ValueError as error:
        raise FormInvalid(
            f"UNTIL={text[:30]} is no date", cure="write UNTIL=20271231, the last possible day"
        ) from error
    if day.year not in _YEARS:
        raise FormInvalid(f"UNTIL={text} is too far away", cure="leave it out: no end is needed")
    local = datetime.combine(day, clock)
    return local.replace(tzinfo=UTC) if match[3] else instant_at(local, zone)


# -- what makes sense for events -----------------------------------------------------------


def _check(rule: Rule) -> None:
    """Refuse what meets more than once a day, or what people could not be told in words."""
    nth = any(each.nth for each in rule.days)
    plain = bool(rule.days) and not all(each.nth for each in rule.days)
    match rule.frequency:
        case Frequency.DAILY if rule.days or rule.month_days or rule.position:
            _refuse("a daily rule names no days", "use FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR")
        case Frequency.WEEKLY if nth or rule.month_days or rule.position:
            _refuse("a weekly rule names plain weekdays only", "use FREQ=MONTHLY;BYDAY=1TU")
        case Frequency.MONTHLY if plain and (nth or not rule.position):
            _refuse("a monthly rule says which weekdays", "write BYDAY=1TU, or FREQ=WEEKLY")
        case Frequency.YEARLY if plain or rule.position:
            _refuse("a yearly rule says which weekday", "write FREQ=YEARLY;BYMONTH=5;BYDAY=1MO")
        case Frequency.YEARLY if (rule.days or rule.month_days) and not rule.months:
            _refuse("a yearly rule names the month", "write FREQ=YEARLY;BYMONTH=5;BYMONTHDAY=1")
    if rule.month_days and (rule.days or rule.position):
        _refuse("a rule names weekdays or days of the month, not both", _EXAMPLE)
    if rule.position and not plain:
        _refuse("BYSETPOS needs weekdays", "write FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1")


def _refuse(what: str, cure: str) -> None:
    raise FormInvalid(what, cure=cure)


def _complete(rule: Rule, begins: datetime) -> Rule:
    """Write out what the rule takes from its start."""
    if rule.days or rule.month_days or rule.frequency is Frequency.DAILY:
        return rule
    if rule.frequency is Frequency.WEEKLY:
        return replace(rule, days=(Weekday(begins.weekday()),))
    rule = replace(rule, month_days=(begins.day,))
    if rule.frequency is Frequency.YEARLY and not rule.months:
        rule = replace(rule, months=(begins.month,))
    return rule
