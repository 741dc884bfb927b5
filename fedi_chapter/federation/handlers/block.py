"""Block: somebody wants nothing to do with one of ours, so both follows end."""

from fedi_chapter.federation import ours
from fedi_chapter.federation.case import Case
from fedi_chapter.federation.outcome import Done, Ignored, Outcome
from fedi_chapter.store import followers, following
from fedi_chapter.store.tx import WriteTx
from fedi_chapter.vocab.activities import Block


def apply(tx: WriteTx, activity: Block, case: Case) -> Outcome:
    """Remove them as a follower, and our follow of them."""
    blocked = ours.actor_at(tx, case.urls, activity.target)
    if blocked is None:
        return Ignored("blocks nobody here")
    left = followers.remove(tx, blocked.id, case.sender.uri)
    follow = following.by_target(tx, blocked.id, case.sender.uri)
    if follow is not None:
        following.remove(tx, follow.id)
    return Done("parted") if left or follow else Ignored("no follow between us")
