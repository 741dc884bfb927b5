"""Does something that others passed on concern us at all?

Called by `federation.dispatch` before an unproved activity may cause a single fetch: whoever
has a key can send hints about anything, and must not make us fetch the whole network.
"""

from dataclasses import replace

from fedi_chapter.domain.urls import Urls
from fedi_chapter.federation.intake import root_of
from fedi_chapter.store import following, known
from fedi_chapter.store import remote_actors as actors
from fedi_chapter.store.known import Known
from fedi_chapter.store.tx import ReadTx
from fedi_chapter.vocab import activities as act


def concerns_us(tx: ReadTx, activity: act.Activity, urls: Urls) -> bool:
    """Tell whether a hint is about something we keep, answer for, or follow."""
    match activity:
        case act.CreateNote(note=note) | act.UpdateNote(note=note):
            return (
                _is_kept(tx, note.id)
                or root_of(tx, urls, note.in_reply_to) is not None
                or following.is_followed(tx, note.attributed_to)
            )
        case act.CreateEvent(document=document) | act.UpdateEvent(document=document):
            event = document.event
            return _is_kept(tx, event.uri) or following.is_followed(tx, event.actor_uri)
        case act.CreateByReference(object=uri) | act.DeleteObject(object=uri):
            return _is_kept(tx, uri)
        case act.DeleteActor(actor=uri) | act.UpdateActor(actor=uri):
            return actors.get(tx, uri) is not None
    return False


def as_hint(activity: act.Activity) -> act.Activity:
    """Return `activity` without what it says about its object: only the object's id is left."""
    match activity:
        case act.CreateNote(note=note):
            return _reference(activity, note.id)
        case act.UpdateNote(note=note):
            return _reference(activity, note.id, is_update=True)
        case act.CreateEvent(document=document):
            return _reference(activity, document.event.uri)
        case act.UpdateEvent(document=document):
            return _reference(activity, document.event.uri, is_update=True)
        case act.UpdateActor():
            return replace(activity, profile=None)
    return activity


def _reference(
    activity: act.Activity, uri: str, *, is_update: bool = False
) -> act.CreateByReference:
    return act.CreateByReference(
        id=activity.id, actor=activity.actor, object=uri, is_update=is_update
    )


def _is_kept(tx: ReadTx, uri: str) -> bool:
    return known.as_what(tx, uri) in {Known.REPLY, Known.POST, Known.EVENT}
