"""The guarded way to GET something from another server.

The federation room and the workers fetch actors, posts, keys and discovery documents with it.
What a document means, and whether its type and its id are right, is for the caller to judge.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Protocol
from weakref import WeakValueDictionary

from fedi_chapter.core.clock import Clock
from fedi_chapter.core.errors import (
    RemoteBusy,
    RemoteGone,
    RemoteRefused,
    Unreachable,
    UnsafeAddress,
)
from fedi_chapter.net import retry_after
from fedi_chapter.net.body import read_bounded
from fedi_chapter.net.client import Client
from fedi_chapter.net.guard import Target
from fedi_chapter.net.memory import FetchMemory
from fedi_chapter.sig.keys import SigningKey
from fedi_chapter.sig.sign import Scheme, sign

if TYPE_CHECKING:
    import aiohttp

ACTIVITY = (
    "application/activity+json, "
    'application/ld+json; profile="https://www.w3.org/ns/activitystreams"'
)
MEBIBYTE = 1 << 20
MAX_HOPS = 3
REDIRECTS = frozenset({301, 302, 303, 307, 308})
PER_HOST, AT_ONCE = 4, 64
"""Requests under way to one origin, and to all."""
OLDER_FIRST: Final[tuple[Scheme, Scheme]] = ("cavage", "rfc9421")
NEWER_FIRST: Final[tuple[Scheme, Scheme]] = ("rfc9421", "cavage")
NEWER = timedelta(days=1)
"""How long an origin that took only the newer signature is asked with that one first."""
REST = timedelta(minutes=10)
"""How long an origin that could not be reached is left alone."""


@dataclass(slots=True)
class Budget:
    """How many fetches one incoming activity may cause (SSRF-14)."""

    left: int = 20

    def spend(self) -> None:
        """Take one fetch.

        Raises:
            RemoteRefused: nothing is left.

        """
        if self.left <= 0:
            raise RemoteRefused("this activity asked for too many fetches")
        self.left -= 1


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer 200: the address it finally came from, its type without parameters, its body."""

    url: str
    media_type: str
    """Lower case, without parameters."""
    content_type: str
    """The whole header value, for the profile parameter."""
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


class Fetcher(Protocol):
    """Fetches documents from other servers."""

    async def get(
        self,
        url: str,
        *,
        accept: str = ACTIVITY,
        key: SigningKey | None = None,
        limit: int = MEBIBYTE,
        deadline: float = 10.0,
        budget: Budget | None = None,
    ) -> Fetched:
        """GET `url`, signed when a `key` is given, at most `limit` bytes in `deadline` seconds.

        Redirects are followed at most three times, each judged anew and signed anew.

        Raises:
            UnsafeAddress: the address leads where we must not connect.
            Unreachable: no connection, no name, no answer in time.
            RemoteGone: 404 or 410.
            RemoteBusy: 429 or 503, with the seconds it asked for.
            RemoteRefused: any other status, or too many redirects.
            BadDocument: too large, or badly encoded.

        """
        ...


@dataclass(slots=True)
class _Visit:
    """One call of `get`: what is asked for, and whom we are waiting for at this moment."""

    accept: str
    key: SigningKey | None
    limit: int
    waiting_for: str | None = None


