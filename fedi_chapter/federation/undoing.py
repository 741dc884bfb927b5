"""What was undone never counts, even when the Undo comes first (ActivityStreams 2.0, Undo).

Called by `federation.dispatch` around the handlers, and by `answers` for what only it can match.
An activity is known by its id; by what it is about where the Undo names another id for it, as
Misskey's of a Follow does, but then only as far as the dates of signing tell.
"""

from datetime import datetime
from hashlib import sha256

from fedi_chapter.domain.inbox import LONG_AGO
from fedi_chapter.federation.case import Case
from fedi_chapter.federation.outcome import Done, Ignored, Outcome
from fedi_chapter.store import tombstones, undone
from fedi_chapter.store.tx import WriteTx
from fedi_chapter.vocab import activities as act

ANYBODY = ""
TAKEN_BACK = Ignored("taken back before")


def was_undone(tx: WriteTx, activity: act.Activity, case: Case) -> bool:
    """Tell whether the sender took back `activity` before it came."""
    match activity:
        case act.Follow(target=thing) | act.Block(target=thing):
            marks = _marks(activity, thing)
        case act.Like(object=thing) | act.Announce(object=thing):
            marks = _marks(activity, thing)
        case act.Join() | act.EventAnswer() | act.FollowAnswer():
            marks = _marks(activity, None)
        case _:
            return False
    return bool(marks) and undone.bars(tx, marks, case.signed_at)


def remember(tx: WriteTx, activity: act.Activity, outcome: Outcome, case: Case) -> None:
    """Remember what `activity` takes back; `outcome` tells whether that had come before."""
    uri, kind, thing = _undone_by(activity)
    if uri is not None:
        bar(tx, activity.actor, uri, case.signed_at, has_come=isinstance(outcome, Done))
    if kind and thing:
        undone.put(tx, _about(activity.actor, kind, thing), case.signed_at, is_open=False)
    if isinstance(activity, act.Block) and activity.id:  # nothing else tells that it came
        bar(tx, activity.actor, activity.id, LONG_AGO, has_come=True)


def bar(tx: WriteTx, actor: str, uri: str, until: datetime, *, has_come: bool) -> None:
    """Let the activity `uri` of `actor` not count when it was signed before `until`.

    Where it has not come yet, it doesn't count whenever it was signed. Nobody can bar the
    activity of another.
    """
    undone.put(tx, _by_id(actor, uri), until, is_open=not has_come)


def note_unknown_deleted(tx: WriteTx, actor: str, uri: str) -> None:
    """Remember that `actor` deleted something we don't have: it counts if it was the author."""
    undone.put(tx, _about(actor, "Delete", uri), LONG_AGO, is_open=False)
    if not tombstones.has(tx, uri):  # else somebody said so before, perhaps its author
        undone.put(tx, _about(ANYBODY, "Delete", uri), LONG_AGO, is_open=False)


def lift(tx: WriteTx, author: str, uri: str) -> bool:
    """Forget that another of its host deleted something of `author`; tell whether that was so."""
    said, own = (_about(who, "Delete", uri) for who in (ANYBODY, author))
    if not undone.has(tx, said) or undone.has(tx, own):
        return False
    undone.remove(tx, said)
    tombstones.remove(tx, uri)
    return True


def _undone_by(activity: act.Activity) -> tuple[str | None, str, str | None]:
    """Return the id, the kind and the object of what an Undo takes back."""
    match activity:
        case act.UndoFollow(follow_id=uri, target=thing):
            return uri, "Follow", thing
        case act.UndoLike(like_id=uri, object=thing):
            return uri, "Like", thing
        case act.UndoAnnounce(announce_id=uri, object=thing):
            return uri, "Announce", thing
        case act.UndoBlock(block_id=uri, target=thing):
            return uri, "Block", thing
        case act.UndoUnknown(object=uri):
            return uri, "", None
    return None, "", None


def _marks(activity: act.Activity, thing: str | None) -> list[str]:
    marks = [_by_id(activity.actor, activity.id)] if activity.id else []
    if thing is not None:
        marks.append(_about(activity.actor, type(activity).__name__, thing))
    return marks


def _by_id(actor: str, uri: str) -> str:
    return sha256(f"{actor} {uri}".encode()).hexdigest()


def _about(actor: str, kind: str, thing: str) -> str:
    return sha256(f"{actor} {kind} {thing}".encode()).hexdigest()
