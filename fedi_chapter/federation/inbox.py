"""The inbox's door: read, verify, judge, store; what is let in is processed later.

Called by `web.fedi` with the raw request, once per POST; one `InboxDoor` per process, held by
the application. Nothing an activity says has an effect here, and a caller gets its answer only
when the row is committed.
"""

import asyncio
from collections import Counter, OrderedDict
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime, timedelta

from fedi_chapter.core.errors import (
    Busy,
    KeyUnavailable,
    KeyUnusable,
    MalformedActivity,
    PeerBlocked,
    SignatureInvalid,
    SignerMismatch,
)
from fedi_chapter.deps import Deps
from fedi_chapter.domain.inbox import Incoming
from fedi_chapter.domain.moderation import FederationMode
from fedi_chapter.domain.remote_actor import RemoteKey
from fedi_chapter.federation import remote_actors, trust
from fedi_chapter.federation.admission import Guest, put, welcome
from fedi_chapter.federation.aside import read_aside
from fedi_chapter.federation.trust import Verdict
from fedi_chapter.federation.turnstile import Turnstile
from fedi_chapter.net.fetch import Budget
from fedi_chapter.net.pools import domain_of, network
from fedi_chapter.sig import verify
from fedi_chapter.store import inbox
from fedi_chapter.store.tx import ReadTx
from fedi_chapter.vocab import activities as act
from fedi_chapter.vocab.read import read_activity
from fedi_chapter.vocab.shape import host_of

INSIDE = "inbox.inside"
"""The level of requests at the door: who works behind it gives way when it is crowded."""
A_TURN = 32
"""Requests that are let in during one turn of the event loop: pages have theirs in between."""
LONGEST_LINE = 5.0
"""Seconds somebody may wait for that; who waited longer is told to come back. Nobody is told so
at once: a sender that asks again and again would keep us busy with refusals alone."""
LARGE, MOST_BYTES = 64 << 10, 64 << 20
"""Bytes of a large body, and of all large ones that are read and dealt with at the same time; more
are told to come back. Hardly an activity is large: whoever holds all that room keeps nobody else
out."""
MOST_ASKING, MOST_ASKING_DOMAIN = 64, 8
"""Of those, how many may wait for a key to be fetched, in all and from the hosts of one
registrable domain (ABU-05)."""
MOST_WAITING, MOST_WAITING_HOST = 100_000, 20_000
"""Stored and not yet processed, in all and of one host; more are told to come back."""
MOST_AT_ONCE = 500
"""Rows in one commit."""
HOSTS_KEPT = 10_000
KEYS_KEPT, KEY_AGE = 10_000, timedelta(minutes=5)
OF_ITSELF = (act.DeleteActor, act.UpdateActor)
"""What an actor says of itself. Mastodon tells every server it knows of an account that is gone:
no key is fetched for it, and what nobody can prove is a hint, which the actor's own address
confirms. Nobody learns by it whom we know."""


