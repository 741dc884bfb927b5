"""Announce: a boost of ours is counted, a boost by somebody we follow is shown.

What is embedded is never trusted and never executed: the object is fetched from its origin,
without any follower's rights, and must be public there (OBJ-10). A group that passes on the news
of a change makes us look again at what we keep, and of a Delete whether it is gone (FEP-1b12).
"""

from typing import Literal

from fedi_chapter.core.errors import RemoteGone
from fedi_chapter.deps import Deps
from fedi_chapter.domain.conversation import Reaction
from fedi_chapter.domain.neighbour import NeighbourEvent, NeighbourPost
from fedi_chapter.federation import objects, ours
from fedi_chapter.federation.case import Case
from fedi_chapter.federation.intake import take_event, take_neighbour_post
from fedi_chapter.federation.objects import Authored
from fedi_chapter.federation.outcome import Done, Ignored, Outcome
from fedi_chapter.store import following, neighbours, reactions, tombstones
from fedi_chapter.store.tx import ReadTx, WriteTx
from fedi_chapter.vocab.activities import Announce, Note
from fedi_chapter.vocab.shape import same_host

_NEWS = frozenset({"Update", "Delete"})
"""What a group passes on about something that we may keep already."""


async def prepare(deps: Deps, activity: Announce, case: Case) -> Authored | Literal["gone"] | None:
    """Fetch what somebody we follow boosted; None when it is ours, known or nobody's business."""
    if same_host(activity.object, case.urls.base):
        return None
    is_news = activity.inner_type in _NEWS

    def is_wanted(tx: ReadTx) -> bool:
        is_due = is_news or _kept(tx, activity.object) is None
        return is_due and following.is_followed(tx, case.sender.uri)

    if not await deps.db.read(is_wanted):
        return None
    try:
        return await objects.fetch(deps, activity.object, budget=case.budget)
    except RemoteGone:
        if is_news:
            return "gone"
        raise


def apply(
    tx: WriteTx, activity: Announce, case: Case, prepared: Authored | Literal["gone"] | None
) -> Outcome:
    """Count the boost, or keep what was boosted."""
    if same_host(activity.object, case.urls.base):
        return _count(tx, activity, case)
    if prepared == "gone":
        return _forget(tx, activity)
    if prepared is None:
        return Ignored("a boost of others that we do not follow, or of something known")
    if isinstance(prepared.content, Note):
        return take_neighbour_post(tx, prepared.content, prepared.author, case)
    is_news = activity.inner_type in _NEWS
    return take_event(
        tx,
        prepared.content,
        prepared.author,
        case,
        boosted=True,
        is_update=is_news,
        origin=prepared.content.event,
    )


def _kept(tx: ReadTx, uri: str) -> NeighbourEvent | NeighbourPost | None:
    return neighbours.get_event(tx, uri) or neighbours.get_post(tx, uri)


def _forget(tx: WriteTx, activity: Announce) -> Outcome:
    kept = _kept(tx, activity.object)
    if kept is None:
        return Ignored("deletes what we never kept")
    tombstones.put(tx, kept.uri, None, False)
    neighbours.remove(tx, kept.uri, kept.actor_uri)
    return Done("deleted")


def _count(tx: WriteTx, activity: Announce, case: Case) -> Outcome:
    # Relays announce the activity (`…#create`) rather than the object.
    uri = activity.object.partition("#")[0]
    if ours.owner_at(tx, case.urls, uri) is None:
        return Ignored("a boost of nothing that is here")
    boost = Reaction("boost", case.sender.uri, uri, activity.id, tx.now)
    return Done("boost counted") if reactions.put(tx, boost) else Ignored("counted before")
