"""An event of a series says in its text where the other dates are."""

from dataclasses import replace
from datetime import datetime

import pytest

from fedi_chapter.domain.tally import Tally
from fedi_chapter.vocab.events import write_event
from tests.kit.examples import CHAPTER, EVENT, URLS

SERIES = "0197c1b2-7a10-7cc2-9f5e-0000000005e1"


@pytest.mark.parametrize(
    ("language", "words"), [("en", "Part of a series:"), ("es", "Forma parte de una serie:")]
)
def test_the_text_of_an_event_links_the_page_of_its_series(language: str, words: str) -> None:
    event = replace(
        EVENT,
        series_id=SERIES,
        occurrence=datetime(2026, 9, 19, 10),  # noqa: DTZ001
        language=language,
    )
    content = str(write_event(event, CHAPTER, URLS, Tally())["content"])
    page = URLS.series(SERIES)
    assert content.endswith(f'<p>{words} <a href="{page}">{page}</a></p>')


def test_an_event_that_stands_alone_names_no_series() -> None:
    assert "/series/" not in str(write_event(EVENT, CHAPTER, URLS, Tally())["content"])
