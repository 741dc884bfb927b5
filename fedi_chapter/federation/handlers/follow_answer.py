"""Accept or Reject of a Follow of ours: it counts only from the one we asked (OBJ-07).

Matched by the Follow's id, else by who asked whom. A Reject may come later: they removed us.
"""

from fedi_chapter.domain.follower import Following, FollowState
from fedi_chapter.federation import ours
from fedi_chapter.federation.case import Case
from fedi_chapter.federation.outcome import Done, Ignored, Outcome
from fedi_chapter.store import following
from fedi_chapter.store.tx import ReadTx, WriteTx
from fedi_chapter.vocab.activities import FollowAnswer


def apply(tx: WriteTx, activity: FollowAnswer, case: Case) -> Outcome:
    """Write down the answer."""
    asked = _asked(tx, activity, case)
    if asked is None or asked.uri != case.sender.uri:
        return Ignored("answers a follow we did not ask them for")
    state = FollowState.ACCEPTED if activity.accepted else FollowState.REJECTED
    if asked.state is state:
        return Ignored("answered before")
    following.answer(tx, asked.id, state)
    return Done("follow accepted" if activity.accepted else "follow rejected")


def _asked(tx: ReadTx, activity: FollowAnswer, case: Case) -> Following | None:
    follow_id = case.urls.own_follow(activity.follow_id or "")
    if follow_id is not None:
        return following.get(tx, follow_id)
    follower = ours.actor_at(tx, case.urls, activity.follower or "")
    return following.by_target(tx, follower.id, case.sender.uri) if follower else None
