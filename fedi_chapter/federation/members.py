"""Who signs in: which server a visitor lives on, and whether they are who it says they are.

Called by `web.members`, before and after the visitor was at that server (`signin`). Uses the
network, so never inside a transaction. A server is believed about its own people only, and only
what the account's own document says as well (ADM-11).
"""

import re
from urllib.parse import urlsplit

from fedi_chapter.core.errors import (
    BadDocument,
    Conflict,
    NoDocument,
    PeerBlocked,
    RemoteBusy,
    RemoteGone,
    RemoteRefused,
    UnknownHandle,
)
from fedi_chapter.deps import Deps
from fedi_chapter.domain.member import Claim
from fedi_chapter.domain.moderation import FederationMode
from fedi_chapter.domain.remote_actor import RemoteActor
from fedi_chapter.federation import jrd, remote_actors
from fedi_chapter.federation.jrd import Handle
from fedi_chapter.net.fetch import Budget
from fedi_chapter.net.pools import Cause
from fedi_chapter.store import blocks, hosts
from fedi_chapter.store.tx import ReadTx
from fedi_chapter.vocab.shape import host_of

_ADDRESS = re.compile(r"https?://([^/?#]*)", re.IGNORECASE)


async def home(deps: Deps, typed: str) -> str:
    """Return the origin of the server that `@me@my.server`, or `my.server`, names.

    A handle's domain may lead to a server of another name: WebFinger tells which.

    Raises:
        UnknownHandle: it is neither, or nobody there has that name; with the cure.
        Conflict: that is this server.
        PeerBlocked: we don't deal with that server.
        RemoteFailure: the server gave no usable answer.

    """
    word, address = typed.strip(), _ADDRESS.match(typed.strip())
    if address:
        word = address[1]
    name, _, host = word.removeprefix("@").rpartition("@")
    asked = jrd.read_handle(f"{name or 'server'}@{host}")
    if asked.host in {deps.urls.domain.lower(), deps.urls.host.lower()}:
        raise Conflict(f"{asked.host} is this server", cure="name your own server")
    origin = await (_of_account(deps, asked) if name else _of_server(deps, asked.host))
    await deps.db.read(lambda tx: _check_welcome(tx, deps, host_of(origin), None))
    return origin


async def confirm(deps: Deps, claim: Claim) -> RemoteActor:
    """Return the account that a claim is about, if its own document agrees.

    Raises:
        BadDocument: another server's account, or not the one the server named.
        PeerBlocked: we don't deal with that account or its server.
        RemoteFailure: the document could not be fetched.

    """
    budget = Budget(cause=Cause.VISITOR)
    uri = claim.actor_uri or await _by_name(deps, claim, budget)
    if _origin(uri) != claim.issuer:
        raise BadDocument(f"{claim.issuer} says that somebody is {uri}")
    await deps.db.read(lambda tx: _check_welcome(tx, deps, host_of(uri), uri))
    actor = await remote_actors.refresh(deps, uri, budget)
    if actor.uri != uri or actor.username.lower() != claim.username.lower():
        raise BadDocument(f"{uri} is {actor.handle}, not {claim.username}")
    return actor


async def _of_account(deps: Deps, asked: Handle) -> str:
    try:
        found = await jrd.ask(deps, asked, Budget(cause=Cause.VISITOR))
    except RemoteGone as error:
        raise UnknownHandle(
            f"{asked.host} knows nobody called {asked}", cure="check the spelling of the handle"
        ) from error
    if found.actor is None:
        raise UnknownHandle(
            f"{asked} is no fediverse account", cure="check the spelling of the handle"
        )
    return _origin(found.actor)


async def _of_server(deps: Deps, host: str) -> str:
    """Ask for the server's own actor: it stands where a split domain's accounts stand.

    Mastodon and GoToSocial name it after the domain. Where there is none, the server is where
    its name says.
    """
    try:
        found = await jrd.ask(deps, Handle(host, host), Budget(cause=Cause.VISITOR))
    except (RemoteBusy, RemoteRefused, NoDocument, BadDocument, UnknownHandle):
        found = None
    if found is not None and found.actor is not None:
        return _origin(found.actor)
    scheme = "http" if deps.settings.danger_allow_private_network else "https"
    return _origin(f"{scheme}://{host}/")


async def _by_name(deps: Deps, claim: Claim, budget: Budget) -> str:
    handle = Handle(claim.username, host_of(claim.issuer))
    found = await jrd.ask(deps, handle, budget)
    if found.actor is None:
        raise BadDocument(f"{claim.issuer} does not know its own {handle}")
    return found.actor


def _origin(uri: str) -> str:
    return f"{urlsplit(uri).scheme}://{host_of(uri)}"


def _check_welcome(tx: ReadTx, deps: Deps, host: str, actor_uri: str | None) -> None:
    is_listed = FederationMode(deps.settings.federation) is FederationMode.ALLOWLIST
    if blocks.find(tx, actor_uri=actor_uri, host=host) is not None or (
        is_listed and not hosts.is_allowed(tx, host)
    ):
        raise PeerBlocked(f"{actor_uri or host} is not welcome here")
