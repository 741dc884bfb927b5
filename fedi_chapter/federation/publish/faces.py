"""The face of an event as it is told now, in step with the seats; what it says is remembered.

Called by the other files of this folder.
"""

from fedi_chapter.domain.chapter import LocalActor
from fedi_chapter.domain.event import Event
from fedi_chapter.domain.face import is_full, next_state
from fedi_chapter.domain.happening import RsvpTallyChanged
from fedi_chapter.federation.publish.message import Scene
from fedi_chapter.store import faces, outbox, tallies
from fedi_chapter.vocab.faces import write_face
from fedi_chapter.vocab.shape import Document


def current_face(scene: Scene, event: Event, actor: LocalActor) -> tuple[Document, bool]:
    """Return the face to tell now, and whether its words have changed since it was told last."""
    tx = scene.tx
    tally, said = tallies.lock(tx, event.id), faces.get(tx, event.id)
    state = next_state(said, event, tally, tx.now)
    if state != said:
        faces.put(tx, event.id, state)
    later = state.calm_until(tx.now)
    if later and later < event.closes_at and state.is_full is not is_full(event, tally):
        outbox.put(tx, RsvpTallyChanged(event.id), due=later, coalesce=f"seats {event.id}")
    face = write_face(event, actor, scene.urls, tally, state, tx.now)
    return face, state.changed_at != said.changed_at
