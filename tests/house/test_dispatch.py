"""The table of what we understand is complete, and says why where nothing happens."""

from fedi_chapter.federation.case import Handler
from fedi_chapter.federation.dispatch import TABLE
from fedi_chapter.federation.outcome import Ignored
from fedi_chapter.vocab import activities
from fedi_chapter.vocab.activities import Activity


def classes() -> set[type[Activity]]:
    return {
        thing
        for thing in vars(activities).values()
        if isinstance(thing, type) and issubclass(thing, Activity) and thing is not Activity
    }


def test_every_activity_has_a_handler_or_a_reason_why_it_has_none() -> None:
    assert set(TABLE) == classes()


def test_every_reason_is_a_sentence() -> None:
    reasons = [entry.reason for entry in TABLE.values() if isinstance(entry, Ignored)]
    assert all(len(reason.split()) > 3 for reason in reasons)


def test_no_handler_serves_two_activities() -> None:
    used = [entry.apply for entry in TABLE.values() if isinstance(entry, Handler)]
    assert len(used) == len(set(used))
