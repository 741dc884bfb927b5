"""Finding people and things elsewhere before a command writes: mentions, posts answered.

Used by the commands for posts and boosts. Nothing here opens a transaction that writes.
"""

from dataclasses import dataclass

from fedi_chapter.cli.frame import note
from fedi_chapter.core.errors import BadDocument, ChapterError, Missing, NotAllowed
from fedi_chapter.core.markdown import prose
from fedi_chapter.core.names import ascii_address
from fedi_chapter.core.text import handles
from fedi_chapter.deps import Deps
from fedi_chapter.domain.event import Event, EventId
from fedi_chapter.domain.post import Mention, Post, PostId
from fedi_chapter.domain.remote_actor import RemoteActor
from fedi_chapter.federation import discover, origin, remote_actors
from fedi_chapter.net.fetch import Budget
from fedi_chapter.net.pools import Cause
from fedi_chapter.store import events, local_actors, posts
from fedi_chapter.store.tx import ReadTx
from fedi_chapter.vocab.activities import PUBLIC
from fedi_chapter.vocab.shape import Document, id_of, ids_of, same_host, type_of
from fedi_chapter.vocab.terms import ACTIVITY_TYPES, OBJECT_TYPES


@dataclass(frozen=True, slots=True)
class Found:
    """An object, and the id of whoever published it; the actor itself unless it is ours."""

    uri: str
    author_uri: str
    author: RemoteActor | None = None


async def mentions_in(deps: Deps, text: str) -> tuple[Mention, ...]:
    """Look up the handles in `text`, Markdown; who can't be found stays text, with a warning."""
    found = []
    for name, host in handles(prose(text)):
        handle = f"{name}@{host}"
        if host in {deps.urls.domain, deps.urls.host}:
            continue
        try:
            actor = await discover.resolve(deps, f"@{handle}")
        except ChapterError as error:
            note(f"Warning: @{handle} stays plain text: {error.message}")
            continue
        found.append(Mention(actor.uri, actor.url, handle))
    return tuple(found)


async def object_at(deps: Deps, url: str) -> Found:
    """Return the public object at `url`, ours or somebody else's.

    The address of a boost stands for what was boosted: a boost is never boosted again.

    Raises:
        Missing: there is no such thing of ours.
        NotAllowed: it is not public.
        RemoteFailure: it can't be fetched.

    """
    budget, url = Budget(cause=Cause.OURS), ascii_address(url)
    if not deps.urls.is_own(url):
        document = await origin.fetch(deps, url, budget=budget)
        if not type_of(document, ACTIVITY_TYPES):
            return await _theirs(deps, document, budget)
        url = id_of(document.get("object")) or url
    if deps.urls.is_own(url):
        return await deps.db.read(lambda tx: _own(tx, deps, url))
    return await _theirs(deps, await origin.fetch(deps, url, budget=budget), budget)


async def _theirs(deps: Deps, document: Document, budget: Budget) -> Found:
    uri = str(document["id"])
    if not type_of(document, OBJECT_TYPES):
        raise BadDocument(f"{uri} is neither a post nor an event")
    if not _is_public(document):
        raise NotAllowed(f"{uri} is not public", cure="only public posts and events can be used")
    authors = ids_of(document.get("attributedTo")) or ids_of(document.get("actor"))
    if not authors or not same_host(authors[0], uri):
        raise BadDocument(f"{uri} does not say whose it is")
    author = await remote_actors.actor(deps, authors[0], budget=budget)
    return Found(uri, author.uri, author)


def _own(tx: ReadTx, deps: Deps, url: str) -> Found:
    named = deps.urls.own_object(url)
    chapter = local_actors.chapter(tx)
    thing: Post | Event | None = None
    if named is not None and named.kind == "post":
        thing = posts.get(tx, PostId(named.id))
    elif named is not None:
        thing = events.get(tx, EventId(named.id))
    if thing is None or chapter is None or thing.deleted_at is not None:
        raise Missing(
            f"there is nothing at {url}", cure="`post list` and `event list` show what there is"
        )
    if not (thing.visibility.federates and thing.visibility.has_page):
        raise NotAllowed(f"{url} is not public", cure="only public posts and events can be used")
    return Found(url, deps.urls.actor(chapter))


def _is_public(document: Document) -> bool:
    return PUBLIC in (*ids_of(document.get("to")), *ids_of(document.get("cc")))