class GuardedFetcher:
    """Fetches over connections that the guard opens; the one used in earnest."""

    def __init__(self, client: Client, *, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._memory = FetchMemory()
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._slots_of: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    async def get(
        self,
        url: str,
        *,
        accept: str = ACTIVITY,
        key: SigningKey | None = None,
        limit: int = MEBIBYTE,
        deadline: float = 10.0,
        budget: Budget | None = None,
    ) -> Fetched:
        """GET `url` as `Fetcher.get` says."""
        visit = _Visit(accept, key, limit)
        try:
            async with asyncio.timeout(deadline):
                return await self._follow(self._client.judge(url), visit, budget)
        except TimeoutError as error:
            if visit.waiting_for is not None:
                self._rest(visit.waiting_for)
            raise Unreachable(f"{url[:200]} did not answer in {deadline:g} seconds") from error

    async def _follow(self, target: Target, visit: _Visit, budget: Budget | None) -> Fetched:
        for _ in range(1 + MAX_HOPS):
            if budget is not None:
                budget.spend()
            answer = await self._ask(target, visit)
            if isinstance(answer, Fetched):
                return answer
            target = answer
        raise RemoteRefused(f"{target.url} is one redirect too many")

    async def _ask(self, target: Target, visit: _Visit) -> Fetched | Target:
        """Ask one URL: its document, or where it sends us."""
        if self._memory.is_closed(target.origin, self._clock.now()):
            raise Unreachable(f"{target.origin} could not be reached a short while ago")
        visit.waiting_for = None
        slots_here = self._slots_of.setdefault(target.origin, asyncio.Semaphore(PER_HOST))
        # In this order a slow host keeps waiting only those who want that host.
        async with slots_here, self._slots:
            visit.waiting_for = target.origin
            try:
                if visit.key is None:
                    return await self._exchange(target, visit, {})
                return await self._exchange_signed(target, visit, visit.key)
            except Unreachable:
                self._rest(target.origin)
                raise

    async def _exchange_signed(
        self, target: Target, visit: _Visit, key: SigningKey
    ) -> Fetched | Target:
        """Sign for exactly this URL (SSRF-06): the older way first, the newer where refused."""
        now, older_here = self._clock.now(), f"older signatures {target.origin}"
        first, second = NEWER_FIRST if self._memory.is_closed(older_here, now) else OLDER_FIRST
        try:
            signature = await _signed(first, key, target.url, now)
            return await self._exchange(target, visit, signature)
        except RemoteRefused as refusal:
            if refusal.answer not in {400, 401}:
                raise
        signature = await _signed(second, key, target.url, now)
        answer = await self._exchange(target, visit, signature)
        self._memory.close(older_here, now, NEWER if second == "rfc9421" else timedelta())
        return answer

    async def _exchange(
        self, target: Target, visit: _Visit, signature: Mapping[str, str]
    ) -> Fetched | Target:
        headers = {**signature, "Accept": visit.accept, "Accept-Encoding": "identity"}
        async with self._client.send("GET", target, headers) as answer:
            if answer.status in REDIRECTS:
                return self._next_hop(target, answer)
            _raise_for_status(target, answer, self._clock.now())
            return await _read(target, answer, visit.limit)

    def _next_hop(self, target: Target, answer: "aiohttp.ClientResponse") -> Target:
        """Judge where a redirect leads (SSRF-05); anything but a whole URL or path is refused."""
        location = answer.headers.get("Location", "")
        if location.startswith("//"):
            location = f"{target.scheme}:{location}"
        elif location.startswith("/"):
            location = target.origin + location
        hop = self._client.judge(location)
        if target.scheme == "https" and hop.scheme != "https":
            raise UnsafeAddress(f"{target.url} redirects from https to {hop.scheme}")
        return hop

    def _rest(self, origin: str) -> None:
        self._memory.close(origin, self._clock.now(), REST)


async def _signed(scheme: Scheme, key: SigningKey, url: str, now: datetime) -> dict[str, str]:
    """Sign in a thread: RSA gives the interpreter's lock back, and others go on meanwhile."""
    return await asyncio.to_thread(sign, scheme, key, method="GET", url=url, at=now)


def _raise_for_status(target: Target, answer: "aiohttp.ClientResponse", now: datetime) -> None:
    status = answer.status
    said = f"{target.url} answered {status}"
    if status in {404, 410}:
        raise RemoteGone(said, answer=status)
    if status in {429, 503}:
        raise RemoteBusy(said, after=retry_after.seconds(answer.headers.get("Retry-After"), now))
    if status != 200:
        raise RemoteRefused(said, answer=status)


async def _read(target: Target, answer: "aiohttp.ClientResponse", limit: int) -> Fetched:
    named = answer.headers
    headers = {name.lower(): ", ".join(named.getall(name)) for name in named}
    content_type = headers.get("content-type", "")
    encoding = headers.get("content-encoding", "").strip().lower()
    return Fetched(
        url=target.url,
        media_type=content_type.partition(";")[0].strip().lower(),
        content_type=content_type,
        body=await read_bounded(answer.content.iter_any(), encoding, limit),
        headers={name: value for name, value in headers.items() if name != "set-cookie"},
    )
