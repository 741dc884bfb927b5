"""The list of attendees as a file for spreadsheets.

Called by the organizers' pages and the command line; the only such file that holds names. A
cell that a spreadsheet would take for a formula is made text, and every cell is quoted (INJ-02).
"""

import csv
import io
from collections.abc import Iterable

from fedi_chapter.domain.attendee import Attendee
from fedi_chapter.domain.event import Event

HEAD = (
    "name", "handle", "email", "status", "guests", "route", "said_at", "checked_in_at", "note",
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def attendee_list(event: Event, people: Iterable[Attendee]) -> str:
    """Return the people as CSV (RFC 4180), instants in the event's own zone."""
    file = io.StringIO()
    rows = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    rows.writerow(HEAD)
    for each in people:
        rsvp = each.rsvp
        came = rsvp.checked_in_at
        rows.writerow(
            map(
                text_cell,
                (
                    each.name,
                    each.handle,
                    rsvp.email or "",
                    rsvp.status.value,
                    str(rsvp.guests),
                    rsvp.route.value,
                    rsvp.said_at.astimezone(event.zone).isoformat(timespec="seconds"),
                    came.astimezone(event.zone).isoformat(timespec="seconds") if came else "",
                    rsvp.note or "",
                ),
            )
        )
    return file.getvalue()


def text_cell(text: str) -> str:
    """Return `text` so that no spreadsheet reads it as a formula."""
    return f"'{text}" if text.startswith(_FORMULA) or text.lstrip().startswith(_FORMULA) else text
