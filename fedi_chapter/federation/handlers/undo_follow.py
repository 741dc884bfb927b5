"""Undo of a Follow: somebody stops following, or takes the request back.

Matched by who and whom; the Follow's id may be one we never saw, or all we are given
(mastodon.md §9 item 41).
"""

from fedi_chapter.federation import ours
from fedi_chapter.federation.case import Case
from fedi_chapter.federation.outcome import Done, Ignored, Outcome
from fedi_chapter.store import followers, local_actors
from fedi_chapter.store.tx import WriteTx
from fedi_chapter.vocab.activities import UndoFollow


def apply(tx: WriteTx, activity: UndoFollow, case: Case) -> Outcome:
    """Remove the sender as a follower of the target, or of whom the bare Follow id names."""
    if activity.target is not None:
        followed = ours.followed_at(tx, case.urls, activity.target)
        candidates = [followed] if followed else []
    else:
        candidates = [
            actor
            for actor in local_actors.everyone(tx)
            if (known := followers.get(tx, actor.id, case.sender.uri))
            and known.follow_activity == activity.follow_id
        ]
    removed = [followers.remove(tx, actor.id, case.sender.uri) for actor in candidates]
    return Done("follower left") if any(removed) else Ignored("did not follow")
