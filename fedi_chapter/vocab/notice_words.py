"""What a person is told about an event, in words: one text for each kind of notice.

Called by `federation.telling`, which sends it as a direct message or as mail. Pure: what is
known comes in as a Briefing, addresses come as they are.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

from fedi_chapter.core.i18n import Translator, translator
from fedi_chapter.core.text import one_line
from fedi_chapter.domain.notice import Briefing, NoticeKind
from fedi_chapter.domain.rsvp import Refusal
from fedi_chapter.vocab.notice_parts import (
    LONGEST_NAME,
    Link,
    Paragraph,
    Telling,
    Ways,
    Words,
    bring,
    calendar,
    change_of_mind,
    details,
    more_guests,
    signature,
    undo,
    when_and_where,
)
from fedi_chapter.vocab.when import span
from fedi_chapter.vocab.wording import date_of


def write_words(about: Briefing, ways: Ways) -> Words:
    """Return what to tell, in the reader's language or, where we lack it, the event's."""
    rsvp = about.rsvp
    t = _speaker(about.notice.language, rsvp.language if rsvp else None, about.event.language)
    telling = Telling(about, replace(about.event, language=t.language), ways, t)
    subject, *paragraphs = _TEXTS[about.notice.kind](telling)
    foot = signature(telling) if telling.by_mail else ()
    kept = tuple(each for each in (*paragraphs, foot) if each)
    return Words(t.language, str(subject[0]), kept)


def _speaker(*languages: str | None) -> Translator:
    """Return the translator for the first of `languages` that we have words for."""
    for language in filter(None, languages):
        found = translator(language)
        if found.messages or language.lower().startswith("en"):
            return found
    return translator("en")


# -- texts: the subject, which is the first sentence, then paragraphs ------------------------

Text = tuple[Paragraph, ...]


def _said(sentence: str, *paragraphs: Paragraph) -> Text:
    """Return a text that begins with its subject."""
    return (sentence,), (sentence,), *paragraphs


def _going(telling: Telling) -> Text:
    t, rsvp = telling.t, telling.about.rsvp
    guests = rsvp.guests if rsvp else 0
    with_guests = (
        (
            t.count(
                "You and {number} guest are counted.",
                "You and {number} guests are counted.",
                guests,
            ),
        )
        if guests
        else ()
    )
    return _said(
        t("See you there! You are going to “{event}”.", event=telling.name),
        with_guests,
        more_guests(telling),
        when_and_where(telling),
        bring(telling),
        undo(telling),
        calendar(telling),
    )


def _maybe(telling: Telling) -> Text:
    t = telling.t
    return _said(
        t("Noted: you may come to “{event}”.", event=telling.name),
        when_and_where(telling),
        (t("Tell us when you know: reply “going” or “can't make it”."),)
        if not telling.by_mail
        else (),
        details(telling),
        calendar(telling),
    )


def _no(telling: Telling) -> Text:
    sentence = telling.t("Thanks for telling us: you can't come to “{event}”.", event=telling.name)
    return _said(sentence, change_of_mind(telling))


def _taken_back(telling: Telling) -> Text:
    sentence = telling.t("Done: your answer to “{event}” is taken back.", event=telling.name)
    return _said(sentence, change_of_mind(telling))


def _pending(telling: Telling) -> Text:
    t = telling.t
    return _said(
        t("Thanks! You asked to come to “{event}”.", event=telling.name),
        (t("An organizer looks at every answer; we will tell you."),),
        when_and_where(telling),
        undo(telling),
    )


def _waitlist(telling: Telling) -> Text:
    t, place = telling.t, telling.about.place_in_line
    return _said(
        t(
            "“{event}” is full: you are number {place} in line.",
            event=telling.name,
            place=t.number(place),
        ),
        (t("When a seat is free for you, it is yours, and we tell you at once."),),
        more_guests(telling),
        when_and_where(telling),
        undo(telling),
    )


def _promoted(telling: Telling) -> Text:
    return _said(
        telling.t("Good news: you have a seat at “{event}”!", event=telling.name),
        when_and_where(telling),
        bring(telling),
        undo(telling),
        calendar(telling),
    )


def _declined(telling: Telling) -> Text:
    t = telling.t
    return _said(
        t("Sorry, the organizers could not give you a seat at “{event}”.", event=telling.name),
        details(telling),
    )


def _refused(telling: Telling) -> Text:
    t, name = telling.t, telling.name
    sentences = {
        Refusal.CANCELLED: t(
            "“{event}” was cancelled, so your answer could not count.", event=name
        ),
        Refusal.POSTPONED: t(
            "“{event}” is postponed. Please answer when the new date is known.", event=name
        ),
        Refusal.PAST: t("Your answer to “{event}” came too late to count.", event=name),
        Refusal.FULL: t("Sorry, “{event}” is full.", event=name),
        Refusal.PARTY_TOO_LARGE: t(
            "Sorry, there is no room for so many of you at “{event}”.", event=name
        ),
        Refusal.NO_ROOM_FOR_GUESTS: t(
            "Sorry, “{event}” has no seat for more guests. Yours is still yours.", event=name
        ),
    }
    sentence = sentences[Refusal(telling.about.notice.facts["refusal"])]
    return _said(sentence, details(telling))


def _unsure(telling: Telling) -> Text:
    t = telling.t
    return _said(
        t("Sorry, we are not sure what you mean about “{event}”.", event=telling.name),
        (t("Please reply “going”, “going +1” with a guest, “maybe” or “can't make it”."),),
        details(telling),
    )


def _changed(telling: Telling) -> Text:
    return _said(
        telling.t("“{event}” has changed. This is how it is now:", event=telling.name),
        _reason(telling),
        when_and_where(telling),
        bring(telling),
        undo(telling),
        calendar(telling),
    )


def _reason(telling: Telling) -> Paragraph:
    reason = telling.event.cancel_reason
    return (reason,) if reason else ()


def _postponed(telling: Telling) -> Text:
    t = telling.t
    return _said(
        t("“{event}” is postponed.", event=telling.name),
        _reason(telling),
        (f"🗓 {date_of(telling.event)}",),
        (t("Your answer is kept, and we tell you the new date."),),
        undo(telling),
    )


def _reopened(telling: Telling) -> Text:
    return _said(
        telling.t("Good news: “{event}” takes place after all!", event=telling.name),
        _new_time(telling),
        _reason(telling),
        when_and_where(telling),
        bring(telling),
        undo(telling),
        calendar(telling),
    )


def _new_time(telling: Telling) -> Paragraph:
    """Return that the day or hour has changed, and from which."""
    t, former = telling.t, telling.event.previous_starts_at
    if former is None:
        return ()
    before = span(replace(telling.event, starts_at=former, ends_at=None))
    return (t("This event has a new time."), f"{t('Before, it was:')} {before}")


def _cancelled(telling: Telling) -> Text:
    t = telling.t
    return _said(
        t("Sorry, “{event}” is cancelled.", event=telling.name),
        _reason(telling),
        (f"🗓 {span(telling.event)}",),
        (t("You need not do anything."),),
        details(telling),
    )


def _reminder(telling: Telling) -> Text:
    return _said(
        telling.t("See you soon at “{event}”!", event=telling.name),
        when_and_where(telling),
        bring(telling),
        undo(telling),
        () if telling.by_mail else (telling.t("No reminders for this one? Reply “mute”."),),
    )


def _thanks(telling: Telling) -> Text:
    t, following = telling.t, telling.about.next_event
    coming: Paragraph = ()
    if following and telling.ways.next_page:
        spoken = replace(following, language=t.language)
        name = one_line(following.name, LONGEST_NAME)
        coming = (
            t("Next: “{event}”", event=name),
            f"🗓 {span(spoken)}",
            Link(t("All about it:"), telling.ways.next_page),
        )
    return _said(t("Thank you for being part of “{event}”.", event=telling.name), coming)


def _message(telling: Telling) -> Text:
    t, about = telling.t, telling.about
    sentence = (
        t("Urgent, about “{event}”:", event=telling.name)
        if about.urgent
        else t("About “{event}”:", event=telling.name)
    )
    written = (about.message or "").replace("\r\n", "\n").split("\n\n")
    said = [tuple(filter(None, each.split("\n"))) for each in written]
    return _said(sentence, *said, details(telling))


def _confirm_mail(telling: Telling) -> Text:
    t, own = telling.t, telling.ways.own
    return _said(
        t("One click to go: your answer to “{event}”", event=telling.name),
        (Link(t("Confirm that this address is yours:"), own),) if own else (),
        when_and_where(telling),
        (t("Was it not you? Then do nothing: no more mail will come."),),
    )


def _forgotten(telling: Telling) -> Text:
    t = telling.t
    return _said(
        t("Done: we have erased what we kept of you."),
        (
            t(
                "Erased here: your answers and guests, your messages, replies and likes, and that "
                "you follow us."
            ),
        ),
        (t("Not ours to erase: your own posts, and copies on other servers."),),
    )


_TEXTS: Mapping[NoticeKind, Callable[[Telling], Text]] = {
    NoticeKind.GOING: _going,
    NoticeKind.MAYBE: _maybe,
    NoticeKind.NO: _no,
    NoticeKind.TAKEN_BACK: _taken_back,
    NoticeKind.PENDING: _pending,
    NoticeKind.WAITLIST: _waitlist,
    NoticeKind.PROMOTED: _promoted,
    NoticeKind.DECLINED: _declined,
    NoticeKind.REFUSED: _refused,
    NoticeKind.UNSURE: _unsure,
    NoticeKind.CHANGED: _changed,
    NoticeKind.CANCELLED: _cancelled,
    NoticeKind.POSTPONED: _postponed,
    NoticeKind.REOPENED: _reopened,
    NoticeKind.REMINDER: _reminder,
    NoticeKind.THANKS: _thanks,
    NoticeKind.MESSAGE: _message,
    NoticeKind.CONFIRM_MAIL: _confirm_mail,
    NoticeKind.FORGOTTEN: _forgotten,
}
