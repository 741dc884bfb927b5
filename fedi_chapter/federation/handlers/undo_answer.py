"""Undo of a Join or of an answer to an event, embedded: the seat is free again.

What was joined is left, and that is a no; any other answer taken back is none (events.md §9.4).
"""

from fedi_chapter.domain.event import Event
from fedi_chapter.domain.rsvp import Answer, Rank, Route
from fedi_chapter.federation import answers
from fedi_chapter.federation.answers import Undone
from fedi_chapter.federation.case import Case
from fedi_chapter.federation.outcome import Outcome
from fedi_chapter.store import events, rsvps
from fedi_chapter.store.tx import ReadTx, WriteTx
from fedi_chapter.vocab.activities import UndoAnswer
from fedi_chapter.vocab.terms import JOINS

RANKS = {
    "Join": Rank.JOIN,
    "Accept": Rank.ACCEPT,
    "Reject": Rank.REJECT,
    "TentativeReject": Rank.REJECT,
}
"""The rank of what is taken back; all others were tentative."""


def apply(tx: WriteTx, activity: UndoAnswer, case: Case) -> Outcome:
    """Take back the answer to each event, or that of the id where no event is named."""
    joined = activity.answer in JOINS
    undone = Undone(
        activity.answer_id, RANKS.get(activity.answer, Rank.TENTATIVE), activity.said_at
    )
    undoing = answers.said(
        activity,
        case,
        Answer.NO if joined else Answer.NONE,
        Route.JOIN if joined else Route.ANSWER,
    )
    outcome: Outcome = answers.UNKNOWN
    for event in _events(tx, activity, case):
        outcome = answers.take_back(tx, event, case, undoing, undone)
    return outcome


def _events(tx: ReadTx, activity: UndoAnswer, case: Case) -> list[Event]:
    named = answers.events_at(tx, case.urls, activity.objects, case.sender)
    if named or activity.answer_id is None:
        return named
    known = rsvps.by_activity(tx, case.sender.uri, activity.answer_id)
    event = events.get(tx, known.event_id) if known else None
    return [event] if event else []
