"""The time zone in a sentence: the few letters that people there write."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from fedi_chapter.vocab.when import span
from tests.kit.examples import EVENT


@pytest.mark.parametrize(
    ("zone", "language", "words"),
    [
        ("America/New_York", "en", "Sat, Sep 19, 2026, 11:00 AM–2:00 PM EDT"),
        ("US/Eastern", "en", "Sat, Sep 19, 2026, 11:00 AM–2:00 PM EDT"),
        ("America/New_York", "es", "sáb, 19 sept 2026, 11:00–14:00 EDT"),
        ("Europe/Berlin", "de", "Sa., 19. Sept. 2026, 17:00–20:00 MESZ"),
        ("Europe/Berlin", "en", "Sat, Sep 19, 2026, 5:00 PM–8:00 PM CEST"),
        ("Asia/Tokyo", "en", "Sun, Sep 20, 2026, 12:00 AM–3:00 AM JST"),
        ("America/Sao_Paulo", "en", "Sat, Sep 19, 2026, 12:00 PM–3:00 PM GMT-03:00"),
        ("UTC", "en", "Sat, Sep 19, 2026, 3:00 PM–6:00 PM UTC"),
    ],
)
def test_a_zone_reads_as_people_write_it(zone: str, language: str, words: str) -> None:
    assert span(replace(EVENT, timezone=zone, language=language)) == words


def test_each_end_has_its_own_when_clocks_change_in_between() -> None:
    night = replace(
        EVENT,
        timezone="America/New_York",
        starts_at=datetime(2026, 11, 1, 1, tzinfo=UTC),
        ends_at=datetime(2026, 11, 1, 14, tzinfo=UTC),
    )
    assert span(night) == "Sat, Oct 31, 2026, 9:00 PM EDT – Sun, Nov 1, 2026, 9:00 AM EST"
