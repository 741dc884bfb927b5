"""Messages: an organizer's own words to everybody who answered an event and did not say no."""

from dataclasses import dataclass
from datetime import datetime
from typing import NewType

from fedi_chapter.domain.event import EventId

EventMessageId = NewType("EventMessageId", str)


@dataclass(frozen=True, slots=True)
class EventMessage:
    """One message, as it was written."""

    id: EventMessageId
    event_id: EventId
    text: str
    """Plain text; empty lines part paragraphs."""
    urgent: bool
    at: datetime
