"""The guarded way to GET something from another server.

The federation room and the workers fetch actors, posts, keys and discovery documents with it.
What a document means, and whether its type and its id are right, is for the caller to judge.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Protocol

from fedi_chapter.core.clock import Clock
from fedi_chapter.core.errors import (
    BadDocument,
    NoDocument,
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
from fedi_chapter.net.memory import LONGEST_REST, FetchMemory
from fedi_chapter.net.pools import Cause, Pools
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
FOR_GOOD = frozenset({301, 308})
REDIRECTS = frozenset({302, 303, 307}) | FOR_GOOD
PASSING = frozenset({408, 425, 429})
"""Statuses that speak of the moment, as every 5xx does."""
OLDER_FIRST: Final[tuple[Scheme, Scheme]] = ("cavage", "rfc9421")
NEWER_FIRST: Final[tuple[Scheme, Scheme]] = ("rfc9421", "cavage")
NEWER = timedelta(days=1)
"""How long an origin that took only the newer signature is asked with that one first."""


@dataclass(slots=True)
class Budget:
    """How many fetches one incoming activity may cause (SSRF-14), and who sent it."""

    left: int = 20
    cause: Cause = Cause.STRANGER

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
        stays: bool = False,
    ) -> Fetched:
        """GET `url`, signed when a `key` is given, at most `limit` bytes.

        Redirects are followed at most three times, each judged anew and signed anew; one that
        `stays` follows none to another origin. Each request has `deadline` seconds of its own.
        Without a `budget` we ask on our own account.

        Raises:
            UnsafeAddress: the address leads where we must not connect.
            Unreachable: no connection, no name, no answer in time.
            RemoteGone: 404 or 410.
            RemoteBusy: 5xx, 408, 425 or 429, with the seconds it asked for.
            RemoteRefused: any other 4xx.
            NoDocument: any other status, too many redirects, broken compression, or, for one
                that `stays`, a redirect elsewhere that holds for the moment.
            BadDocument: too large, badly encoded, or, for one that `stays`, elsewhere for good.

        """
        ...


@dataclass(frozen=True, slots=True)
class _Visit:
    """One call of `get`: what is asked for, by whom, and how."""

    accept: str
    key: SigningKey | None
    limit: int
    deadline: float
    cause: Cause
    stays: bool


class GuardedFetcher:
    """Fetches over connections that the guard opens; the one used in earnest."""

    def __init__(self, client: Client, *, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._memory = FetchMemory()
        self._pools = Pools(client.addresses)

    async def get(
        self,
        url: str,
        *,
        accept: str = ACTIVITY,
        key: SigningKey | None = None,
        limit: int = MEBIBYTE,
        deadline: float = 10.0,
        budget: Budget | None = None,
        stays: bool = False,
    ) -> Fetched:
        """GET `url` as `Fetcher.get` says."""
        cause = budget.cause if budget else Cause.OURS
        visit = _Visit(accept, key, limit, deadline, cause, stays)
        target = self._client.judge(url)
        is_our_choice = cause is Cause.OURS
        for _ in range(1 + MAX_HOPS):
            if budget is not None:
                budget.spend()
            answer = await self._ask(target, visit, is_our_choice=is_our_choice)
            if isinstance(answer, Fetched):
                return answer
            target, is_our_choice = answer, False
        raise NoDocument(f"{target.url} is one redirect too many")

    async def _ask(self, target: Target, visit: _Visit, *, is_our_choice: bool) -> Fetched | Target:
        """Ask one URL: its document, or where it sends us.

        An origin rests for its failures at addresses of `our choice` only. Anybody could name,
        or redirect to, an address of somebody else's that is broken or slow.
        """
        if self._memory.is_closed(target.origin, self._clock.now()):
            raise Unreachable(f"{target.origin} could not be reached a short while ago")
        is_asked = False
        try:
            async with asyncio.timeout(visit.deadline), self._pools.place(target, visit.cause):
                is_asked = True
                answer = await self._exchange_signed(target, visit)
        except (TimeoutError, Unreachable, RemoteBusy) as error:
            if is_our_choice and is_asked:
                self._rest(target.origin, error)
            if isinstance(error, TimeoutError):
                late = f"{target.url[:200]} did not answer in {visit.deadline:g} seconds"
                raise Unreachable(late) from error
            raise
        self._memory.succeeded(target.origin)
        return answer

    async def _exchange_signed(self, target: Target, visit: _Visit) -> Fetched | Target:
        """Sign for exactly this URL (SSRF-06): the older way first, the newer where refused."""
        if visit.key is None:
            return await self._exchange(target, visit, {})
        key = visit.key
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
                return self._next_hop(target, answer, stays=visit.stays)
            asked = retry_after.seconds(answer.headers.get("Retry-After"), self._clock.now())
            check_status(target.url, answer.status, asked)
            return await _read(target, answer, visit.limit)

    def _next_hop(self, target: Target, answer: "aiohttp.ClientResponse", *, stays: bool) -> Target:
        """Judge where a redirect leads (SSRF-05); anything but a whole URL or path is refused."""
        location = answer.headers.get("Location", "")
        if location.startswith("//"):
            location = f"{target.scheme}:{location}"
        elif location.startswith("/"):
            location = target.origin + location
        hop = self._client.judge(location)
        if target.scheme == "https" and hop.scheme != "https":
            raise UnsafeAddress(f"{target.url} redirects from https to {hop.scheme}")
        if stays and hop.authority != target.authority:
            why = f"{target.url} leads to another host: {hop.url}"
            raise (BadDocument if answer.status in FOR_GOOD else NoDocument)(why)
        return hop

    def _rest(self, origin: str, error: Exception) -> None:
        """Leave an origin alone that gives no answer, or as long as it asked for."""
        now = self._clock.now()
        if not isinstance(error, RemoteBusy):
            self._memory.failed(origin, now)
        elif error.after is not None:
            self._memory.close(origin, now, min(timedelta(seconds=error.after), LONGEST_REST))


async def _signed(scheme: Scheme, key: SigningKey, url: str, now: datetime) -> dict[str, str]:
    """Sign in a thread: RSA gives the interpreter's lock back, and others go on meanwhile."""
    return await asyncio.to_thread(sign, scheme, key, method="GET", url=url, at=now)


def check_status(url: str, status: int, asked: float | None) -> None:
    """Tell what a status means that is neither 200 nor a redirect; `asked` is its Retry-After.

    Raises:
        RemoteGone, RemoteBusy, RemoteRefused, NoDocument: as `Fetcher.get` says.

    """
    said = f"{url} answered {status}"
    if status in {404, 410}:
        raise RemoteGone(said, answer=status)
    if status >= 500 or status in PASSING:
        raise RemoteBusy(said, after=asked)
    if status >= 400:
        raise RemoteRefused(said, answer=status)
    if status != 200:
        raise NoDocument(said)


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
