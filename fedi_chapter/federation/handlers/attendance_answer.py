"""Accept, Reject or Ignore of what we said about an event: do we have a seat there?

Matched by the id of our last word; by type, who and which event where no id of ours is named
(events.md §9.4, §9.6 item 33).
"""

from fedi_chapter.domain.attendance import Attendance
from fedi_chapter.federation import ours
from fedi_chapter.federation.attending import take_answer
from fedi_chapter.federation.case import Case
from fedi_chapter.federation.outcome import Outcome
from fedi_chapter.store import attendances
from fedi_chapter.store.tx import ReadTx, WriteTx
from fedi_chapter.vocab.activities import AttendanceAnswer


def apply(tx: WriteTx, activity: AttendanceAnswer, case: Case) -> Outcome:
    """Write down the answer."""
    return take_answer(tx, _said(tx, activity, case), activity.answer, case)


def _said(tx: ReadTx, activity: AttendanceAnswer, case: Case) -> Attendance | None:
    answer_id = case.urls.own_attendance(activity.said_id or "")
    if answer_id is not None:
        return attendances.by_answer(tx, answer_id)
    attendee = ours.actor_at(tx, case.urls, activity.attendee or "")
    if attendee is None or activity.event is None:
        return None
    said = attendances.get(tx, attendee.id, activity.event)
    return said if said and said.verb == activity.said_as else None
