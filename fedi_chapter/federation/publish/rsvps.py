"""RSVPs: new totals for everyone who sees an event's poll, and answers to Joins.

Called through `publish.table`. Totals are numbers; who answered is nobody's business but the
organizers'. What a person is told by direct message is `federation.telling`'s.
"""

from fedi_chapter.domain.happening import JoinAnswered, RsvpTallyChanged
from fedi_chapter.federation.publish.events import (
    await_publication,
    face_readers,
    own_event,
    tell_at_close,
)
from fedi_chapter.federation.publish.faces import current_face
from fedi_chapter.federation.publish.message import Message, Messages, Scene, inbox_of
from fedi_chapter.store import superseded, tallies
from fedi_chapter.vocab.envelopes import accept, ignore, reject, retotal
from fedi_chapter.vocab.shape import Document


def tally_changed(scene: Scene, happening: RsvpTallyChanged) -> Messages:
    """Tell the face anew, whole: new totals of its poll, or that it is full, or free again.

    A face without a poll is told only when its words change; its numbers are seen by fetching.
    """
    event, actor = own_event(scene, happening.event_id)
    if event.deleted_at or not event.visibility.federates:
        return
    await_publication(scene, event)
    face, says_something_new = current_face(scene, event, actor)
    if not event.poll and not says_something_new:
        return
    number = tallies.count_telling(scene.tx, event.id)
    told, uri = retotal(face, scene.urls.actor(actor), number=number), scene.urls.face(event.id)
    yield Message(told, actor, uri, face_readers(scene, event))
    superseded.drop_earlier(scene.tx, uri, prefix=f"{uri}#tally-", last=str(told["id"]))
    tell_at_close(scene, event)


def join_answered(scene: Scene, happening: JoinAnswered) -> Messages:
    """Answer a Join, naming it: Mobilizon drops an answer to an id it does not know."""
    event, actor = own_event(scene, happening.event_id)
    uri, actor_uri = scene.urls.activity(scene.tx.new_id()), scene.urls.actor(actor)
    to = happening.actor_uri
    theirs: Document = {
        "id": happening.join_id,
        "type": "Join",
        "actor": to,
        "object": scene.urls.event(event.id),
    }
    match happening.answer:
        case "Accept":
            told = accept(uri, actor_uri, theirs, to)
        case "Reject":
            told = reject(uri, actor_uri, theirs, to)
        case _:
            told = ignore(uri, actor_uri, happening.join_id, to)
    # Booked under the Join: a Reject and a later Accept can't overtake each other.
    yield Message(told, actor, happening.join_id, inbox_of(scene, to))
