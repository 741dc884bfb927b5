"""The guarded way to GET something from another server.

The federation room and the workers fetch actors, posts, keys and discovery documents with it.
What a document means, and whether its type and its id are right, is for the caller to judge.
"""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal, Protocol

import httpx

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
from fedi_chapter.net.client import Door, Doors
from fedi_chapter.net.guard import Guard, Target
from fedi_chapter.net.memory import FetchMemory
from fedi_chapter.sig.keys import SigningKey
from fedi_chapter.sig.sign import sign

ACTIVITY = (
    "application/activity+json, "
    'application/ld+json; profile="https://www.w3.org/ns/activitystreams"'
)
MEBIBYTE = 1 << 20
MAX_HOPS = 3
BROKEN = (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError)
REDIRECTS = frozenset({301, 302, 303, 307, 308})
OLDER_FIRST: Final[tuple[Literal["cavage"], Literal["rfc9421"]]] = ("cavage", "rfc9421")
NEWER_FIRST: Final[tuple[Literal["rfc9421"], Literal["cavage"]]] = ("rfc9421", "cavage")
REST = timedelta(minutes=10)


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

    async def close(self) -> None:
        """Close every connection."""
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

    def __init__(self, guard: Guard, *, clock: Clock, tls: ssl.SSLContext, user_agent: str) -> None:
        self._guard = guard
        self._clock = clock
        self._user_agent = user_agent
        self._doors = Doors(guard, tls)
        self._memory = FetchMemory()

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
                return await self._follow(self._guard.judge(url), visit, budget)
        except TimeoutError as error:
            if visit.waiting_for is not None:
                self._rest(visit.waiting_for)
            raise Unreachable(f"{url[:200]} did not answer in {deadline:g} seconds") from error

    async def close(self) -> None:
        """Close every connection."""
        await self._doors.close()

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
        async with self._doors.through(target) as door:
            visit.waiting_for = target.origin
            try:
                if visit.key is None:
                    return await self._exchange(door, target, visit, {})
                return await self._exchange_signed(door, target, visit, visit.key)
            except (httpx.TransportError, OSError, Unreachable) as error:
                self._rest(target.origin)
                raise Unreachable(f"{target.origin} can't be reached: {error}") from error

    async def _exchange_signed(
        self, door: Door, target: Target, visit: _Visit, key: SigningKey
    ) -> Fetched | Target:
        """Sign for exactly this URL (SSRF-06): the older way first, the newer where refused."""
        first, second = NEWER_FIRST if door.wants_rfc9421 else OLDER_FIRST
        now = self._clock.now()
        try:
            signature = sign(first, key, method="GET", url=target.url, at=now)
            return await self._exchange(door, target, visit, signature)
        except RemoteRefused as refusal:
            if refusal.answer not in {400, 401}:
                raise
        signature = sign(second, key, method="GET", url=target.url, at=now)
        answer = await self._exchange(door, target, visit, signature)
        door.wants_rfc9421 = second == "rfc9421"
        return answer

    async def _exchange(
        self, door: Door, target: Target, visit: _Visit, signature: Mapping[str, str]
    ) -> Fetched | Target:
        headers = {
            **signature,
            "Accept": visit.accept,
            "Accept-Encoding": "identity",
            "User-Agent": self._user_agent,
        }
        request = httpx.Request("GET", target.url, headers=headers)
        try:
            response = await door.transport.handle_async_request(request)
        except BROKEN:
            # A kept connection that the other side closed at this very moment.
            response = await door.transport.handle_async_request(request)
        try:
            if response.status_code in REDIRECTS:
                return self._next_hop(target, response)
            _raise_for_status(target, response, self._clock.now())
            return await _read(target, response, visit.limit)
        finally:
            await response.aclose()

    def _next_hop(self, target: Target, response: httpx.Response) -> Target:
        """Judge where a redirect leads (SSRF-05); anything but a whole URL or path is refused."""
        location = response.headers.get("location", "")
        if location.startswith("//"):
            location = f"{target.scheme}:{location}"
        elif location.startswith("/"):
            location = target.origin + location
        hop = self._guard.judge(location)
        if target.scheme == "https" and hop.scheme != "https":
            raise UnsafeAddress(f"{target.url} redirects from https to {hop.scheme}")
        return hop

    def _rest(self, origin: str) -> None:
        self._memory.close(origin, self._clock.now(), REST)


def _raise_for_status(target: Target, response: httpx.Response, now: datetime) -> None:
    status = response.status_code
    said = f"{target.url} answered {status}"
    if status in {404, 410}:
        raise RemoteGone(said, answer=status)
    if status in {429, 503}:
        raise RemoteBusy(said, after=retry_after.seconds(response.headers.get("retry-after"), now))
    if status != 200:
        raise RemoteRefused(said, answer=status)


async def _read(target: Target, response: httpx.Response, limit: int) -> Fetched:
    encoding = response.headers.get("content-encoding", "").strip().lower()
    content_type = response.headers.get("content-type", "")
    return Fetched(
        url=target.url,
        media_type=content_type.partition(";")[0].strip().lower(),
        content_type=content_type,
        body=await read_bounded(response.aiter_raw(), encoding, limit),
        headers={name: value for name, value in response.headers.items() if name != "set-cookie"},
    )
