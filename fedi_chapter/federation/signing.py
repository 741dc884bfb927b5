"""Which private key signs: an actor's current one, or a named older one.

Called by whoever sends: deliveries by actor, fetches by the instance actor. Opened keys stay
in the process; which one is current is read each time, for another process may have rotated it
and who knows the new key refuses the old one. Nothing is signed here.
"""

from collections.abc import Callable
from datetime import timedelta

from fedi_chapter.core.errors import Missing
from fedi_chapter.deps import CurrentKey, Deps
from fedi_chapter.domain.chapter import ActorId, ActorKind, LocalActor, StoredKey
from fedi_chapter.sig.keys import SigningKey
from fedi_chapter.store import local_actors, local_keys
from fedi_chapter.store.tx import ReadTx

INSTANCE_READ_AGAIN = timedelta(seconds=5)
"""The key of fetches is read this often: nobody is told of a new one, so nobody refuses the old."""


async def current_key(deps: Deps, actor_id: ActorId) -> SigningKey:
    """Return the RSA key that `actor_id` signs with now.

    Raises:
        Missing: there is no such actor, or it has no key.

    """
    return await _kept(deps, actor_id, lambda tx: local_actors.get(tx, actor_id))


async def instance_key(deps: Deps) -> SigningKey:
    """Return the key of the instance actor, which signs fetches.

    Raises:
        Missing: this server has not been founded.

    """
    kept = deps.signing.get(ActorKind.INSTANCE)
    if kept is not None and deps.clock.now() - kept.read_at < INSTANCE_READ_AGAIN:
        return kept.opened
    return await _kept(deps, ActorKind.INSTANCE, local_actors.instance_actor)


async def key_by_id(deps: Deps, key_id: str) -> SigningKey:
    """Return the key of ours called `key_id`, also a retired one.

    Raises:
        Missing: none of our actors ever had it.

    """
    uri, _, fragment = key_id.partition("#")

    def work(tx: ReadTx) -> tuple[LocalActor | None, StoredKey | None]:
        actor = _own_actor(tx, deps, uri)
        return actor, local_keys.by_fragment(tx, actor.id, fragment) if actor else None

    actor, stored = await deps.db.read(work)
    if actor is None or stored is None:
        raise Missing("there is no such signing key")
    return _opened(deps, actor, stored)


async def _kept(deps: Deps, name: str, find: Callable[[ReadTx], LocalActor | None]) -> SigningKey:
    """Return the current key, opened anew only when it is another than the one kept."""
    kept = deps.signing.get(name)

    def work(tx: ReadTx) -> tuple[LocalActor | None, StoredKey | None]:
        # An actor keeps its address: for one that signed before, only the key is read.
        actor = kept.actor if kept else find(tx)
        return actor, local_keys.current(tx, actor.id, "rsa") if actor else None

    actor, stored = await deps.db.look_up(work)
    if actor is None or stored is None:
        raise Missing("there is no such signing key")
    opened = kept.opened if kept and kept.stored == stored else _opened(deps, actor, stored)
    deps.signing[name] = CurrentKey(actor, stored, opened, deps.clock.now())
    return opened


def _own_actor(tx: ReadTx, deps: Deps, uri: str) -> LocalActor | None:
    match deps.urls.own_actor(uri):
        case (ActorKind.CHAPTER, _):
            return local_actors.chapter(tx)
        case (ActorKind.INSTANCE, _):
            return local_actors.instance_actor(tx)
        case (ActorKind.GROUP, handle):
            return local_actors.by_handle(tx, handle)
        case _:
            return None


def _opened(deps: Deps, actor: LocalActor, stored: StoredKey) -> SigningKey:
    key_id = deps.urls.key(actor, stored.fragment)
    return deps.keys.unseal(key_id, stored.kind, stored.private_sealed)
