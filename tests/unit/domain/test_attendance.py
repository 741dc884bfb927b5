"""How a server is told that somebody comes follows from its event and its software."""

import pytest

from fedi_chapter.domain.attendance import VERBS, Dialect, dialect_of
from fedi_chapter.domain.rsvp import Answer


@pytest.mark.parametrize(
    ("join_mode", "software", "dialect"),
    [
        ("free", "mobilizon", Dialect.JOIN),
        ("restricted", None, Dialect.JOIN),
        ("free", "unheard-of", Dialect.JOIN),
        (None, "rebased", Dialect.JOIN),
        (None, "friendica", Dialect.ACCEPT),
        ("free", "hubzilla", Dialect.ACCEPT),
        ("free", "fedi-chapter", Dialect.CHAPTER),
        ("external", "fedi-chapter", Dialect.ELSEWHERE),
        ("external", "wordpress", Dialect.ELSEWHERE),
        ("none", "mobilizon", Dialect.SILENT),
        ("invite", None, Dialect.SILENT),
        ("free", "gancio", Dialect.SILENT),
        (None, "unheard-of", Dialect.SILENT),
        (None, None, Dialect.SILENT),
    ],
)
def test_the_event_wins_where_nobody_can_answer_and_then_the_software(
    join_mode: str | None, software: str | None, dialect: Dialect
) -> None:
    assert dialect_of(join_mode, software) is dialect


def test_every_dialect_has_its_words_and_only_yes_and_no_are_known_to_all_that_listen() -> None:
    assert set(VERBS) == set(Dialect)
    for dialect, verbs in VERBS.items():
        listens = dialect not in {Dialect.ELSEWHERE, Dialect.SILENT}
        assert ({Answer.GOING, Answer.NO} <= verbs.keys()) is listens
        assert Answer.NONE not in verbs
