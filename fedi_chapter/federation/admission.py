"""What of a batch at the inbox's door is stored: from whom we take, and as long as there is room.

Called by `federation.inbox` within one transaction for many requests.
"""

import asyncio
from collections.abc import Mapping, Sequence
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

    @property
    def hint(self) -> tuple[str, str] | None:
        """What it says of its actor that nobody proved; we look, and need hear it but once."""
        said = self.incoming
        return (said.actor_uri, said.type) if self.is_of_itself and not said.proved else None

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
    rooms: dict[str, int]
    """How many more each host may store."""
    taken: int = 0
    strangers: int = 0
    hints: int = 0
    """What nobody proved, and says no more than what waits already."""


def put(
    tx: WriteTx,
    batch: Sequence[Guest],
    mode: FederationMode,
    rooms: Mapping[str, int],
    most: int,
) -> Stored:
    """Store the rows of those who are welcome and have room; say why the others have not.

    `rooms` is what is known of how many each host may store, out of `most`. It is not changed
    here: a transaction may be run again. What is dropped is counted, which costs about what
    storing it would.
    """
    wanted = welcome(tx, frozenset().union(*(guest.peers for guest in batch)), mode)
    of_itself = {guest.incoming.actor_uri for guest in batch if guest.is_of_itself}
    strangers = of_itself - remote_actors.known_among(tx, of_itself) if of_itself else of_itself
    hints = inbox.hinted(tx, of_itself - strangers) if of_itself else set()
    keys = remote_actors.public_keys(tx, {guest.key.id for guest in batch if guest.key})
    taken, stored = list[Incoming](), Stored([], dict(rooms))
    for guest in batch:
        host = guest.incoming.host
        if host not in stored.rooms:
            stored.rooms[host] = inbox.room(tx, host, most)
        refusal = _refusal(guest, wanted, keys, stored.rooms[host])
        stored.refusals.append(refusal)
        if refusal is not None:
            continue
        if guest.is_of_itself and guest.incoming.actor_uri in strangers:
            stored.strangers += 1
        elif guest.hint in hints:
            stored.hints += 1
        else:
            hints |= {guest.hint} if guest.hint else set()
            stored.rooms[host] -= 1
            taken.append(guest.incoming)
    inbox.put_many(tx, taken)
    stored.taken = len(taken)
    for reason, number in ((dropped.STRANGER, stored.strangers), (dropped.REPLAY, stored.hints)):
        if number:
            dropped.add(tx, reason, number)
    return stored


def _refusal(
    guest: Guest, wanted: frozenset[str], keys: Mapping[str, bytes], room: int
) -> Exception | None:
    """Return why a guest is turned away."""
    if not guest.peers <= wanted:
        return PeerBlocked()
    if room <= 0:
        return Busy(f"too many activities of {guest.incoming.host} wait to be processed")
    if guest.key and keys.get(guest.key.id) != guest.key.public:
        return _changed(guest.key, keys.get(guest.key.id))
    return None


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
