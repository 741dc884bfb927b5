"""Readers of the verbs between people: Follow to Flag, their answers, and their Undo.

Called by `vocab.read` alone. Ids are matched to what we sent or hold by the handlers; here
only the shape tells an answer to a Follow from one to an invitation.
"""

from fedi_chapter.core.errors import MalformedActivity
from fedi_chapter.vocab import activities as act
from fedi_chapter.vocab.received import Received, to_embed
from fedi_chapter.vocab.shape import (
    Document,
    id_of,
    ids_of,
    instant_of,
    line_of,
    many,
    mappings,
    only,
    same_host,
    text_of,
    type_of,
)
from fedi_chapter.vocab.terms import ANSWERABLE, ATTENDING, EVENT_ANSWERS, JOINS, LIKES

MOST_REPORTED = 100
LONGEST_COMMENT = 5_000
LONGEST_NOTE = 500
"""Characters of a word to the organizers."""


def read_follow(it: Received) -> act.Activity:
    """Read a Follow, kept as it came: microblog.pub wants it back to the letter.

    A relay, and who subscribes to one, follows Public, in any of its spellings.
    """
    target = _one(it.document.get("object"))
    if target is None:
        raise MalformedActivity("Follow without one usable object")
    return act.Follow(**it.common, target=target, document=to_embed(it.document))


def _one(value: object) -> str | None:
    """Return the one id in a value, Public in its full form."""
    return next(iter(ids_of(only(value))), None)


def read_answer(it: Received) -> act.Activity:
    """Read an Accept or Reject, tentative or not, of a follow, a quote or an event.

    A bare id may name any of them. Taken for a follow's, it is told apart by the handler,
    which knows our follows; but nobody follows tentatively.
    """
    things = many(it.document.get("object"))
    if len(things) > 1:
        follow = next((each for each in mappings(things) if type_of(each, {"Follow"})), None)
        if follow is None:
            return _event_answer(it, things)
        things = [follow]
    thing = things[0] if things else None
    firm = {"Accept": True, "Reject": False}.get(it.type)
    if isinstance(thing, dict) and type_of(thing):
        return _embedded_answer(it, thing, firm)
    if firm is None:
        return _event_answer(it, [thing])
    return act.FollowAnswer(**it.common, accepted=firm, follow_id=it.need("object"))


def _embedded_answer(it: Received, thing: Document, firm: bool | None) -> act.Activity:
    if type_of(thing, ANSWERABLE):
        return _event_answer(it, [thing])
    if firm is not None and type_of(thing, {"Follow"}):
        return act.FollowAnswer(
            **it.common,
            accepted=firm,
            follow_id=id_of(thing),
            follower=id_of(only(thing.get("actor"))),
            target=_one(thing.get("object")),
        )
    if firm is not None and type_of(thing, {"QuoteRequest"}):
        return act.QuoteAnswer(**it.common, accepted=firm, request_id=id_of(thing))
    if firm is not None and type_of(thing, ATTENDING):
        return _attendance_answer(it, thing)
    return it.other("an answer to something we never ask")


def read_ignore(it: Received) -> act.Activity:
    """Read an Ignore: whoever holds an event takes no RSVPs (FEP-8a8e)."""
    thing = it.object
    if isinstance(thing, dict) and type_of(thing):
        if type_of(thing, ATTENDING):
            return _attendance_answer(it, thing)
        return it.other(f"the Ignore of {type_of(thing)}"[:100])
    return act.AttendanceAnswer(**it.common, answer="Ignore", said_id=it.need("object"))


def _attendance_answer(it: Received, thing: Document) -> act.Activity:
    return act.AttendanceAnswer(
        **it.common,
        answer=it.type,
        said_id=id_of(thing),
        said_as=type_of(thing, ATTENDING),
        attendee=id_of(only(thing.get("actor"))),
        event=id_of(only(thing.get("object"))),
    )


def _event_answer(it: Received, things: list[object]) -> act.Activity:
    """Read an RSVP: of events by id or embedded, or of invitations to them (AS2)."""
    objects = _events_in(things)
    if not objects:
        return it.other("an answer without a usable id")
    return act.EventAnswer(**it.common, answer=it.type, objects=objects)


