"""The poll of an event: its options with their totals, and how to answer in words.

Called by `vocab.faces`. Other servers know an option by its name alone and count all votes anew
when one changes, so the names come from the event as it was published, whatever its language
is now. Numbers only: who answered stands in no document.
"""

from datetime import datetime

from fedi_chapter.core.i18n import translator
from fedi_chapter.domain.event import Event, RsvpMode
from fedi_chapter.domain.face import FaceState
from fedi_chapter.domain.tally import Tally
from fedi_chapter.vocab.shape import Document
from fedi_chapter.vocab.when import stamp
from fedi_chapter.vocab.wording import who_sees_answers


def write_poll(event: Event, tally: Tally, said: FaceState, now: datetime) -> Document:
    """Return what makes a face a Question; the event has the names of its options.

    Who comes is counted in seats, guests included: so the number never contradicts them.
    """
    totals = (tally.shown_going, tally.maybe, tally.no)
    closed_at = _closed_at(event, now)
    return {
        "type": "Question",
        "oneOf": [_option(*each) for each in zip(event.poll, totals, strict=True)],
        "votersCount": sum(totals),
        "endTime": stamp(said.poll_ends_at or event.closes_at),
        "closed": stamp(closed_at) if closed_at else None,
    }


def how_to_answer(event: Event) -> tuple[str, ...]:
    """Return how people say that they come, and who sees it; nothing where nobody is asked."""
    if not _is_asking(event):
        return ()
    t = translator(event.language)
    if event.poll:
        how = t("Answer in the poll, or reply: going, or going +2 for you and two guests.")
    else:
        how = t("To say that you come, reply: going, or going +2 for you and two guests.")
    asked = (t("An organizer confirms each seat."),) if event.approval else ()
    return (f"✋ {how}", " ".join((*asked, who_sees_answers(event))))


def _option(name: str, total: int) -> Document:
    return {
        "type": "Note",
        "name": name,
        "replies": {"type": "Collection", "totalItems": total},
    }


def _closed_at(event: Event, now: datetime) -> datetime | None:
    """Return since when no answer counts: the last moment, or earlier when it was called off."""
    if not _is_asking(event):
        return min(event.updated_at or now, event.closes_at)
    return event.closes_at if event.closes_at <= now else None


def _is_asking(event: Event) -> bool:
    return event.rsvp is RsvpMode.ON and event.takes_place
