"""Readers of the verbs that bring, change, remove or pass on things: Create to Announce.

Called by `vocab.read` alone. An embedded object is believed only when it lives on its
actor's host and names the actor as its one author (OBJ-01, OBJ-02); else it is no more
than a hint to ask its origin, or nothing at all.
"""

from fedi_chapter.core.errors import BadDocument, MalformedActivity
from fedi_chapter.core.html import plain
from fedi_chapter.vocab import activities as act
from fedi_chapter.vocab.actors import read_actor
from fedi_chapter.vocab.events import read_event
from fedi_chapter.vocab.posts import is_note, read_note
from fedi_chapter.vocab.received import Received
from fedi_chapter.vocab.shape import (
    Document,
    id_of,
    ids_of,
    line_of,
    many,
    only,
    same_host,
    text_of,
    type_of,
)
from fedi_chapter.vocab.terms import ACTIVITY_TYPES, ACTOR_TYPES

LONGEST_OPTION = 500


def read_create(it: Received) -> act.Activity:
    """Read a Create: a note, an event, a vote, or a hint to fetch one."""
    thing = it.object
    if not isinstance(thing, dict) or type_of(thing) is None:
        return act.CreateByReference(**it.common, object=it.need("object"))
    return _vote(it, thing) or _content(it, thing, is_update=False)


def read_invite(it: Received) -> act.Activity:
    """Read an Invite: Hubzilla and its kin publish an event by one; into a group nobody asks us."""
    thing = it.object
    if isinstance(thing, dict) and type_of(thing, {"Event"}):
        return _content(it, thing, is_update=False)
    return it.other("an invitation to what is no event")


def read_update(it: Received) -> act.Activity:
    """Read an Update: of the actor itself, a note, an event, or a hint to fetch one."""
    thing = it.object
    if id_of(thing) == it.actor or (isinstance(thing, dict) and type_of(thing, ACTOR_TYPES)):
        return _profile(it, thing)
    if not isinstance(thing, dict) or type_of(thing) is None:
        return act.CreateByReference(**it.common, object=it.need("object"), is_update=True)
    return _content(it, thing, is_update=True)


def _profile(it: Received, thing: object) -> act.Activity:
    subject = it.need("object")
    if subject != it.actor:
        return it.other("the profile of somebody else")
    try:
        profile = read_actor(thing, requested=subject) if isinstance(thing, dict) else None
    except BadDocument:
        profile = None  # the id alone says that the profile is to be fetched again
    return act.UpdateActor(**it.common, profile=profile, subject=subject)


def _content(it: Received, thing: Document, *, is_update: bool) -> act.Activity:
    uri, is_event = id_of(thing), type_of(thing, {"Event"}) is not None
    if not (is_event or is_note(thing)):
        return it.other(f"an object of type {line_of(thing, 'type', 50) or 'unknown'}")
    if uri is None:
        return it.other("an object without a usable id")
    answers = next(iter(ids_of(thing.get("inReplyTo"))), None)
    hint = act.CreateByReference(**it.common, object=uri, is_update=is_update, in_reply_to=answers)
    if not same_host(uri, it.actor):
        return hint
    author = _event_author(thing, it.actor) if is_event else _author(thing, it.actor)
    if author != it.actor:
        # Mobilizon lets a person write in the name of a group, several may hold an event, and
        # PeerTube names a channel beside a person. Whether the others know of it only their
        # server can say.
        authors = many(thing.get("attributedTo"))
        if it.actor in ids_of([thing.get("actor") if is_event else None, *authors]):
            return hint
        return it.other("an object of another author")
    return _read(it, _addressed(it, thing), is_event=is_event, is_update=is_update)


def _author(thing: Document, actor: str) -> str | None:
    """Return the one author of an object; one that names nobody is its actor's."""
    stated = thing.get("attributedTo")
    return actor if stated is None else id_of(only(stated))


def _event_author(thing: Document, actor: str) -> str | None:
    """Return whose event it is: of several who hold it the first on the sender's host."""
    stated = thing.get("attributedTo")
    if stated is None:
        return actor
    return next((each for each in ids_of(stated) if same_host(each, actor)), None)


def _addressed(it: Received, thing: Document) -> Document:
    """Return the object with its author; without any addressees it has the envelope's."""
    if not thing.get("to") and not thing.get("cc"):
        thing = {**thing, "to": list(it.common["to"]), "cc": list(it.common["cc"])}
    return {**thing, "attributedTo": it.actor}


def _read(it: Received, thing: Document, *, is_event: bool, is_update: bool) -> act.Activity:
    try:
        if is_event:
            event = read_event(thing)
            if is_update:
                return act.UpdateEvent(**it.common, document=event)
            return act.CreateEvent(**it.common, document=event)
        note = read_note(thing)
    except BadDocument as error:
        return it.other(error.message)
    if is_update:
        return act.UpdateNote(**it.common, note=note)
    return act.CreateNote(**it.common, note=note)


def _vote(it: Received, thing: Document) -> act.Vote | None:
    """Read a poll vote: a Note with a name and a reply target, and nothing to read (Mastodon)."""
    option, question = thing.get("name"), id_of(only(thing.get("inReplyTo")))
    if not (isinstance(option, str) and option and question and type_of(thing, {"Note"})):
        return None
    if plain(text_of(thing, "content")) or _author(thing, it.actor) != it.actor:
        return None
    # The option is matched by its exact name, so it is not cleaned here.
    return act.Vote(
        **it.common, note_id=id_of(thing), question=question, option=option[:LONGEST_OPTION]
    )


def read_delete(it: Received) -> act.Activity:
    """Read a Delete of an object, or of the actor itself."""
    uri, thing = it.need("object"), it.object
    if uri == it.actor:
        return act.DeleteActor(**it.common)
    former = None
    if isinstance(thing, dict):
        kind = type_of(thing)
        former = line_of(thing, "formerType", 50) or (kind if kind != "Tombstone" else None)
    return act.DeleteObject(**it.common, object=uri, former_type=former or None)


def read_announce(it: Received) -> act.Activity:
    """Read a boost; of an embedded activity (FEP-1b12) only the id of its object counts."""
    thing = it.object
    inner_type = type_of(thing, ACTIVITY_TYPES) if isinstance(thing, dict) else None
    if inner_type is None:
        return act.Announce(**it.common, object=it.need("object"))
    inner = only(thing.get("object")) if isinstance(thing, dict) else None
    if isinstance(inner, dict) and type_of(inner, ACTIVITY_TYPES):
        return it.other("activities inside each other")
    uri = id_of(inner)
    if uri is None:
        raise MalformedActivity("Announce of an activity without one usable object")
    return act.Announce(**it.common, object=uri, inner_type=inner_type)
