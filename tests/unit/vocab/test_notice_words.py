"""What people are told: short, warm, in their language, with the way back in it."""

import ast
from dataclasses import replace
from datetime import timedelta
from inspect import getsource

import pytest

from fedi_chapter.core.i18n import translator
from fedi_chapter.domain.event import Event, EventId, EventStatus, PlaceShown
from fedi_chapter.domain.notice import Briefing, Notice, NoticeId, NoticeKind, NoticeRoute
from fedi_chapter.domain.rsvp import Rank, Refusal, Route, Rsvp, RsvpId, RsvpStatus
from fedi_chapter.vocab import notice_parts, notice_words
from fedi_chapter.vocab.direct import write_direct
from fedi_chapter.vocab.letters import write_text
from fedi_chapter.vocab.notice_parts import Ways, Words
from fedi_chapter.vocab.notice_words import write_words
from tests.kit.builders import NOW, a_chapter, a_remote_actor, an_event

WAYS = Ways(
    page="https://chapter.example/events/1",
    own="https://chapter.example/rsvp/a-token",
    calendar="https://chapter.example/events/1.ics",
    next_page="https://chapter.example/events/2",
)
BY_MAIL = replace(WAYS, stop="https://chapter.example/mail/stop/a-token")


def an_rsvp(status: RsvpStatus = RsvpStatus.GOING, **more: object) -> Rsvp:
    made = Rsvp(
        id=RsvpId("r"),
        event_id=EventId("e"),
        key="ana",
        status=status,
        route=Route.POLL,
        said_at=NOW,
        said_rank=Rank.ACCEPT,
        said_guests=0,
        created_at=NOW,
        changed_at=NOW,
    )
    return replace(made, **more)  # type: ignore[arg-type]


def told(
    kind: NoticeKind,
    event: Event | None = None,
    *,
    rsvp: Rsvp | None = None,
    route: NoticeRoute = NoticeRoute.DIRECT,
    language: str | None = None,
    ways: Ways = WAYS,
    **known: object,
) -> Words:
    about = event or an_event()
    facts = {"refusal": Refusal.PAST.value}
    notice = Notice(
        NoticeId("n"), about.id, kind, route, "ana", "once", NOW, language=language, facts=facts
    )
    briefing = Briefing(notice, about, a_chapter(), rsvp or an_rsvp(), **known)  # type: ignore[arg-type]
    return write_words(briefing, ways)


def text(words: Words) -> str:
    return write_text(words)


def sentences() -> set[str]:
    """Return every English sentence that a notice can say."""
    source = getsource(notice_words) + getsource(notice_parts)
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    named = [
        call.args[0].value
        for call in calls
        if getattr(call.func, "id", getattr(call.func, "attr", "")) in {"t", "count"}
        and call.args
        and isinstance(call.args[0], ast.Constant)
    ]
    return {str(each) for each in named}


def test_every_sentence_has_spanish_words() -> None:
    assert len(sentences()) > 40
    assert sentences() - set(translator("es").messages) == set()


@pytest.mark.parametrize("kind", NoticeKind)
@pytest.mark.parametrize("route", NoticeRoute)
def test_there_are_words_for_every_kind_by_every_route(
    kind: NoticeKind, route: NoticeRoute
) -> None:
    known = {"message": "Bring a lamp."} if kind is NoticeKind.MESSAGE else {}
    words = told(kind, route=route, place_in_line=3, **known)
    is_about_a_person = kind is NoticeKind.FORGOTTEN
    assert ("Monthly meeting" in words.subject) is not is_about_a_person
    assert text(words).startswith(words.subject)
    assert len(text(words)) < 800


@pytest.mark.parametrize("refusal", Refusal)
def test_there_are_words_for_every_refusal_we_tell(refusal: Refusal) -> None:
    if refusal is Refusal.OFF:
        return
    event = an_event()
    notice = Notice(
        NoticeId("n"),
        event.id,
        NoticeKind.REFUSED,
        NoticeRoute.DIRECT,
        "ana",
        "once",
        NOW,
        facts={"refusal": refusal.value},
    )
    words = write_words(Briefing(notice, event, a_chapter()), WAYS)
    assert "Monthly meeting" in words.subject


def test_a_confirmation_says_when_where_how_to_undo_it_and_has_the_calendar_link() -> None:
    said = text(told(NoticeKind.GOING, an_event(bring="a pen"), rsvp=an_rsvp(guests=2)))
    assert said == (
        "See you there! You are going to “Monthly meeting”.\n\n"
        "You and 2 guests are counted.\n\n"
        "🗓 Sun, Nov 22, 2026, 6:00 AM–8:00 AM CST\n"
        "📍 Town Library, 1 Main St\n\n"
        "Please bring: a pen\n\n"
        "Change of plans? Reply “can't make it”.\n"
        "Or change your answer here:\nhttps://chapter.example/rsvp/a-token\n\n"
        "For your calendar:\nhttps://chapter.example/events/1.ics\n"
    )


