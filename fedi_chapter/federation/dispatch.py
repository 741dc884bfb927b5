"""What happens with each activity, on one screen: a handler, or the reason why nothing does.

Called by `workers.inbox` with one stored activity at a time. A test fails when a class of
`vocab.activities` stands in neither form. What activities mean is in `federation.handlers`.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from fedi_chapter.core.errors import NoDocument, RemoteFailure, RemoteGone
from fedi_chapter.core.log import get_logger
from fedi_chapter.deps import Deps
from fedi_chapter.domain.inbox import InboxJob
from fedi_chapter.domain.remote_actor import PROFILE_AGE, RemoteActor
from fedi_chapter.federation import remote_actors, undoing
from fedi_chapter.federation.aside import read_aside
from fedi_chapter.federation.case import Case, Handler
from fedi_chapter.federation.concern import as_hint, concerns_us
from fedi_chapter.federation.handlers import (
    announce,
    attendance_answer,
    block,
    by_reference,
    create_event,
    create_note,
    event_answer,
    flag,
    follow,
    follow_answer,
    join,
    leave,
    like,
    move,
    quote_request,
    remove_actor,
    remove_object,
    undo_announce,
    undo_answer,
    undo_block,
    undo_follow,
    undo_like,
    undo_unknown,
    update_actor,
    update_event,
    update_note,
    vote,
)
from fedi_chapter.federation.outcome import Ignored, Outcome
from fedi_chapter.net.fetch import Budget
from fedi_chapter.net.pools import Cause
from fedi_chapter.store import blocks, following, inbox
from fedi_chapter.store import remote_actors as actors
from fedi_chapter.store.tx import WriteTx
from fedi_chapter.vocab import activities as act
from fedi_chapter.vocab.read import read_activity

log = get_logger(__name__)

TABLE: dict[type[act.Activity], Handler | Ignored] = {
    act.Follow: Handler(follow.apply),
    act.UndoFollow: Handler(undo_follow.apply),
    act.FollowAnswer: Handler(follow_answer.apply),
    act.CreateNote: Handler(create_note.apply),
    act.UpdateNote: Handler(update_note.apply),
    act.CreateEvent: Handler(create_event.apply),
    act.UpdateEvent: Handler(update_event.apply),
    act.CreateByReference: Handler(by_reference.apply, by_reference.prepare),
    act.DeleteObject: Handler(remove_object.apply, remove_object.prepare),
    act.UpdateActor: Handler(update_actor.apply, update_actor.prepare),
    act.DeleteActor: Handler(remove_actor.apply, remove_actor.prepare),
    act.Announce: Handler(announce.apply, announce.prepare),
    act.UndoAnnounce: Handler(undo_announce.apply),
    act.Like: Handler(like.apply),
    act.UndoLike: Handler(undo_like.apply),
    act.Block: Handler(block.apply),
    act.UndoBlock: Handler(undo_block.apply),
    act.UndoUnknown: Handler(undo_unknown.apply),
    act.Flag: Handler(flag.apply),
    act.Move: Handler(move.apply, move.prepare),
    act.QuoteRequest: Handler(quote_request.apply),
    act.QuoteAnswer: Ignored("we ask nobody for a quote"),
    act.Join: Handler(join.apply),
    act.Leave: Handler(leave.apply),
    act.EventAnswer: Handler(event_answer.apply),
    act.UndoAnswer: Handler(undo_answer.apply),
    act.Vote: Handler(vote.apply),
    act.AttendanceAnswer: Handler(attendance_answer.apply),
    act.AddOrRemove: Ignored("we show nobody else's pinned posts or collections"),
    act.Other: Ignored("an activity we have no use for"),
}
"""Every class of `vocab.activities`, once."""

NOT_OUR_BUSINESS = Ignored("passed on by others, and none of our business")
ALIAS = Ignored("the actor goes by another id")
REFUSED = Ignored("blocked since it came")
GONE = Ignored("the actor, or what it is about, is gone")
UNUSABLE = Ignored("the origin gave nothing we can use")


SHORTEST_WAIT, LONGEST_WAIT = timedelta(seconds=30), timedelta(hours=6)
"""How long an activity waits for a server that must be asked and does not answer: as long again
as it has waited, within these bounds."""
PATIENCE = timedelta(days=1)
"""How old it may grow by that."""
PATIENCE_WITH_DELETES = timedelta(days=31)
"""The same for a Delete: nobody sends it again."""


@dataclass(frozen=True, slots=True)
class _End:
    """How it ended, and whether more of the same actor waits."""

    outcome: Outcome
    has_more: bool


async def process(deps: Deps, job: InboxJob) -> bool:
    """Handle one stored activity: its effect, the answer and the mark commit together.

    Return whether more of the same actor waits.

    Raises:
        Exception: anything unexpected; the caller retries and parks.

    """
    activity = await read_aside(read_activity, job.body)
    try:
        end = await _handle(deps, job, activity)
    except RemoteFailure as error:
        if error.retry:
            await _put_back(deps, job, activity, error)
            return True
        why = GONE if isinstance(error, RemoteGone) else UNUSABLE
        end = await _finish(deps, job, why, detail=error.message)
    outcome, kind = end.outcome, type(end.outcome).__name__.lower()
    log.info("activity", job=job.id, host=job.host, type=type(activity).__name__, outcome=kind)
    deps.metrics.add(f"inbox.{kind}.{type(activity).__name__}")
    if isinstance(outcome, Ignored):
        deps.metrics.add(f"inbox.ignored because.{outcome.reason}")
    return end.has_more


async def _handle(deps: Deps, job: InboxJob, activity: act.Activity) -> _End:
    budget = Budget()
    if not job.proved:
        hint = activity
        if not await deps.db.read(lambda tx: concerns_us(tx, hint, deps.urls)):
            return await _finish(deps, job, NOT_OUR_BUSINESS)
        activity = as_hint(activity)
    handler = TABLE[type(activity)]
    if isinstance(handler, Ignored):
        detail = activity.reason if isinstance(activity, act.Other) else ""
        return await _finish(deps, job, handler, detail=detail)

    def apply(tx: WriteTx, sender: RemoteActor, prepared: object = None) -> _End:
        case = Case.of(job, sender, deps, budget)
        is_refused = blocks.find(tx, actor_uri=sender.uri, host=sender.host) is not None
        outcome = REFUSED if is_refused else _outcome(tx, handler, activity, case, prepared)
        return _End(outcome, inbox.finish(tx, job.id, str(outcome)))

    def apply_at_once(tx: WriteTx) -> _End | None:
        sender = actors.get(tx, activity.actor)
        return apply(tx, sender) if sender and _is_fresh(sender, tx.now) else None

    if handler.prepare is None:  # the usual case: one hop to the database, no network
        end = await deps.db.write(apply_at_once)
        if end is not None:
            return end
    budget.cause = await _cause(deps, activity, proved=job.proved)
    sender = await _sender(deps, activity, budget)
    if sender.uri != activity.actor:
        return await _finish(deps, job, ALIAS)
    if handler.prepare is None:
        return await deps.db.write(lambda tx: apply(tx, sender))
    prepared = await handler.prepare(deps, activity, Case.of(job, sender, deps, budget))
    return await deps.db.write(lambda tx: apply(tx, sender, prepared))


def _outcome(
    tx: WriteTx, handler: Handler, activity: act.Activity, case: Case, prepared: object
) -> Outcome:
    if undoing.was_undone(tx, activity, case):
        return undoing.TAKEN_BACK
    outcome = handler.run(tx, activity, case, prepared)
    undoing.remember(tx, activity, outcome, case)
    return outcome


def _is_fresh(sender: RemoteActor, now: datetime) -> bool:
    return bool(
        sender.gone_at is None and sender.fetched_at and now - sender.fetched_at <= PROFILE_AGE
    )


async def _cause(deps: Deps, activity: act.Activity, *, proved: bool) -> Cause:
    if proved and await deps.db.read(lambda tx: following.is_followed(tx, activity.actor)):
        return Cause.NEIGHBOUR
    return Cause.STRANGER


async def _sender(deps: Deps, activity: act.Activity, budget: Budget) -> RemoteActor:
    """Return the activity's actor, fresh enough to be shown; a departing one is not asked."""
    if isinstance(activity, act.DeleteActor):
        return await remote_actors.actor(deps, activity.actor, budget=budget, max_age=timedelta.max)
    sender = await remote_actors.actor(deps, activity.actor, budget=budget, max_age=PROFILE_AGE)
    if sender.gone_at is None:
        return sender
    return await remote_actors.refresh(deps, activity.actor, budget)


