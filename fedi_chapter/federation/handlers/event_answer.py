"""Accept, TentativeAccept, Reject of events: an RSVP in the way of Friendica, Hubzilla and kin.

By the event's id or face, embedded, within an invitation, or several at once (events.md §9.4).
It is never answered by an activity: nobody accepts an Accept.
"""

from fedi_chapter.domain.rsvp import Answer, Route
from fedi_chapter.federation import answers
from fedi_chapter.federation.case import Case
from fedi_chapter.federation.outcome import Outcome
from fedi_chapter.store.tx import WriteTx
from fedi_chapter.vocab.activities import EventAnswer

MEANINGS = {
    "Accept": Answer.GOING,
    "TentativeAccept": Answer.MAYBE,
    "TentativeReject": Answer.NO,
    "Reject": Answer.NO,
}


def apply(tx: WriteTx, activity: EventAnswer, case: Case) -> Outcome:
    """Take it as an answer to each event of ours that it names."""
    named = answers.events_at(tx, case.urls, activity.objects, case.sender)
    saying = answers.said(activity, case, MEANINGS[activity.answer], Route.ANSWER)
    return answers.respond_to_all(tx, named, case, saying)
