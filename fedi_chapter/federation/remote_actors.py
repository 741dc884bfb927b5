"""Actors of other servers and their keys: known, or fetched, judged and stored.

Called by the inbox door, by dispatch and by whoever needs an actor; uses the network, so
never inside a transaction. How often a host or an actor is asked is bounded here and in
`federation.origin` (SIG-11 to SIG-16).
"""

from datetime import timedelta

from fedi_chapter.core.errors import (
    BadDocument,
    KeyUnavailable,
    KeyUnusable,
    RemoteFailure,
    RemoteGone,
    RemoteRefused,
    SignatureInvalid,
)
from fedi_chapter.deps import Deps
from fedi_chapter.domain.remote_actor import PROFILE_AGE, RemoteActor, RemoteKey
from fedi_chapter.federation import origin
from fedi_chapter.federation.origin import AVOIDED
from fedi_chapter.net.fetch import Budget
from fedi_chapter.store import remote_actors as stored
from fedi_chapter.store.tx import ReadTx
from fedi_chapter.vocab.actors import read_actor
from fedi_chapter.vocab.shape import Document, id_of, ids_of, same_host

ASKED_AGAIN = timedelta(minutes=10)
"""A key that did not fit is asked for again at most this often for one sender (SIG-15)."""
SENDERS = 16
"""Networks of senders are told apart by so many marks: no more fetches in that time for one owner,
and who sends bad signatures in somebody's name rarely uses up what the owner needs."""


async def actor(
    deps: Deps, uri: str, *, budget: Budget, max_age: timedelta = PROFILE_AGE
) -> RemoteActor:
    """Return the actor `uri`, fetched again when what we know is older than `max_age`.

    A stale profile is better than none: when the other server fails, it is used.

    Raises:
        RemoteFailure: nothing is known and nothing could be fetched.

    """
    known = await deps.db.look_up(lambda tx: stored.get(tx, uri))
    if known is None:
        return await refresh(deps, uri, budget)
    if known.gone_at or (known.fetched_at and deps.clock.now() - known.fetched_at <= max_age):
        return known
    try:
        return await refresh(deps, uri, budget)
    except RemoteFailure:
        return known


async def refresh(deps: Deps, uri: str, budget: Budget) -> RemoteActor:
    """Fetch the actor `uri`, store and return it; callers of one cause share one fetch.

    Raises:
        RemoteFailure: it could not be fetched, or is not an actor.

    """

    async def fetch() -> RemoteActor:
        return await _store(deps, await origin.fetch(deps, uri, budget=budget), uri)

    return await deps.fetches.once(f"actor {uri} {budget.cause}", fetch)


async def known_key(deps: Deps, key_id: str) -> RemoteKey | None:
    """Return the key `key_id` if it is known, and its owner not gone."""
    return await deps.db.look_up(lambda tx: _known_key(tx, key_id))


async def fetched_key(
    deps: Deps, key_id: str, budget: Budget, *, is_welcome: bool = False
) -> RemoteKey:
    """Fetch the key `key_id` and its owner; both are stored.

    A document without the key is not asked again for a while, whatever the fragment. For
    `is_welcome` see `origin.fetch`.

    Raises:
        KeyUnusable: no such key, or its owner does not own it; with the reason.
        KeyUnavailable: its server can't be asked at this moment.

    """
    if id_of(key_id) is None or same_host(key_id, deps.urls.base):
        raise KeyUnusable(f"No key can be fetched from {key_id[:200]}.")
    now, page = deps.clock.now(), f"keys {key_id.partition('#')[0]}"
    why = deps.fetches.why_closed(page, now)
    if why is not None:
        raise KeyUnusable(why)

    async def fetch() -> RemoteKey:
        return await _fetch_key(deps, key_id, budget, is_welcome=is_welcome)

    try:
        return await deps.fetches.once(f"key {key_id}", fetch)
    except RemoteFailure as error:
        if error.retry:
            raise KeyUnavailable(f"{key_id}: {error.message}") from error
        why = _why_unusable(key_id, error)
        deps.fetches.close(page, now, AVOIDED, why)
        raise KeyUnusable(why) from error


