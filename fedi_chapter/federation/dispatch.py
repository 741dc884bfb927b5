"""What happens with each activity, on one screen: a handler, or the reason why nothing does.

Called by `workers.inbox` with one stored activity at a time. A test fails when a class of
`vocab.activities` stands in neither form. What activities mean is in `federation.handlers`.
"""

from collections.abc import Awaitable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import TypeVar

from fedi_chapter.core.errors import NoDocument, RemoteFailure, RemoteGone
from fedi_chapter.core.log import get_logger
from fedi_chapter.deps import Deps
from fedi_chapter.domain.inbox import InboxJob
from fedi_chapter.domain.remote_actor import PROFILE_AGE, RemoteActor
from fedi_chapter.federation import bare_events, remote_actors, undoing
from fedi_chapter.federation.above import fetch as fetch_above
from fedi_chapter.federation.aside import read_aside
from fedi_chapter.federation.backoff import asked_again_in
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
from fedi_chapter.federation.objects import Authored
from fedi_chapter.federation.outcome import Ignored, Lacking, Outcome
from fedi_chapter.net.fetch import Budget
from fedi_chapter.net.pools import Cause
from fedi_chapter.store import blocks, following, inbox
from fedi_chapter.store import remote_actors as actors
from fedi_chapter.store.tx import WriteTx
from fedi_chapter.vocab import activities as act
from fedi_chapter.vocab.read import read_activity

T = TypeVar("T")
log = get_logger(__name__)

