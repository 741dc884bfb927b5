"""Those who come: what concerns all of them becomes a notice for each.

Called through `publish.table`. Here a happening becomes rows of another queue and no message:
`federation.telling` words them, one by one, when they are sent.
"""

from fedi_chapter.core.errors import Missing
from fedi_chapter.domain.event import EventId
from fedi_chapter.domain.happening import AttendeesToTell
from fedi_chapter.domain.notice import NoticeKind
from fedi_chapter.federation.publish.message import Messages, Scene
from fedi_chapter.services.notices import tell_all
from fedi_chapter.store import events


def to_tell(scene: Scene, happening: AttendeesToTell) -> Messages:
    """Queue a notice for everybody who may come; of a change, whoever answered before it."""
    event = events.get(scene.tx, EventId(happening.event_id))
    if event is None:
        raise Missing(f"the event {happening.event_id} is not in the database")
    kind = NoticeKind(happening.kind)
    answered_by = event.updated_at if kind is NoticeKind.CHANGED else None
    # Each revision is an occasion of its own: what was reopened can be cancelled once more.
    tell_all(scene.tx, event, kind, str(event.revision), answered_by=answered_by)
    yield from ()