async def _finish(deps: Deps, job: InboxJob, outcome: Outcome, *, detail: str = "") -> _End:
    text = f"{outcome} ({detail})" if detail else str(outcome)
    return _End(outcome, await deps.db.write(lambda tx: inbox.finish(tx, job.id, text)))


async def _put_back(
    deps: Deps, job: InboxJob, activity: act.Activity, error: RemoteFailure
) -> None:
    """Try again later; what has waited too long is set aside, or dropped if it never was one.

    What may wait for a third server stands aside: its actor's later activities go on.
    """
    now = deps.clock.now()
    age = now - job.received_at
    is_delete = isinstance(activity, act.DeleteActor | act.DeleteObject)
    if age <= (PATIENCE_WITH_DELETES if is_delete else PATIENCE):
        handler = TABLE[type(activity)]
        aside = not job.proved or (isinstance(handler, Handler) and handler.prepare is not None)
        due = now + min(max(age, SHORTEST_WAIT), LONGEST_WAIT)
        await deps.db.write(
            lambda tx: inbox.give_back(tx, job.id, due, error.message, stands_aside=aside)
        )
    elif isinstance(error, NoDocument):
        await _finish(deps, job, UNUSABLE, detail=error.message)
    else:
        await deps.db.write(lambda tx: inbox.park(tx, job.id, error.message))
