"""The table of what we tell is complete."""

from fedi_chapter.domain.happening import KINDS
from fedi_chapter.federation.publish import TABLE


def test_every_happening_has_somebody_who_tells_it() -> None:
    assert set(TABLE) == set(KINDS.values())
