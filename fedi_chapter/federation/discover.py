"""Finding others: the actor behind a handle, and a visitor's follow page.

Called by the command line and the public pages; uses the network, so never inside a transaction.
What a stranger's server says is believed only where the other side agrees.
"""

from dataclasses import dataclass, replace
from urllib.parse import quote, urlsplit

from fedi_chapter.core.errors import (
    BadDocument,
    NoDocument,
    RemoteBusy,
    RemoteGone,
    RemoteRefused,
    UnknownHandle,
    Unreachable,
)
from fedi_chapter.core.names import ascii_address
from fedi_chapter.deps import Deps
from fedi_chapter.domain.remote_actor import RemoteActor
from fedi_chapter.domain.urls import OwnObject
from fedi_chapter.federation import jrd, remote_actors
from fedi_chapter.federation.jrd import Handle, Jrd
from fedi_chapter.net.fetch import Budget
from fedi_chapter.net.pools import Cause
from fedi_chapter.store import hosts
from fedi_chapter.store import remote_actors as stored_actors
from fedi_chapter.vocab.shape import host_of, id_of

_INTENT = "https://w3id.org/fep/3b86/"
_TO_OPEN = (
    (f"{_INTENT}Object", "{object}"),
    ("http://ostatus.org/schema/1.0/subscribe", "{uri}"),
)
"""Relations that name a page to open anything, the best first, each with its placeholder."""
_TO_FOLLOW = ((f"{_INTENT}Follow", "{object}"), *_TO_OPEN)
"""The same for actors."""


# -- the actor behind a handle -------------------------------------------------------------


async def resolve(deps: Deps, target: str) -> RemoteActor:
    """Return the actor that `target` names: `@name@host`, `name@host`, or an address.

    Raises:
        UnknownHandle: nobody was found, or the servers do not agree who it is; with the cure.
        Unreachable: the server gave no answer, or a broken one; with the cure.

    """
    budget, word = Budget(cause=Cause.OURS), ascii_address(target.strip())
    is_address = word.startswith(("https://", "http://"))
    try:
        if is_address:
            return await remote_actors.actor(deps, word, budget=budget)
        return await _by_handle(deps, jrd.read_handle(word), budget)
    except UnknownHandle:
        raise
    except (Unreachable, RemoteBusy, NoDocument) as error:
        raise Unreachable(
            error.message, cure="check the spelling of the server's name, or try again later"
        ) from error
    except (BadDocument, RemoteRefused) as error:
        cure = "give the address of a profile" if is_address else "check the spelling"
        raise UnknownHandle(f"nobody was found as {word}: {error.message}", cure=cure) from error


async def _by_handle(deps: Deps, asked: Handle, budget: Budget) -> RemoteActor:
    if asked.host in {deps.urls.domain.lower(), deps.urls.host.lower()}:
        raise UnknownHandle(f"{asked} lives on this server", cure="name somebody elsewhere")
    handle, uri = await _settled(deps, asked, budget)
    actor = await remote_actors.actor(deps, uri, budget=budget)
    if handle.name.lower() != actor.username.lower():
        raise _disagree(handle, uri)
    if handle.host != actor.host:
        await _check_back(deps, handle, actor, budget)
    named = replace(actor, handle=str(handle))
    if named != actor:
        await deps.db.write(lambda tx: stored_actors.set_handle(tx, named.uri, named.handle))
    return named


async def _settled(deps: Deps, asked: Handle, budget: Budget) -> tuple[Handle, str]:
    """Return the handle a server settles on and the actor id behind it.

    A server may answer with another handle (a split domain); that one is asked once more and
    must name itself and the same actor. A third name is never followed (mastodon.md §2.2).
    """
    first = await jrd.ask(deps, asked, budget)
    if first.actor is None:
        raise UnknownHandle(
            f"{asked} is no fediverse account", cure="check the spelling of the handle"
        )
    handle = first.subject or asked
    if not handle.same_as(asked):
        second = await jrd.ask(deps, handle, budget)
        if second.actor != first.actor or not (second.subject or handle).same_as(handle):
            raise _disagree(asked, first.actor)
    return handle, first.actor


async def _check_back(deps: Deps, handle: Handle, actor: RemoteActor, budget: Budget) -> None:
    """Ask the actor's own host for its handle: nobody else's domain can name it (OBJ-17)."""
    own = await jrd.ask(deps, Handle(actor.username, actor.host), budget)
    if own.actor != actor.uri or own.subject is None or not own.subject.same_as(handle):
        raise _disagree(handle, actor.uri)


def _disagree(handle: Handle, uri: str) -> UnknownHandle:
    return UnknownHandle(
        f"{handle} claims to be {uri}, whose server does not agree",
        cure="ask for the handle that stands on the profile's own page",
    )


# -- a visitor's follow page ---------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FollowPage:
    """Where a visitor follows or opens something of ours on their own server.

    Without a `link`, as that server names no usable page, copying the `entry` must do: the id
    of the thing, and of an event what that server gets of it, the Event or its face.
    """

    link: str | None
    entry: str


async def follow_page(deps: Deps, handle: str, object_uri: str) -> FollowPage:
    """Return where on their own server the owner of `handle` follows or opens `object_uri`.

    Raises:
        UnknownHandle: it is not a handle, or that server knows nobody by it; with the cure.
        RemoteFailure: that server gave no usable answer.

    """
    asked = jrd.read_handle(handle)
    try:
        found = await jrd.ask(deps, asked, Budget(cause=Cause.VISITOR))
    except RemoteGone as error:
        raise UnknownHandle(
            f"{asked.host} knows nobody called {asked}", cure="check the spelling of the handle"
        ) from error
    own = deps.urls.own_object(object_uri)
    home = host_of(found.actor) if found.actor else asked.host
    entry = await _entry(deps, own, home) if own else object_uri
    return FollowPage(_link(deps, found, asked.host, entry, opens=own is not None), entry)


def _link(deps: Deps, found: Jrd, host: str, uri: str, *, opens: bool) -> str | None:
    """Return the page at `host` that its answer names, else Mastodon's where it names none."""
    entry, allow_http = quote(uri, safe=""), deps.settings.danger_allow_private_network
    for relation, placeholder in _TO_OPEN if opens else _TO_FOLLOW:
        template = found.templates.get(relation, "")
        if placeholder in template:
            page = template.replace(placeholder, entry)
            if _is_at(page, host, allow_http=allow_http):
                return page
    if found.actor is None or found.templates:
        return None
    parts = urlsplit(found.actor)
    guess = f"{parts.scheme}://{parts.netloc}/authorize_interaction?uri={entry}"
    return guess if _is_at(guess, host, allow_http=allow_http) else None


async def _entry(deps: Deps, own: OwnObject, host: str) -> str:
    """Return the id under which `host` has, or would get, something of ours."""
    if own.kind == "post":
        return deps.urls.post(own.id)
    known = await deps.db.read(lambda tx: hosts.get(tx, host))
    takes_events = known is not None and known.takes_events
    return deps.urls.event(own.id) if takes_events else deps.urls.face(own.id)


def _is_at(page: str, host: str, *, allow_http: bool) -> bool:
    """Tell whether `page` is a plain https address on `host` or below it (ADM-12)."""
    if id_of(page) is None or not page.isascii() or not page.isprintable():
        return False
    parts = urlsplit(page)
    if parts.scheme != "https" and not (allow_http and parts.scheme == "http"):
        return False
    return host_of(page) == host or host_of(page).endswith(f".{host}")