def test_a_reminder_says_what_to_bring_and_how_to_undo_it() -> None:
    said = text(told(NoticeKind.REMINDER, an_event(bring="a pen")))
    assert "a pen" in said
    assert "can't make it" in said
    assert "“mute”" in said


def test_who_waits_hears_the_number_in_line() -> None:
    words = told(NoticeKind.WAITLIST, rsvp=an_rsvp(RsvpStatus.WAITLIST), place_in_line=1)
    assert words.subject == "“Monthly meeting” is full: you are number 1 in line."


def test_a_person_is_told_in_her_language_and_else_in_the_events() -> None:
    assert told(NoticeKind.GOING, language="es").language == "es"
    assert "¡Nos vemos allí!" in text(told(NoticeKind.GOING, language="es-MX"))
    assert "dom, 22 nov 2026" in text(told(NoticeKind.GOING, language="es"))
    spanish = an_event(language="es")
    assert "¡Nos vemos" in text(told(NoticeKind.GOING, spanish))
    assert "See you there" in text(told(NoticeKind.GOING, spanish, language="en-GB"))
    assert "¡Nos vemos" in text(told(NoticeKind.GOING, spanish, language="xx"))


def test_where_the_place_is_for_some_a_message_names_the_page_that_shows_it() -> None:
    event = an_event(place_shown=PlaceShown.TO_GOING)
    assert "The exact place is on your page:\nhttps://chapter.example/rsvp/a-token" in text(
        told(NoticeKind.GOING, event)
    )
    waiting = told(NoticeKind.WAITLIST, event, rsvp=an_rsvp(RsvpStatus.WAITLIST))
    assert "shown to those who have a seat" in text(waiting)


def test_a_cancellation_gives_the_reason() -> None:
    event = an_event(status=EventStatus.CANCELLED, cancel_reason="Storm")
    said = text(told(NoticeKind.CANCELLED, event))
    assert said.startswith("Sorry, “Monthly meeting” is cancelled.\n\nStorm\n")


def test_thanks_name_the_next_event() -> None:
    upcoming = an_event(name="Picnic", starts_at=NOW + timedelta(days=9), ends_at=None)
    said = text(told(NoticeKind.THANKS, next_event=upcoming))
    assert "Next: “Picnic”" in said
    assert "https://chapter.example/events/2" in said
    assert "Next" not in text(told(NoticeKind.THANKS))


def test_an_organizers_words_stay_as_they_are() -> None:
    said = text(told(NoticeKind.MESSAGE, message="Use {door} B.\n\nSee you", urgent=True))
    assert said.startswith("Urgent, about “Monthly meeting”:\n\nUse {door} B.\n\nSee you\n")


def test_a_mail_asks_for_no_reply_and_shows_the_way_out() -> None:
    for kind in (NoticeKind.GOING, NoticeKind.MAYBE, NoticeKind.NO, NoticeKind.REMINDER):
        said = text(told(kind, route=NoticeRoute.MAIL, ways=BY_MAIL))
        assert "eply" not in said
        assert said.endswith(
            "— Minneapolis Chapter\nNo more mail from us:\n"
            "https://chapter.example/mail/stop/a-token\n"
        )


def test_a_direct_message_is_for_one_actor_and_names_her() -> None:
    ana = a_remote_actor()
    note = write_direct(
        "https://chapter.example/notices/1",
        told(NoticeKind.GOING, an_event(name="<b>R&D</b>"), language="en"),
        by="https://chapter.example/chapter",
        to=ana,
        at=NOW,
        in_reply_to="https://social.example/1",
    )
    assert note["to"] == [ana.uri]
    assert "cc" not in note
    assert "url" not in note
    assert note["inReplyTo"] == "https://social.example/1"
    assert note["tag"] == [{"type": "Mention", "name": "@ana@social.example", "href": ana.uri}]
    content = str(note["content"])
    assert note["contentMap"] == {"en": content}
    assert "&lt;b&gt;R&amp;D&lt;/b&gt;" in content
    assert content.startswith(
        '<p><span class="h-card"><a href="https://social.example/@ana" class="u-url mention">'
        "@<span>ana</span></a></span> See you there!"
    )
    assert 'href="https://chapter.example/rsvp/a-token"' in content
