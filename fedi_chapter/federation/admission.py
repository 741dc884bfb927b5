"""What of a batch at the inbox's door is stored: from whom we take, and as long as there is room.

Called by `federation.inbox` within one transaction for many requests.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from fedi_chapter.core.errors import Busy, KeyUnavailable, KeyUnusable, PeerBlocked
from fedi_chapter.domain.inbox import Incoming
from fedi_chapter.domain.moderation import FederationMode, host_and_parents
from fedi_chapter.domain.remote_actor import RemoteKey
from fedi_chapter.store import blocks, dropped, hosts, inbox, remote_actors
from fedi_chapter.store.tx import ReadTx, WriteTx
from fedi_chapter.vocab.shape import host_of


@dataclass(frozen=True, slots=True)
class Guest:
    """A request that waits for its commit."""

    incoming: Incoming
    peers: frozenset[str]
    """Actor ids that must be welcome here: the signer and the actor."""
    key: RemoteKey | None
    """The key that signed, which must still be its owner's."""
    is_of_itself: bool
    """Of use only if we know its actor."""
    let_in: asyncio.Future[None]

    def answer(self, error: Exception | None) -> None:
        """Let it in, or turn it away with `error`; one that gave up is left alone."""
        if self.let_in.done():
            return
        if error is None:
            self.let_in.set_result(None)
        else:
            self.let_in.set_exception(error)


@dataclass(slots=True)
class Stored:
    """What became of a batch."""

    refusals: list[Exception | None]
    """Why a guest was turned away, in their order; None for the others."""
    taken: int = 0
    strangers: int = 0


def put(
    tx: WriteTx, batch: Sequence[Guest], mode: FederationMode, rooms: dict[str, int], most: int
) -> Stored:
    """Store the rows of those who are welcome and have room; say why the others have not.

    `rooms` is what is known of how many each host may store, out of `most`, and is what is left
    afterwards.
    What is dropped is counted, which costs about what storing it would.
    """
    wanted = welcome(tx, frozenset().union(*(guest.peers for guest in batch)), mode)
    of_itself = {guest.incoming.actor_uri for guest in batch if guest.is_of_itself}
    strangers = of_itself - remote_actors.known_among(tx, of_itself) if of_itself else of_itself
    keys = remote_actors.public_keys(tx, {guest.key.id for guest in batch if guest.key})
    taken, stored = list[Incoming](), Stored([])
    for guest in batch:
        host = guest.incoming.host
        if host not in rooms:
            rooms[host] = inbox.room(tx, host, most)
        refusal: Exception | None = None
        if not guest.peers <= wanted:
            refusal = PeerBlocked()
        elif rooms[host] <= 0:
            refusal = Busy(f"too many activities of {host} wait to be processed")
        elif guest.key and keys.get(guest.key.id) != guest.key.public:
            refusal = _changed(guest.key, keys.get(guest.key.id))
        elif guest.is_of_itself and guest.incoming.actor_uri in strangers:
            stored.strangers += 1
        else:
            rooms[host] -= 1
            taken.append(guest.incoming)
        stored.refusals.append(refusal)
    inbox.put_many(tx, taken)
    stored.taken = len(taken)
    if stored.strangers:
        dropped.add(tx, dropped.STRANGER, stored.strangers)
    return stored


def welcome(tx: ReadTx, peers: frozenset[str], mode: FederationMode) -> frozenset[str]:
    """Return those actors (or keys) who are not blocked, nor their hosts, and are allowed."""
    names = {uri: (uri.partition("#")[0], *host_and_parents(host_of(uri))) for uri in peers}
    refused = blocks.among(tx, {name for each in names.values() for name in each})
    if not refused and mode is not FederationMode.ALLOWLIST:
        return peers
    return frozenset(
        uri
        for uri, own in names.items()
        if refused.isdisjoint(own)
        and (mode is not FederationMode.ALLOWLIST or hosts.is_allowed(tx, host_of(uri)))
    )


def _changed(key: RemoteKey, now: bytes | None) -> Exception:
    """Return why a key that we remembered does not count any more (SIG-15)."""
    if now is None:
        return KeyUnavailable(f"{key.id} is not known any more")
    return KeyUnusable(f"{key.id[:200]} is another key by now.")