class InboxDoor:
    """Takes signed activities, many at a time, and commits them together."""

    def __init__(self, deps: Deps) -> None:
        self._deps = deps
        self._mode = FederationMode(deps.settings.federation)
        self._keys: OrderedDict[str, tuple[RemoteKey, datetime]] = OrderedDict()
        self._visitors = self._bytes = self._inside = 0
        self._turnstile = Turnstile(A_TURN)
        self._asking: Counter[str] = Counter()
        self._room = 0
        self._rooms: dict[str, int] = {}
        self._waiting: list[Guest] = []
        self._committing: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def visit(self, size: int) -> AsyncIterator[None]:
        """Let a request in, as soon as it is its turn, whose body has `size` bytes to be read.

        Raises:
            Busy: it waited too long, or there are too many large ones inside.

        """
        room = size if size > LARGE else 0
        self._visitors += 1
        try:
            # As many as have a turn together need no turns.
            waited = await self._stand_in_line() if self._visitors > A_TURN else 0.0
            if waited > LONGEST_LINE or self._bytes + room > MOST_BYTES:
                raise Busy("too many requests at the inbox")
            self._bytes += room
            try:
                yield
            finally:
                self._bytes -= room
        finally:
            self._visitors -= 1

    async def _stand_in_line(self) -> float:
        with self._counted():
            return await self._turnstile.go_through()

    @contextmanager
    def _counted(self) -> Iterator[None]:
        """Count a request that we could deal with at once; not one that is still being sent."""
        self._inside += 1
        self._deps.metrics.levels[INSIDE] = self._inside
        try:
            yield
        finally:
            self._inside -= 1
            self._deps.metrics.levels[INSIDE] = self._inside

    async def receive(
        self, request: verify.Request, *, is_personal: bool, address: str = ""
    ) -> None:
        """Verify, judge and store one activity from `address`; return when it is committed.

        A personal inbox and the shared one take the same: for whom it is stands in the activity.

        Raises:
            MalformedActivity, SignatureMalformed: 400.
            SignatureInvalid, SignerMismatch: 401.
            PeerBlocked: 403.
            Busy, KeyUnavailable: 503.

        """
        self._deps.metrics.add("inbox.personal" if is_personal else "inbox.shared")
        with self._counted():
            await self._receive(request, network(address))

    async def _receive(self, request: verify.Request, sender: str) -> None:
        activity = await read_aside(read_activity, request.body)
        now = self._deps.clock.now()
        claim = verify.claim(request, now=now)
        key = await self._signer(claim, activity, sender)
        signer = key.owner if key else None
        verdict = self._judge(activity, signer)
        if verdict is Verdict.DROP:
            return
        host = host_of(signer or activity.actor)
        incoming = Incoming(
            activity_id=activity.id or "",
            actor_uri=activity.actor,
            type=type(activity).__name__,
            body=request.body,
            host=host,
            signed_at=claim.made_at,
            proved=verdict is Verdict.TAKE,
        )
        peers = frozenset({activity.actor, signer or activity.actor})
        await self._store(incoming, peers, key, is_of_itself=isinstance(activity, OF_ITSELF))

    async def _signer(
        self, claim: verify.Claim, activity: act.Activity, sender: str
    ) -> RemoteKey | None:
        """Return the key that made the signature, None where nobody need prove it.

        A key that was fetched just now is not fetched again: whether we had it before must not
        show in how long an answer takes.
        """
        key = self._kept(claim.key_id) or await self._known(claim.key_id, activity.actor)
        if isinstance(activity, OF_ITSELF):
            return self._signer_of_itself(claim, key)
        if key is None:
            return self._checked_first(claim, await self._fetched(claim.key_id), sender)
        try:
            return self._checked(claim, key)
        except SignatureInvalid:
            self._keys.pop(key.id, None)
        newer = await self._known(claim.key_id, activity.actor)
        if newer is None or newer == key:
            newer = await self._changed(key, sender)
        return self._checked(claim, newer)

    def _checked_first(self, claim: verify.Claim, fetched: RemoteKey, sender: str) -> RemoteKey:
        try:
            return self._checked(claim, fetched)
        except SignatureInvalid:
            remote_actors.close_change(self._deps, fetched, sender)
            raise

    def _signer_of_itself(self, claim: verify.Claim, key: RemoteKey | None) -> RemoteKey | None:
        """Return a known key, None where it made no such signature.

        The key of a deleted actor is gone with it, and a new one may be the news (SIG-17).
        """
        if key is None:
            return None
        try:
            return self._checked(claim, key)
        except SignatureInvalid:
            return None

    def _kept(self, key_id: str) -> RemoteKey | None:
        kept = self._keys.get(key_id)
        if kept is None:
            return None
        key, since = kept
        if self._deps.clock.now() - since > KEY_AGE:
            del self._keys[key_id]
            return None
        self._keys.move_to_end(key_id)
        return key

    def _checked(self, claim: verify.Claim, key: RemoteKey) -> RemoteKey:
        verify.check(claim, key)
        self._keys.setdefault(key.id, (key, self._deps.clock.now()))
        if len(self._keys) > KEYS_KEPT:
            self._keys.popitem(last=False)
        return key

    async def _known(self, key_id: str, actor_uri: str) -> RemoteKey | None:
        """Return the stored key; a peer that is not welcome is refused before any fetch."""

        def look_up(tx: ReadTx) -> RemoteKey | None:
            peers = frozenset({key_id, actor_uri})
            if not peers <= welcome(tx, peers, self._mode):
                raise PeerBlocked
            return remote_actors.stored_key(tx, key_id)

        return await self._deps.db.look_up(look_up)

    async def _fetched(self, key_id: str) -> RemoteKey:
        async with self._is_asking(key_id):
            return await remote_actors.fetched_key(self._deps, key_id, Budget(), is_welcome=True)

    async def _changed(self, key: RemoteKey, sender: str) -> RemoteKey:
        async with self._is_asking(key.id):
            return await remote_actors.changed_key(self._deps, key, Budget(), sender)

    @asynccontextmanager
    async def _is_asking(self, key_id: str) -> AsyncIterator[None]:
        domain = await domain_of(host_of(key_id).partition(":")[0])
        if self._asking.total() >= MOST_ASKING or self._asking[domain] >= MOST_ASKING_DOMAIN:
            raise KeyUnavailable(f"too many keys are being fetched, {domain} is asked for many")
        self._asking[domain] += 1
        try:
            yield
        finally:
            self._asking -= Counter([domain])  # one with none left is forgotten

    def _judge(self, activity: act.Activity, signer: str | None) -> Verdict:
        if signer is None:
            return Verdict.REFETCH
        judgement = trust.judge(activity, signer, self._deps.urls)
        if judgement.rule is not None:
            self._deps.metrics.add(f"inbox.{judgement.verdict.value}.{judgement.rule}")
        if judgement.verdict is Verdict.MISMATCH:
            raise SignerMismatch(f"{signer} speaks for {activity.actor}")
        if judgement.verdict is Verdict.MALFORMED:
            raise MalformedActivity(f"broken rule: {judgement.rule}")
        return judgement.verdict

    async def _store(
        self,
        incoming: Incoming,
        peers: frozenset[str],
        key: RemoteKey | None,
        *,
        is_of_itself: bool,
    ) -> None:
        let_in = asyncio.get_running_loop().create_future()
        guest = Guest(incoming, peers, key, is_of_itself, let_in)
        self._waiting.append(guest)
        if self._committing is None:
            self._committing = asyncio.create_task(self._commit_all(), name="inbox door")
        await guest.let_in

    async def _commit_all(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:MOST_AT_ONCE], self._waiting[MOST_AT_ONCE:]
                await self._commit(batch)
        finally:
            self._committing = None

    async def _commit(self, batch: Sequence[Guest]) -> None:
        """Commit a batch; if it fails, one by one, so that one bad row harms nobody else.

        A database that takes nothing at all has been waited for long enough: whoever came
        meanwhile hears it together with the batch, while their server still listens.
        """
        try:
            await self._make_room()
            rooms = self._rooms_known(batch)
            stored = await self._deps.db.write(
                lambda tx: put(tx, batch, self._mode, rooms, MOST_WAITING_HOST)
            )
        except Exception as error:  # raised again at every request that waits for it
            if isinstance(error, Busy):
                batch, self._waiting = [*batch, *self._waiting], []
            elif len(batch) > 1:
                for guest in batch:
                    await self._commit([guest])
                return
            for guest in batch:
                guest.answer(error)
            return
        self._room -= len(batch)
        self._rooms |= stored.rooms
        for guest, refusal in zip(batch, stored.refusals, strict=True):
            if guest.key and isinstance(refusal, KeyUnusable | KeyUnavailable):
                self._keys.pop(guest.key.id, None)
            guest.answer(refusal)
        for name, number in (("accepted", stored.taken), ("dropped.unknown", stored.strangers)):
            if number:
                self._deps.metrics.add(f"inbox.{name}", number)

    async def _make_room(self) -> None:
        if self._room > 0:
            return
        self._room = min(MOST_WAITING - await self._deps.db.read(inbox.waiting), MOST_AT_ONCE * 2)
        if self._room <= 0:
            raise Busy("too many activities wait to be processed")

    def _rooms_known(self, batch: Sequence[Guest]) -> dict[str, int]:
        """Return how many more each host may store, where that is known and enough."""
        if len(self._rooms) > HOSTS_KEPT:
            self._rooms.clear()
        wanted = Counter(guest.incoming.host for guest in batch)
        known = {host: self._rooms.get(host, 0) for host in wanted}
        return {host: room for host, room in known.items() if room >= wanted[host]}
