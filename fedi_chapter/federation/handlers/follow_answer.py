"""Accept or Reject of a Follow of ours: it counts only from the one we asked (OBJ-07).

Matched by the Follow's id, else by who asked whom. A Reject may come later: they removed us.
A bare id may as well be that of an event of ours: then it is an RSVP (Friendica); or that of
what we said about an event of theirs.
"""

from fedi_chapter.domain.follower import Following, FollowState
from fedi_chapter.domain.rsvp import Answer, Route
from fedi_chapter.federation import answers, ours
from fedi_chapter.federation.attending import take_answer
from fedi_chapter.federation.case import Case
from fedi_chapter.federation.outcome import Done, Ignored, Outcome
from fedi_chapter.store import attendances, following
from fedi_chapter.store.tx import ReadTx, WriteTx
from fedi_chapter.vocab.activities import FollowAnswer


def apply(tx: WriteTx, activity: FollowAnswer, case: Case) -> Outcome:
    """Write down the answer."""
    event = answers.event_at(tx, case.urls, activity.follow_id, case.sender)
    if event is not None:
        meaning = Answer.GOING if activity.accepted else Answer.NO
        saying = answers.said(activity, case, meaning, Route.ANSWER)
        return answers.respond(tx, event, case.sender, saying)
    said_id = case.urls.own_attendance(activity.follow_id or "")
    if said_id is not None:
        said = attendances.by_answer(tx, said_id)
        return take_answer(tx, said, "Accept" if activity.accepted else "Reject", case)
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
