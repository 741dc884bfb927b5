"""Join: an RSVP in the way of Mobilizon and its kin (events.md §9.4).

Every Join of something of ours is answered: by Accept, Reject, or Ignore where RSVP is off.
Who only waits hears of it later. A tentative one (Smithereen's) expects no answer.
"""

from dataclasses import replace

from fedi_chapter.domain.chapter import LocalActor
from fedi_chapter.domain.rsvp import Answer, Rank, Route
from fedi_chapter.federation import answer, answers, ours
from fedi_chapter.federation.case import Case
from fedi_chapter.federation.outcome import Ignored, Outcome
from fedi_chapter.store import local_actors
from fedi_chapter.store.tx import ReadTx, WriteTx
from fedi_chapter.vocab.activities import Join
from fedi_chapter.vocab.envelopes import reject
from fedi_chapter.vocab.shape import Document

NOT_AN_EVENT = Ignored("joins what is no event; told the sender")


def apply(tx: WriteTx, activity: Join, case: Case) -> Outcome:
    """Take it as going, or as maybe when it is tentative."""
    event = answers.event_at(tx, case.urls, activity.object, case.sender)
    if event is None:
        return _refuse(tx, activity, case)
    meaning = Answer.MAYBE if activity.tentative else Answer.GOING
    saying = answers.said(activity, case, meaning, Route.JOIN)
    rank = saying.rank if activity.tentative else Rank.JOIN
    saying = replace(saying, rank=rank, note=activity.note or None)
    return answers.respond(tx, event, case.sender, saying)


def _refuse(tx: WriteTx, activity: Join, case: Case) -> Outcome:
    """Reject the Join of a chapter, a group or a post: we have no members to become one of."""
    owner = _owner(tx, activity, case)
    if owner is None or activity.id is None:
        return answers.UNKNOWN
    inner: Document = {
        "id": activity.id,
        "type": "Join",
        "actor": activity.actor,
        "object": activity.object,
    }
    document = reject(
        case.urls.activity(tx.new_id()), case.urls.actor(owner), inner, case.sender.uri
    )
    answer.queue(tx, document, by=owner, to=case.sender, about=activity.id)
    return NOT_AN_EVENT


def _owner(tx: ReadTx, activity: Join, case: Case) -> LocalActor | None:
    named = case.urls.own_object(activity.object)
    if named is None:
        return ours.actor_at(tx, case.urls, activity.object)
    if named.kind != "post":
        return None  # an event the sender may not know of does not exist
    owner_id = ours.owner_at(tx, case.urls, activity.object, public_only=True)
    return local_actors.get(tx, owner_id) if owner_id else None