TABLE: dict[type[act.Activity], Handler | Ignored] = {
    act.Follow: Handler(follow.apply),
    act.UndoFollow: Handler(undo_follow.apply),
    act.FollowAnswer: Handler(follow_answer.apply),
    act.CreateNote: Handler(create_note.apply),
    act.UpdateNote: Handler(update_note.apply),
    act.CreateEvent: Handler(create_event.apply, bare_events.look),
    act.UpdateEvent: Handler(update_event.apply, bare_events.look),
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


PATIENCE = timedelta(days=1)
"""How old an activity may grow that waits for a server that must be asked and does not answer."""
PATIENCE_WITH_DELETES = timedelta(days=31)
"""The same for a Delete: nobody sends it again."""
DELETES = (act.DeleteActor, act.DeleteObject)


class Went(Enum):
    """What became of an activity, for those of its actor that came after it."""

    ON = auto()
    """They can be processed."""
    LAST = auto()
    """There are none."""
    BACK = auto()
    """It was put back, and they wait for it."""


@dataclass(frozen=True, slots=True)
class _End:
    """How it ended, and whether more of the same actor waits."""

    outcome: Outcome
    has_more: bool


async def process(deps: Deps, job: InboxJob) -> Went:
    """Handle one stored activity: its effect, the answer and the mark commit together.

    Raises:
        Exception: anything unexpected; the caller retries and parks.

    """
    activity = await read_aside(read_activity, job.body)
    end: _End | Went
    try:
        end = await _handle(deps, job, activity)
    except _Elsewhere as failure:
        end = await _after(deps, job, activity, failure.error, stands_aside=True)
    except RemoteFailure as error:
        end = await _after(deps, job, activity, error)
    if isinstance(end, Went):
        return end
    outcome, kind = end.outcome, type(end.outcome).__name__.lower()
    log.info("activity", job=job.id, host=job.host, type=type(activity).__name__, outcome=kind)
    deps.metrics.add(f"inbox.{kind}.{type(activity).__name__}")
    if isinstance(outcome, Ignored):
        deps.metrics.add(f"inbox.ignored because.{outcome.reason}")
    return Went.ON if end.has_more else Went.LAST


async def _handle(deps: Deps, job: InboxJob, activity: act.Activity) -> _End:
    if not job.proved:
        hint = activity
        if not await deps.db.read(lambda tx: concerns_us(tx, hint, deps.urls)):
            return await _finish(deps, job, NOT_OUR_BUSINESS)
        activity = as_hint(activity)
    handler = TABLE[type(activity)]
    if isinstance(handler, Ignored):
        detail = activity.reason if isinstance(activity, act.Other) else ""
        return await _finish(deps, job, handler, detail=detail)
    return await _Turn(deps, job, activity, handler).take()


@dataclass(slots=True)
class _Turn:
    """An activity, its handler, and what was fetched for it."""

    deps: Deps
    job: InboxJob
    activity: act.Activity
    handler: Handler
    budget: Budget = field(default_factory=Budget)
    prepared: object = None
    above: tuple[Authored, ...] | None = None

    async def take(self) -> _End:
        """Apply the activity, after asking others only where that is needed."""
        end = None
        if self.handler.prepare is None:  # the usual case: one hop to the database, no network
            end = await self.deps.db.write(self._apply_at_once)
        if end is not None and not isinstance(end.outcome, Lacking):
            return end
        self.budget.cause = await self._cause()
        sender = await _sender(self.deps, self.activity, self.budget)
        if sender.uri != self.activity.actor:
            return await _finish(self.deps, self.job, ALIAS)
        if self.handler.prepare is not None:
            case = self._case(sender)
            asking = self.handler.prepare(self.deps, self.activity, case)
            self.prepared = await _elsewhere(asking)
        if end is None:
            end = await self.deps.db.write(lambda tx: self._apply(tx, sender))
        if isinstance(end.outcome, Lacking):
            self.above = await _elsewhere(fetch_above(self.deps, end.outcome.uri, self.budget))
            end = await self.deps.db.write(lambda tx: self._apply(tx, sender))
        return end

    def _apply_at_once(self, tx: WriteTx) -> _End | None:
        sender = actors.get(tx, self.activity.actor)
        return self._apply(tx, sender) if sender and _is_fresh(sender, tx.now) else None

    def _apply(self, tx: WriteTx, sender: RemoteActor) -> _End:
        outcome: Outcome = REFUSED
        if blocks.find(tx, actor_uri=sender.uri, host=sender.host) is None:
            outcome = self._outcome(tx, self._case(sender))
        if isinstance(outcome, Lacking):
            return _End(outcome, has_more=False)
        has_more = inbox.finish(tx, self.job.id, str(outcome))
        if outcome.names_nobody:
            inbox.forget_sender(tx, self.job.id)
            actors.age(tx, sender.uri)
        return _End(outcome, has_more)

    def _outcome(self, tx: WriteTx, case: Case) -> Outcome:
        if undoing.was_undone(tx, self.activity, case):
            return undoing.TAKEN_BACK
        outcome = self.handler.run(tx, self.activity, case, self.prepared)
        undoing.remember(tx, self.activity, outcome, case)
        return outcome

    def _case(self, sender: RemoteActor) -> Case:
        return Case.of(self.job, sender, self.deps, self.budget, self.above)

    async def _cause(self) -> Cause:
        uri = self.activity.actor
        if self.job.proved and await self.deps.db.read(lambda tx: following.is_followed(tx, uri)):
            return Cause.NEIGHBOUR
        return Cause.STRANGER


class _Elsewhere(Exception):
    """A server failed that had to be asked about something, and may not be the sender's."""

    def __init__(self, error: RemoteFailure) -> None:
        super().__init__(error.message)
        self.error = error


async def _elsewhere(asking: Awaitable[T]) -> T:
    try:
        return await asking
    except RemoteFailure as error:
        raise _Elsewhere(error) from error


def _is_fresh(sender: RemoteActor, now: datetime) -> bool:
    return bool(
        sender.gone_at is None and sender.fetched_at and now - sender.fetched_at <= PROFILE_AGE
    )


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


async def _after(
    deps: Deps,
    job: InboxJob,
    activity: act.Activity,
    error: RemoteFailure,
    *,
    stands_aside: bool = False,
) -> _End | Went:
    """End what a server's final answer makes useless; put back what may wait.

    What has waited too long is set aside, or dropped if it never was a document.

    What `stands_aside` lets its actor's later activities go on.
    """
    if not error.retry:
        why = GONE if isinstance(error, RemoteGone) else UNUSABLE
        return await _finish(deps, job, why, detail=error.message)
    now = deps.clock.now()
    age = now - job.received_at
    if age <= (PATIENCE_WITH_DELETES if isinstance(activity, DELETES) else PATIENCE):
        due = now + asked_again_in(age)
        await deps.db.write(
            lambda tx: inbox.give_back(tx, job.id, due, error.message, stands_aside=stands_aside)
        )
        return Went.ON if stands_aside else Went.BACK
    if isinstance(error, NoDocument):
        return await _finish(deps, job, UNUSABLE, detail=error.message)
    await deps.db.write(lambda tx: inbox.park(tx, job.id, error.message))
    return Went.ON
