"""Leave: who joined an event comes no longer (events.md §9.4). It expects no answer."""

from dataclasses import replace

from fedi_chapter.domain.rsvp import Answer, Rank, Route
from fedi_chapter.federation import answers
from fedi_chapter.federation.case import Case
from fedi_chapter.federation.outcome import Outcome
from fedi_chapter.store.tx import WriteTx
from fedi_chapter.vocab.activities import Leave


def apply(tx: WriteTx, activity: Leave, case: Case) -> Outcome:
    """Take it as a no; of two words of one instant it is the one that counts."""
    event = answers.event_at(tx, case.urls, activity.object, case.sender)
    if event is None:
        return answers.UNKNOWN
    saying = replace(answers.said(activity, case, Answer.NO, Route.JOIN), rank=Rank.LEAVE)
    return answers.respond(tx, event, case.sender, saying)
