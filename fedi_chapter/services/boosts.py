"""Boosts: pass on what somebody else published, and take that back.

Called by the command line and the organizers' pages, inside their transaction, after the
object was fetched and seen to be public.
"""

from urllib.parse import urlsplit

from fedi_chapter.core.errors import Missing, NotAllowed
from fedi_chapter.domain.boost import Boost
from fedi_chapter.domain.chapter import LocalActor
from fedi_chapter.domain.happening import Boosted, Unboosted
from fedi_chapter.store import blocks, boosts, local_actors, outbox
from fedi_chapter.store.tx import WriteTx


def boost(tx: WriteTx, actor: LocalActor, object_uri: str, author_uri: str) -> Boost:
    """Pass on the public object `object_uri` of `author_uri`; once is enough.

    Raises:
        NotAllowed: its author is blocked here.

    """
    host = urlsplit(author_uri).netloc.lower()
    if blocks.find(tx, actor_uri=author_uri, host=host) is not None:
        raise NotAllowed(f"{author_uri} is blocked here", cure=f"first run: unblock {host}")
    local_actors.lock(tx, actor.id)
    known = boosts.active(tx, actor.id, object_uri)
    if known is not None:
        return known
    made = boosts.insert(tx, actor.id, object_uri, author_uri)
    outbox.put(tx, Boosted(made.id))
    return made


def unboost(tx: WriteTx, actor: LocalActor, object_uri: str) -> Boost:
    """Take a boost back.

    Raises:
        Missing: `actor` has not boosted it.

    """
    local_actors.lock(tx, actor.id)
    known = boosts.active(tx, actor.id, object_uri)
    if known is None:
        raise Missing(f"{object_uri} is not boosted", cure="give the address of what was boosted")
    boosts.undo(tx, known.id)
    outbox.put(tx, Unboosted(known.id))
    return known
