"""What an event's documents say in words: its title, its state, where and what it is.

Called by the writers of events and faces, which must tell a person everything even where
the software shows nothing but text. It speaks the event's own language, as far as there are
words for it.
"""

from urllib.parse import urlsplit

from fedi_chapter.core.graphemes import length
from fedi_chapter.core.html import escape, plain
from fedi_chapter.core.i18n import translator
from fedi_chapter.core.text import one_line, unbracketed
from fedi_chapter.domain.event import Event, EventStatus, PlaceShown, RsvpMode
from fedi_chapter.domain.face import FaceState
from fedi_chapter.vocab.when import span

TITLE_LENGTHS = range(3, 201)
"""Mobilizon refuses other lengths."""
LONGEST_SUMMARY = 500
"""Visible characters of a summary (FEP-b2b8)."""

LONGEST_REASON = 120
_STATES = {
    EventStatus.TENTATIVE: "Not yet certain",
    EventStatus.RESCHEDULED: "New time",
    EventStatus.POSTPONED: "Postponed",
    EventStatus.MOVED_ONLINE: "Now online",
    EventStatus.CANCELLED: "Cancelled",
}


def title(event: Event, *, loud: bool = False) -> str:
    """Return the title as plain text without angle brackets, which Mastodon takes for HTML.

    One that is cancelled or postponed begins with it, in capitals when `loud`; one too short for
    Mobilizon ends in the day.
    """
    name = unbracketed(event.name)
    off = None if event.takes_place else _words(event)
    if off:
        name = f"{off.upper() if loud else off}: {name}"
    if length(name) < TITLE_LENGTHS.start:
        name = f"{name} · {event.local(event.starts_at).date().isoformat()}"
    return one_line(name, TITLE_LENGTHS.stop - 1)


def state(event: Event) -> str | None:
    """Return what is unusual about the event, with the reason for it."""
    words, reason = _words(event), _reason(event)
    return f"{words}: {reason}" if reason else words


def _words(event: Event) -> str | None:
    found = _STATES.get(event.status)
    return translator(event.language)(found) if found else None


def _reason(event: Event) -> str | None:
    if not event.cancel_reason:
        return None
    return one_line(event.cancel_reason, LONGEST_REASON)


def where(event: Event) -> str | None:
    """Return the place with its address, or that the event is online."""
    if event.place:
        return one_line(event.place.words, 160)
    return translator(event.language)("Online") if event.is_online else None


def where_to_learn(event: Event) -> str | None:
    """Return that the exact place, or the link of an online event, is told after an answer."""
    t = translator(event.language)
    if event.place:
        return None if event.place_shown is PlaceShown.TO_ALL else t("exact place after RSVP")
    return t("link after RSVP") if event.link_kept else None


def taking_part(event: Event, said: FaceState) -> str | None:
    """Return where to sign up, for how many there is room, and whether seats are left.

    Nothing of a cancelled event.
    """
    if event.is_cancelled:
        return None
    t, lines = translator(event.language), []
    if event.rsvp is RsvpMode.EXTERNAL and event.external_url:
        lines.append(t("Sign up at {host}", host=urlsplit(event.external_url).hostname))
    lines += filter(None, (room_for(event), _seats(event, said)))
    return " · ".join(lines) or None


def _seats(event: Event, said: FaceState) -> str | None:
    """Return that all seats are taken, or that some are free again."""
    if event.capacity is None or said.changed_at is None:
        return None
    t = translator(event.language)
    if not said.is_full:
        return t("Seats are free again.")
    return t("Full.") if event.counts_only else t("Full. There is a waitlist.")


def room_for(event: Event) -> str | None:
    """Return for how many people there is room, where that is limited."""
    if event.capacity is None:
        return None
    t = translator(event.language)
    return f"{t('Room for')} {t.count('{number} person', '{number} people', event.capacity)}"


def who_sees_answers(event: Event) -> str:
    """Return what organizers see of an answer."""
    t = translator(event.language)
    if event.counts_only:
        return t("Organizers see only how many come.")
    return t("Organizers see your answer.")


def bring(event: Event) -> str | None:
    """Return what people are asked to bring; nothing of a cancelled event."""
    if event.is_cancelled or not event.bring:
        return None
    return translator(event.language)("Please bring: {things}", things=event.bring)


def details(event: Event) -> str:
    """Return what stands before the address of the event's page."""
    return translator(event.language)("Details and calendar:")


def part_of_series(event: Event) -> str:
    """Return what stands before the address of the series' page."""
    return translator(event.language)("Part of a series:")


def _when_and_where(event: Event, *, icons: bool = True) -> list[str]:
    day, place = ("🗓 ", "📍 ") if icons else ("", "")
    at = where(event)
    if hint := where_to_learn(event):
        at = f"{at} ({hint})"
    return [f"{day}{date_of(event)}", *([f"{place}{at}"] if at else [])]


def date_of(event: Event) -> str:
    """Return day and time; of a postponed event, that it is not then."""
    if not event.is_postponed:
        return span(event)
    return translator(event.language)("Not {date}: a new date will follow.", date=span(event))


def excerpt(event: Event, limit: int) -> str:
    """Return the beginning of the description as plain text on one line."""
    return one_line(plain(event.description_html), limit)


def paragraph(*lines: str) -> str:
    """Return lines of plain text as one paragraph of HTML."""
    return f"<p>{'<br>'.join(escape(line) for line in lines)}</p>" if lines else ""


def summary(event: Event) -> str:
    """Return the HTML that Mastodon shows below the title, in place of the description.

    It holds no link: the first one would take the preview card from the event's page.
    """
    unusual = state(event)
    lines = [*([unusual] if unusual else []), *_when_and_where(event)]
    left = LONGEST_SUMMARY - sum(len(line) + 1 for line in lines)
    about = excerpt(event, left)
    return paragraph(*lines) + (paragraph(about) if about else "")


def heading(event: Event, *, as_post: bool = False) -> str:
    """Return title, state, time and place as the first paragraph of a text that stands alone.

    The title of what is cancelled or postponed says so, and only the reason follows. A post catches
    the eye, with icons and capitals.
    """
    unusual = state(event) if event.takes_place else _reason(event)
    lines = [*([unusual] if unusual else []), *_when_and_where(event, icons=as_post)]
    told = "".join(f"<br>{escape(line)}" for line in lines)
    return f"<p><strong>{escape(title(event, loud=as_post))}</strong>{told}</p>"
