"""Taking part in events of others: what our actors say, and what comes back.

Called by `federation.attending`, which finds the event and the software of its server, and by
the handler of answers. RSVPs to events of ours are the business of `services.rsvps`.
"""

from fedi_chapter.core.errors import FormInvalid, Missing, NotAllowed
from fedi_chapter.domain.attendance import (
    ANSWERED,
    VERBS,
    Attendance,
    AttendanceState,
    dialect_of,
)
from fedi_chapter.domain.chapter import LocalActor
from fedi_chapter.domain.happening import AttendanceSaid
from fedi_chapter.domain.neighbour import NeighbourEvent
from fedi_chapter.domain.rsvp import Answer
from fedi_chapter.store import attendances, local_actors, neighbours, outbox
from fedi_chapter.store.tx import WriteTx

_STANDS = frozenset(
    {
        AttendanceState.ASKED,
        AttendanceState.TOLD,
        AttendanceState.CONFIRMED,
        AttendanceState.WITHDRAWN,
    }
)
"""What need not be said once more; a refusal may have been about a full hall."""


def attend(
    tx: WriteTx, actor: LocalActor, event: NeighbourEvent, answer: Answer, *, software: str | None
) -> Attendance:
    """Say that `actor` comes, perhaps or not; the event is kept among the neighbours' events.

    A repeated answer is not sent twice. `software` is what the event's server runs, as far as
    it is known (events.md §6, the reverse direction).

    Raises:
        NotAllowed: the event is over, cancelled or deleted.
        Missing: there is nothing to take back.
        FormInvalid: their software has no word for that answer.

    """
    local_actors.lock(tx, actor.id)
    neighbours.put_event(tx, event)
    before = attendances.get(tx, actor.id, event.uri)
    if answer is not Answer.NO:
        _check_takes_place(tx, event)
    if before and before.status is answer and before.state in _STANDS:
        return before
    verb = _verb(event, answer, before, software)
    said = Attendance(
        actor_id=actor.id,
        event_uri=event.uri,
        answer_id=tx.new_id(),
        status=answer,
        state=_first_state(answer, verb),
        verb=verb,
        said_at=tx.now,
    )
    attendances.put(tx, said)
    if verb is not None:
        news = AttendanceSaid(said.answer_id, actor.id, event.uri, event.actor_uri, verb)
        outbox.put(tx, news)
    return said


def answered(tx: WriteTx, said: Attendance, state: AttendanceState) -> bool:
    """Note what the organizers' server made of our last word; tell whether that was news.

    They may change their mind: a seat may be taken away, or found.
    """
    if said.state in {state, AttendanceState.WITHDRAWN}:
        return False
    return attendances.answer(tx, said.answer_id, state)


def _check_takes_place(tx: WriteTx, event: NeighbourEvent) -> None:
    reasons = {
        "is deleted": event.deleted_at is not None,
        "is cancelled": event.cancelled,
        "is over": event.over_at <= tx.now,
    }
    why = next((reason for reason, holds in reasons.items() if holds), None)
    if why is not None:
        raise NotAllowed(f"{event.name} {why}", cure="`event attend URL --status no` is possible")


def _verb(
    event: NeighbourEvent, answer: Answer, before: Attendance | None, software: str | None
) -> str | None:
    """Return the activity that says it, None where their software takes no RSVPs."""
    verbs = VERBS[dialect_of(event.join_mode, software)]
    if answer is Answer.NO and before is None and verbs.get(answer) != "Reject":
        raise Missing(
            f"we never said that we come to {event.name}",
            cure="`event attending` shows what we said",
        )
    if verbs and answer not in verbs:
        raise FormInvalid(
            f"the server of {event.name} has no word for {answer}", cure="say going or no"
        )
    return verbs.get(answer)


def _first_state(answer: Answer, verb: str | None) -> AttendanceState:
    if answer is Answer.NO:
        return AttendanceState.WITHDRAWN
    if verb is None:
        return AttendanceState.NO_RSVPS
    return AttendanceState.ASKED if verb in ANSWERED else AttendanceState.TOLD
