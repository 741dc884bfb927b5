"""Which private key signs: an actor's current one, or a named older one.

Called by whoever sends: deliveries by actor, fetches by the instance actor. The row is read
each time, so a rotated key is used at once; the opened key itself is remembered by the key
ring. Nothing is signed here.
"""

from fedi_chapter.core.errors import Missing
from fedi_chapter.deps import Deps
from fedi_chapter.domain.chapter import ActorId, ActorKind, LocalActor, StoredKey
from fedi_chapter.sig.keys import SigningKey
from fedi_chapter.store import local_actors, local_keys
from fedi_chapter.store.tx import ReadTx


async def current_key(deps: Deps, actor_id: ActorId) -> SigningKey:
    """Return the RSA key that `actor_id` signs with now.

    Raises:
        Missing: there is no such actor, or it has no key.

    """

    def work(tx: ReadTx) -> tuple[LocalActor | None, StoredKey | None]:
        return local_actors.get(tx, actor_id), local_keys.current(tx, actor_id, "rsa")

    return _opened(deps, *await deps.db.read(work))


async def instance_key(deps: Deps) -> SigningKey:
    """Return the key of the instance actor, which signs fetches.

    Raises:
        Missing: this server has not been founded.

    """

    def work(tx: ReadTx) -> tuple[LocalActor | None, StoredKey | None]:
        actor = local_actors.instance_actor(tx)
        return actor, local_keys.current(tx, actor.id, "rsa") if actor else None

    return _opened(deps, *await deps.db.read(work))


async def key_by_id(deps: Deps, key_id: str) -> SigningKey:
    """Return the key of ours called `key_id`, also a retired one.

    Raises:
        Missing: none of our actors ever had it.

    """
    uri, _, fragment = key_id.partition("#")

    def work(tx: ReadTx) -> tuple[LocalActor | None, StoredKey | None]:
        actor = _own_actor(tx, deps, uri)
        return actor, local_keys.by_fragment(tx, actor.id, fragment) if actor else None

    return _opened(deps, *await deps.db.read(work))


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


def _opened(deps: Deps, actor: LocalActor | None, stored: StoredKey | None) -> SigningKey:
    if actor is None or stored is None:
        raise Missing("there is no such signing key")
    key_id = deps.urls.key(actor, stored.fragment)
    return deps.keys.unseal(key_id, stored.kind, stored.private_sealed)
