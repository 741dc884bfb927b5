"""Undo of something named only by its id: a Follow, a Like or a boost of the same sender."""

from fedi_chapter.federation.case import Case
from fedi_chapter.federation.outcome import Done, Ignored, Outcome
from fedi_chapter.store import followers, local_actors, reactions
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
    return Ignored("undoes nothing we know")
