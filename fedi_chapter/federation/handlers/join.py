"""Join: an RSVP in Mobilizon's way. Events here take none over the wire yet, and say so.

The answer is an Ignore that names the Join, so that its software can tell the member
(events.md §9.4).
"""

from fedi_chapter.federation import answer, ours
from fedi_chapter.federation.case import Case
from fedi_chapter.federation.outcome import Ignored, Outcome
from fedi_chapter.store import local_actors
from fedi_chapter.store.tx import WriteTx
from fedi_chapter.vocab.activities import Join
from fedi_chapter.vocab.envelopes import ignore


def apply(tx: WriteTx, activity: Join, case: Case) -> Outcome:
    """Answer with an Ignore; a Join of nothing public gets no answer."""
    owner_id = ours.owner_at(tx, case.urls, activity.object)
    owner = (
        local_actors.get(tx, owner_id)
        if owner_id
        else ours.actor_at(tx, case.urls, activity.object)
    )
    if owner is None or activity.id is None:
        return Ignored("joins nothing that is here")
    document = ignore(
        case.urls.activity(tx.new_id()),
        case.urls.actor(owner),
        activity.id,
        case.sender.uri,
    )
    answer.queue(tx, document, by=owner, to=case.sender, about=activity.id)
    return Ignored("no RSVP over the wire; told the sender")
