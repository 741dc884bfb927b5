"""Announce: a boost of ours is counted, a boost by somebody we follow is shown.

What is embedded is never trusted and never executed: the object is fetched from its origin,
without any follower's rights, and must be public there (OBJ-10).
"""

from fedi_chapter.deps import Deps
from fedi_chapter.domain.conversation import Reaction
from fedi_chapter.federation import objects, ours
from fedi_chapter.federation.case import Case
from fedi_chapter.federation.intake import take_event, take_neighbour_post
from fedi_chapter.federation.objects import Authored
from fedi_chapter.federation.outcome import Done, Ignored, Outcome
from fedi_chapter.store import following, neighbours, reactions
from fedi_chapter.store.tx import ReadTx, WriteTx
from fedi_chapter.vocab.activities import Announce, Note
from fedi_chapter.vocab.shape import same_host


async def prepare(deps: Deps, activity: Announce, case: Case) -> Authored | None:
    """Fetch what somebody we follow boosted; None when it is ours, known or nobody's business."""
    if same_host(activity.object, case.urls.base):
        return None

    def is_wanted(tx: ReadTx) -> bool:
        known = neighbours.get_event(tx, activity.object) or neighbours.get_post(
            tx, activity.object
        )
        return known is None and following.is_followed(tx, case.sender.uri)

    if not await deps.db.read(is_wanted):
        return None
    return await objects.fetch(deps, activity.object, budget=case.budget)


def apply(tx: WriteTx, activity: Announce, case: Case, prepared: Authored | None) -> Outcome:
    """Count the boost, or keep what was boosted."""
    if same_host(activity.object, case.urls.base):
        return _count(tx, activity, case)
    if prepared is None:
        return Ignored("a boost of others that we do not follow, or of something known")
    if isinstance(prepared.content, Note):
        return take_neighbour_post(tx, prepared.content, prepared.author)
    return take_event(tx, prepared.content, prepared.author, boosted=True)


def _count(tx: WriteTx, activity: Announce, case: Case) -> Outcome:
    # Relays announce the activity (`…#create`) rather than the object.
    uri = activity.object.partition("#")[0]
    if ours.owner_at(tx, case.urls, uri) is None:
        return Ignored("a boost of nothing that is here")
    boost = Reaction("boost", case.sender.uri, uri, activity.id, tx.now)
    return Done("boost counted") if reactions.put(tx, boost) else Ignored("counted before")