def _events_in(things: list[object]) -> tuple[str, ...]:
    """Return what events are answered, each once.

    An invitation by id only, or around an event without one, is known by its own id. A copy of
    an event in which somebody of another host claims to be its author is left out.
    """
    found: list[str | None] = []
    for each in things:
        is_invite = isinstance(each, dict) and type_of(each, {"Invite"})
        inner = only(each.get("object")) if is_invite and isinstance(each, dict) else each
        uri = id_of(inner) or id_of(each)
        if uri and isinstance(inner, dict):
            authors = ids_of(inner.get("attributedTo"))
            uri = uri if all(same_host(author, uri) for author in authors) else None
        found.append(uri)
    return ids_of(found)


def read_undo(it: Received) -> act.Activity:
    """Read an Undo by the type of what it takes back; a bare id is for the handler to match."""
    thing = it.object
    if not isinstance(thing, dict) or type_of(thing) is None:
        return act.UndoUnknown(**it.common, object=it.need("object"))
    author = only(thing.get("actor"))
    if author is not None and id_of(author) != it.actor:
        return it.other("the undo of somebody else's activity")
    uri, target = id_of(thing), _one(thing.get("object"))
    if type_of(thing, {"Follow"}):
        return act.UndoFollow(**it.common, follow_id=uri, target=target)
    if type_of(thing, {"Announce"}):
        return act.UndoAnnounce(**it.common, announce_id=uri, object=target)
    if type_of(thing, LIKES):
        return act.UndoLike(**it.common, like_id=uri, object=target)
    if type_of(thing, {"Block"}):
        return act.UndoBlock(**it.common, block_id=uri, target=target)
    answer = type_of(thing, JOINS | EVENT_ANSWERS)
    if answer is not None:
        return act.UndoAnswer(
            **it.common,
            answer=answer,
            answer_id=uri,
            objects=_events_in(many(thing.get("object"))),
            said_at=instant_of(thing.get("published")),
        )
    return it.other(f"the undo of {type_of(thing)}"[:100])


def read_like(it: Received) -> act.Activity:
    """Read a like; a reaction by emoji is one too (Pleroma, Misskey)."""
    return act.Like(**it.common, object=it.need("object"))


def read_block(it: Received) -> act.Activity:
    """Read a block."""
    return act.Block(**it.common, target=it.need("object"))


def read_flag(it: Received) -> act.Activity:
    """Read a report: actors and things by id or embedded, one or many, in any order."""
    objects = ids_of(it.document.get("object"))[:MOST_REPORTED]
    if not objects:
        raise MalformedActivity("Flag without any usable object")
    # Lemmy writes the reason into `summary`.
    comment = text_of(it.document, "content", LONGEST_COMMENT) or text_of(
        it.document, "summary", LONGEST_COMMENT
    )
    return act.Flag(**it.common, objects=objects, comment=comment)


def read_move(it: Received) -> act.Activity:
    """Read the move of an account."""
    return act.Move(**it.common, object=it.need("object"), target=it.need("target"))


def read_add_or_remove(it: Received) -> act.Activity:
    """Read a pin or unpin; Mastodon gives these no id."""
    uri, target = id_of(it.object), id_of(only(it.document.get("target")))
    if uri is None or target is None:
        return it.other("nothing with an id added or removed")  # a featured hashtag has none
    return act.AddOrRemove(**it.common, added=it.type == "Add", object=uri, target=target)


def read_quote_request(it: Received) -> act.Activity:
    """Read the request to quote something of ours (FEP-044f)."""
    instrument = only(it.document.get("instrument"))
    authors = many(instrument.get("attributedTo")) if isinstance(instrument, dict) else []
    return act.QuoteRequest(
        **it.common,
        object=it.need("object"),
        instrument=it.need("instrument"),
        instrument_author=id_of(only(authors)),
        document=to_embed(it.document),
    )


def read_join(it: Received) -> act.Activity:
    """Read a Join of an event (Mobilizon, Rebased); a tentative one is Smithereen's."""
    return act.Join(
        **it.common,
        object=it.need("object"),
        tentative=it.type != "Join",
        note=line_of(it.document, "participationMessage", LONGEST_NOTE),
    )


def read_leave(it: Received) -> act.Activity:
    """Read a Leave of an event."""
    return act.Leave(**it.common, object=it.need("object"))
