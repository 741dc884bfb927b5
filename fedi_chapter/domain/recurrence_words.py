"""A recurrence rule in plain words, such as "Every first Tuesday of the month".

Called for pages and by the command line. Rules themselves are in `domain.recurrence`.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

from fedi_chapter.core.i18n import Translator
from fedi_chapter.domain.recurrence import Frequency, Rule


def rule_in_words(rule: Rule, zone: ZoneInfo, t: Translator) -> str:
    """Return on which days a series meets and until when, without the time of day."""
    words = _DAYS[rule.frequency](rule, t)
    if rule.months and rule.frequency is not Frequency.YEARLY:
        months = t.listed([t.month_name(month) for month in rule.months])
        words += t(", only in {months}", months=months)
    return words + _end(rule.until, rule.count, zone, t)


def _daily(rule: Rule, t: Translator) -> str:
    if rule.interval == 1:
        return t("Every day")
    return t("Every {number} days", number=t.number(rule.interval))


def _weekly(rule: Rule, t: Translator) -> str:
    days = t.listed([t.weekday_name(each.day) for each in rule.days])
    if rule.interval == 1:
        return t("Every {days}", days=days)
    return t("Every {number} weeks on {days}", number=t.number(rule.interval), days=days)


def _monthly(rule: Rule, t: Translator) -> str:
    if rule.interval == 1:
        if rule.days:
            return t("Every {days} of the month", days=_nth_days(rule, t))
        return t("Every month on {days}", days=_month_days(rule, t))
    return t(
        "Every {number} months on {days}",
        number=t.number(rule.interval),
        days=_nth_days(rule, t) if rule.days else _month_days(rule, t),
    )


def _yearly(rule: Rule, t: Translator) -> str:
    months = t.listed([t.month_name(month) for month in rule.months])
    days = _nth_days(rule, t) if rule.days else _month_days(rule, t)
    if rule.interval == 1:
        return t("Every year on {days} of {months}", days=days, months=months)
    return t(
        "Every {number} years on {days} of {months}",
        number=t.number(rule.interval),
        days=days,
        months=months,
    )


_DAYS = {
    Frequency.DAILY: _daily,
    Frequency.WEEKLY: _weekly,
    Frequency.MONTHLY: _monthly,
    Frequency.YEARLY: _yearly,
}


def _nth_days(rule: Rule, t: Translator) -> str:
    """Return such as `first and third Tuesday`: the weekday once, where it is the same one."""
    if rule.position:
        days = t.listed([t.weekday_name(each.day) for each in rule.days])
        return t("{nth} of {days}", nth=_nth(rule.position, t), days=days)
    names = [t.weekday_name(each.day) for each in rule.days]
    orders = [_nth(each.nth, t) for each in rule.days]
    if len(set(names)) == 1:
        return t("{nth} {day}", nth=t.listed(orders), day=names[0])
    pairs = zip(orders, names, strict=True)
    return t.listed([t("{nth} {day}", nth=nth, day=day) for nth, day in pairs])


def _nth(number: int, t: Translator) -> str:
    return {
        1: t("first"),
        2: t("second"),
        3: t("third"),
        4: t("fourth"),
        5: t("fifth"),
        -1: t("last"),
        -2: t("second to last"),
        -3: t("third to last"),
        -4: t("fourth to last"),
        -5: t("fifth to last"),
    }[number]


def _month_days(rule: Rule, t: Translator) -> str:
    return t.listed([_month_day(day, t) for day in rule.month_days])


def _month_day(day: int, t: Translator) -> str:
    if day > 0:
        return t("day {number}", number=t.number(day))
    if day == -1:
        return t("the last day")
    return t("day {number} from the end", number=t.number(-day))


def _end(until: datetime | None, count: int | None, zone: ZoneInfo, t: Translator) -> str:
    if until is not None:
        return t(", until {date}", date=t.short_date(until, zone))
    if count is None:
        return ""
    return t(", once") if count == 1 else t(", {number} times", number=t.number(count))
