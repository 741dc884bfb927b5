"""Words, numbers and dates for people, in the chapter's language.

Templates and the pages' edge ask a Translator; the source language is English, and a
language without a catalogue (`locale/LANGUAGE.po`) falls back to it, its dates stay its own.
No sentence for people stands here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import (
    format_date,
    format_skeleton,
    format_time,
    get_day_names,
    get_month_names,
    get_timezone_gmt,
    get_timezone_name,
)
from babel.lists import format_list
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

Messages = Mapping[str, str | tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Translator:
    """Speaks one language: `translator("Next events")` gives the words for it."""

    language: str
    locale: Locale
    messages: Messages

    def __call__(self, text: str, **values: object) -> str:
        """Return `text` in this language, its `{names}` filled in with `values`."""
        found = self.messages.get(text) or text
        words = found if isinstance(found, str) else found[0]
        return words.format(**values) if values else words

    def count(self, one: str, many: str, number: int) -> str:
        """Return the form of a counted sentence that fits `number`, with `{number}` filled in."""
        forms = self.messages.get(one)
        if not isinstance(forms, tuple):
            forms = (one, many)
        form = forms[min(0 if number == 1 else 1, len(forms) - 1)]
        return form.format(number=self.number(number))

    def number(self, number: int) -> str:
        """Return a count as people write it."""
        return format_decimal(number, locale=self.locale)

    def date(self, at: datetime, zone: ZoneInfo) -> str:
        """Return the whole day as a line begins with it, such as `Saturday, September 19, 2026`."""
        return _capital(self.day_within(at, zone))

    def day_within(self, at: datetime, zone: ZoneInfo) -> str:
        """Return the whole day as it stands inside a sentence: many languages write it small."""
        return format_date(at.astimezone(zone).date(), "full", locale=self.locale)

    def short_date(self, at: datetime, zone: ZoneInfo) -> str:
        """Return a short day, such as `Sep 19, 2026`."""
        return format_date(at.astimezone(zone).date(), "medium", locale=self.locale)

    def time(self, at: datetime, zone: ZoneInfo) -> str:
        """Return the time of day."""
        return format_time(at, "short", tzinfo=zone, locale=self.locale)

    def month(self, at: datetime, zone: ZoneInfo) -> str:
        """Return the month's short name, such as `Sep`."""
        return format_skeleton("MMM", at, tzinfo=zone, locale=self.locale).rstrip(".")

    def weekday(self, at: datetime, zone: ZoneInfo) -> str:
        """Return the weekday's short name, such as `Sat`."""
        return format_skeleton("E", at, tzinfo=zone, locale=self.locale).rstrip(".")

    def month_and_year(self, at: datetime, zone: ZoneInfo) -> str:
        """Return month and year, such as `September 2026`."""
        return _capital(format_skeleton("yMMMM", at, tzinfo=zone, locale=self.locale))

    def zone(self, at: datetime, zone: ZoneInfo) -> str:
        """Return what people call the time zone at that instant, such as `Central Time`."""
        return get_timezone_name(at.astimezone(zone), locale=self.locale)

    def short_zone(self, at: datetime, zone: ZoneInfo) -> str:
        """Return the time zone at that instant in few letters, such as `EDT` or `GMT-03:00`."""
        there = at.astimezone(zone)
        for name in (get_timezone_name(there, "short", locale=self.locale), there.tzname()):
            if name and name.isalpha() and name.isupper():
                return name
        return get_timezone_gmt(there, "long", locale=self.locale)

    def weekday_name(self, day: int) -> str:
        """Return the name of a day of the week, Monday is 0."""
        return str(get_day_names(locale=self.locale)[day])

    def month_name(self, month: int) -> str:
        """Return the name of a month, January is 1."""
        return str(get_month_names(context="stand-alone", locale=self.locale)[month])

    def listed(self, words: Sequence[str]) -> str:
        """Return words as a list in a sentence, such as `a, b and c`."""
        return format_list(words, locale=self.locale)


@cache
def languages() -> tuple[str, ...]:
    """Return the languages we have words in: the source's own, and one for each catalogue."""
    catalogues = (file.name for file in (files("fedi_chapter") / "locale").iterdir())
    return ("en", *sorted(name[:-3] for name in catalogues if name.endswith(".po")))


def own_name(language: str) -> str:
    """Return what a language calls itself, such as `Español`."""
    return _capital(_locale(language).get_display_name() or language)


@cache
def translator(language: str) -> Translator:
    """Return the translator for a language tag such as `es` or `pt-BR`; never fails."""
    locale = _locale(language)
    return Translator(
        language=str(locale).replace("_", "-"), locale=locale, messages=_messages(locale.language)
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _locale(language: str) -> Locale:
    try:
        return Locale.parse(language, sep="-")
    except (UnknownLocaleError, ValueError, TypeError):
        try:
            return Locale.parse(language.partition("-")[0])
        except (UnknownLocaleError, ValueError, TypeError):
            return Locale("en", "US")


def _messages(language: str) -> Messages:
    file = files("fedi_chapter") / "locale" / f"{language}.po"
    if not file.is_file():
        return {}
    with file.open("rb") as opened:
        catalogue = read_po(opened, locale=language)
    return {
        (message.id if isinstance(message.id, str) else message.id[0]): (
            message.string if isinstance(message.string, str) else tuple(message.string)
        )
        for message in catalogue
        if message.id and message.string and not message.fuzzy
    }
