"""Like, and emoji reactions: counted under what is ours; never an RSVP (events.md §9.4)."""

from fedi_chapter.domain.conversation import Reaction
from fedi_chapter.federation import ours
from fedi_chapter.federation.case import Case
from fedi_chapter.federation.outcome import Done, Ignored, Outcome
from fedi_chapter.store import reactions
from fedi_chapter.store.tx import WriteTx
from fedi_chapter.vocab.activities import Like


def apply(tx: WriteTx, activity: Like, case: Case) -> Outcome:
    """Count the like once."""
    if ours.owner_at(tx, case.urls, activity.object) is None:
        return Ignored("a like of nothing that is here")
    like = Reaction("like", case.sender.uri, activity.object, activity.id, tx.now)
    return Done("like counted") if reactions.put(tx, like) else Ignored("counted before")