def _why_unusable(key_id: str, error: RemoteFailure) -> str:
    """Return what the sender may read: of an unsafe address not where it leads."""
    match error:
        case RemoteGone():
            return f"There is no document at the address of {key_id}."
        case RemoteRefused():
            return f"Its server does not show us the document of {key_id}."
        case BadDocument():
            return f"The document of {key_id} is not usable: {error.message}."
        case _:
            return f"The address of {key_id} is not one that servers use."


async def changed_key(deps: Deps, old: RemoteKey, budget: Budget, sender: str) -> RemoteKey:
    """Fetch the owner of a key that did not fit once more, at most once in ten minutes.

    That is counted for the network of the `sender`.

    Raises:
        SignatureInvalid: asked a moment ago, or the key is gone.
        KeyUnavailable: its server can't be asked at this moment.

    """
    if deps.fetches.is_closed(_change_of(old, sender), deps.clock.now()):
        raise SignatureInvalid(f"the signature does not fit {old.id}")
    close_change(deps, old, sender)
    return await fetched_key(deps, old.id, budget)


def stored_key(tx: ReadTx, key_id: str) -> RemoteKey | None:
    """Return a key we know; the id of an actor stands for the only key it has."""
    owner = stored.by_key(tx, key_id)
    if owner is None and "#" not in key_id:
        owner = stored.get(tx, key_id)
    return _key_of(owner, key_id) if owner else None


def close_change(deps: Deps, key: RemoteKey, sender: str) -> None:
    """Remember that a key was fetched just now for the network of a `sender`.

    Whether it changed is not asked for a while.
    """
    deps.fetches.close(_change_of(key, sender), deps.clock.now(), ASKED_AGAIN)


def _change_of(key: RemoteKey, sender: str) -> str:
    # Python's hashes differ in each process: nobody can choose a network with the owner's mark.
    return f"rotated {key.owner} {hash(sender) % SENDERS}"


def _known_key(tx: ReadTx, key_id: str) -> RemoteKey | None:
    found = stored_key(tx, key_id)
    owner = stored.get(tx, found.owner) if found else None
    return found if owner and not owner.gone_at else None


def _key_of(owner: RemoteActor, key_id: str) -> RemoteKey | None:
    """Return the key `key_id` of `owner`.

    Some sign with the actor's id as keyId: that means its only key, or its only one of RSA, which
    may stand there under several ids.
    """
    if key_id == owner.uri:
        rsa = {key.public: key for key in owner.keys if key.kind == "rsa"}
        meant = owner.keys if len(owner.keys) == 1 else tuple(rsa.values())
        return meant[0] if len(meant) == 1 else None
    return next((found for found in owner.keys if found.id == key_id), None)


async def _fetch_key(deps: Deps, key_id: str, budget: Budget, *, is_welcome: bool) -> RemoteKey:
    document = await origin.fetch(deps, key_id, budget=budget, is_welcome=is_welcome)
    if "inbox" in document:
        owner = await _store(deps, document, key_id.partition("#")[0])
    else:
        owner = await _owner_of(deps, document, key_id, budget)
    found = _key_of(owner, key_id)
    if found is None:
        raise BadDocument(f"{owner.uri} does not list the key {key_id}")
    return found


async def _owner_of(deps: Deps, document: Document, key_id: str, budget: Budget) -> RemoteActor:
    """Fetch the owner a key document of its own names; it must list the key (SIG-11, SIG-12)."""
    owner_uri = id_of(document.get("owner")) or id_of(document.get("controller"))
    if id_of(document) != key_id or owner_uri is None or not same_host(owner_uri, key_id):
        raise BadDocument(f"the key {key_id} names no owner on its own host")
    owner = await origin.fetch(deps, owner_uri, budget=budget)
    part = "publicKey" if "publicKeyPem" in document else "assertionMethod"
    if key_id not in ids_of(owner.get(part)):
        raise BadDocument(f"{owner_uri} does not list the key {key_id}")
    return await _store(deps, {**owner, part: document}, owner_uri)


async def _store(deps: Deps, document: Document, requested: str) -> RemoteActor:
    found = read_actor(document, requested=id_of(document) or requested)
    await deps.db.write(lambda tx: stored.put(tx, found))
    return found
