"""What we say about events of others, told to the one who holds the event.

Called through `publish.table`. Which verb is said was decided when it was said
(`domain.attendance`); later changes of the event do not reword it.
"""

from fedi_chapter.core.errors import Missing
from fedi_chapter.domain.chapter import ActorId
from fedi_chapter.domain.happening import AttendanceSaid
from fedi_chapter.federation.publish.message import Message, Messages, Scene, inbox_of
from fedi_chapter.store import local_actors
from fedi_chapter.vocab.envelopes import rsvp


def said(scene: Scene, happening: AttendanceSaid) -> Messages:
    """Tell the event's actor alone; what was said before arrives before."""
    actor = local_actors.get(scene.tx, ActorId(happening.actor_id))
    if actor is None:
        raise Missing(f"the actor {happening.actor_id} is not in the database")
    document = rsvp(
        scene.urls.attendance(happening.answer_id),
        scene.urls.actor(actor),
        happening.verb,
        happening.event_uri,
        to=happening.organizer,
        at=scene.tx.now,
    )
    yield Message(document, actor, happening.event_uri, inbox_of(scene, happening.organizer))
