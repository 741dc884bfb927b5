"""Undo of something named only by its id: a Follow, a Like, a boost or an RSVP of the sender."""

from fedi_chapter.domain.rsvp import Answer, Route
from fedi_chapter.federation import answers
from fedi_chapter.federation.answers import Undone
from fedi_chapter.federation.case import Case
from fedi_chapter.federation.outcome import Done, Ignored, Outcome
from fedi_chapter.store import events, followers, local_actors, reactions, rsvps
from fedi_chapter.store.tx import WriteTx
from fedi_chapter.vocab.activities import UndoUnknown


def apply(tx: WriteTx, activity: UndoUnknown, case: Case) -> Outcome:
    """Take back whatever the sender did under this id."""
    if reactions.remove_by_activity(tx, case.sender.uri, activity.object):
        return Done("reaction taken back")
    for actor in local_actors.everyone(tx):
        known = followers.get(tx, actor.id, case.sender.uri)
        if known is not None and known.follow_activity == activity.object:
            followers.remove(tx, actor.id, case.sender.uri)
            return Done("follower left")
    return _take_back_answer(tx, activity, case)


def _take_back_answer(tx: WriteTx, activity: UndoUnknown, case: Case) -> Outcome:
    uri, sender = activity.object, case.sender
    known = rsvps.by_activity(tx, sender.uri, uri)
    event = events.get(tx, known.event_id) if known else None
    if known is None or event is None:
        return Ignored("undoes nothing we know")
    meaning = Answer.NO if known.route is Route.JOIN else Answer.NONE
    undoing = answers.said(activity, case, meaning, known.route)
    return answers.take_back(tx, event, case, undoing, Undone(uri, known.said_rank))
