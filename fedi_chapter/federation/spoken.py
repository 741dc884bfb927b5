"""Answers in plain words: what a reply or a message says about coming to an event.

Called by `federation.intake` for every note it keeps, and for edits. The words are read by
`vocab.reply_words`. A reply deleted later takes no answer back: many people let their server
delete old posts, and must not lose their seats by it.
"""

from fedi_chapter.domain.event import Event, EventId
from fedi_chapter.domain.notice import NoticeKind
from fedi_chapter.domain.remote_actor import RemoteActor
from fedi_chapter.domain.rsvp import RANKS, Answer, Route, RsvpStatus, Saying, terms
from fedi_chapter.domain.urls import Urls
from fedi_chapter.federation import answers
from fedi_chapter.federation.outcome import Done, Ignored, Outcome
from fedi_chapter.services import rsvps
from fedi_chapter.services.erasure import forget_person
from fedi_chapter.services.members import answers_of
from fedi_chapter.services.notices import tell_actor
from fedi_chapter.store import events, local_actors, notices
from fedi_chapter.store.tx import ReadTx, WriteTx
from fedi_chapter.vocab.activities import Note
from fedi_chapter.vocab.reply_words import Meaning, Words, read_reply

REMINDED = {Meaning.MUTE: True, Meaning.UNMUTE: False}


def hear(
    tx: WriteTx, note: Note, author: RemoteActor, urls: Urls, *, before: str | None = None
) -> Outcome | None:
    """Do what a note says about coming; None when it is just a note.

    `before` is its text before an edit: who only mends a spelling says nothing new.
    """
    words = read_reply(note.content)
    if words is None or (before is not None and read_reply(before) == words):
        return None
    event = _about(tx, note, author, urls)
    if words.meaning is Meaning.FORGET and (event is not None or not note.is_public):
        return _forget(tx, note, author, event)
    if event is None:
        return None
    if words.meaning is Meaning.UNSURE:
        return _ask_back(tx, note, author, event)
    if words.meaning in REMINDED:
        return _mute(tx, event, author, muted=REMINDED[words.meaning])
    return _answer(tx, note, author, event, words)


def is_unclear(note: Note) -> bool:
    """Tell whether a note says something about coming that only a person can understand."""
    words = read_reply(note.content)
    return words is not None and words.meaning is Meaning.UNSURE


def _about(tx: ReadTx, note: Note, author: RemoteActor, urls: Urls) -> Event | None:
    """Return the event a note is about: it answers the event or its face, no other reply.

    A private one may also answer a message of ours about the event, or hold its address.
    """
    event = answers.event_at(tx, urls, note.in_reply_to, author)
    if event is not None or note.is_public:
        return event
    notice_id = urls.own_notice(note.in_reply_to or "")
    named = {notices.event_of(tx, notice_id)} if notice_id else urls.events_in(note.content)
    if len(named) != 1:
        return None
    (event_id,) = named
    return answers.known_event(tx, EventId(event_id), author) if event_id else None


def _answer(
    tx: WriteTx, note: Note, author: RemoteActor, event: Event, words: Words
) -> Outcome | None:
    answer = Answer(words.meaning.value)
    saying = Saying(
        answer=answer,
        route=Route.REPLY,
        at=note.updated or note.published or tx.now,
        rank=RANKS[answer],
        guests=words.guests,
        activity_id=note.id,
    )
    return answers.respond(tx, event, author, saying, language=note.language)


def _mute(tx: WriteTx, event: Event, author: RemoteActor, *, muted: bool) -> Outcome | None:
    known = answers.standing(tx, event, author)
    if known is None:
        return None
    rsvps.mute(tx, event, known, muted=muted)
    return Done("reminders muted" if muted else "reminders on again")


def _ask_back(tx: WriteTx, note: Note, author: RemoteActor, event: Event) -> Outcome | None:
    """Ask what was meant, once per person and event, and not who has answered in public."""
    allows = terms(event, tx.now)
    is_over = allows.is_cancelled or allows.is_closed or allows.is_over
    if not allows.is_on or is_over or author.is_automatic:
        return None
    known = answers.standing(tx, event, author)
    if note.is_public and known is not None and known.status is not RsvpStatus.NONE:
        return None
    asked = tell_actor(
        tx,
        event,
        author.uri,
        NoticeKind.UNSURE,
        occasion="once",
        language=note.language,
        in_reply_to=note.id,
    )
    return Done("asked what was meant") if asked else Ignored("asked what was meant before")


def _forget(tx: WriteTx, note: Note, author: RemoteActor, event: Event | None) -> Outcome:
    """Erase the author here, and say so: in the name of whose event it was about."""
    about = event or _any_event(tx, author)
    forget_person(tx, author.uri)
    if about is not None:
        tell_actor(
            tx,
            about,
            author.uri,
            NoticeKind.FORGOTTEN,
            occasion=note.id,
            language=note.language,
            in_reply_to=note.id,
        )
    return Done("forgotten as asked")


def _any_event(tx: ReadTx, author: RemoteActor) -> Event | None:
    chapter = local_actors.chapter(tx)
    answered = [event for event, _ in answers_of(tx, author.uri)]
    published = events.published(tx, chapter.id, limit=1) if chapter else []
    return next((each for each in [*answered, *published] if each.deleted_at is None), None)
