"""A note or an event fetched from its origin, with its author: what a mere id is worth.

Called by the `prepare` of handlers that are given an id only; never in a transaction.
"""

from dataclasses import dataclass

from fedi_chapter.core.errors import BadDocument
from fedi_chapter.deps import Deps
from fedi_chapter.domain.remote_actor import RemoteActor
from fedi_chapter.federation import origin, remote_actors
from fedi_chapter.net.fetch import Budget
from fedi_chapter.store import blocks
from fedi_chapter.vocab.activities import EventDocument, Note
from fedi_chapter.vocab.events import read_event
from fedi_chapter.vocab.posts import read_note
from fedi_chapter.vocab.shape import id_of, same_host, type_of
from fedi_chapter.vocab.terms import ACTIVITY_TYPES, OBJECT_TYPES


@dataclass(frozen=True, slots=True)
class Authored:
    """What its origin says it is, and who wrote it."""

    content: Note | EventDocument
    author: RemoteActor


async def fetch(deps: Deps, uri: str, *, budget: Budget) -> Authored:
    """Fetch the object `uri`; of a wrapping activity only the wrapped id counts (OBJ-10).

    Raises:
        RemoteFailure: BadDocument when it is neither note nor event, or its author lives on
            another host.

    """
    document = await origin.fetch(deps, uri, budget=budget)
    if type_of(document, ACTIVITY_TYPES):
        inner = id_of(document.get("object"))
        if inner is None:
            raise BadDocument(f"{uri} wraps nothing that has an id")
        document = await origin.fetch(deps, inner, budget=budget)
    content: Note | EventDocument
    if type_of(document, {"Event"}):
        content = read_event(document)
        found, author_uri = content.event.uri, content.event.actor_uri
    elif type_of(document, OBJECT_TYPES):
        content = read_note(document)
        found, author_uri = content.id, content.attributed_to
    else:
        raise BadDocument(f"{uri} is neither a note nor an event")
    author = await remote_actors.actor(deps, author_uri, budget=budget)
    if await deps.db.read(lambda tx: blocks.find(tx, actor_uri=author.uri, host=author.host)):
        raise BadDocument(f"{author_uri} is blocked here")
    if author.uri != author_uri or not same_host(found, author_uri):
        raise BadDocument(f"{found} is not by {author_uri}")
    return Authored(content, author)
