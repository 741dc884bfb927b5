"""Documents fetched from where they claim to live: the only proof of what another server says.

Called by `federation.remote_actors` and by the handlers' `prepare`, never inside a
transaction. What a document means is read by `vocab`; nothing here is stored.
"""

from datetime import timedelta

from fedi_chapter.core.errors import (
    BadDocument,
    MalformedActivity,
    NoDocument,
    NotJson,
    NotWelcome,
    RemoteBusy,
    RemoteFailure,
    UnsafeAddress,
)
from fedi_chapter.deps import Deps
from fedi_chapter.domain.moderation import FederationMode
from fedi_chapter.federation import signing
from fedi_chapter.federation.aside import read_aside
from fedi_chapter.net.fetch import Budget, Fetched
from fedi_chapter.store import blocks, hosts
from fedi_chapter.store.tx import ReadTx
from fedi_chapter.vocab.shape import Document, host_of, id_of, parse, same_host
from fedi_chapter.vocab.terms import AS

AVOIDED = timedelta(minutes=5)
"""How long a document that was wrong is left alone (SIG-16)."""


async def fetch(deps: Deps, uri: str, *, budget: Budget, is_welcome: bool = False) -> Document:
    """Return the document whose id is `uri`, or another id of the same host it leads to.

    The document's id must be the address it came from; another one of the same host is asked
    for once more, one of another host is refused (OBJ-03, OBJ-04). A fragment, such as that of
    a key, is found in the document before it. Whoever has just seen that nobody blocks the host
    says so (`is_welcome`), and no second look is taken.

    Raises:
        RemoteFailure: what the fetcher raises; NoDocument for a page or half a document in its
            place, BadDocument for the wrong document.

    """
    if not is_welcome:
        await _check_welcome(deps, host_of(uri))
    document = await _get(deps, uri, budget)
    claimed = id_of(document)
    if claimed in (uri, uri.partition("#")[0]):
        return document
    if claimed is None or not same_host(claimed, uri):
        raise BadDocument(f"{uri} answers with the id {claimed}")
    again = await _get(deps, claimed, budget)
    if id_of(again) != claimed:
        raise BadDocument(f"{claimed} answers with the id {id_of(again)}")
    return again


async def _check_welcome(deps: Deps, host: str) -> None:
    """Refuse to ask a host that we don't deal with: nobody there is met, or kept.

    Raises:
        NotWelcome: it is blocked, or not on the list of those allowed.

    """

    def look_up(tx: ReadTx) -> bool:
        is_listed = FederationMode(deps.settings.federation) is FederationMode.ALLOWLIST
        if blocks.find(tx, actor_uri=None, host=host) is not None:
            return False
        return not is_listed or hosts.is_allowed(tx, host)

    if not await deps.db.look_up(look_up):
        raise NotWelcome(f"{host} is not welcome here", cure=f"fedi-chapter allow {host}")


async def _get(deps: Deps, uri: str, budget: Budget) -> Document:
    url, now = uri.partition("#")[0], deps.clock.now()
    if same_host(url, deps.urls.base) or not host_of(uri):
        raise UnsafeAddress(f"{uri} is not another server's address")
    # Each cause has a memory of its own: strangers shut no address off for anybody else.
    away, wrong = f"away {url} {budget.cause}", f"wrong {url} {budget.cause}"
    if deps.fetches.is_closed(wrong, now):
        raise BadDocument(f"{url} was not usable a moment ago")
    if deps.fetches.is_closed(away, now):
        raise RemoteBusy(f"{url} gave no answer a moment ago")
    key = await signing.instance_key(deps)
    try:
        answer = await deps.fetcher.get(url, key=key, budget=budget, stays=True)
        document = await _read(answer, uri)
    except BadDocument:
        deps.fetches.close(wrong, now, AVOIDED)
        raise
    except RemoteFailure as error:
        if error.retry:
            deps.fetches.failed(away, now)
        raise
    deps.fetches.succeeded(away)
    return document


async def _read(answer: Fetched, uri: str) -> Document:
    """Return the document in an answer; what is not even JSON was put in its place."""
    if not same_host(answer.url, uri):
        raise BadDocument(f"{uri} leads to another host: {answer.url}")
    is_activity = answer.media_type == "application/activity+json" or (
        answer.media_type == "application/ld+json" and AS in answer.content_type
    )
    if not is_activity:
        raise NoDocument(f"{uri} answers with {answer.media_type or 'no media type'}")
    try:
        return await read_aside(parse, answer.body)
    except NotJson as error:
        raise NoDocument(f"{uri}: {error.message}") from error
    except MalformedActivity as error:
        raise BadDocument(f"{uri}: {error.message}") from error
