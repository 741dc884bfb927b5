"""Messages of organizers to everybody who may come: written once, told by every route.

Called by the command line and the organizers' pages, inside their transaction.
"""

from dataclasses import dataclass
from datetime import timedelta

from fedi_chapter.core.errors import ConfirmationNeeded, Conflict, FormInvalid
from fedi_chapter.domain.event import EventId
from fedi_chapter.domain.event_message import EventMessage, EventMessageId
from fedi_chapter.domain.notice import NoticeCount, NoticeKind
from fedi_chapter.domain.urls import Urls
from fedi_chapter.services.events import own_event
from fedi_chapter.services.notices import CONCERNED, tell_all
from fedi_chapter.store import event_messages, notices, tallies
from fedi_chapter.store.tx import ReadTx, WriteTx

LONGEST = 2000
"""Characters of a message."""
PRESSED_TWICE = timedelta(minutes=1)
URGENT_EVERY = timedelta(days=7)
"""Between two urgent messages about one event; sooner only when it is asked for again."""


@dataclass(frozen=True, slots=True)
class Report:
    """What became of messages about an event."""

    told: list[NoticeCount]
    """By route and state."""
    concerned: int
    """How many people may come; whoever is in no line of `told` reads the page."""


def message_attendees(
    tx: WriteTx,
    event_id: EventId,
    text: str,
    *,
    urgent: bool = False,
    confirm_urgent: bool = False,
) -> EventMessage:
    """Tell everybody who may come something in an organizer's own words.

    The same words twice within `PRESSED_TWICE` are one message.

    Raises:
        FormInvalid: there is no text, or too much.
        Conflict: the event is a draft, or a second urgent message within a week was not
            confirmed (`confirm_urgent`).
        Missing, Gone: there is no such event.

    """
    event = own_event(tx, event_id)
    if event.is_draft:
        raise Conflict("nobody has seen this draft yet", cure="publish it first")
    text = text.strip()
    if not text or len(text) > LONGEST:
        raise FormInvalid(
            f"a message has 1 to {LONGEST} characters",
            cure="write the rest on the event's page" if text else "write something",
            field="text",
        )
    tallies.lock(tx, event_id)  # of two presses at the same moment one sees the other's
    last = event_messages.last(tx, event_id)
    if last is not None and last.text == text and tx.now - last.at < PRESSED_TWICE:
        return last
    if urgent and not confirm_urgent:
        _spare_people(tx, event_id)
    message = EventMessage(EventMessageId(tx.new_id()), event.id, text, urgent, tx.now)
    event_messages.insert(tx, message)
    tell_all(tx, event, NoticeKind.MESSAGE, message.id, facts={"message": message.id})
    return message


def report(
    tx: ReadTx, event_id: EventId, urls: Urls, message_id: EventMessageId | None = None
) -> Report:
    """Return how far the notices of an event have come, or those of one message."""
    tally = tallies.get(tx, event_id)
    told = notices.of_event(tx, event_id, occasion=message_id, prefix=urls.notice(""))
    return Report(told, sum(getattr(tally, status.value) for status in CONCERNED))


def _spare_people(tx: ReadTx, event_id: EventId) -> None:
    last = event_messages.last_urgent(tx, event_id)
    if last is not None and tx.now - last < URGENT_EVERY:
        raise ConfirmationNeeded(
            "an urgent message about this event went out less than a week ago",
            cure="send it as an ordinary one, or confirm that it is urgent, too (--again)",
        )
