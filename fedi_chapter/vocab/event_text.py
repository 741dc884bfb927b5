"""The text of an Event: its description, and below it how to take part.

Called by `vocab.events`. Event servers show title, date and place above it, so it does not. It
names every address in words, for some show no field but these; and where to look, for members
of servers that drop direct messages (EveryCal) hear in no other way what became of an answer.
"""

from collections.abc import Iterator

from fedi_chapter.core.html import escape
from fedi_chapter.core.i18n import translator
from fedi_chapter.domain.event import Event, PlaceShown, RsvpMode
from fedi_chapter.domain.urls import Urls
from fedi_chapter.vocab.wording import (
    bring,
    details,
    part_of_series,
    room_for,
    state,
    who_sees_answers,
)

_HERE = "\0"
"""Stands for an address until the words around it are made HTML."""


def event_text(event: Event, urls: Urls) -> str:
    """Return the whole text as HTML."""
    unusual = state(event)
    paragraphs = (
        [escape(unusual)] if unusual else [],
        [*_terms(event)],
        [*_ways(event, urls)],
        [*_series(event, urls)],
    )
    first, *others = (f"<p>{'<br>'.join(lines)}</p>" if lines else "" for lines in paragraphs)
    return first + event.description_html + "".join(others)


def _terms(event: Event) -> Iterator[str]:
    """Yield where to sign up and to join, for how many, and what to bring; nothing when off."""
    if event.is_cancelled:
        return
    t = translator(event.language)
    if event.rsvp is RsvpMode.EXTERNAL and event.external_url:
        words = escape(t("Sign up at {host}", host=_HERE))
        yield words.replace(_HERE, _link(event.external_url))
    if event.online_url:
        yield f"{escape(t('Join online:'))} {_link(event.online_url)}"
    if event.place and event.place_shown is PlaceShown.TO_GOING:
        yield escape(t("The exact place is shown to those who have a seat."))
    if event.link_kept:
        yield escape(t("The link is shown to those who have a seat."))
    if room := room_for(event):
        yield escape(room)
    if event.approval and event.rsvp is RsvpMode.ON:
        yield escape(t("An organizer confirms each seat."))
    if things := bring(event):
        yield escape(things)


def _ways(event: Event, urls: Urls) -> Iterator[str]:
    """Yield how to answer, and where one sees what became of it; else where to read more."""
    t, page = translator(event.language), _link(urls.event(event.id))
    if event.rsvp is not RsvpMode.ON or not event.takes_place:
        if event.visibility.has_page:
            yield f"{escape(details(event))} {page}"
        return
    if event.visibility.has_page:
        words = t("Say that you come with your server's button, or on the event's page:")
        yield f"{escape(words)} {page}"
        yield escape(
            t(
                "Not every server shows our messages. Sign in on that page to see whether you"
                " have a seat."
            )
        )
    else:
        yield escape(t("Say that you come with your server's button."))
    yield escape(who_sees_answers(event))


def _series(event: Event, urls: Urls) -> Iterator[str]:
    """Yield where the other dates are; each is an Event of its own."""
    if event.series_id is not None and event.visibility.has_page:
        yield f"{escape(part_of_series(event))} {_link(urls.series(event.series_id))}"


def _link(address: str) -> str:
    return f'<a href="{escape(address)}">{escape(address)}</a>'
